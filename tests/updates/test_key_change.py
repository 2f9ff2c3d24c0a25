"""What must be signed to replace a key, and by whom."""

import flat_repository
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from securesystemslib.signer import CryptoSigner

from careful.kernel.errors import Invalid, Refused
from careful.updates import key_change, publishing
from careful.updates.delegation import Tree


@pytest.fixture
def repository(world, maker):
    maker.release("1.0.0")
    return publishing.ensure_repository(world, "cam-1")


def fresh(number=1):
    return [CryptoSigner(ed25519.Ed25519PrivateKey.generate()) for _ in range(number)]


@pytest.mark.parametrize(
    ("role", "documents", "signatures"),
    [
        ("root", ["root"], {"root": 2}),
        ("targets", ["root", "targets"], {"root": 2, "targets": 1}),
        ("snapshot", ["root"], {"root": 2}),
        ("timestamp", ["root"], {"root": 2}),
        ("build", ["targets", "releases"], {"targets": 1, "releases": 2}),
        ("release", ["targets", "releases"], {"targets": 1, "releases": 2}),
        ("director", ["targets"], {"targets": 1}),
    ],
)
def test_what_must_be_signed(repository, clock, world, role, documents, signatures):
    new = fresh(3 if role == "root" else 1)
    draft = key_change.change(repository, clock.now(), role, {role: [one.public_key for one in new]}, "Stolen.")
    assert list(draft.documents) == documents
    assert draft.lacking == signatures
    draft.sign([world.keys], new)
    assert draft.lacking == {}


def test_the_new_root_needs_old_and_new_keys(repository, clock, world):
    new = fresh(3)
    draft = key_change.change(repository, clock.now(), "root", {"root": [one.public_key for one in new]}, "Stolen.")
    draft.sign([world.keys])
    assert draft.lacking == {"root": 2}  # the old ones have signed
    draft.sign([], new[:1])
    assert draft.lacking == {"root": 1}
    draft.sign([], new[1:2])
    assert draft.lacking == {}
    with pytest.raises(Refused, match="Signatures are missing"):
        publishing.write(key_change.change(repository, clock.now(), "root", {"root": [new[0].public_key]}, "x"))


def test_the_other_key_stays(repository, clock):
    (new,) = fresh()
    draft = key_change.change(repository, clock.now(), "release", {"release": [new.public_key]}, "Lost.")
    keyids = draft.documents["targets"].signed.delegations.roles["releases"].keyids
    assert keyids == [*key_change.keyids_of(repository, "build"), new.public_key.keyid]
    assert draft.documents["releases"].signed.targets == Tree(repository, repository.in_force()).targets()


def test_who_signs_what(repository):
    assert len(key_change.keyids_of(repository, "root")) == 3
    assert len({key_change.keyids_of(repository, role) for role in ("build", "release", "director")}) == 3
    with pytest.raises(Invalid, match="is no role"):
        key_change.keyids_of(repository, "mirror")


def test_an_earlier_repository_has_no_release_key(world, maker):
    maker.declare()
    repository = flat_repository.make(world, "cam-1")
    with pytest.raises(Refused, match="has no release key"):
        key_change.keyids_of(repository, "release")
