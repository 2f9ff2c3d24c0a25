"""Rehearsals of the loss of each key, with real keys and with stand-ins."""

from datetime import UTC, datetime

import flat_repository
import pytest

from careful import updates
from careful.kernel import ledger
from careful.kernel.clock import ManualClock
from careful.kernel.errors import Invalid, Refused
from careful.kernel.keys import Keys
from careful.releases import signing
from careful.updates import key_change, lost_key, publishing


@pytest.fixture
def clock():
    """Today: a TUF client looks at the machine's own clock."""
    return ManualClock(datetime.now(UTC))


def events(world):
    with world.look() as connection:
        names = ["updates.key_drill_held", "updates.key_drill_failed"]
        return [
            (one.name.removeprefix("updates.key_drill_"), dict(one.data))
            for one in ledger.read(connection, names=names)
        ]


BEFORE = {
    "root": "was refused already",
    "targets": "pass an image off as genuine",
    "build": "pass an image off as genuine",
    "release": "pass an image off as genuine",
    "snapshot": "pass off no image",
    "timestamp": "pass off no image",
}
"""What a thief can do while the key counts, who has all that the server has besides, the release key included."""


@pytest.mark.parametrize("role", signing.ROLES)
def test_each_key_with_the_real_keys(world, staff, maker, role):
    maker.release("1.0.0")
    folder = updates.repository_dir(world, "cam-1")
    before = {path: path.read_bytes() for path in folder.rglob("*.json")}
    names = world.keys.names()
    found = lost_key.rehearse(world, staff, "cam-1", role)
    assert (found.held, found.keys) == (True, "real"), found.failed
    assert any("followed from root 1" in one and "finds all 1 targets" in one for one in found.shown)
    assert "refused" in found.shown[-1]
    if role in BEFORE:
        assert BEFORE[role] in found.shown[1 if role in {"build", "release"} else 0]
    if role in {"build", "release"}:
        assert "refused: releases was signed by 1/2 keys" in found.shown[0]
    assert events(world) == [("held", {"product": "cam-1", "role": role, "keys": "real", "shown": list(found.shown)})]
    assert {path: path.read_bytes() for path in folder.rglob("*.json")} == before
    assert world.keys.names() == names


def test_a_device_that_was_fooled_follows(world, staff, maker):
    maker.release("1.0.0")
    for role in ("targets", "build", "release", "snapshot", "timestamp"):
        shown = lost_key.rehearse(world, staff, "cam-1", role).shown
        assert "A device that the thief had fooled followed too." in shown


def test_stand_ins_where_the_keys_are_elsewhere(world, staff, maker, tmp_path):
    maker.release("1.0.0")
    updates.export_keys(world, staff, "cam-1", tmp_path / "stick")
    found = lost_key.rehearse(world, staff, "cam-1", "targets")
    assert (found.held, found.keys) == (True, "stand-in")
    found = lost_key.rehearse(world, staff, "cam-1", "targets", [Keys(tmp_path / "stick")])
    assert (found.held, found.keys) == (True, "real")
    assert sorted(path.name for path in (tmp_path / "stick").iterdir()) == sorted(
        f"tuf.cam-1.{name}.pem" for name in ("release", "root-1", "root-2", "root-3", "targets")
    )


def test_a_replacement_that_replaces_nothing_is_found_out(world, staff, maker, monkeypatch):
    maker.release("1.0.0")
    repository = publishing.ensure_repository(world, "cam-1")
    old = {one.public_key.keyid: one.public_key for _, one in signing.named(world.keys, "cam-1")}
    real = key_change.change

    def lazy(where, now, role, fresh, reason):
        """A new root, and the old keys in it."""
        kept = {name: [old[keyid] for keyid in key_change.keyids_of(repository, name)] for name in fresh}
        return real(where, now, role, kept, reason)

    monkeypatch.setattr(key_change, "change", lazy)
    found = lost_key.rehearse(world, staff, "cam-1", "targets")
    assert not found.held
    assert "a device that the thief had fooled does not follow" in found.failed
    assert [name for name, _ in events(world)] == ["failed"]


def test_what_cannot_be_rehearsed(world, staff, maker):
    maker.declare()
    with pytest.raises(Refused, match="no update repository yet"):
        lost_key.rehearse(world, staff, "cam-1", "targets")
    flat_repository.make(world, "cam-1")
    with pytest.raises(Invalid, match="is no role"):
        lost_key.rehearse(world, staff, "cam-1", "mirror")
    with pytest.raises(Refused, match="has no release key"):
        lost_key.rehearse(world, staff, "cam-1", "release")


def test_an_earlier_repository(world, staff, maker):
    maker.declare()
    flat_repository.make(world, "cam-1")
    maker.release("1.0.0")
    assert lost_key.rehearse(world, staff, "cam-1", "targets").held
