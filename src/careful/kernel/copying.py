"""The whole content of one database into another, empty one.

So a backup taken on PostgreSQL becomes one SQLite file, and comes back into either.
"""

from sqlalchemy import Connection, Table, func, insert, inspect, select, text

from careful.kernel import ledger, migrate
from careful.kernel.database import Database, metadata
from careful.kernel.errors import Refused

_ROWS = 1000
_OURS_NO_MORE = {"alembic_version"}


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
        strangers = set(inspect(reading).get_table_names()) - set(metadata.tables) - _OURS_NO_MORE
        if strangers:
            raise Refused(
                f"The database holds tables that are not Careful's: {', '.join(sorted(strangers))}.",
                do="Give Careful a database of its own.",
            )
        for table in metadata.sorted_tables:
            _copy(reading, writing, table)


def _copy(reading: Connection, writing: Connection, table: Table) -> None:
    rows = reading.execute(select(table).execution_options(yield_per=_ROWS))
    for part in rows.mappings().partitions(_ROWS):
        writing.execute(insert(table), [dict(row) for row in part])
    counter = table.autoincrement_column
    if counter is not None and writing.dialect.name == "postgresql":
        # Rows that bring their own numbers leave PostgreSQL's counter where it was.
        last = select(func.max(counter)).scalar_subquery()
        sequence = func.pg_get_serial_sequence(f'"{table.name}"', counter.name)
        writing.execute(select(func.setval(sequence, func.coalesce(last, 0) + 1, False)))
