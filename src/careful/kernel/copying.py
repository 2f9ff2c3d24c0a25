"""The whole content of one database into another, empty one.

So a backup taken on PostgreSQL becomes one SQLite file, and comes back into either.
"""

from datetime import date, timedelta

from sqlalchemy import Connection, Table, func, insert, inspect, select, text

from careful.kernel import ledger, migrate
from careful.kernel import store as _tables  # noqa: F401 (so that every table is known)
from careful.kernel.database import Database, metadata
from careful.kernel.errors import Refused

_ROWS = 1000
_DAY = len("20261130")
_OURS_NO_MORE = {"alembic_version"}
BY_DAY = "by_day"
"""What a table's `info` calls the column by whose days PostgreSQL keeps it apart, each in a table of its own."""
COUNTER = "counter"
"""And the sequence of its numbers."""


def copy(source: Database, target: Database) -> None:
    """Copy every row of every table of `source`, which is in its newest form, as of one moment: all of them or none.

    Raises Refused where `target` already holds something, or `source` holds a table that this program does not know.
    """
    migrate.upgrade(target)
    with source.transaction("read") as reading, target.transaction("write") as writing:
        if not source.is_sqlite:
            reading.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        if ledger.size(writing):
            raise Refused(
                "The database already holds an installation.", do="Name an empty one in CAREFUL_DATABASE, or none."
            )
        found = {name for name in inspect(reading).get_table_names() if not _is_day(name)}
        strangers = found - set(metadata.tables) - _OURS_NO_MORE
        if strangers:
            raise Refused(
                f"The database holds tables that are not Careful's: {', '.join(sorted(strangers))}.",
                do="Give Careful a database of its own.",
            )
        for table in metadata.sorted_tables:
            _copy(reading, writing, table)


def _copy(reading: Connection, writing: Connection, table: Table) -> None:
    rows = reading.execute(select(table).execution_options(yield_per=_ROWS))
    by_day = table.info.get(BY_DAY) if writing.dialect.name == "postgresql" else None
    for part in rows.mappings().partitions(_ROWS):
        if by_day is not None:
            _make_days(writing, table.name, {row[by_day].date() for row in part})
        writing.execute(insert(table), [dict(row) for row in part])
    named = table.info.get(COUNTER) if writing.dialect.name == "postgresql" else None
    if named is not None:
        highest = f"greatest((SELECT last_value FROM {named}), (SELECT coalesce(max(number), 0) + 1 FROM {table.name}))"  # noqa: S608
        writing.execute(text(f"SELECT setval('{named}', {highest})"))
    counter = table.autoincrement_column
    if counter is not None and writing.dialect.name == "postgresql":
        # Rows that bring their own numbers leave PostgreSQL's counter where it was.
        last = select(func.max(counter)).scalar_subquery()
        sequence = func.pg_get_serial_sequence(f'"{table.name}"', counter.name)
        writing.execute(select(func.setval(sequence, func.coalesce(last, 0) + 1, False)))


def _is_day(name: str) -> bool:
    """Tell whether a table is one day of a table that is kept by days."""
    whole, _, day = name.rpartition("_")
    return whole in metadata.tables and BY_DAY in metadata.tables[whole].info and len(day) == _DAY and day.isdecimal()


def _make_days(writing: Connection, whole: str, days: set[date]) -> None:
    for day in sorted(days):
        bounds = f"FROM ('{day}T00:00:00Z') TO ('{day + timedelta(days=1)}T00:00:00Z')"
        made = f"CREATE TABLE IF NOT EXISTS {whole}_{day:%Y%m%d} PARTITION OF {whole} FOR VALUES {bounds}"
        writing.execute(text(made))
