"""What is shared by recommendations on suppliers: each supplier that an approved product's data goes to."""

from collections.abc import Callable, Iterator

from careful.assurance.judging import Facts, Finding, Value
from careful.kernel.ledger import Entry


def by_supplier(facts: Facts, looked_at: str, of: Callable[[str, str, Entry], Finding]) -> Iterator[Finding]:
    """Judge by `of` (product, supplier, the entry that relies on it); unknown where approval did not look yet."""
    for product in facts.products():
        relied = facts.last("products.suppliers_relied_on", product=product)
        if relied is None:
            approved = facts.last("products.approved", product=product)
            if approved is not None:
                says = f"{product} was approved before {looked_at}; approve its next version."
                yield Finding(Value.UNKNOWN, says, (approved,), product)
            continue
        if not relied.data["suppliers"]:
            yield Finding(Value.NOT_APPLICABLE, f"{product} hands data to no supplier.", (relied,), product)
        for supplier in relied.data["suppliers"]:
            yield of(product, supplier, relied)
