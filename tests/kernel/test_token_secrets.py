"""Secret keys in SoftHSM: what they encrypt opens there, in its own place, until they are destroyed."""

import pytest

from careful.kernel.errors import NotFound
from careful.kernel.token_secrets import TokenSecrets

NAME = "epoch-00001.key"


def test_a_key_that_never_leaves(token):
    secrets = TokenSecrets(token)
    assert not secrets.has(NAME)
    secrets.ensure(NAME)
    secrets.ensure(NAME)
    sealed = secrets.encrypt(NAME, [(b"k" * 32, b"kim"), (b"l" * 32, b"lee")])
    assert [len(one) for one in sealed] == [60, 60]
    assert secrets.decrypt(NAME, list(zip(sealed, (b"kim", b"lee"), strict=True))) == [b"k" * 32, b"l" * 32]
    assert secrets.decrypt(NAME, [(sealed[0], b"lee"), (sealed[1], b"lee")]) == [None, b"l" * 32]


def test_what_is_destroyed_opens_nothing(token):
    secrets = TokenSecrets(token)
    secrets.ensure(NAME)
    (sealed,) = secrets.encrypt(NAME, [(b"k" * 32, b"kim")])
    secrets.destroy(NAME)
    secrets.destroy(NAME)
    with pytest.raises(NotFound, match="no key"):
        secrets.decrypt(NAME, [(sealed, b"kim")])


def test_a_token_that_is_not_there_destroys_nothing(token):
    with pytest.raises(NotFound, match="not plugged in"):
        TokenSecrets(token.replace("token=careful", "token=other")).destroy(NAME)
