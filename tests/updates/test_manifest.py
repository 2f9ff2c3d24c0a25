import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from careful.updates.manifest import PREFIX, Installed, NoManifest, disagreement, read, split

CAM = "cam-1-001"
KEY = ec.generate_private_key(ec.SECP256R1())
SAID = {"device": CAM, "count": 7, "answers": "12", "installed": [["os", "1.0.1", "a" * 64]]}


def public(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def sign(said=SAID, key=KEY, prefix=PREFIX):
    text = said if isinstance(said, str) else json.dumps(said, separators=(",", ":"))
    content = prefix + text.encode()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        signature = key.sign(content)
    elif isinstance(key, rsa.RSAPrivateKey):
        signature = b"x"
    else:
        signature = key.sign(content, ec.ECDSA(hashes.SHA256()))
    return "|".join((text, *(base64.b64encode(one).decode() for one in (public(key), signature))))


def keys_of(*keys):
    return {hashlib.sha256(public(one)).hexdigest() for one in keys}


@pytest.mark.parametrize(
    "key", [pytest.param(KEY, id="p-256"), pytest.param(ed25519.Ed25519PrivateKey.generate(), id="ed25519")]
)
def test_a_good_manifest(key):
    found = read(sign(key=key), CAM, keys_of(key))
    assert (found.device, found.count, found.answers) == (CAM, 7, "12")
    assert found.installed == (Installed("os", "1.0.1", "a" * 64),)


OTHER = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    ("signed", "says"),
    [
        pytest.param("", "key and signature", id="empty"),
        pytest.param("{}|a", "key and signature", id="one part"),
        pytest.param(sign().replace("1.0.1", "1.0.2"), "signature is not good", id="altered"),
        pytest.param(sign(prefix=b""), "signature is not good", id="signed for something else"),
        pytest.param(sign(key=OTHER), "valid certificate", id="another device's key"),
        pytest.param(sign(key=RSA), "kind that is not taken", id="another kind of key"),
        pytest.param(sign() + "!", "Base64", id="no base64"),
        pytest.param(sign("[" * 5000), "JSON", id="nested without end"),
        pytest.param(sign([]), "exactly", id="no table"),
        pytest.param(sign({**SAID, "more": 1}), "exactly", id="one field more"),
        pytest.param(sign({**SAID, "device": "cam-1-002"}), "about cam-1-002", id="about another device"),
        pytest.param(sign({**SAID, "count": 0}), "count", id="no count"),
        pytest.param(sign({**SAID, "count": True}), "count", id="a count that is none"),
        pytest.param(sign({**SAID, "count": 1 << 60}), "count", id="a count without end"),
        pytest.param(sign({**SAID, "answers": 12}), "answers", id="an order that is none"),
        pytest.param(sign({**SAID, "installed": []}), "names nothing", id="nothing installed"),
        pytest.param(sign({**SAID, "installed": [["os", "1.0.1", ""]] * 18}), "too much", id="too much"),
        pytest.param(sign({**SAID, "installed": [["os", "1.0.1"]]}), "part, version and digest", id="no digest"),
        pytest.param(sign({**SAID, "installed": [["os", "1 0", ""]]}), "that is none", id="no version"),
        pytest.param(sign({**SAID, "installed": [["os", "1.0.1", "A" * 64]]}), "that is none", id="upper case"),
    ],
)
def test_what_is_no_manifest(signed, says):
    with pytest.raises(NoManifest, match=says):
        read(signed, CAM, keys_of(KEY, RSA))


@given(st.text(max_size=300))
def test_whatever_comes_is_read_or_refused(text):
    with pytest.raises(NoManifest):
        read(text, CAM, keys_of(KEY))


@given(st.integers(1, 128))
def test_parts_are_joined_again(size):
    whole = sign()
    size = max(size, -(-len(whole) // 16))
    parts = {f"manifest.{place // size + 1}": whole[place : place + size] for place in range(0, len(whole), size)}
    mixed = {"version": "1.0.1", **dict(sorted(parts.items())), "manifest.17": "x", "manifest.x": "y"}
    assert split(mixed) == (whole, {"version": "1.0.1", "manifest.17": "x", "manifest.x": "y"})


@pytest.mark.parametrize(
    ("claimed", "released", "says"),
    [
        pytest.param("1.0.1", "a" * 64, "", id="all agree"),
        pytest.param("", "", "", id="nothing claimed, nothing released"),
        pytest.param("1.0.2", "a" * 64, "it says 1.0.2, and signs 1.0.1", id="another version"),
        pytest.param("1.0.1", "b" * 64, "what was released is bbbbbbbbbbbb", id="other bytes than were released"),
    ],
)
def test_disagreement(claimed, released, says):
    assert says in disagreement(read(sign(), CAM, keys_of(KEY)), claimed, released)
    assert bool(disagreement(read(sign(), CAM, keys_of(KEY)), claimed, released)) == bool(says)


def test_a_digest_that_the_device_does_not_know_contradicts_nothing():
    found = read(sign({**SAID, "installed": [["os", "1.0.1", ""]]}), CAM, keys_of(KEY))
    assert disagreement(found, "1.0.1", "b" * 64) == ""
