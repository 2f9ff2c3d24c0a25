"""C6: what a buyer must know stands published before the product is on sale."""

from collections.abc import Iterator

from careful.assurance.judging import Facts, Finding, Recommendation, Value


def decide(facts: Facts) -> Iterator[Finding]:
    """Compare, per product, when its page was published with when it went on sale."""
    for product in facts.products():
        sold = facts.first("products.put_on_sale", product=product)
        page = facts.first("products.page_published", product=product)
        if sold is None:
            yield Finding(Value.NOT_APPLICABLE, f"{product} is not on sale.", (), product)
        elif page is None or page.seq > sold.seq:
            yield Finding(Value.NOT_MET, f"{product} went on sale before its page was published.", (sold,), product)
        elif not page.data["support_until"]:
            yield Finding(Value.NOT_MET, f"The page of {product} gives no support end date.", (page,), product)
        else:
            yield Finding(
                Value.MET,
                f"{product}: support until {page.data['support_until']} was published before sale.",
                (page, sold),
                product,
            )


RECOMMENDATION = Recommendation(
    id="C6",
    title="Told before purchase",
    asks="Disclose functionality and support before people buy.",
    fact="The order of publishing support end, update method and data table, and going on sale.",
    reads=("products.put_on_sale", "products.page_published"),
    decide=decide,
)
