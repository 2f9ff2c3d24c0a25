"""Tables and SQL of suppliers. Files are kept as opaque bytes, beside their digest."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from careful.kernel.database import JSONText, Moment, metadata, upsert

suppliers = Table(
    "suppliers_supplier",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("contact", String(500), nullable=False),
    Column("delivers", String(1000), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
)
evidence = Table(
    "suppliers_evidence",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("supplier", String(64), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("title", String(200), nullable=False),
    Column("until", String(10), nullable=False),
    Column("reference", String(500), nullable=False),
    Column("file", LargeBinary, nullable=True),
    Column("file_name", String(120), nullable=False),
    Column("file_size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("given_at", Moment, nullable=False),
    Column("given_by", String(120), nullable=False),
    Column("accepted_at", Moment, nullable=True),
    Column("accepted_by", String(120), nullable=False),
    Column("withdrawn_at", Moment, nullable=True),
)
contracts = Table(
    "suppliers_contract",
    metadata,
    Column("supplier", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("signed", String(10), nullable=False),
    Column("until", String(10), nullable=False),
    Column("clauses", JSONText, nullable=False),
    Column("reference", String(500), nullable=False),
    Column("noted_at", Moment, nullable=False),
    Column("noted_by", String(120), nullable=False),
)
items = Table(
    "suppliers_item",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("supplier", String(64), nullable=False, index=True),
    Column("asks", String(1000), nullable=False),
    Column("due", String(10), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_at", Moment, nullable=True),
    Column("closed_at", Moment, nullable=True),
)
persons = Table(
    "suppliers_person",
    metadata,
    Column("account", String(32), primary_key=True),
    Column("supplier", String(64), nullable=False, index=True),
)

Found = Row[Any]
_LISTED = [column for column in evidence.c if column.name != "file"]


def put_supplier(connection: Connection, values: Mapping[str, Any]) -> None:
    """Put a supplier on record, or change what is; when it was first recorded stays."""
    upsert(connection, suppliers, [dict(values)], ["id"], change=["name", "contact", "delivers"])


def lock(connection: Connection, supplier: str) -> Found | None:
    """Return a supplier's row, held until the transaction ends."""
    row: Found | None = connection.execute(
        select(suppliers).where(suppliers.c.id == supplier).with_for_update()
    ).one_or_none()
    return row


def named(connection: Connection, name: str) -> list[tuple[str, str]]:
    """Return id and name of suppliers that this name, as an id or a name, would mean."""
    wanted = name.casefold()
    rows = connection.execute(select(suppliers.c.id, suppliers.c.name))
    return [(row.id, row.name) for row in rows if wanted in {row.id.casefold(), row.name.casefold()}]


def add(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row."""
    connection.execute(insert(table).values(**values))


def change(connection: Connection, table: Table, row: str, values: Mapping[str, Any]) -> None:
    """Set columns of the row with this id."""
    connection.execute(update(table).where(table.c.id == row).values(**values))


def evidence_row(connection: Connection, one: str) -> Found | None:
    """Return a piece of evidence without its file."""
    row: Found | None = connection.execute(select(*_LISTED).where(evidence.c.id == one)).one_or_none()
    return row


def file_of(connection: Connection, one: str) -> bytes | None:
    """Return the bytes of a piece of evidence."""
    return connection.execute(select(evidence.c.file).where(evidence.c.id == one)).scalar_one_or_none()


def item_row(connection: Connection, one: str) -> Found | None:
    """Return what a supplier was asked for."""
    row: Found | None = connection.execute(select(items).where(items.c.id == one)).one_or_none()
    return row


def count(connection: Connection, table: Table, supplier: str | None = None) -> int:
    """Count rows, of one supplier or of all."""
    query = select(func.count()).select_from(table)
    return connection.execute(query if supplier is None else query.where(table.c.supplier == supplier)).scalar_one()


def all_rows(connection: Connection, only: str | None = None) -> tuple[list[Found], ...]:
    """Return suppliers, evidence, contracts and items, of one supplier or of all, each oldest first."""
    queries = (
        (select(suppliers).order_by(suppliers.c.id), suppliers.c.id),
        (select(*_LISTED).order_by(evidence.c.given_at, evidence.c.id), evidence.c.supplier),
        (select(contracts).order_by(contracts.c.supplier, contracts.c.number), contracts.c.supplier),
        (select(items).order_by(items.c.asked_at, items.c.id), items.c.supplier),
    )
    return tuple(
        list(connection.execute(query if only is None else query.where(column == only)).all())
        for query, column in queries
    )


def bind(connection: Connection, account: str, supplier: str) -> None:
    """Let a person see what a supplier is asked; they are of one supplier alone."""
    upsert(connection, persons, [{"account": account, "supplier": supplier}], ["account"])


def unbind(connection: Connection, account: str) -> str | None:
    """Let a person see nothing; return whose they were."""
    mine = persons.c.account == account
    found = connection.execute(select(persons.c.supplier).where(mine)).scalar_one_or_none()
    connection.execute(delete(persons).where(mine))
    return found


def persons_of(connection: Connection, supplier: str) -> list[str]:
    """Return the accounts that are bound to a supplier."""
    query = select(persons.c.account).where(persons.c.supplier == supplier).order_by(persons.c.account)
    return list(connection.execute(query).scalars())


def supplier_of(connection: Connection, account: str) -> str | None:
    """Return the supplier that a person is bound to, unless it is one no longer."""
    query = (
        select(suppliers.c.id)
        .join_from(persons, suppliers, persons.c.supplier == suppliers.c.id)
        .where(persons.c.account == account, suppliers.c.ended_at.is_(None))
    )
    return connection.execute(query).scalar_one_or_none()
