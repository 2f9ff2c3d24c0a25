"""What a recording that was compared with a product file still counts for, for those that rest on it. Pure."""

from careful.assurance.judging import Facts, Finding, Value
from careful.kernel.ledger import Entry

COMPARED = "monitoring.traffic_compared"


def superseded(facts: Facts, product: str, newest: Entry) -> Finding | None:
    """Return why a comparison counts no longer: another product file has come into force since."""
    approved = facts.last("products.approved", product=product)
    if approved is None or approved.seq <= newest.seq:
        return None
    says = f"{product}: another product file is in force since its traffic was compared."
    return Finding(Value.UNKNOWN, says, (approved,), product)
