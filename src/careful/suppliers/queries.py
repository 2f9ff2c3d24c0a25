"""What one may ask about suppliers."""

from collections import defaultdict
from datetime import date

from sqlalchemy import Connection

from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.suppliers import store
from careful.suppliers.model import Contract, Evidence, Item, Supplier


def all_in(connection: Connection, only: str | None = None) -> list[Supplier]:
    """Return every supplier with all that is on file, in the caller's transaction."""
    rows, evidence, contracts, items = store.all_rows(connection, only)
    shown: dict[str, list[Evidence]] = defaultdict(list)
    signed: dict[str, list[Contract]] = defaultdict(list)
    asked: dict[str, list[Item]] = defaultdict(list)
    for row in evidence:
        shown[row.supplier].append(_evidence(row))
    for row in contracts:
        signed[row.supplier].append(
            Contract(
                number=row.number,
                signed=date.fromisoformat(row.signed),
                until=date.fromisoformat(row.until),
                clauses=dict(row.clauses),
                reference=row.reference,
                noted_at=row.noted_at,
                noted_by=row.noted_by,
            )
        )
    for row in items:
        asked[row.supplier].append(_item(row))
    return [
        Supplier(
            id=row.id,
            name=row.name,
            contact=row.contact,
            delivers=row.delivers,
            recorded_at=row.recorded_at,
            ended_at=row.ended_at,
            evidence=tuple(shown[row.id]),
            contracts=tuple(signed[row.id]),
            items=tuple(asked[row.id]),
        )
        for row in rows
    ]


def list_all(world: World) -> list[Supplier]:
    """Return every supplier, by id."""
    with world.look() as connection:
        return all_in(connection)


def get(world: World, supplier: str) -> Supplier:
    """Return one supplier. Raises NotFound."""
    with world.look() as connection:
        found = all_in(connection, supplier)
    if not found:
        raise unknown()
    return found[0]


def evidence_file(world: World, evidence: str, of: str | None = None) -> tuple[Evidence, bytes]:
    """Return evidence with its file, where `of` is given only if it is that supplier's. Raises NotFound."""
    with world.look() as connection:
        row, content = store.evidence_row(connection, evidence), store.file_of(connection, evidence)
    if row is None or content is None or (of is not None and row.supplier != of):
        raise NotFound("There is no such file.", do="Run: careful supplier show SUPPLIER")
    return _evidence(row), content


def people_of(world: World, supplier: str) -> list[str]:
    """Return the accounts of those who answer for a supplier."""
    with world.look() as connection:
        return store.persons_of(connection, supplier)


def supplier_of(world: World, account: str) -> str | None:
    """Return the supplier that a person answers for; None where there is none, or none any more."""
    with world.look() as connection:
        return store.supplier_of(connection, account)


def unknown() -> NotFound:
    """Return the refusal of an id that is no supplier's."""
    return NotFound("There is no such supplier.", do="Run: careful supplier list")


def _evidence(row: store.Found) -> Evidence:
    return Evidence(
        id=row.id,
        supplier=row.supplier,
        kind=row.kind,
        title=row.title,
        until=date.fromisoformat(row.until),
        reference=row.reference,
        file_name=row.file_name,
        file_size=row.file_size,
        sha256=row.sha256,
        given_at=row.given_at,
        given_by=row.given_by,
        accepted_at=row.accepted_at,
        accepted_by=row.accepted_by,
        withdrawn_at=row.withdrawn_at,
    )


def _item(row: store.Found) -> Item:
    return Item(
        id=row.id,
        supplier=row.supplier,
        asks=row.asks,
        due=date.fromisoformat(row.due),
        asked_at=row.asked_at,
        answer=row.answer,
        answered_at=row.answered_at,
        closed_at=row.closed_at,
    )
