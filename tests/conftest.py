"""What all tests share: a world on each database, a clock moved by hand, someone on the staff."""

import importlib
import importlib.util
import os
import pkgutil
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

import careful
from careful.kernel import migrate
from careful.kernel.actors import Actor
from careful.kernel.clock import ManualClock
from careful.kernel.database import Database, metadata
from careful.kernel.keys import Keys
from careful.kernel.settings import Settings
from careful.kernel.work import World

sys.path.insert(0, str(Path(__file__).parent))
import nats_cluster
import postgres
import softhsm

settings.register_profile("same", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))  # `default` looks for new examples

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker waits for it at the end."""
    items.sort(key=lambda item: item.path.name != "test_kill.py")


def _load_all_tables() -> None:
    for module in pkgutil.iter_modules(careful.__path__):
        if module.ispkg and importlib.util.find_spec(f"careful.{module.name}.store"):
            importlib.import_module(f"careful.{module.name}.store")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL of our own."""
    folder = postgres.binaries()
    if folder is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have PostgreSQL: apt-get install postgresql")
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgres.cluster(folder) as url:
        yield url


@pytest.fixture(scope="session")
def nats() -> Iterator[nats_cluster.Cluster]:
    """A JetStream cluster of our own, of three servers."""
    nats_cluster.required()
    with nats_cluster.cluster() as made:
        yield made


@pytest.fixture(scope="session")
def _postgres_tables(postgres_url: str) -> Iterator[Database]:
    _load_all_tables()
    database = Database(postgres_url, Path())
    migrate.upgrade(database)
    yield database
    database.close()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with all tables, to be copied: making them anew for each test is what takes long."""
    _load_all_tables()
    home = tmp_path_factory.mktemp("template")
    made = Database("", home)
    migrate.upgrade(made)
    with made.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    made.close()
    return home / "careful.sqlite"


@pytest.fixture
def postgres_database(_postgres_tables: Database) -> Database:
    """An empty database with all tables, on PostgreSQL."""
    with _postgres_tables.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):  # deleting from empty tables costs a fraction of truncating them
            connection.execute(table.delete())
    return _postgres_tables


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        (tmp_path / "home").mkdir(mode=0o700, exist_ok=True)
        shutil.copy(request.getfixturevalue("_sqlite_template"), tmp_path / "home" / "careful.sqlite")
        made = Database("", tmp_path / "home")
        yield made
        made.close()
    else:
        yield request.getfixturevalue("postgres_database")


@pytest.fixture
def clock() -> ManualClock:
    """The world's clock; move it with `advance`."""
    return ManualClock(START)


@pytest.fixture
def world(database: Database, clock: ManualClock, tmp_path: Path) -> World:
    """A new installation with nothing in it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    return World(database, clock, Settings(data=home), Keys(home / "keys"), home)


@pytest.fixture
def staff() -> Actor:
    """Someone who may act."""
    return Actor("staff", "ann")


@pytest.fixture(scope="session")
def _softhsm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return softhsm.home(tmp_path_factory.mktemp("softhsm"))


@pytest.fixture
def token(_softhsm: Path) -> str:
    """The address of an empty PKCS#11 token."""
    return softhsm.make(_softhsm)
