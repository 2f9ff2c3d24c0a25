"""Keys of epochs, in files and in a token: the same promises."""

import pytest

from careful.customer_data.epoch_keys import EpochKeys, _Files, epoch_keys
from careful.kernel.errors import Unavailable
from careful.kernel.token_secrets import TokenSecrets

ITEMS = [("kim0", b"k" * 32), ("lee0", b"l" * 32)]


@pytest.fixture(params=["files", "token"])
def keys(request, tmp_path):
    if request.param == "files":
        return EpochKeys(_Files(tmp_path / "epoch-keys"), "the folder")
    return EpochKeys(TokenSecrets(request.getfixturevalue("token")), "the token")


def swapped(wrapped):
    return [("kim0", wrapped[1]), ("lee0", wrapped[1])]


def test_what_is_wrapped_opens_for_its_customer_alone(keys):
    proof = keys.make(1)
    wrapped = keys.wrap(1, ITEMS)
    assert keys.unwrap(1, [("kim0", wrapped[0]), ("lee0", wrapped[1])]) == [b"k" * 32, b"l" * 32]
    assert keys.unwrap(1, swapped(wrapped)) == [None, b"l" * 32]
    assert keys.fits(1, proof)
    assert not keys.fits(1, keys.make(2))
    keys.make(2)
    assert keys.unwrap(2, [("kim0", wrapped[0])]) == [None]


def test_making_again_keeps_the_key(keys):
    keys.make(1)
    wrapped = keys.wrap(1, ITEMS[:1])
    keys.make(1)
    assert keys.unwrap(1, [("kim0", wrapped[0])]) == [b"k" * 32]


def test_what_is_destroyed_opens_nothing(keys):
    keys.make(1)
    wrapped = keys.wrap(1, ITEMS[:1])
    keys.destroy(1)
    keys.destroy(1)
    with pytest.raises(Unavailable, match="key of epoch 1 is not in the"):
        keys.unwrap(1, [("kim0", wrapped[0])])


def test_files_are_ours_alone_and_in_the_data_folder(world, tmp_path):
    epoch_keys(world).make(7)
    (path,) = (world.home / "epoch-keys").iterdir()
    assert path.name == "epoch-00007.key"
    assert (path.stat().st_mode & 0o777, len(path.read_bytes())) == (0o600, 32)


def test_a_damaged_wrapped_key_is_no_key(keys):
    keys.make(1)
    assert keys.unwrap(1, [("kim0", b""), ("lee0", b"x" * 60)]) == [None, None]
