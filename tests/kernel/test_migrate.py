"""Migrations, on both databases: up from nothing, down to nothing, up again, and the same tables as the code names."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from careful.kernel import migrate
from careful.kernel.database import Database, metadata
from careful.kernel.errors import Refused


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        made = Database("", tmp_path)
        yield made
        made.close()
        return
    url = request.getfixturevalue("postgres_url")
    name = f"empty_{uuid.uuid4().hex[:8]}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    made = Database(urlunsplit(urlsplit(url)._replace(path=f"/{name}")), tmp_path)
    yield made
    made.close()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    server.dispose()


def tables(database: Database) -> set[str]:
    with database.transaction("read") as connection:
        return set(inspect(connection).get_table_names())


def test_up_from_nothing_and_no_further(empty: Database):
    assert migrate.at(empty) is None
    assert migrate.upgrade(empty) is True
    assert migrate.at(empty) == migrate.newest()
    assert {"ledger_entry", "devices_device", "notices_advisory"} <= tables(empty)
    assert migrate.upgrade(empty) is False


def test_down_to_nothing_and_up_again(empty: Database):
    migrate.upgrade(empty)
    made = tables(empty)
    migrate.move(empty, "downgrade", "base")
    assert tables(empty) == {"alembic_version"}
    assert migrate.at(empty) is None
    assert migrate.upgrade(empty) is True
    assert tables(empty) == made


def test_the_same_tables_as_in_the_code(empty: Database):
    migrate.upgrade(empty)
    with empty.transaction("read") as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_roles_are_renamed_and_back(empty: Database):
    migrate.move(empty, "upgrade", "0025")
    with empty.transaction("write") as connection:
        connection.execute(
            text(
                "INSERT INTO people_link (id, digest, purpose, roles, issued_at, expires_at)"
                """ VALUES ('a', 'b', 'first', '["engineer","owner","support"]', '2026-01-01', '2026-01-02')"""
            )
        )
    for way, to, roles in (
        ("upgrade", "0026", '["administrator","firmware-engineer","support"]'),
        ("downgrade", "0025", '["engineer","owner","support"]'),
    ):
        migrate.move(empty, way, to)
        with empty.transaction("read") as connection:
            assert connection.execute(text("SELECT roles FROM people_link")).scalar_one() == roles


def test_a_database_from_the_future_is_left_alone(empty: Database):
    migrate.upgrade(empty)
    with empty.transaction("write") as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match="is at migration 9999"):
        migrate.upgrade(empty)
    assert migrate.at(empty) == "9999"


def test_a_migration_that_fails_leaves_nothing_behind(empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    scripts = tmp_path / "scripts"
    (scripts / "versions").mkdir(parents=True)
    (scripts / "env.py").write_text((migrate.SCRIPTS / "env.py").read_text())
    (scripts / "versions" / "0001_half.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = '0001', None\n"
        "def upgrade():\n    op.create_table('half', sa.Column('id', sa.Integer))\n    raise RuntimeError('cut')\n"
    )
    monkeypatch.setattr(migrate, "SCRIPTS", scripts)
    with pytest.raises(RuntimeError, match="cut"):
        migrate.upgrade(empty)
    assert "half" not in tables(empty)
    assert migrate.at(empty) is None


def test_the_newest_is_the_highest_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "versions").mkdir()
    for name in ("0002_b.py", "0010_c.py", "0001_a.py", "notes.py"):
        (tmp_path / "versions" / name).touch()
    monkeypatch.setattr(migrate, "SCRIPTS", tmp_path)
    assert migrate.newest() == "0010"
