"""Suppliers: who gets our customers' data or delivers parts, what they showed, what they signed, and until when.

`lacking` is the one decision: what is missing before data may go to somebody. `products.approve` asks it in its own
transaction. A supplier's own people see and answer what they were asked, and nothing else.
"""

from careful.suppliers.actions import (
    MOST_FILE_BYTES,
    accept_evidence,
    answer,
    ask,
    bind,
    close,
    end,
    end_grants_in,
    give_evidence,
    note_contract,
    record,
    unbind,
    withdraw_evidence,
)
from careful.suppliers.model import (
    CLAUSES,
    EVIDENCE_KINDS,
    WARN_BEFORE,
    Contract,
    Evidence,
    Item,
    Need,
    Supplier,
    clause_words,
    lacking,
    read_clauses,
    refusal,
    supplier_for,
)
from careful.suppliers.queries import (
    all_in,
    evidence_file,
    get,
    list_all,
    people_of,
    supplier_of,
)

__all__ = [
    "CLAUSES",
    "EVIDENCE_KINDS",
    "MOST_FILE_BYTES",
    "WARN_BEFORE",
    "Contract",
    "Evidence",
    "Item",
    "Need",
    "Supplier",
    "accept_evidence",
    "all_in",
    "answer",
    "ask",
    "bind",
    "clause_words",
    "close",
    "end",
    "end_grants_in",
    "evidence_file",
    "get",
    "give_evidence",
    "lacking",
    "list_all",
    "note_contract",
    "people_of",
    "read_clauses",
    "record",
    "refusal",
    "supplier_for",
    "supplier_of",
    "unbind",
    "withdraw_evidence",
]
