"""A proof of deletion: it holds when all is well, and finds what was left behind when it is not."""

from datetime import timedelta

import pytest

from careful import customer_data
from careful.customer_data import proving, searching
from careful.customer_data.records import InboxRecords
from careful.customer_data.records_postgres import PostgresRecords
from careful.kernel import archive, ledger
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid


@pytest.fixture(autouse=True)
def quick(request, monkeypatch):
    """Leave PostgreSQL's own files out, unless they are what a test is about: they are many."""
    if "own_files" not in request.node.name:
        monkeypatch.setattr(proving.postgres_files, "folder_of", lambda *_: (None, "left out by the test"))


def told(world):
    with world.look() as connection:
        return [one.data for one in ledger.read(connection, names=["customer_data.deletion_proved"])]


def test_what_was_deleted_is_nowhere_but_in_the_backup_and_there_sealed(house):
    world = house.world
    proof = customer_data.prove_deletion(world, OPERATOR)
    assert (proof.held, proof.finds) == (True, ())
    assert proof.backups == ("backup.tar.gz",)
    assert proof.in_backups == ("the sealed value", "the wrapped key")
    assert proof.places > 5
    assert proof.due == customer_data.epochs(world)[0].ends + timedelta(days=1)
    (event,) = told(world)
    assert (event["held"], event["found"], event["backups"], event["epoch"]) == (True, [], 1, 1)
    assert customer_data.prove_deletion(world, OPERATOR, take_backup=False).backups == ()


def test_postgresqls_own_files_and_log_are_searched(house, tmp_path, monkeypatch):
    """What is left there is what is in a backup; never the value or its key."""
    if house.world.database.is_sqlite:
        with pytest.raises(Invalid, match="SQLite"):
            customer_data.prove_deletion(house.world, OPERATOR, postgres_data=tmp_path)
        return
    proof = customer_data.prove_deletion(house.world, OPERATOR, take_backup=False)
    assert proof.held
    assert any(one.endswith("of them its log") for one in proof.searched)
    assert proof.unsearched == ("the data folders of other machines, if there are any",)
    assert set(proof.in_files) <= {"the sealed value", "the wrapped key"}
    assert told(house.world)[0]["unsearched"] == list(proof.unsearched)
    monkeypatch.setattr(proving.postgres_files, "search", lambda *_: {"base/1": frozenset()})  # blind
    proof = customer_data.prove_deletion(house.world, OPERATOR, take_backup=False)
    assert "not even what was stored just now is found there" in proof.unsearched[1]
    assert not any("its log" in one for one in proof.searched)


def test_a_backup_that_is_handed_in_is_searched(house, tmp_path):
    archive.backup(house.world, tmp_path / "old.tar.gz")
    proof = customer_data.prove_deletion(house.world, OPERATOR, [tmp_path / "old.tar.gz"], take_backup=False)
    assert (proof.held, proof.backups, proof.in_backups) == (True, ("old.tar.gz",), ())


def test_a_value_in_a_log_is_found(house, monkeypatch):
    plant = proving._Planted.plant

    def leaky(self, records):
        plant(self, records)
        (house.world.home / "debug.log").write_text(f"got {self.value}")

    monkeypatch.setattr(proving._Planted, "plant", leaky)
    proof = customer_data.prove_deletion(house.world, OPERATOR, take_backup=False)
    assert not proof.held
    assert {(one.what, one.place) for one in proof.finds} == {("the value", "debug.log")}
    assert told(house.world)[0]["found"][0] == "the value in debug.log (before)"


def test_a_record_that_was_not_deleted_is_found(house, monkeypatch):
    for kind in (InboxRecords, PostgresRecords):
        monkeypatch.setattr(kind, "delete_of", lambda *_: 0)
    proof = customer_data.prove_deletion(house.world, OPERATOR, take_backup=False)
    assert "the sealed value" in {one.what for one in proof.finds}


def test_a_search_that_finds_nothing_at_all_is_no_proof(house, monkeypatch):
    monkeypatch.setattr(proving.searching, "search_files", lambda *_: {})
    monkeypatch.setattr(proving.searching, "search_tables", lambda *_: searching.Tables({}))
    proof = customer_data.prove_deletion(house.world, OPERATOR, take_backup=False)
    assert not proof.held
    assert "does not work" in proof.finds[0].what


@pytest.mark.parametrize("taken", [True, False])
def test_nothing_of_the_planted_stays_in_the_tables(house, taken):
    customer_data.prove_deletion(house.world, OPERATOR, take_backup=taken)
    with house.world.look() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM customer_data_customer").scalar_one() == 0
