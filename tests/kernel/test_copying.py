"""A database copied row by row is the same database, in both directions, or nothing was copied."""

import pytest
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.engine import make_url
from village import EXAMPLES, STAFF

from careful import products
from careful.kernel import audit, copying, migrate, outbox
from careful.kernel.actors import SYSTEM
from careful.kernel.database import Database, metadata
from careful.kernel.errors import Refused
from careful.kernel.keys import Keys
from careful.kernel.settings import Settings
from careful.kernel.work import World


@pytest.fixture
def postgres(postgres_url):
    """An empty PostgreSQL database beside the tests' own."""
    url = make_url(postgres_url)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS copied"))
        connection.execute(text("CREATE DATABASE copied"))
    made = Database(url.set(database="copied").render_as_string(hide_password=False), None)
    yield made
    made.close()
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE copied WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def lived_in(tmp_path, clock):
    """An installation on SQLite with something in many tables."""
    database = Database("", tmp_path / "one")
    migrate.upgrade(database)
    world = make_world(database, tmp_path / "one", clock)
    products.declare(world, STAFF, (EXAMPLES / "products" / "cam-1" / "product.yaml").read_bytes())
    with world.change(SYSTEM) as work:
        work.post("mail", {"to": "a", "text": "☃ ' \\ \x7f"})
    audit.seal(world)
    yield world
    database.close()


def make_world(database, home, clock):
    return World(database, clock, Settings(data=home), Keys(home / "keys"), home)


def content(database):
    with database.transaction("read") as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all())) for table in metadata.sorted_tables
        }


def test_there_and_back(lived_in, postgres, tmp_path):
    copying.copy(lived_in.database, postgres)
    assert content(postgres) == content(lived_in.database)
    back = Database("", tmp_path / "back")
    copying.copy(postgres, back)
    assert content(back) == content(lived_in.database)
    back.close()


def test_numbers_go_on_where_they_were(lived_in, postgres):
    copying.copy(lived_in.database, postgres)
    with make_world(postgres, lived_in.home, lived_in.clock).change(SYSTEM) as work:
        work.post("mail", {"to": "b"})
    with postgres.transaction("read") as connection:
        assert len(set(connection.execute(select(outbox.messages.c.id)).scalars())) == 2


def test_nothing_is_copied_over_something(lived_in, tmp_path, postgres):
    copying.copy(lived_in.database, postgres)
    with pytest.raises(Refused, match="already holds an installation"):
        copying.copy(lived_in.database, postgres)


def test_a_table_that_nobody_knows_is_not_left_out_in_silence(lived_in, postgres):
    with lived_in.database.transaction("write") as connection:
        connection.exec_driver_sql("CREATE TABLE strange (id INTEGER)")
    with pytest.raises(Refused, match="not Careful's: strange"):
        copying.copy(lived_in.database, postgres)
    with postgres.transaction("read") as connection:
        assert connection.execute(select(outbox.messages)).all() == []


def test_all_of_it_or_nothing(lived_in, postgres):
    migrate.upgrade(postgres)
    with postgres.transaction("write") as connection:
        connection.execute(insert(outbox.messages).values(**row_that_is_in_the_way(lived_in)))
    with pytest.raises(Exception, match="duplicate key"):
        copying.copy(lived_in.database, postgres)
    assert content(postgres)["ledger_entry"] == []


def row_that_is_in_the_way(world):
    with world.look() as connection:
        return dict(connection.execute(select(outbox.messages)).mappings().first())


def test_readings_kept_by_days_come_back_by_days(lived_in, postgres, tmp_path, clock):
    from careful.customer_data import PostgresRecords  # noqa: PLC0415
    from careful.kernel.inbox import Message, to_micros  # noqa: PLC0415

    copying.copy(lived_in.database, postgres)
    records = PostgresRecords(postgres)
    records.append([Message("d1", "up/t", b"1", to_micros(clock.now())), Message("d1", "up/t", b"2", 0)])
    backup = Database("", tmp_path / "backup")
    copying.copy(postgres, backup)
    with postgres.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    copying.copy(backup, postgres)
    records.append([Message("d1", "up/t", b"3", to_micros(clock.now()))])
    assert [one.payload for one in records.read("d1")] == [b"3", b"2", b"1"]
    backup.close()
