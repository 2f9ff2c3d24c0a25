"""M1: the whole life of each data item is thought through, from its collection to its deletion."""

from collections.abc import Iterator

from careful.assurance.judging import Facts, Finding, Recommendation, Value

_SHOWN = 3


def decide(facts: Facts) -> Iterator[Finding]:
    """Look, per product, for stages that are blank in the product file that was approved last."""
    for product in facts.products():
        said = facts.last("products.data_declared", product=product)
        if said is None:
            yield Finding(Value.UNKNOWN, f"No approved product file says what {product} collects.", (), product)
        elif not said.data["items"]:
            yield Finding(Value.NOT_APPLICABLE, f"{product} collects nothing.", (said,), product)
        elif said.data["lacking"]:
            yield Finding(Value.UNKNOWN, f"{product}: {_blank(said.data['lacking'])}", (said,), product)
        else:
            count = len(said.data["items"])
            what = "the one data item" if count == 1 else f"each of {count} data items"
            yield Finding(Value.MET, f"{product}: all six stages of {what} are described.", (said,), product)


def _blank(lacking: list[str]) -> str:
    told = [f"`{item}`: the stage {stage} is blank." for item, _, stage in (one.rpartition(".") for one in lacking)]
    more = f" And {len(told) - _SHOWN} more." if len(told) > _SHOWN else ""
    return " ".join(told[:_SHOWN]) + more


RECOMMENDATION = Recommendation(
    id="M1",
    title="The whole life of data",
    asks="Consider data's entire life: collection, transmission, storage, access, use and secure deletion.",
    fact="Which of the six stages each data item describes in the product file that was approved last.",
    reads=("products.data_declared",),
    decide=decide,
)
