"""The form in which a device's message lies at rest; pure.

A message without personal fields is kept as the JSON that came. One with personal fields becomes a `SealedRecord`
(MessagePack): its plain fields as JSON, and each personal field by itself under AES-256-GCM with the customer's key.
What is sealed is bound to customer, topic, declaration version, record and field: put anywhere else it does not open.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

KEY_BYTES = 32
NONCE_BYTES = 12
RECORD_BYTES = 12
FORM = 1
_SEALED = 0x96  # MessagePack: a list of six; JSON never begins so
_STEP = 16  # values are padded to this many bytes, so that their length tells less
_DIGEST_BYTES = 16
_TOPICS_REMEMBERED = 64

_json = msgspec.json.Encoder().encode
_from_json = msgspec.json.Decoder().decode
_pack = msgspec.msgpack.Encoder().encode

Draw = Callable[[int], bytes]
"""Returns so many random bytes that were never returned before."""


class NotOpened(Exception):
    """A value does not open: another key, or it was sealed for another place."""


class SealedRecord(Struct, frozen=True, array_like=True, gc=False):
    """A message as it lies at rest: whose, which record, checked against which version of the declaration, what."""

    form: int
    customer: str
    record: bytes
    version: int
    plain: bytes
    """The fields that are not personal, as a JSON object."""
    sealed: dict[str, bytes]
    """Personal field -> nonce and ciphertext."""


_unpack = msgspec.msgpack.Decoder(SealedRecord).decode


class DataKey:
    """A customer's key, ready for use. `digest` tells a resend without telling the message."""

    __slots__ = ("_begin", "_mark", "customer", "decrypt", "encrypt")

    def __init__(self, customer: str, key: bytes) -> None:
        self.customer = customer
        cipher = AESGCM(key)
        self.encrypt, self.decrypt = cipher.encrypt, cipher.decrypt
        # Derived, so that whoever destroys the key leaves digests behind that nobody can compare with a guess.
        mark = hashlib.blake2b(b"resend", key=key, digest_size=KEY_BYTES).digest()
        self._mark = hashlib.blake2b(key=mark, digest_size=_DIGEST_BYTES)
        self._begin: dict[tuple[str, int], bytes] = {}

    def __repr__(self) -> str:
        return f"DataKey({self.customer!r})"

    def digest(self, payload: bytes) -> bytes:
        """Return what two arrivals of one message have in common."""
        mark = self._mark.copy()
        mark.update(payload)
        return mark.digest()

    def bound(self, topic: str, version: int) -> bytes:
        """Return what values of a topic are bound to; the same few again and again, so they are remembered."""
        found = self._begin.get((topic, version))
        if found is None:
            if len(self._begin) >= _TOPICS_REMEMBERED:
                self._begin.clear()
            found = self._begin[topic, version] = _bound(self.customer, topic, version)
        return found


def seal(
    key: DataKey, topic: str, version: int, personal: Collection[str], fields: Mapping[str, object], draw: Draw
) -> bytes:
    """Return `fields` as they are to lie at rest, each of `personal` sealed.

    A gateway does this for every message with personal fields: what can be done once is not done here.
    """
    plain, sealed, encrypt = {}, {}, key.encrypt
    drawn, at = draw(RECORD_BYTES + NONCE_BYTES * len(personal)), RECORD_BYTES
    record = drawn[:RECORD_BYTES]
    bound = key.bound(topic, version) + record
    for name, value in fields.items():
        if name in personal:
            nonce, said = drawn[at : at + NONCE_BYTES], _json(value)
            at += NONCE_BYTES
            padded = said.ljust(-len(said) // _STEP * -_STEP)  # JSON does not mind spaces after it
            sealed[name] = nonce + encrypt(nonce, padded, bound + name.encode())
        else:
            plain[name] = value
    return _pack(SealedRecord(FORM, key.customer, record, version, _json(plain), sealed))


def is_sealed(payload: bytes) -> bool:
    """Tell whether these bytes are a `SealedRecord`, and not the JSON that came."""
    return payload[:1] == bytes((_SEALED,))


def read_sealed(payload: bytes) -> SealedRecord:
    """Read a record. Raises ValueError for bytes that are none, or are of a later form."""
    try:
        found = _unpack(payload)
    except msgspec.DecodeError as wrong:
        raise ValueError(f"no sealed record: {wrong}") from wrong
    if found.form != FORM:
        raise ValueError(f"a sealed record of form {found.form}; this program reads form {FORM}")
    return found


def open_field(key: DataKey, topic: str, found: SealedRecord, name: str) -> object:
    """Return the value of one sealed field. Raises NotOpened, and KeyError where it has no such field."""
    said = found.sealed[name]
    bound = _bound(found.customer, topic, found.version) + found.record + name.encode()
    try:
        value = key.decrypt(said[:NONCE_BYTES], said[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as wrong:
        raise NotOpened("sealed with another key, or for another place") from wrong
    return _from_json(value)


def plain_fields(payload: bytes) -> dict[str, object]:
    """Return what lies open in a message at rest, sealed or not; empty for what is no JSON object."""
    said = read_sealed(payload).plain if is_sealed(payload) else payload
    try:
        found = _from_json(said)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def without(payload: bytes, names: Collection[str]) -> bytes:
    """Return a message at rest without some fields; it needs no key. The same bytes where it has none of them."""
    fields = plain_fields(payload)
    kept = {name: value for name, value in fields.items() if name not in names}
    if not is_sealed(payload):
        return payload if len(kept) == len(fields) else _json(kept)
    found = read_sealed(payload)
    sealed = {name: value for name, value in found.sealed.items() if name not in names}
    if len(kept) == len(fields) and len(sealed) == len(found.sealed):
        return payload
    return _pack(msgspec.structs.replace(found, plain=_json(kept), sealed=sealed))


def _bound(customer: str, topic: str, version: int) -> bytes:
    """Return the beginning of what a value is bound to; the record's id and the name of the field follow.

    Nothing can be read in two ways: neither a customer nor a topic holds a null byte, the rest has its fixed length.
    """
    return b"%b\x00%b\x00%b" % (customer.encode(), topic.encode(), version.to_bytes(4, "big"))
