"""What a device signs about what is installed on it (Uptane's vehicle version manifest, simplified). Pure.

It comes with the device's attributes (DDI configData), in parts because an attribute has 128 characters:

    manifest.1 … manifest.16     joined in this order:   TEXT|KEY|SIGNATURE

TEXT is one JSON object without spaces: `device`; `count`, which grows with each manifest of the same key; `answers`,
the number of the last order that the device closed ("" where there was none); `installed`, a list of [part, version,
SHA-256 of the image in lower-case hex, "" where the device does not know it], the first of which is its version.
KEY is the device's public key (SubjectPublicKeyInfo, DER), SIGNATURE its signature over PREFIX and TEXT, both Base64:
ECDSA with SHA-256 for P-256 keys, Ed25519 for such keys.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

PREFIX = b"careful-version-manifest-1\n"
_NAME = re.compile(r"manifest\.([1-9]|1[0-6])")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~_-]{0,63}")
_PART = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGEST = re.compile(r"(?:[0-9a-f]{64})?")
_ACTION = re.compile(r"[0-9]{0,18}")
_FIELDS = {"device", "count", "answers", "installed"}
_MOST_INSTALLED = 17
_MOST_COUNT = 1 << 53


class NoManifest(ValueError):
    """Something is called a manifest and is none, or is not signed by whom it should be; says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Installed:
    """One thing that is installed: for which part of the device, in which version, with which digest."""

    part: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest whose signature is good; `key_sha256` is that of the key that made it."""

    device: str
    count: int
    answers: str
    installed: tuple[Installed, ...]
    key_sha256: str
    text: str


def split(data: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the manifest that comes with attributes ("" for none), and the attributes without it."""
    parts = {int(found[1]): value for name, value in data.items() if (found := _NAME.fullmatch(name))}
    rest = {name: value for name, value in data.items() if not _NAME.fullmatch(name)}
    return "".join(parts[number] for number in sorted(parts)), rest


def read(signed: str, device: str, keys: Collection[str]) -> Manifest:
    """Return a manifest of `device`, signed by one of its `keys` (SHA-256 of the SubjectPublicKeyInfo).

    Raises NoManifest.
    """
    text, *more = signed.rsplit("|", 2)
    if len(more) != 2:  # noqa: PLR2004 (key and signature)
        raise NoManifest("it does not come with key and signature")
    key, signature = (_base64(one) for one in more)
    key_sha256 = hashlib.sha256(key).hexdigest()
    if key_sha256 not in keys:
        raise NoManifest("its key is not one that this device has a valid certificate for")
    _verify(key, signature, PREFIX + text.encode())
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as broken:
        raise NoManifest("it is not JSON") from broken
    found = _manifest(plain, key_sha256, text)
    if found.device != device:
        raise NoManifest(f"it is about {found.device}")
    return found


def disagreement(found: Manifest, claimed: str, released: str) -> str:
    """Return where a manifest contradicts what is claimed beside it, or the release of that version; "" where not.

    `released` is the SHA-256 of that release's image, "" where there is no such release.
    """
    first = found.installed[0]
    if claimed and claimed != first.version:
        return f"it says {claimed}, and signs {first.version}"
    if first.sha256 and released and first.sha256 != released:
        return f"it signs {first.version} with SHA-256 {first.sha256[:12]}; what was released is {released[:12]}"
    return ""


def _manifest(plain: Any, key_sha256: str, text: str) -> Manifest:  # noqa: ANN401 (whatever JSON gives; checked here)
    if not isinstance(plain, dict) or set(plain) != _FIELDS:
        raise NoManifest("it does not say exactly device, count, answers and installed")
    count, answers, installed = plain["count"], plain["answers"], plain["installed"]
    if not isinstance(count, int) or isinstance(count, bool) or not 0 < count < _MOST_COUNT:
        raise NoManifest("its count is no whole number above 0")
    if not isinstance(answers, str) or not _ACTION.fullmatch(answers):
        raise NoManifest("what it answers is no order's number")
    if not isinstance(installed, list) or not 0 < len(installed) <= _MOST_INSTALLED:
        raise NoManifest("it names nothing that is installed, or too much")
    return Manifest(
        device=str(plain["device"]),
        count=count,
        answers=answers,
        installed=tuple(_installed(one) for one in installed),
        key_sha256=key_sha256,
        text=text,
    )


def _installed(one: object) -> Installed:
    good = isinstance(one, list) and len(one) == 3 and all(isinstance(word, str) for word in one)  # noqa: PLR2004 (part, version, digest)
    if not good or not isinstance(one, list):
        raise NoManifest("what is installed is not part, version and digest")
    part, version, sha256 = one
    if not (_PART.fullmatch(part) and _VERSION.fullmatch(version) and _DIGEST.fullmatch(sha256)):
        raise NoManifest("what is installed has a part, version or digest that is none")
    return Installed(part, version, sha256)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as broken:
        raise NoManifest("key or signature is not Base64") from broken


def _verify(key: bytes, signature: bytes, content: bytes) -> None:
    try:
        public = serialization.load_der_public_key(key)
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, content, ec.ECDSA(hashes.SHA256()))
        elif isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, content)
        else:
            raise NoManifest("its key is of a kind that is not taken")
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as bad:
        raise bad if isinstance(bad, NoManifest) else NoManifest("its signature is not good") from bad
