"""U6: suppliers are capable of protecting what they get, and show it: evidence with an end, on file and accepted."""

from collections.abc import Iterator

from careful.assurance.judging import Facts, Finding, Recommendation, Value
from careful.assurance.relied import by_supplier
from careful.kernel.ledger import Entry


def decide(facts: Facts) -> Iterator[Finding]:
    """Look, per product in force, at the evidence of each supplier that its data goes to."""

    def judged(product: str, supplier: str, relied: Entry) -> Finding:
        return _of(facts, product, supplier, relied)

    return by_supplier(facts, "suppliers were asked for evidence", judged)


def _of(facts: Facts, product: str, supplier: str, relied: Entry) -> Finding:
    ended = facts.last("suppliers.ended", supplier=supplier)
    if ended is not None:
        says = f"{product} still hands data to {supplier}, which is no longer a supplier."
        return Finding(Value.NOT_MET, says, (relied, ended), product)
    withdrawn = {one.data["evidence"] for one in facts.all("suppliers.evidence_withdrawn", supplier=supplier)}
    given = facts.all("suppliers.evidence_accepted", supplier=supplier)
    counted = [one for one in given if one.data["evidence"] not in withdrawn]
    newest = max(counted, key=lambda one: str(one.data["until"]), default=None)
    if newest is None:
        says = f"{product} hands data to {supplier}, of which no evidence is on file."
        return Finding(Value.NOT_MET, says, (relied,), product)
    if newest.data["until"] < facts.now.date().isoformat():
        says = f"{product} hands data to {supplier}, whose evidence ended on {newest.data['until']}."
        return Finding(Value.NOT_MET, says, (relied, newest), product)
    says = f"{product}: {supplier} has shown its security by evidence until {newest.data['until']}."
    return Finding(Value.MET, says, (relied, newest), product)


RECOMMENDATION = Recommendation(
    id="U6",
    title="Capable suppliers",
    asks="Make sure that service providers can protect what they get, and do.",
    fact="Accepted evidence, and its end, of each supplier that an approved product's data goes to.",
    reads=(
        "products.approved",
        "products.suppliers_relied_on",
        "suppliers.evidence_accepted",
        "suppliers.evidence_withdrawn",
        "suppliers.ended",
    ),
    decide=decide,
)
