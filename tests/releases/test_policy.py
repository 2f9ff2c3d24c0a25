"""Policy files: what is read, and what is refused by name."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from careful.kernel.errors import Invalid, NotFound, TooLarge
from careful.releases.policy import POLICY_BYTES, Policy, fingerprint, read


def pem(key=None):
    key = key or ed25519.Ed25519PrivateKey.generate()
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


KEYS = {"a.pem": pem(), "b.pem": pem(ec.generate_private_key(ec.SECP256R1()))}


def load(name):
    if name not in KEYS:
        raise NotFound(f"There is no file {name}.")
    return KEYS[name]


FULL = b"""
[bundles]
signers = ["a.pem"]
names = ["Acme Camera"]
[provenance]
required = true
sources = ["git+https://git.example/acme"]
[[provenance.builders]]
id = "https://ci.example/builder"
key = "b.pem"
[deltas]
format = "heatshrink"
"""


def test_a_whole_policy():
    found = read(FULL, load)
    assert found.signers[0].name == "a.pem"
    assert len(found.signers[0].sha256) == 64
    assert found.names == ("Acme Camera",)
    assert [one.id for one in found.builders] == ["https://ci.example/builder"]
    assert found.provenance_required
    assert found.delta_format == "heatshrink"
    assert Policy.from_json(found.to_json()) == found


def test_nothing_asks_nothing():
    assert read(b"", load) == Policy()


def test_a_key_may_stand_in_the_file_itself():
    text = KEYS["a.pem"].replace("\n", "\\n")
    assert read(f'[bundles]\nsigners = ["{text}"]\n'.encode(), load).signers[0].pem == KEYS["a.pem"]


def test_a_fingerprint_is_of_the_key():
    key = ed25519.Ed25519PrivateKey.generate()
    assert fingerprint(key.public_key()) == fingerprint(key.public_key())


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (b"[bundels]\n", "bundels"),
        (b"[bundles]\nsigner = []\n", "bundles.signer"),
        (b"bundles = 1\n", "bundles"),
        (b"[bundles]\nsigners = 'a.pem'\n", "bundles.signers"),
        (b"[bundles]\nsigners = ['gone.pem']\n", "bundles.signers"),
        (b"[bundles]\nsigners = ['-----BEGIN PUBLIC KEY----- x']\n", "bundles.signers"),
        (b"[bundles]\nnames = [1]\n", "bundles.names"),
        (b"[provenance]\nrequired = 'yes'\n", "provenance.required"),
        (b"[provenance]\nrequired = true\n", "provenance.builders"),
        (b"[[provenance.builders]]\nid = 'x'\n", "provenance.builders"),
        (b"[[provenance.builders]]\nid = 'x'\nkey = 'a.pem'\nkeys = 1\n", "provenance.builders.keys"),
        (b"[deltas]\nformat = 'zstd'\n", "deltas.format"),
        (b"[deltas\n", "policy"),
        (b"\xff", "policy"),
    ],
)
def test_what_is_wrong_is_named(text, where):
    with pytest.raises(Invalid) as refused:
        read(text, load)
    assert refused.value.where == where


def test_a_huge_policy_is_refused():
    with pytest.raises(TooLarge):
        read(b"#" * (POLICY_BYTES + 1), load)
