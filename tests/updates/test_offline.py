import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Metadata

from careful import releases, updates
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.keys import Keys
from careful.releases import signing
from careful.updates import key_change, publishing
from careful.updates import repository as files


@pytest.fixture
def away(world, staff, maker, tmp_path):
    """Keys on a stick."""
    maker.release("1.0.0")
    folder = tmp_path / "stick"
    names = updates.export_keys(world, staff, "cam-1", folder)
    kept = ("release", "root-1", "root-2", "root-3", "targets")
    assert names == tuple(f"tuf.cam-1.{name}" for name in kept)
    return folder


def test_exported_keys_are_on_the_stick_alone(world, away):
    assert [name for name in world.keys.names() if name.startswith("tuf.")] == [
        "tuf.cam-1.build",
        "tuf.cam-1.director",
        "tuf.cam-1.snapshot",
        "tuf.cam-1.timestamp",
    ]
    assert oct(away.stat().st_mode & 0o777) == "0o700"
    assert {oct(path.stat().st_mode & 0o777) for path in away.iterdir()} == {"0o600"}
    found = updates.published(world, "cam-1")
    assert (len(found.keys_here), len(found.keys_away)) == (4, 5)


def test_without_its_key_the_server_cannot_sign(world, staff, maker, away, tmp_path):
    one = maker.release("1.0.1", publish=False)
    assert updates.sign_release(world, staff, one.id).missing == 1
    for stores in ([], [Keys(tmp_path / "elsewhere")]):
        with pytest.raises(NotFound, match="release key of cam-1 is not here"):
            updates.sign_release(world, staff, one.id, stores)
    assert releases.by_id(world, one.id).state == "draft"
    with pytest.raises(Refused, match="not signed"):
        updates.publish(world, staff, one.id)
    assert updates.sign_release(world, staff, one.id, [Keys(away)]).missing == 0
    updates.publish(world, staff, one.id)
    assert "1.0.1/cam-1-1.0.1.img" in updates.published(world, "cam-1").targets


def test_two_people_sign_one_after_the_other(world, staff, maker, tmp_path):
    """Neither key is on the server: what the first signed is kept until the second has signed."""
    maker.release("1.0.0")
    for role in ("build", "release"):
        updates.export_keys(world, staff, "cam-1", tmp_path / role, [role])
    one = maker.release("1.0.1", publish=False)
    with pytest.raises(NotFound, match="build or release key"):
        updates.sign_release(world, staff, one.id)
    first = updates.sign_release(world, staff, one.id, [Keys(tmp_path / "release")])
    assert (first.missing, len(first.keyids)) == (1, 1)
    second = updates.sign_release(world, staff, one.id, [Keys(tmp_path / "build")])
    assert (second.missing, len(second.keyids)) == (0, 2)
    assert releases.by_id(world, one.id).state == "signed"


def test_a_request_is_answered_on_a_machine_without_a_server(world, staff, maker, away):
    one = maker.release("1.0.1", publish=False)
    request = updates.signing_request(world, one.id)
    told = signing.read_request(request)
    assert (told.product, told.purpose["says"]) == ("cam-1", "Release 1.0.1 of cam-1")
    assert [(document.role, document.version) for document in told.documents] == [("releases", 3)]
    assert told.targets == ("1.0.0/cam-1-1.0.0.img", "1.0.1/cam-1-1.0.1.img")
    answer = signing.answer_request(request, Keys(away))
    done = updates.take_answer(world, staff, "cam-1", answer)
    assert done.missing == 0
    assert set(done.signed.keyids) == set(told.documents[0].keyids)
    assert releases.by_id(world, one.id).state == "signed"
    with pytest.raises(Refused, match="waits for signatures"):
        updates.take_answer(world, staff, "cam-1", answer)
    with pytest.raises(Refused, match="signed already"):
        updates.signing_request(world, one.id)
    updates.publish(world, staff, one.id)


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("releases.signed.targets", lambda s: s["targets"]["1.0.1/cam-1-1.0.1.img"].update(length=1)),
        ("releases.signed.version", lambda s: s.update(version=9)),
        ("releases.signed.expires", lambda s: s.update(expires="2199-01-01T00:00:00Z")),
        ("releases.signed.more", lambda s: s.update(more="than asked")),
    ],
)
def test_an_answer_that_says_anything_else_is_refused(world, staff, maker, away, where, change):
    one = maker.release("1.0.1", publish=False)
    plain = json.loads(updates.signing_request(world, one.id))
    change(plain["documents"][0]["metadata"]["signed"])
    signed = signing.answer_request(json.dumps(plain).encode(), Keys(away))
    with pytest.raises(Invalid) as refused:
        updates.take_answer(world, staff, "cam-1", signed)
    assert refused.value.where == where
    assert releases.by_id(world, one.id).state == "draft"


def test_answers_that_come_too_late_or_to_another_question(world, staff, maker, away):
    one, two = (maker.release(version, publish=False) for version in ("1.0.1", "1.0.2"))
    request = updates.signing_request(world, one.id)
    with pytest.raises(NotFound, match="adds no signature"):
        updates.take_answer(world, staff, "cam-1", request)
    answer = signing.answer_request(request, Keys(away))
    updates.signing_request(world, two.id)
    with pytest.raises(Invalid) as refused:
        updates.take_answer(world, staff, "cam-1", answer)
    assert refused.value.where == "purpose"
    answer = signing.answer_request(updates.signing_request(world, one.id), Keys(away))
    releases.withdraw(world, staff, one.id, "It burns.")
    with pytest.raises(Refused, match="withdrawn"):
        updates.take_answer(world, staff, "cam-1", answer)


def test_keys_come_back(world, staff, maker, away, tmp_path):
    with pytest.raises(NotFound):
        updates.import_keys(world, staff, "cam-1", tmp_path / "elsewhere")
    assert len(updates.import_keys(world, staff, "cam-1", away)) == 5
    maker.release("1.0.1")


@pytest.mark.parametrize("role", signing.TOP_ROLES)
def test_a_replaced_key_signs_nothing_more(world, staff, maker, role):
    maker.release("1.0.0")
    old = Metadata.from_bytes(updates.trusted_root(world, "cam-1"))
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


@pytest.mark.parametrize("role", ["build", "release", "director"])
def test_a_replaced_key_below_targets_signs_nothing_more(world, staff, maker, role):
    maker.release("1.0.0")
    repository = publishing.ensure_repository(world, "cam-1")
    before = key_change.keyids_of(repository, role)
    versions = updates.replace_key(world, staff, "cam-1", role, "The stick was lost.")
    assert (versions["root"], versions["targets"]) == (1, 2)
    assert set(before).isdisjoint(key_change.keyids_of(repository, role))
    assert updates.published(world, "cam-1").targets == ("1.0.0/cam-1-1.0.0.img",)
    maker.release("1.0.1")
    assert updates.renew(world) == 0


def test_a_lost_key_is_replaced_with_root_keys_from_the_stick(world, staff, away):
    with pytest.raises(NotFound, match="Too few root keys"):
        updates.replace_key(world, staff, "cam-1", "targets", "stolen")
    for path in away.glob("*root-1*"):
        path.unlink()
    updates.replace_key(world, staff, "cam-1", "targets", "stolen", [Keys(away)])
    assert (away / "tuf.cam-1.targets-2.pem").exists()


@pytest.mark.parametrize(
    ("role", "reason", "number"),
    [
        pytest.param("mirror", "why", 0, id="no role"),
        pytest.param("targets", " ", 0, id="no reason"),
        pytest.param("root", "why", 1, id="one new key for three"),
    ],
)
def test_what_is_no_replacement(world, staff, maker, role, reason, number):
    maker.release("1.0.0")
    fresh = [SSlibKey.from_crypto(ed25519.Ed25519PrivateKey.generate().public_key()) for _ in range(number)]
    with pytest.raises(Invalid):
        updates.replace_key(world, staff, "cam-1", role, reason, (), fresh)
    assert updates.published(world, "cam-1").versions["root"] == 1


def test_a_renewal_is_asked_for_and_answered(world, staff, maker, away, clock):
    clock.advance(files.LIFE["targets"] * 0.8)
    request = updates.renewal_request(world, "cam-1")
    done = updates.take_answer(world, staff, "cam-1", signing.answer_request(request, Keys(away)))
    assert done.missing == 0
    assert (done.versions["targets"], done.versions["releases"]) == (2, 3)
    with pytest.raises(Refused, match="Nothing of cam-1 is due"):
        updates.renewal_request(world, "cam-1")


def test_an_answer_after_other_metadata_was_signed(world, staff, maker, away, clock):
    clock.advance(files.LIFE["targets"] * 0.8)
    request = updates.renewal_request(world, "cam-1")
    repository = publishing.ensure_repository(world, "cam-1")
    pending = repository.pending.read_bytes()
    updates.renew_kept(world, staff, "cam-1", [Keys(away)])
    repository.keep_pending(pending)
    with pytest.raises(Refused, match="signed meanwhile"):
        updates.take_answer(world, staff, "cam-1", signing.answer_request(request, Keys(away)))
