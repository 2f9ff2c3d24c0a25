"""Looking for bytes in PostgreSQL through its connection: in every table, of any schema, and in its statistics."""

import base64
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

_TABLES = text("""
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
    ORDER BY 1
""")
STATISTICS = "pg_catalog.pg_stats"
"""Samples of values that PostgreSQL keeps of every column, for its planner."""


def places(connection: Connection) -> list[str]:
    """Return everything that can be asked for its rows: every table, of every schema, and the statistics."""
    return [*connection.execute(_TABLES).scalars(), STATISTICS]


def holds(connection: Connection, place: str, needles: Mapping[str, bytes]) -> list[str] | None:
    """Return which of `needles` the rows of a place hold, in whatever type; None where it may not be read."""
    looks = {name: forms(needle) for name, needle in needles.items()}
    counted = ", ".join(
        " OR ".join(f"strpos(said, :n{n}_{m}) > 0" for m in range(len(some))).join(("bool_or(", ")"))
        for n, some in enumerate(looks.values())
    )
    given = {f"n{n}_{m}": form for n, some in enumerate(looks.values()) for m, form in enumerate(some)}
    query = f"SELECT {counted} FROM (SELECT t::text AS said FROM {place} t) x"  # noqa: S608 (from the catalogue)
    try:
        with connection.begin_nested():
            connection.execute(text("SET LOCAL bytea_output = 'hex'"))
            row = connection.execute(text(query), given).one()
    except ProgrammingError:
        return None
    return [name for name, found in zip(looks, row, strict=True) if found]


def forms(needle: bytes) -> list[str]:
    """Return the forms in which bytes may stand in a row's text: as they are, in hex, and in base64."""
    found = [needle.hex()]
    if needle.isascii() and needle.decode().isprintable():
        found.append(needle.decode())
    for lead in range(3):
        coded = base64.b64encode(bytes(lead) + needle).decode().rstrip("=")
        found.append(coded[(0, 2, 3)[lead] : len(coded) - 1])  # but for the digits that depend on its neighbours
    return found


def data_folder(connection: Connection) -> Path | None:
    """Return where the server says that its files are; None where it does not say so to us."""
    try:
        with connection.begin_nested():
            return Path(connection.execute(text("SHOW data_directory")).scalar_one())
    except DBAPIError:
        return None


def identifier(connection: Connection) -> int | None:
    """Return the number by which the server's files are told from those of any other; None where we may not know."""
    try:
        with connection.begin_nested():
            return int(connection.execute(text("SELECT system_identifier FROM pg_control_system()")).scalar_one())
    except DBAPIError:
        return None


def write_out(connection: Connection) -> bool:
    """Have the server write its buffers to its files; tell whether it did."""
    try:
        connection.execute(text("CHECKPOINT"))
    except DBAPIError:
        return False
    return True
