"""D1: security from the beginning, shown by the order of two moments."""

from collections.abc import Iterator

from careful.assurance.judging import Facts, Finding, Recommendation, Value


def decide(facts: Facts) -> Iterator[Finding]:
    """Compare, per product, the first approval with the first build."""
    for product in facts.products():
        approved = facts.first("products.approved", product=product)
        built = facts.first("releases.added", product=product)
        if built is None:
            yield Finding(Value.NOT_APPLICABLE, f"{product} has no build yet.", (), product)
        elif approved and approved.seq < built.seq:
            yield Finding(
                Value.MET, f"{product} was declared and approved before its first build.", (approved, built), product
            )
        else:
            yield Finding(
                Value.NOT_MET, f"{product} had a build before it had an approved declaration.", (built,), product
            )


RECOMMENDATION = Recommendation(
    id="D1",
    title="Security from the beginning",
    asks="Build security into the design from the start, not afterwards.",
    fact="The order of the first approved declaration and the first build.",
    reads=("products.approved", "releases.added"),
    decide=decide,
)
