"""M4: kept for as long as it is needed, not indefinitely: the oldest record of every store against its promise."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value, span
from careful.kernel.clock import from_iso
from careful.kernel.ledger import Entry

_LATE = timedelta(days=1)


def decide(facts: Facts) -> Iterator[Finding]:
    """Compare, for each product, the newest measurement of every stream and field with the days it may be kept."""
    for product in facts.products():
        newest: dict[tuple[str, str, str], Entry] = {}
        for entry in facts.all("customer_data.age_measured", product=product):
            newest[entry.data["store"], entry.data["stream"], entry.data["field"]] = entry
        if not newest:
            says = f"How old what is kept of {product} is, was never measured."
            yield Finding(Value.UNKNOWN, says, (), product)
        found = [one for _, entry in sorted(newest.items()) if (one := _one(product, entry)) is not None]
        if newest and not found:
            yield Finding(Value.NOT_APPLICABLE, f"{product} collects nothing.", tuple(newest.values()), product)
        yield from found


def _one(product: str, entry: Entry) -> Finding | None:
    said = entry.data
    what = said["stream"].partition("/")[2] + (f".{said['field']}" if said["field"] else "")
    where = f"{product}: {what} in {said['store']}"
    if said["limit_days"] is None:
        if not said["personal"]:
            return None
        says = f"{where} is personal, and the product file says no number of days."
        return Finding(Value.NOT_MET if said["oldest"] else Value.UNKNOWN, says, (entry,), product)
    limit = timedelta(days=said["limit_days"])
    if said["oldest"] is None:
        return Finding(Value.MET, f"{where}: nothing is stored.", (entry,), product)
    age = from_iso(said["as_of"]) - from_iso(said["oldest"])
    if age > limit + _LATE:
        says = f"{where}: the oldest is {span(age)} old; limit {said['limit_days']} days."
        return Finding(Value.NOT_MET, says, (entry,), product)
    return Finding(Value.MET, f"{where}: the oldest is {span(age)} old, limit {span(limit)}.", (entry,), product)


RECOMMENDATION = Recommendation(
    id="M4",
    title="Kept no longer than needed",
    asks="Retain information only for an essential period, not indefinitely.",
    fact="The oldest record of every stream in every store, measured there daily, against the days it may be kept.",
    reads=("customer_data.age_measured",),
    decide=decide,
    max_age=timedelta(days=3),
)
