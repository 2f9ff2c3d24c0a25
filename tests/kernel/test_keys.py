"""Keys are made once, kept tight, and never overwritten."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from careful.kernel.errors import NotFound, Refused
from careful.kernel.keys import Keys


@pytest.fixture
def keys(tmp_path):
    return Keys(tmp_path / "keys")


def test_made_once_with_tight_modes(keys):
    first = keys.ensure("ledger", "ed25519")
    assert isinstance(first, ed25519.Ed25519PrivateKey)
    assert keys.ensure("ledger", "ed25519").private_bytes_raw() == first.private_bytes_raw()
    assert isinstance(keys.ensure("ca-root", "p256"), ec.EllipticCurvePrivateKey)
    assert keys.path("ledger").stat().st_mode & 0o777 == 0o600
    assert keys.path("ledger").parent.stat().st_mode & 0o777 == 0o700
    assert keys.names() == ["ca-root", "ledger"]
    assert keys.loose() == []
    assert keys.public_pem("ledger").startswith(b"-----BEGIN PUBLIC KEY-----")


def test_loose_modes_are_named(keys):
    keys.ensure("ledger", "ed25519")
    keys.path("ledger").chmod(0o644)
    assert keys.loose() == [keys.path("ledger")]


def test_offline_key_says_what_to_do(keys):
    with pytest.raises(NotFound, match="sign offline"):
        keys.load("tuf-root")


def test_no_key_is_overwritten(keys):
    keys.put("one", ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(Refused, match="already a key"):
        keys.put("one", ed25519.Ed25519PrivateKey.generate())


@pytest.mark.parametrize("name", ["", "../up", "a/b", "UPPER", ".hidden", "x" * 97])
def test_only_plain_names(keys, name):
    with pytest.raises(Refused, match="no name for a key"):
        keys.path(name)


def test_a_key_in_a_form_of_its_own_is_made_once(keys):
    made = []
    for _ in range(2):
        assert keys.kept("advisories.openpgp", lambda: made.append(1) or b"bytes") == b"bytes"
    assert len(made) == 1
    assert keys.names() == []
    assert keys.loose() == []
    with pytest.raises(Refused):
        keys.kept("../out", lambda: b"")


def test_secret_stays_the_same(keys):
    assert keys.secret("pepper") == keys.secret("pepper")
    assert len(keys.secret("pepper")) == 32
