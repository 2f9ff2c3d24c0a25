"""The same types and the same upsert on both databases, and clear words when one does not answer."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, select, text

from careful.kernel.database import Database, JSONText, Moment, upsert
from careful.kernel.errors import Invalid, Unavailable

scratch = Table(
    "scratch",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("word", String(20)),
    Column("at", Moment),
    Column("value", JSONText),
)


@pytest.fixture
def table(database):
    scratch.create(database.engine)
    yield database
    scratch.drop(database.engine)


def test_types_come_back_as_they_were(table):
    here = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    with table.transaction("write") as connection:
        connection.execute(scratch.insert(), {"id": 1, "word": "a", "at": here, "value": {"b": [1, None]}})
        row = connection.execute(select(scratch)).one()
    assert row.at == here
    assert row.at.tzinfo == UTC
    assert row.value == {"b": [1, None]}


def test_naive_moments_are_refused(table):
    with pytest.raises(Exception, match="no time zone"), table.transaction("write") as connection:
        connection.execute(scratch.insert(), {"id": 1, "at": datetime(2026, 1, 1)})  # noqa: DTZ001 (the point)


def test_upsert(table):
    with table.transaction("write") as connection:
        upsert(connection, scratch, [{"id": 1, "word": "old"}, {"id": 2, "word": "two"}], ["id"])
        upsert(connection, scratch, [{"id": 1, "word": "new"}], ["id"])
        upsert(connection, scratch, [{"id": 2, "word": "kept out"}], ["id"], change=[])
        upsert(connection, scratch, [], ["id"])
        rows = connection.execute(select(scratch.c.id, scratch.c.word).order_by(scratch.c.id)).all()
    assert [tuple(row) for row in rows] == [(1, "new"), (2, "two")]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"id": 10**20}, id="a number of twenty digits"),
        pytest.param({"id": 1, "word": "\ud800"}, id="half of a character"),
        pytest.param({"id": 1, "word": "a\0b"}, id="a null character"),
    ],
)
def test_what_cannot_be_kept_is_told_plainly(table, row):
    if table.is_sqlite and row.get("word") == "a\0b":
        pytest.skip("SQLite keeps it as it is")
    with pytest.raises(Invalid, match="cannot be kept"), table.transaction("write") as connection:
        connection.execute(scratch.insert().values(**row))
    with table.transaction("read") as connection:
        assert connection.execute(select(scratch)).all() == []


def test_a_sum_that_is_too_large_is_our_own_fault(table):
    with pytest.raises(OverflowError), table.transaction("read"):
        float(10**400)


def test_locked_database_is_told_plainly(tmp_path, monkeypatch):
    monkeypatch.setattr("careful.kernel.database._BUSY_SECONDS", 0.05)
    database = Database("", tmp_path)
    with database.transaction("read"):
        pass
    other = sqlite3.connect(tmp_path / "careful.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"), database.transaction("write"):
        pass
    other.close()
    database.close()


def test_absent_server_is_told_plainly(tmp_path):
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", tmp_path)
    with pytest.raises(Unavailable, match="does not answer"), database.transaction("read"):
        pass


def test_a_damaged_file_is_said_to_be_one(tmp_path):
    (tmp_path / "careful.sqlite").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    broken = Database("", tmp_path)
    with pytest.raises(Unavailable, match="damaged"), broken.transaction("read") as connection:
        connection.execute(text("SELECT 1"))
    broken.close()
