import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import Metadata, Root, Targets, Timestamp

from careful.kernel.errors import CarefulError, Invalid, NotFound, Refused, TooLarge
from careful.kernel.keys import Keys
from careful.kernel.token_keys import TokenKeys
from careful.releases import signing

EXPIRES = datetime(2027, 11, 2, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path):
    return Keys(tmp_path / "keys")


@pytest.fixture
def root(keys):
    made = Root(expires=EXPIRES)
    for role in signing.TOP_ROLES:
        for one in signing.ensure(keys, "cam-1", role):
            made.add_key(one.public_key, role)
    made.roles["root"].threshold = signing.ROOT_THRESHOLD
    return Metadata(made)


@pytest.fixture
def request_(keys, root):
    document = ("targets", Metadata(Targets(expires=EXPIRES)), root.signed.roles["targets"].keyids)
    return signing.write_request("cam-1", {"kind": "release", "says": "Release 1"}, [document])


def test_keys_are_made_once(keys):
    first = [one.public_key.keyid for one in signing.ensure(keys, "cam-1", "root")]
    assert len(set(first)) == 3
    assert [one.public_key.keyid for one in signing.ensure(keys, "cam-1", "root")] == first
    assert keys.names() == ["tuf.cam-1.root-1", "tuf.cam-1.root-2", "tuf.cam-1.root-3"]


def test_products_do_not_share_keys(keys):
    mine, other = signing.ensure(keys, "cam-1", "targets")[0], signing.ensure(keys, "cam-10", "targets")[0]
    assert (
        signing.signers(keys, "cam-1", [mine.public_key.keyid, other.public_key.keyid])[0].public_key == mine.public_key
    )
    assert len(signing.named(keys, "cam-1")) == 1


def test_a_new_key_stands_beside_the_old(keys):
    [old] = signing.ensure(keys, "cam-1", "targets")
    new = signing.new_key(keys, "cam-1", "targets")
    assert old.public_key != new.public_key
    assert keys.names() == ["tuf.cam-1.targets", "tuf.cam-1.targets-2"]


def test_a_key_of_another_kind_is_refused(keys):
    with pytest.raises(Refused, match="neither P-256 nor Ed25519"):
        rsa_key = rsa.generate_private_key(65537, 2048)
        keys.path("x").parent.mkdir(mode=0o700)
        keys.path("tuf.cam-1.targets").write_bytes(
            rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        signing.named(keys, "cam-1")


@pytest.mark.parametrize("algorithm", ["p256", "ed25519"])
def test_both_kinds_of_keys_sign(keys, root, algorithm):
    keys.ensure("tuf.cam-1.extra", algorithm)
    [one] = [found for name, found in signing.named(keys, "cam-1") if name.endswith("extra")]
    root.signed.add_key(one.public_key, "targets")
    targets = Metadata(Targets(expires=EXPIRES))
    signing.sign(targets, [one])
    assert signing.valid_signers(root.signed, "targets", targets) == (one.public_key.keyid,)


def test_a_key_in_a_token_signs(root, token):
    [one] = signing.ensure(TokenKeys(token), "cam-1", "targets")
    root.signed.add_key(one.public_key, "targets")
    targets = Metadata(Targets(expires=EXPIRES))
    signing.sign(targets, [one])
    assert signing.verifies(root.signed, "targets", targets)


def test_two_of_three_root_keys_make_a_root(keys, root):
    by = signing.signers(keys, "cam-1", root.signed.roles["root"].keyids)
    signing.sign(root, by[:1])
    assert not signing.verifies(root.signed, "root", root)
    signing.sign(root, by[1:2])
    assert signing.verifies(root.signed, "root", root)
    assert len(signing.valid_signers(root.signed, "root", root)) == 2


def test_an_answer_carries_a_signature_that_counts(keys, root, request_):
    [answer] = signing.read_request(signing.answer_request(request_, keys)).documents
    assert answer.signed_by == answer.keyids
    assert signing.verifies(root.signed, "targets", Metadata.from_bytes(answer.metadata))
    [unsigned] = signing.read_request(request_).documents
    assert not signing.verifies(root.signed, "targets", Metadata.from_bytes(unsigned.metadata))


def test_the_public_half_of_a_key_made_elsewhere(keys):
    [one] = signing.ensure(keys, "cam-1", "targets")
    assert signing.public_of(keys.public_pem("tuf.cam-1.targets")).keyid == one.public_key.keyid
    with pytest.raises(Invalid, match="no public key"):
        signing.public_of(b"rubbish")


def test_a_folder_without_the_key_cannot_answer(request_, tmp_path):
    with pytest.raises(NotFound, match="None of the keys"):
        signing.answer_request(request_, Keys(tmp_path / "empty"))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda plain: plain.update(format="other"), id="another format"),
        pytest.param(lambda plain: plain["documents"].clear(), id="no document"),
        pytest.param(lambda plain: plain.update(documents=plain["documents"] * 400), id="too many documents"),
        pytest.param(lambda plain: plain.update(purpose="why"), id="a purpose that is none"),
        pytest.param(lambda plain: plain["documents"][0].update(role="root"), id="says root, is targets"),
        pytest.param(lambda plain: plain["documents"][0].pop("keyids"), id="no keys asked"),
        pytest.param(lambda plain: plain["documents"][0]["metadata"]["signed"].pop("expires"), id="no end"),
        pytest.param(lambda plain: plain["documents"][0]["metadata"]["signed"].update(version=0), id="no number"),
        pytest.param(
            lambda plain: plain["documents"][0].update(metadata=Metadata(Timestamp()).to_dict()), id="an online role"
        ),
    ],
)
def test_what_is_no_request_is_refused(request_, change):
    plain = json.loads(request_)
    change(plain)
    with pytest.raises(Invalid):
        signing.read_request(json.dumps(plain).encode())


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(content):
    with pytest.raises(CarefulError):
        signing.read_request(content)


def test_a_huge_request_is_not_read():
    with pytest.raises(TooLarge):
        signing.read_request(b" " * (signing.REQUEST_BYTES + 1))


def test_a_name_cannot_leave_the_key_folder(keys):
    with pytest.raises(Refused):
        signing.ensure(keys, "../../x", "targets")
