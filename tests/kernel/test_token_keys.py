"""Keys in SoftHSM, a PKCS#11 token in software."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from careful.kernel.errors import Invalid, NotFound, Refused, Unavailable
from careful.kernel.token_keys import TokenKeys, read_uri


def test_a_key_is_made_and_used_in_the_token(token):
    keys = TokenKeys(token)
    assert keys.names() == []
    made = keys.ensure("tuf.cam-1.release", "p256")
    again = keys.ensure("tuf.cam-1.release", "p256")
    assert keys.names() == ["tuf.cam-1.release"]
    assert made.public_key() == again.public_key()
    made.public_key().verify(made.sign(b"bytes"), b"bytes", ec.ECDSA(hashes.SHA256()))
    assert keys.public_pem("tuf.cam-1.release").startswith(b"-----BEGIN PUBLIC KEY-----")


def test_what_is_not_there(token):
    keys = TokenKeys(token)
    with pytest.raises(NotFound, match="has no key"):
        keys.load("tuf.cam-1.release")
    with pytest.raises(Refused, match="no name for a key"):
        keys.ensure("../x", "p256")
    with pytest.raises(NotFound, match="not plugged in"):
        TokenKeys(token.replace("token=careful", "token=other")).names()


def test_a_wrong_pin_or_module(token, tmp_path):
    (tmp_path / "wrong").write_text("0000\n")
    pin = read_uri(token).pin_file
    with pytest.raises(Refused, match="does not take the PIN"):
        TokenKeys(token.replace(pin, str(tmp_path / "wrong"))).names()
    with pytest.raises(NotFound, match="cannot be read"):
        TokenKeys(token.replace(pin, str(tmp_path / "none"))).names()
    with pytest.raises(Unavailable):
        TokenKeys(token.replace("libsofthsm2.so", "none.so")).names()


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("pkcs11:token=a", "no module-path"),
        ("pkcs11:?module-path=/m.so", "no token"),
        ("file:token=a?module-path=/m.so", "no token"),
        ("pkcs11:token=a?module-path=/m.so&pin-value=1", "can be read by all"),
    ],
)
def test_a_wrong_address(uri, says):
    with pytest.raises(Invalid, match=says):
        read_uri(uri)


def test_a_right_address():
    found = read_uri("pkcs11:token=my%20token;type=private?pin-source=file:/run/pin&module-path=/m.so")
    assert (found.token, found.module, found.pin_file) == ("my token", "/m.so", "/run/pin")


def test_many_threads_sign_at_once(token):
    """Logging in counts for the whole process: without taking turns, one would log another out."""
    key = TokenKeys(token).ensure("tuf.cam-1.director", "p256")
    with ThreadPoolExecutor(8) as pool:
        signatures = list(pool.map(lambda number: (number, key.sign(b"%d" % number)), range(40)))
    for number, signature in signatures:
        key.public_key().verify(signature, b"%d" % number, ec.ECDSA(hashes.SHA256()))
