"""One dialect layer for SQLite and PostgreSQL: engine, column types that read the same on both, upsert.

SQLite runs in WAL mode with `synchronous=FULL`, and a writing transaction takes its lock at the start, so that two
processes never both believe they may write.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, Table, Text, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, DataError, DBAPIError, OperationalError
from sqlalchemy.types import TypeDecorator

from careful.kernel.errors import Invalid, Unavailable

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every domain's tables register here."""

DATABASE_FILE = "careful.sqlite"
_BUSY_SECONDS = 15
_DAMAGED = ("malformed", "not a database")  # SQLite's words
_WRITE_OPTION = "careful_write"


class Moment(TypeDecorator[datetime]):
    """A moment in UTC: `timestamptz` on PostgreSQL, text that sorts by time on SQLite; always aware in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments; SQLite gets naive UTC, which it stores as text."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (the signature is SQLAlchemy's)
        """Return it aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def canonical_json(value: object) -> str:
    """Write JSON with sorted keys and no spaces: the same value is always the same text (RFC 8785 for our types)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class JSONText(TypeDecorator[Any]):
    """Any JSON value, stored as canonical text on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:  # noqa: ARG002 (the signature is SQLAlchemy's)
        """Write canonical JSON."""
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002, ANN401 (the signature is SQLAlchemy's; JSON is Any)
        """Read JSON."""
        return None if value is None else json.loads(value)


class Database:
    """The engine of one installation. `url` empty means SQLite in `folder`."""

    def __init__(self, url: str, folder: Path) -> None:
        self.is_sqlite = not url or url.startswith("sqlite")
        if not url:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.url = url or f"sqlite:///{folder / DATABASE_FILE}"
        try:
            self.engine = self._engine()
        except (ArgumentError, ValueError) as wrong:  # the URL stays out of the sentence: it may hold a password
            raise Invalid(
                "CAREFUL_DATABASE is no address of a database.", do="Its form: postgresql+psycopg://user@host:5432/name"
            ) from wrong

    def _engine(self) -> Engine:
        if not self.is_sqlite:
            return create_engine(self.url, pool_pre_ping=True, pool_size=8, max_overflow=8)
        engine = create_engine(self.url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})
        _make_sqlite_safe(engine)
        return engine

    @contextmanager
    def transaction(self, mode: Literal["read", "write"]) -> Iterator[Connection]:
        """Open one transaction; commit at the end, roll back on any error.

        Raises Unavailable where the database itself does not answer, is locked or has no room, Invalid for a value
        that it cannot hold (a null character, half of a character, a number of twenty digits).
        """
        try:
            options = {_WRITE_OPTION: mode == "write"}
            with self.engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
        except (OperationalError, sqlite3.OperationalError) as failure:
            raise _unavailable(failure) from failure
        except DataError as failure:
            raise _unfit(str(failure.orig)) from failure
        except (DatabaseError, sqlite3.DatabaseError) as failure:
            if not any(word in str(failure) for word in _DAMAGED):
                raise
            raise Unavailable(
                "The database file is damaged.", do="Stop Careful, then: careful --data NEWDIR restore BACKUP"
            ) from failure
        except (OverflowError, UnicodeEncodeError) as failure:
            if isinstance(failure, OverflowError) and "SQLite" not in str(failure):
                raise
            raise _unfit(str(failure)) from failure

    def fold(self, *tables: str) -> bool:
        """Have what was deleted from `tables` leave the files, as far as a database can; tell whether it has.

        SQLite folds its log into the file, in which deleted bytes are overwritten; PostgreSQL vacuums, and keeps its
        own log for as long as it wants.
        """
        try:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                if self.is_sqlite:
                    return not connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
                for table in tables:
                    connection.exec_driver_sql(f'VACUUM "{table}"')
        except (OperationalError, sqlite3.OperationalError) as failure:
            raise _unavailable(failure) from failure
        return True

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    change: Sequence[str] | None = None,
) -> None:
    """Insert `rows`; where `keys` are taken, set the columns `change` (default: all others; empty: leave as it is)."""
    if not rows:
        return
    changed = [name for name in rows[0] if name not in keys] if change is None else list(change)
    if connection.dialect.name == "sqlite":
        lite = sqlite.insert(table)
        updates = {name: lite.excluded[name] for name in changed}
        connection.execute(
            lite.on_conflict_do_update(index_elements=list(keys), set_=updates)
            if changed
            else lite.on_conflict_do_nothing(index_elements=list(keys)),
            [dict(row) for row in rows],
        )
    else:
        post = postgresql.insert(table)
        updates = {name: post.excluded[name] for name in changed}
        connection.execute(
            post.on_conflict_do_update(index_elements=list(keys), set_=updates)
            if changed
            else post.on_conflict_do_nothing(index_elements=list(keys)),
            [dict(row) for row in rows],
        )


def _make_sqlite_safe(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _configure(raw: Any, _record: object) -> None:  # noqa: ANN401 (a DBAPI connection has no common type)
        raw.isolation_level = None  # we say BEGIN ourselves
        cursor = raw.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(_WRITE_OPTION, False)
        # Straight to the driver: this runs before every statement of a device's request, and saves a third of it.
        connection.connection.cursor().execute("BEGIN IMMEDIATE" if writing else "BEGIN")


def _unfit(reason: str) -> Invalid:
    return Invalid(f"A value in that cannot be kept ({reason.splitlines()[0]}).", do="Look for what is no plain text.")


def _unavailable(failure: DBAPIError | sqlite3.OperationalError) -> Unavailable:
    reason = str(failure.orig if isinstance(failure, DBAPIError) else failure).splitlines()[0]
    if "locked" in reason:
        return Unavailable("The database is locked by another program.", do="Close it, or wait; nothing was changed.")
    if "full" in reason:
        return Unavailable("The disk is full; nothing was changed.", do="Free some space, then try again.")
    return Unavailable(f"The database does not answer ({reason}).", do="Run: careful doctor")
