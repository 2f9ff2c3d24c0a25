"""M5: only data that is needed: each field has a purpose, it is known who gets it, and somebody reads it."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value
from careful.kernel.ledger import Entry

_DECIDE_WITHIN = timedelta(days=30)
_SHOWN = 3


def decide(facts: Facts) -> Iterator[Finding]:
    """Look, per product, at the newest measurement of what is collected, and at what nobody reads."""
    for product in facts.products():
        said = facts.last("customer_data.use_measured", product=product)
        if said is None:
            yield Finding(Value.UNKNOWN, f"What {product} collects was never looked through.", (), product)
        elif not said.data["fields"]:
            yield Finding(Value.NOT_APPLICABLE, f"{product} collects nothing.", (said,), product)
        else:
            yield _judged(facts, product, said)


def _judged(facts: Facts, product: str, said: Entry) -> Finding:
    if said.data["without_purpose"]:
        says = f"{product} says no purpose of {_list(said.data['without_purpose'])}."
        return Finding(Value.NOT_MET, says, (said,), product)
    if said.data["unread"]:
        says = f"Nobody has read {_list(said.data['unread'])} of {product} for 90 days"
        late = [one for one in said.data["unread"] if _is_late(facts, product, one)]
        if late:
            return Finding(Value.NOT_MET, f"{says}, and it is still collected.", (said,), product)
        return Finding(Value.UNKNOWN, f"{says}: it is proposed to collect it no more.", (said,), product)
    if said.data["without_recipients"]:
        says = f"{product} does not say who gets {_list(said.data['without_recipients'])}."
        return Finding(Value.UNKNOWN, says, (said,), product)
    says = f"{product}: each of {said.data['fields']} fields has a purpose, and is read or younger than 90 days."
    return Finding(Value.MET, says, (said,), product)


def _is_late(facts: Facts, product: str, place: str) -> bool:
    stream, _, field = place.partition(".")
    first = facts.last("customer_data.removal_proposed", product=product, stream=stream, field=field)
    return first is not None and facts.now - first.at > _DECIDE_WITHIN


def _list(places: list[str]) -> str:
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return ", ".join(f"`{one}`" for one in places[:_SHOWN]) + more


RECOMMENDATION = Recommendation(
    id="M5",
    title="Only data that is needed",
    asks="Understand why you collect, store and share data; don't collect, store or share what you don't need.",
    fact="Fields without a purpose or recipients in the product file, and fields that nobody read for 90 days, "
    "looked through daily.",
    reads=("customer_data.use_measured", "customer_data.removal_proposed"),
    decide=decide,
    max_age=timedelta(days=3),
)
