"""A backup is one moment's state; restored, it proves itself; a broken or hostile one leaves nothing behind."""

import dataclasses
import hashlib
import io
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, update

from careful.kernel import archive, audit, ledger, migrate
from careful.kernel.actors import SYSTEM
from careful.kernel.clock import SystemClock
from careful.kernel.database import Database
from careful.kernel.errors import Invalid, Refused
from careful.kernel.keys import Keys
from careful.kernel.settings import Settings
from careful.kernel.work import World


@pytest.fixture
def lived_in(tmp_path, thing_done):
    home = tmp_path / "home"
    database = Database("", home)
    migrate.upgrade(database)
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


def packed(tmp_path, members, sums=None):
    """A tar of our making; `sums` as they should be unless given."""
    listed = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in members.items())
    path = tmp_path / "made.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, content in {**members, "SHA256SUMS": (listed if sums is None else sums).encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


KEY = b"no key"


@pytest.mark.parametrize(
    ("members", "sums", "words"),
    [
        pytest.param({"../outside": b"evil"}, None, "does not belong", id="climbs out"),
        pytest.param({"keys/x": b"x"}, None, "holds no database", id="something else"),
        pytest.param({"careful.sqlite": b"x" * 4096}, None, "ledger's key", id="no key"),
        pytest.param({"careful.sqlite": b"x" * 4096, "keys/ledger.pem": KEY}, None, "cannot be read", id="no database"),
        pytest.param({"careful.sqlite": b"x"}, "", "not the file that was put in", id="unlisted"),
        pytest.param({}, "00  careful.sqlite\n", "careful.sqlite is missing", id="missing"),
        pytest.param({}, "nonsense", "is no whole backup", id="no sums"),
    ],
)
def test_hostile_archives_are_refused(tmp_path, members, sums, words):
    with pytest.raises(Invalid, match=words):
        archive.restore(packed(tmp_path, members, sums), tmp_path / "fresh")
    assert list((tmp_path / "fresh").iterdir()) == []
    assert not (tmp_path / "outside").exists()


def members_of(path):
    with tarfile.open(path) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar if one.isfile()}


def test_a_changed_image_is_named(lived_in, tmp_path):
    archive.backup(lived_in, tmp_path / "kept.tar.gz")
    members = members_of(tmp_path / "kept.tar.gz")
    sums = members.pop("SHA256SUMS").decode()
    members["artifacts/image"] = b"imagf"
    with pytest.raises(Invalid, match="artifacts/image is not the file that was put in"):
        archive.restore(packed(tmp_path, members, sums), tmp_path / "fresh")
    assert list((tmp_path / "fresh").iterdir()) == []


def test_a_ledger_that_is_not_what_was_signed(lived_in, tmp_path):
    archive.backup(lived_in, tmp_path / "kept.tar.gz")
    with lived_in.database.transaction("write") as connection:
        connection.execute(update(ledger.entries).values(body=func.replace(ledger.entries.c.body, "one", "two")))
    archive.backup(lived_in, tmp_path / "altered.tar.gz")
    with pytest.raises(Refused, match="is not what was signed"):
        archive.restore(tmp_path / "altered.tar.gz", tmp_path / "fresh")
    assert list((tmp_path / "fresh").iterdir()) == []


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_flipped_bit_is_refused_or_changes_nothing(lived_in, tmp_path_factory, place, bit):
    folder = tmp_path_factory.mktemp("flip")
    archive.backup(lived_in, folder / "kept.tar.gz")
    whole = members_of(folder / "kept.tar.gz")
    content = bytearray((folder / "kept.tar.gz").read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    (folder / "kept.tar.gz").write_bytes(content)
    try:
        archive.restore(folder / "kept.tar.gz", folder / "fresh")
    except Invalid:
        assert list((folder / "fresh").iterdir()) == []
    else:  # a bit that says nothing, such as the time in the compression's head
        assert members_of(folder / "kept.tar.gz") == whole


def test_cut_short(lived_in, tmp_path):
    archive.backup(lived_in, tmp_path / "kept.tar.gz")
    whole = (tmp_path / "kept.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Invalid):
        archive.restore(tmp_path / "cut.tar.gz", tmp_path / "fresh")
    assert list((tmp_path / "fresh").iterdir()) == []


@pytest.mark.parametrize("own", [True, False])
def test_keys_that_must_not_be_in_a_backup_are_not(world, tmp_path, own):
    folder = world.home / ("elsewhere" if own else archive.KEPT_APART)
    folder.mkdir()
    (folder / "epoch-00001.key").write_bytes(b"k" * 32)
    if own:
        settings = Settings(data=world.home, epoch_keys=str(folder))
        world = World(world.database, world.clock, settings, world.keys, world.home)
    made = archive.backup(world, tmp_path / "b.tar.gz")
    with tarfile.open(tmp_path / "b.tar.gz") as tar:
        assert not [name for name in tar.getnames() if "epoch" in name]
    assert str(folder) in made.left_out
