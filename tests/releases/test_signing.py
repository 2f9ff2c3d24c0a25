import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import Metadata, Root, Targets, Timestamp

from careful.kernel.errors import CarefulError, Invalid, NotFound, Refused, TooLarge
from careful.kernel.keys import Keys
from careful.releases import signing

EXPIRES = datetime(2027, 11, 2, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path):
    return Keys(tmp_path / "keys")


@pytest.fixture
def root(keys):
    made = Root(expires=EXPIRES)
    for role in signing.ROLES:
        for one in signing.ensure(keys, "cam-1", role):
            made.add_key(one.public_key, role)
    made.roles["root"].threshold = signing.ROOT_THRESHOLD
    return Metadata(made)


@pytest.fixture
def request_(keys, root):
    return signing.write_request("cam-1", Metadata(Targets(expires=EXPIRES)), root.signed.roles["targets"].keyids)


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
    keys.ensure("tuf.cam-1.targets", "p256")
    with pytest.raises(Invalid, match="Ed25519"):
        signing.named(keys, "cam-1")


def test_two_of_three_root_keys_make_a_root(keys, root):
    by = signing.signers(keys, "cam-1", root.signed.roles["root"].keyids)
    signing.sign(root, by[:1])
    assert not signing.verifies(root, root)
    signing.sign(root, by[1:2])
    assert signing.verifies(root, root)
    assert len(signing.valid_signers(root, root)) == 2


def test_an_answer_carries_a_signature_that_counts(keys, root, request_):
    answer = signing.read_request(signing.answer_request(request_, keys))
    assert answer.signed_by == answer.keyids
    assert signing.verifies(root, Metadata.from_bytes(answer.metadata))
    unsigned = signing.read_request(request_)
    assert not signing.verifies(root, Metadata.from_bytes(unsigned.metadata))


def test_a_folder_without_the_key_cannot_answer(request_, tmp_path):
    with pytest.raises(NotFound, match="None of the keys"):
        signing.answer_request(request_, Keys(tmp_path / "empty"))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda plain: plain.update(format="other"), id="another format"),
        pytest.param(lambda plain: plain.update(role="root"), id="says root, is targets"),
        pytest.param(lambda plain: plain.pop("keyids"), id="no keys asked"),
        pytest.param(lambda plain: plain["metadata"]["signed"].pop("expires"), id="no end"),
        pytest.param(lambda plain: plain["metadata"]["signed"].update(version=0), id="no number"),
        pytest.param(
            lambda plain: plain.update(metadata=Metadata(Timestamp()).to_dict(), role="timestamp"), id="an online role"
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
