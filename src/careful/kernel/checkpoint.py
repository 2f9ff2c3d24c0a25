"""Signed checkpoints of the ledger: C2SP `tlog-checkpoint` inside a C2SP `signed-note`, Ed25519.

careful.example/ledger
1203
qINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=

— careful.example/ledger 4n8f…base64(key id || signature)
"""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ED25519 = b"\x01"  # the signature type of signed-note
_KEY_ID_BYTES = 4
_BODY_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log commits to: its name, how many entries, and the Merkle root over them."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def raw_public(key: Ed25519PublicKey) -> bytes:
    """Return the key's 32 bytes."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(name: str, key: Ed25519PublicKey) -> bytes:
    """Return the first four bytes of SHA-256(name || LF || type || key), as signed-note says."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + raw_public(key)).digest()[:_KEY_ID_BYTES]


def verifier_key(name: str, key: Ed25519PublicKey) -> str:
    """Return the verifier key in note form, `name+hash+base64`, as auditors exchange it."""
    return f"{name}+{key_id(name, key).hex()}+{base64.b64encode(_ED25519 + raw_public(key)).decode()}"


def parse_verifier_key(text: str) -> tuple[str, Ed25519PublicKey]:
    """Read what `verifier_key` wrote. Raises ValueError when it is malformed or its hash does not fit."""
    name, _, rest = text.strip().partition("+")
    identifier, _, encoded = rest.partition("+")
    raw = base64.b64decode(encoded, validate=True)
    if raw[:1] != _ED25519:
        raise ValueError("not an Ed25519 verifier key")
    key = Ed25519PublicKey.from_public_bytes(raw[1:])
    if key_id(name, key).hex() != identifier:
        raise ValueError("the verifier key's hash does not fit its key")
    return name, key


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the signed note."""
    return sign_text(checkpoint.origin, checkpoint.body(), key)


def sign_text(name: str, text: str, key: Ed25519PrivateKey) -> str:
    """Return any text, which ends in a line feed and has no empty line, as a signed note."""
    signature = key_id(name, key.public_key()) + key.sign(text.encode())
    return f"{text}\n\u2014 {name} {base64.b64encode(signature).decode()}\n"


def open_note(note: str, key: Ed25519PublicKey) -> Checkpoint:
    """Read a signed note. Raises ValueError unless `key` signed exactly this text."""
    body, separator, _ = note.partition("\n\n")
    lines = body.split("\n")
    if not separator or len(lines) < _BODY_LINES:
        raise ValueError("this is no signed checkpoint")
    origin, size, root = lines[:_BODY_LINES]
    if not size.isascii() or not size.isdecimal():
        raise ValueError(f"{size!r} is no tree size")
    open_text(origin, note, key)
    return Checkpoint(origin, int(size), base64.b64decode(root, validate=True))


def open_text(signer: str, note: str, key: Ed25519PublicKey) -> str:
    """Return the text of a signed note. Raises ValueError unless `key` signed exactly this text under that name."""
    body, _, signatures = note.partition("\n\n")
    wanted = key_id(signer, key)
    for line in signatures.splitlines():
        mark, _, rest = line.partition(" ")
        name, _, encoded = rest.rpartition(" ")
        signature = base64.b64decode(encoded, validate=True)
        if mark == "\u2014" and name == signer and signature[:_KEY_ID_BYTES] == wanted:
            try:
                key.verify(signature[_KEY_ID_BYTES:], f"{body}\n".encode())
            except InvalidSignature as wrong:
                raise ValueError("the signature does not fit the text") from wrong
            return f"{body}\n"
    raise ValueError("the note is not signed by this key")
