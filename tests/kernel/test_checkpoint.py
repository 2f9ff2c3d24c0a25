"""Signed notes: what is signed can be read, what is not is refused."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from careful.kernel.checkpoint import Checkpoint, open_note, parse_verifier_key, sign, verifier_key

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
POINT = Checkpoint("careful/ledger", 7, b"\x01" * 32)
NOTE = sign(POINT, KEY)


def test_form_is_c2sp():
    lines = NOTE.split("\n")
    assert lines[:3] == ["careful/ledger", "7", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="]
    assert lines[3] == ""
    assert lines[4].startswith("\u2014 careful/ledger ")
    assert NOTE.endswith("\n")


def test_round_trip():
    assert open_note(NOTE, KEY.public_key()) == POINT


def test_go_sumdb_vector():
    """The example key and note of Go's golang.org/x/mod/sumdb/note, the format's first implementation."""
    name, key = parse_verifier_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert name == "PeterNeumann"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    key.verify(base64.b64decode(signature)[4:], text.encode())


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(NOTE.replace("\n7\n", "\n8\n"), id="another size"),
        pytest.param(NOTE.replace("AQEB", "AQEC", 1), id="another root"),
        pytest.param(NOTE.partition("\n\n")[0], id="no signature"),
        pytest.param("", id="nothing"),
        pytest.param(NOTE.replace("\u2014", "-"), id="wrong dash"),
        pytest.param(NOTE.replace("\n7\n", "\nseven\n"), id="size in words"),
    ],
)
def test_altered_note_is_refused(broken):
    with pytest.raises(ValueError, match="."):
        open_note(broken, KEY.public_key())


def test_another_key_is_refused():
    with pytest.raises(ValueError, match="not signed by this key"):
        open_note(NOTE, Ed25519PrivateKey.generate().public_key())


def test_verifier_key_round_trip():
    text = verifier_key("careful/ledger", KEY.public_key())
    name, key = parse_verifier_key(text)
    assert (name, isinstance(key, Ed25519PublicKey)) == ("careful/ledger", True)
    with pytest.raises(ValueError, match="does not fit"):
        parse_verifier_key(text.replace("careful/", "careless/"))
