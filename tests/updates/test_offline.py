import json

import pytest
from tuf.api.metadata import Metadata

from careful import releases, updates
from careful.kernel.errors import Invalid, NotFound
from careful.kernel.keys import Keys
from careful.releases import signing


@pytest.fixture
def away(world, staff, maker, tmp_path):
    """Keys on a stick."""
    maker.release("1.0.0")
    folder = tmp_path / "stick"
    names = updates.export_keys(world, staff, "cam-1", folder)
    assert names == ("tuf.cam-1.root-1", "tuf.cam-1.root-2", "tuf.cam-1.root-3", "tuf.cam-1.targets")
    return folder


def test_exported_keys_are_on_the_stick_alone(world, away):
    assert [name for name in world.keys.names() if name.startswith("tuf.")] == [
        "tuf.cam-1.snapshot",
        "tuf.cam-1.timestamp",
    ]
    assert oct(away.stat().st_mode & 0o777) == "0o700"
    assert {oct(path.stat().st_mode & 0o777) for path in away.iterdir()} == {"0o600"}
    found = updates.published(world, "cam-1")
    assert (len(found.keys_here), len(found.keys_away)) == (2, 4)


def test_without_its_key_the_server_cannot_sign(world, staff, maker, away, tmp_path):
    one = maker.release("1.0.1", publish=False)
    with pytest.raises(NotFound, match="targets key of cam-1 is not here"):
        updates.sign_release(world, staff, one.id)
    with pytest.raises(NotFound):
        updates.sign_release(world, staff, one.id, tmp_path / "elsewhere")
    assert releases.by_id(world, one.id).state == "draft"
    updates.sign_release(world, staff, one.id, away)
    updates.publish(world, staff, one.id)
    assert "1.0.1/cam-1-1.0.1.img" in updates.published(world, "cam-1").targets


def test_a_request_is_answered_on_a_machine_without_a_server(world, staff, maker, away):
    one = maker.release("1.0.1", publish=False)
    request = updates.signing_request(world, one.id)
    told = signing.read_request(request)
    assert (told.product, told.role, told.version) == ("cam-1", "targets", 3)
    assert told.targets == ("1.0.0/cam-1-1.0.0.img", "1.0.1/cam-1-1.0.1.img")
    answer = signing.answer_request(request, Keys(away))
    signed = updates.import_signatures(world, staff, one.id, answer)
    assert signed.keyids == told.keyids
    assert updates.import_signatures(world, staff, one.id, answer) == signed
    assert releases.by_id(world, one.id).state == "signed"
    updates.publish(world, staff, one.id)


def test_an_answer_that_says_anything_else_is_refused(world, staff, maker, away, clock):
    one = maker.release("1.0.1", publish=False)
    request = updates.signing_request(world, one.id)

    def signed(change) -> bytes:
        plain = json.loads(request)
        change(plain["metadata"]["signed"])
        return signing.answer_request(json.dumps(plain).encode(), Keys(away))

    cases = {
        "metadata.signed.targets": lambda s: s["targets"]["1.0.1/cam-1-1.0.1.img"].update(length=1),
        "metadata.signed.version": lambda s: s.update(version=9),
        "metadata.signed.expires": lambda s: s.update(expires="2199-01-01T00:00:00Z"),
        "metadata.signed": lambda s: s.update(more="than asked"),
    }
    for where, change in cases.items():
        with pytest.raises(Invalid) as refused:
            updates.import_signatures(world, staff, one.id, signed(change))
        assert refused.value.where == where
    with pytest.raises(NotFound, match="not here"):
        updates.import_signatures(world, staff, one.id, request)
    assert releases.by_id(world, one.id).state == "draft"


def test_keys_come_back(world, staff, maker, away, tmp_path):
    with pytest.raises(NotFound):
        updates.import_keys(world, staff, "cam-1", tmp_path / "elsewhere")
    assert len(updates.import_keys(world, staff, "cam-1", away)) == 4
    maker.release("1.0.1")


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp"])
def test_a_replaced_key_signs_nothing_more(world, staff, maker, role):
    maker.release("1.0.0")
    born_with = updates.trusted_root(world, "cam-1")
    old = Metadata.from_bytes(born_with)
    before = set(old.signed.roles[role].keyids)
    versions = updates.replace_key(world, staff, "cam-1", role, "The stick was lost.")
    assert versions["root"] == 2
    new = Metadata.from_bytes(updates.trusted_root(world, "cam-1"))
    old.verify_delegate("root", new)
    new.verify_delegate("root", new)
    assert before.isdisjoint(new.signed.roles[role].keyids)
    assert len(new.signed.roles[role].keyids) == len(before)
    assert updates.published(world, "cam-1").targets == ("1.0.0/cam-1-1.0.0.img",)
    maker.release("1.0.1")
    assert updates.renew(world) == 0


def test_a_lost_key_is_replaced_with_root_keys_from_the_stick(world, staff, away):
    with pytest.raises(NotFound, match="Too few root keys"):
        updates.replace_key(world, staff, "cam-1", "targets", "stolen")
    for path in away.glob("*root-1*"):
        path.unlink()
    updates.replace_key(world, staff, "cam-1", "targets", "stolen", away)
    assert (away / "tuf.cam-1.targets-2.pem").exists()
    with pytest.raises(Invalid):
        updates.replace_key(world, staff, "cam-1", "mirror", "why")
