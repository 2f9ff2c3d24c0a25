"""C9: how long security updates come, and how, is published."""

from collections.abc import Iterator
from datetime import UTC, datetime

from careful.assurance.judging import Facts, Finding, Recommendation, Value


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the newest published page of each product that was approved."""
    for product in facts.products():
        if facts.first("products.approved", product=product) is None:
            yield Finding(Value.NOT_APPLICABLE, f"{product} is not approved yet.", (), product)
            continue
        page = facts.last("products.page_published", product=product)
        if page is None:
            yield Finding(Value.UNKNOWN, f"No page of {product} has been published.", (), product)
        elif not page.data["support_until"] or not page.data["update_method"]:
            yield Finding(
                Value.NOT_MET, f"The page of {product} does not say how long, or how, updates come.", (page,), product
            )
        else:
            until = datetime.fromisoformat(page.data["support_until"]).replace(tzinfo=UTC)
            ended = " That date has passed." if until < facts.now else ""
            yield Finding(
                Value.MET,
                f"{product}: updates until {page.data['support_until']}, {page.data['update_method']}.{ended}",
                (page,),
                product,
            )


RECOMMENDATION = Recommendation(
    id="C9",
    title="How long and how updates come",
    asks="Say for how long security updates come and how they are made.",
    fact="Support end date and update method on the newest published page.",
    reads=("products.approved", "products.page_published"),
    decide=decide,
)
