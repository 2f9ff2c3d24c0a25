"""R8: owners of what is no longer supported were told, in time, with the last release and what goes on working."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value

_IN_TIME = timedelta(days=30)


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the promised end of each product's support, and at what owners were told of it."""
    for product in facts.products():
        page = facts.last("products.page_published", product=product)
        if page is None or not page.data["support_until"]:
            yield Finding(Value.UNKNOWN, f"No end of support of {product} was published.", (), product)
            continue
        until = datetime.fromisoformat(page.data["support_until"]).replace(tzinfo=UTC) + timedelta(days=1)
        announced = facts.last("products.end_announced", product=product)
        told = facts.last("notices.owners_told_of_end", product=product)
        if facts.now < until - _IN_TIME:
            yield Finding(Value.MET, f"{product} is supported until {page.data['support_until']}.", (page,), product)
        elif announced is None or told is None:
            ends = "has ended" if facts.now >= until else "ends within 30 days"
            yield Finding(Value.NOT_MET, f"Support of {product} {ends}, and no owner was told.", (page,), product)
        elif facts.now >= until and told.data["stage"] != "ended":
            yield Finding(
                Value.NOT_MET, f"Support of {product} has ended, and owners were not told since.", (told,), product
            )
        else:
            says = (
                f"{product}: owners of {told.data['told']} devices were told ({told.data['stage']}), "
                f"{told.data['unreachable']} cannot be reached; the last release is {announced.data['last_version']}."
            )
            yield Finding(Value.MET, says, (announced, told), product)


RECOMMENDATION = Recommendation(
    id="R8",
    title="Telling owners when support ends",
    asks="Tell owners of devices that are no longer supported, and in time before that.",
    fact="What owners were told of the end of support, against the day that was published.",
    reads=("products.page_published", "products.end_announced", "notices.owners_told_of_end"),
    decide=decide,
)
