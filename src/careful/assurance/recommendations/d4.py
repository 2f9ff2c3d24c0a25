"""D4: the ecosystem is known: what the product talks with is declared, and a recording of its traffic says so."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.compared import COMPARED, superseded
from careful.assurance.judging import Facts, Finding, Recommendation, Value
from careful.kernel.ledger import Entry

AGE = timedelta(days=180)


def decide(facts: Facts) -> Iterator[Finding]:
    """Look, per product, at the newest recording that was compared with the product file in force."""
    for product in facts.products():
        seen = compared(facts, product)
        if isinstance(seen, Finding):
            yield seen
            continue
        said = seen.data
        if said["undeclared"]:
            says = f"{product}: of {said['seen']} conversations in the recording, {said['undeclared']} not declared."
            yield Finding(Value.NOT_MET, says, (seen,), product)
        else:
            says = f"{product}: all {said['seen']} conversations in the recording are declared."
            yield Finding(Value.MET, says, (seen,), product)


def compared(facts: Facts, product: str) -> Entry | Finding:
    """Return the newest comparison that counts, or why there is none."""
    newest = facts.last(COMPARED, product=product)
    if newest is None:
        says = f"No recording of the traffic of {product} was compared with its file."
        return Finding(Value.UNKNOWN, says, (), product)
    stale = superseded(facts, product, newest)
    if stale is not None:
        return stale
    if not newest.data["seen"]:
        says = f"{product}: the newest recording shows no conversation of a device."
        return Finding(Value.UNKNOWN, says, (newest,), product)
    return newest


RECOMMENDATION = Recommendation(
    id="D4",
    title="The ecosystem around it",
    asks="Know which other devices and systems the product connects with, and which data they get.",
    fact="The newest recording of its traffic, compared with the product file in force: everything seen is declared.",
    reads=("products.declared", "products.approved", COMPARED),
    decide=decide,
    max_age=AGE,
)
