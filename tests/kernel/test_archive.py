"""A backup is one moment's state; restored, it proves itself; a broken or hostile one leaves nothing behind."""

import dataclasses
import io
import tarfile

import pytest

from careful.kernel import archive, audit
from careful.kernel.actors import SYSTEM
from careful.kernel.clock import SystemClock
from careful.kernel.database import Database, metadata
from careful.kernel.errors import Invalid, Refused
from careful.kernel.keys import Keys
from careful.kernel.settings import Settings
from careful.kernel.work import World


@pytest.fixture
def lived_in(tmp_path, thing_done):
    home = tmp_path / "home"
    database = Database("", home)
    metadata.create_all(database.engine)
    world = World(database, SystemClock(), Settings(data=home), Keys(home / "keys"), home)
    with world.change(SYSTEM) as work:
        work.record(thing_done(thing="one"))
    (home / "artifacts").mkdir()
    (home / "artifacts" / "image").write_bytes(b"image")
    (home / "published").hardlink_to(home / "artifacts" / "image")
    yield world
    database.close()


def test_restored_state_proves_itself(lived_in, tmp_path):
    made = archive.backup(lived_in, tmp_path / "kept.tar.gz")
    assert (made.entries, (tmp_path / "kept.tar.gz").stat().st_mode & 0o777) == (1, 0o600)
    fresh = tmp_path / "fresh"
    archive.restore(tmp_path / "kept.tar.gz", fresh)
    again = dataclasses.replace(lived_in, database=Database("", fresh), keys=Keys(fresh / "keys"), home=fresh)
    with again.look() as connection:
        found = audit.audit(connection, audit.signing_key(again).public_key())
    assert (found.problems, found.size) == ((), 1)
    assert (fresh / "artifacts" / "image").read_bytes() == b"image"
    assert (fresh / "published").samefile(fresh / "artifacts" / "image")
    assert again.keys.loose() == []
    again.database.close()


def test_no_backup_is_overwritten(lived_in, tmp_path):
    archive.backup(lived_in, tmp_path / "kept.tar.gz")
    with pytest.raises(Refused, match="already exists"):
        archive.backup(lived_in, tmp_path / "kept.tar.gz")


def test_what_lies_in_postgresql_comes_back_into_either(world, tmp_path, thing_done):
    with world.change(SYSTEM) as work:
        work.record(thing_done(thing="one"))
    archive.backup(world, tmp_path / "kept.tar.gz")
    archive.restore(tmp_path / "kept.tar.gz", tmp_path / "fresh")
    database = Database("", tmp_path / "fresh")
    again = dataclasses.replace(world, database=database, keys=Keys(tmp_path / "fresh" / "keys"))
    with again.look() as connection:
        found = audit.audit(connection, audit.signing_key(again).public_key())
    assert (found.problems, found.size) == ((), 1)
    database.close()


def hostile(tmp_path, name):
    path = tmp_path / "hostile.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(lambda tmp_path: hostile(tmp_path, "../outside"), "no readable backup", id="climbs out"),
        pytest.param(lambda tmp_path: hostile(tmp_path, "keys/x"), "holds no database", id="something else"),
    ],
)
def test_hostile_archives_are_refused(tmp_path, make, words):
    with pytest.raises(Invalid, match=words):
        archive.restore(make(tmp_path), tmp_path / "fresh")
    assert list((tmp_path / "fresh").iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_cut_short(lived_in, tmp_path):
    archive.backup(lived_in, tmp_path / "kept.tar.gz")
    whole = (tmp_path / "kept.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Invalid):
        archive.restore(tmp_path / "cut.tar.gz", tmp_path / "fresh")
    assert list((tmp_path / "fresh").iterdir()) == []
