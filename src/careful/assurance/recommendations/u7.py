"""U7: security standards stand in contracts: each obligation that the data takes is in one that binds today."""

from collections.abc import Iterator

from careful.assurance.judging import Facts, Finding, Recommendation, Value
from careful.assurance.relied import by_supplier
from careful.kernel.ledger import Entry

_SHOWN = 3


def decide(facts: Facts) -> Iterator[Finding]:
    """Compare, per product in force and supplier, the obligations it takes with the newest contract."""

    def judged(product: str, supplier: str, relied: Entry) -> Finding:
        asked = [one.partition(" ")[2] for one in relied.data["clauses"] if one.partition(" ")[0] == supplier]
        return _of(facts, product, supplier, asked, relied)

    return by_supplier(facts, "contracts were looked at", judged)


def _of(facts: Facts, product: str, supplier: str, asked: list[str], relied: Entry) -> Finding:
    contract = facts.last("suppliers.contract_noted", supplier=supplier)
    if contract is None:
        return Finding(Value.NOT_MET, f"{product} hands data to {supplier} without a contract.", (relied,), product)
    if contract.data["until"] < facts.now.date().isoformat():
        says = f"{product} hands data to {supplier}, whose contract ended on {contract.data['until']}."
        return Finding(Value.NOT_MET, says, (relied, contract), product)
    holds = dict(_split(one) for one in contract.data["clauses"])
    lacks = [one for one in asked if not _within(_split(one), holds)]
    if lacks:
        says = f"The contract with {supplier} lacks {', '.join(lacks[:_SHOWN])}, which {product} takes."
        return Finding(Value.NOT_MET, says, (relied, contract), product)
    says = (
        f"{product}: the contract with {supplier} holds all {len(asked)} obligations, until {contract.data['until']}."
    )
    return Finding(Value.MET, says, (relied, contract), product)


def _split(clause: str) -> tuple[str, int | None]:
    name, _, limit = clause.partition("=")
    return name, int(limit) if limit else None


def _within(asked: tuple[str, int | None], holds: dict[str, int | None]) -> bool:
    name, most = asked
    if name not in holds:
        return False
    said = holds[name]
    return most is None or (said is not None and said <= most)


RECOMMENDATION = Recommendation(
    id="U7",
    title="Security in contracts",
    asks="Incorporate security standards into your contracts.",
    fact="The obligations in each supplier's newest contract, against those that the data going there takes.",
    reads=("products.approved", "products.suppliers_relied_on", "suppliers.contract_noted"),
    decide=decide,
)
