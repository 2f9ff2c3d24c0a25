"""R5: expected and unexpected behaviour: what must come comes, nothing else does, and nothing leaves in the clear."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.compared import COMPARED, superseded
from careful.assurance.judging import Facts, Finding, Recommendation, Value
from careful.kernel.ledger import Entry

AGE = timedelta(days=180)
_FAULTS = {
    "undeclared": "not declared: {} conversations",
    "streams_undeclared": "not declared: {} streams of messages",
    "never_seen": "declared and never seen: {} conversations",
    "streams_never_seen": "declared and never seen: {} streams of messages",
    "in_the_clear": "outside without encryption: {} conversations",
}


def decide(facts: Facts) -> Iterator[Finding]:
    """Look, per product, at a recording of its newest signed release."""
    for product in facts.products():
        newest = facts.last(COMPARED, product=product)
        if newest is None:
            says = f"Nobody has recorded what a device of {product} does on the network."
            yield Finding(Value.UNKNOWN, says, (), product)
            continue
        yield _judge(facts, product, newest)


def _judge(facts: Facts, product: str, newest: Entry) -> Finding:
    signed = facts.last("releases.signed", product=product)
    if signed is not None and newest.data["release"] != signed.data["version"]:
        ran = newest.data["release"] or "a release that was not named"
        says = f"{product}: the newest recording is of {ran}, the newest signed release is {signed.data['version']}."
        return Finding(Value.UNKNOWN, says, (newest, signed), product)
    stale = superseded(facts, product, newest)
    if stale is not None:
        return stale
    if not newest.data["seen"]:
        return Finding(Value.UNKNOWN, f"{product}: the newest recording shows no conversation.", (newest,), product)
    faults = [words.format(newest.data[name]) for name, words in _FAULTS.items() if newest.data[name]]
    if faults:
        return Finding(Value.NOT_MET, f"{product}, in the newest recording: {'; '.join(faults)}.", (newest,), product)
    says = f"{product}: the newest recording shows all {newest.data['declared']} declared conversations and no other."
    return Finding(Value.MET, says, (newest,), product)


RECOMMENDATION = Recommendation(
    id="R5",
    title="Expected and unexpected behaviour",
    asks="Test for what should happen and for what should not: that only the intended data leaves, and encrypted.",
    fact="A recording of the newest release: everything declared was seen, nothing else, and nothing in the clear.",
    reads=("products.declared", "products.approved", "releases.signed", COMPARED),
    decide=decide,
    max_age=AGE,
)
