"""Suppliers are judged one by one where approval named them; what was approved earlier is unknown, never green."""

from datetime import UTC, datetime

from careful.assurance.judging import Facts, Finding, Value
from careful.assurance.relied import by_supplier
from careful.kernel.ledger import Entry

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _entry(seq, name, **fields):
    return Entry(seq, NOW, "system:careful", name, f"subject/{seq}", fields)


def _met(product, supplier, relied):
    return Finding(Value.MET, f"{product} {supplier}", (relied,), product)


def test_each_supplier_of_each_product():
    facts = Facts(
        [
            _entry(1, "products.approved", product="old"),
            _entry(2, "products.declared", product="draft"),
            _entry(3, "products.suppliers_relied_on", product="alone", suppliers=[]),
            _entry(4, "products.suppliers_relied_on", product="cam", suppliers=["gone"]),
            _entry(5, "products.suppliers_relied_on", product="cam", suppliers=["a", "b"]),
        ],
        NOW,
    )
    found = [(one.value, one.subject, one.says) for one in by_supplier(facts, "anybody looked", _met)]
    assert found == [
        (Value.NOT_APPLICABLE, "alone", "alone hands data to no supplier."),
        (Value.MET, "cam", "cam a"),
        (Value.MET, "cam", "cam b"),
        (Value.UNKNOWN, "old", "old was approved before anybody looked; approve its next version."),
    ]
