"""U8: recipients keep to what they promised: nothing of a set that was handed to them turns up elsewhere."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value
from careful.kernel.ledger import Entry

_HOW = {
    "mark": "ids of persons who do not exist were in it",
    "address": "an address that exists in that set alone got mail",
    "whole": "it is that set, row for row",
}


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at every set that was handed out, and at what of one was found where it should not be."""
    for product in facts.products():
        given = [one for one in facts.all("customer_data.deidentified", product=product) if one.data["released"]]
        found = facts.all("customer_data.copy_found", product=product)
        if found:
            yield _leaked(product, found[-1])
        elif given:
            recipients = sorted({one.data["recipient"] for one in given})
            says = (
                f"{product}: nothing of {len(given)} sets for {', '.join(recipients[:3])} was found elsewhere"
                " (careful data whose-copy FILE --note); what recipients do with them is not attested here."
            )
            yield Finding(Value.UNKNOWN, says, (given[-1],), product)
        else:
            yield Finding(Value.UNKNOWN, f"It is not recorded whether {product} hands data to others.", (), product)


def _leaked(product: str, one: Entry) -> Finding:
    how = _HOW.get(one.data["by"], "by what was planted in it")
    says = f"{product}: something of set {one.data['export']} turned up that only {one.data['recipient']} had: {how}."
    return Finding(Value.NOT_MET, says, (one,), product)


RECOMMENDATION = Recommendation(
    id="U8",
    title="Recipients are watched",
    asks="Verify on an ongoing basis that those who get data comply; have them commit not to re-identify, and watch.",
    fact="Copies that were found and came from a set for one recipient, by persons who do not exist, by addresses that "
    "are a trap, or row for row. That none was found proves nothing, and is unknown.",
    reads=("customer_data.deidentified", "customer_data.copy_found"),
    decide=decide,
    max_age=timedelta(days=365),
)
