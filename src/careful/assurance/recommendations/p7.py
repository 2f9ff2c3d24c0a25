"""P7: a parent agrees before any data of a child is taken, and it is not kept without end."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value, span
from careful.kernel.ledger import Entry

_SHOWN = 3


def decide(facts: Facts) -> Iterator[Finding]:
    """Compare, per product for children, the first data of each device with a parent's consent."""
    for product in facts.products():
        said = facts.last("products.data_declared", product=product)
        if said is None:
            yield Finding(Value.UNKNOWN, f"No approved product file says whom {product} is for.", (), product)
        elif said.data["children"] == "no":
            yield Finding(Value.NOT_APPLICABLE, f"{product} is not for children, and none are known.", (said,), product)
        elif said.data["children"] == "unknown":
            yield Finding(Value.UNKNOWN, f"{product}: whether children use it is blank (audience).", (said,), product)
        elif said.data["unguarded"] or said.data["unbounded"]:
            yield Finding(Value.NOT_MET, f"{product}: {_declared(said)}", (said,), product)
        else:
            yield _observed(facts, product, said)


def _declared(said: Entry) -> str:
    open_, endless = said.data["unguarded"], said.data["unbounded"]
    told = [f"{_names(open_)} may be a child's and waits for no parent's consent."] if open_ else []
    told += [f"{_names(endless)} has no end of retention."] if endless else []
    return " ".join(told)


def _names(ids: list[str]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(f"`{one}`" for one in ids[:_SHOWN]) + more


def _observed(facts: Facts, product: str, said: Entry) -> Finding:
    given = _by_place(facts.all("customer_data.consent_given", product=product, kind="parental"))
    taken = _by_place(facts.all("customer_data.consent_withdrawn", product=product, kind="parental"))
    ended = {one.data["device"]: one.seq for one in facts.all("customer_data.customer_ended", product=product)}
    # With a customer's time ends the key to what was stored: what began before it is gone.
    began = [
        one
        for one in facts.all("customer_data.data_began", product=product)
        if ended.get(one.data["device"], -1) < one.seq
    ]
    early = [one for one in began if not _agreed(one, given.get(_place(one), ()), taken.get(_place(one), ()))]
    if early:
        says = _early(early[0], given.get(_place(early[0]), ()), len(early))
        return Finding(Value.NOT_MET, says, (early[0],), product)
    if not began:
        says = f"{product}: no child's data was taken yet; all of it waits for a parent."
        return Finding(Value.MET, says, (said,), product)
    says = f"{product}: a parent agreed before the first record, all {len(began)} times."
    return Finding(Value.MET, says, (began[-1],), product)


def _place(one: Entry) -> tuple[str, str]:
    return (one.data["device"], one.data["item"])


def _by_place(entries: Iterable[Entry]) -> dict[tuple[str, str], list[Entry]]:
    found: dict[tuple[str, str], list[Entry]] = {}
    for one in entries:
        found.setdefault(_place(one), []).append(one)
    return found


def _agreed(began: Entry, given: Sequence[Entry], taken: Sequence[Entry]) -> bool:
    """Tell whether a parent's consent held when data began."""
    before = max((one.seq for one in given if one.seq < began.seq), default=-1)
    return before > max((one.seq for one in taken if one.seq < began.seq), default=-1)


def _early(began: Entry, given: Sequence[Entry], count: int) -> str:
    device, item = _place(began)
    later = next((one for one in given if one.seq > began.seq), None)
    more = f" So it was {count - 1} more times." if count > 1 else ""
    if later is None:
        return f"`{item}` of {device} arrived without any parental consent.{more}"
    gap = later.at - began.at
    before = f"{int(gap.total_seconds())} s" if gap < timedelta(minutes=1) else span(gap)
    return f"`{item}` of {device} arrived {before} before any parental consent.{more}"


RECOMMENDATION = Recommendation(
    id="P7",
    title="Parents first",
    asks="For devices that children use, get a parent's verifiable consent before data, and keep none without end.",
    fact="For each device, whether a parental consent stands in the ledger before the first data that needs it.",
    reads=(
        "products.data_declared",
        "customer_data.data_began",
        "customer_data.consent_given",
        "customer_data.consent_withdrawn",
        "customer_data.customer_ended",
    ),
    decide=decide,
)
