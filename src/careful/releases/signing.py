"""Who signs releases: the keys of a product's update repository, and signing on a machine without a server.

A product has three root keys (two must sign), one key for targets (the word that a release is genuine), and one each
for snapshot and timestamp, which stay with the server. Root and targets keys may live in a folder on another machine.
Then the server writes a request (the exact bytes to sign, as TUF metadata without signatures, TUF specification 1.0
section 4), that machine answers it with signatures, and the server takes the answer in.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519
from securesystemslib.signer import CryptoSigner, Signer, SSlibKey  # type: ignore[attr-defined]  # no __all__ there
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import Metadata, Root, Targets  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__
from tuf.api.serialization import DeserializationError

from careful.kernel.errors import CarefulError, Invalid, NotFound, TooLarge
from careful.kernel.keys import Keys

ROLES = ("root", "targets", "snapshot", "timestamp")
KEPT_ROLES = ("root", "targets")
"""Roles whose keys may be kept away from the server."""
ROOT_KEYS = 3
ROOT_THRESHOLD = 2
REQUEST_BYTES = 8 << 20
_FORMAT = "careful-signing-request-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody is asked to sign: `metadata` is TUF metadata of `role`, `keyids` those whose word counts."""

    product: str
    role: str
    version: int
    expires: datetime
    targets: tuple[str, ...]
    keyids: tuple[str, ...]
    signed_by: tuple[str, ...]
    metadata: bytes


def prefix(product: str) -> str:
    """Return how the names of a product's repository keys begin."""
    return f"tuf.{product}."


def ensure(keys: Keys, product: str, role: str) -> list[CryptoSigner]:
    """Make the first keys of a role (three for root, one for the others), or find them made before."""
    names = [f"{role}-{number}" for number in range(1, ROOT_KEYS + 1)] if role == "root" else [role]
    return [_signer(keys.ensure(prefix(product) + name, "ed25519")) for name in names]


def new_key(keys: Keys, product: str, role: str) -> CryptoSigner:
    """Make one more key of a role, beside those that are there."""
    taken = set(keys.names())
    number = next(n for n in range(2, 10_000) if f"{prefix(product)}{role}-{n}" not in taken)
    return _signer(keys.ensure(f"{prefix(product)}{role}-{number}", "ed25519"))


def signers(keys: Keys, product: str, keyids: Collection[str]) -> list[CryptoSigner]:
    """Return those signers of a product in `keys` whose key ids are wanted."""
    return [found for _, found in named(keys, product) if found.public_key.keyid in keyids]


def named(keys: Keys, product: str) -> list[tuple[str, CryptoSigner]]:
    """Return each of a product's repository keys with its name in the key store."""
    return [(name, _signer(keys.load(name))) for name in keys.names() if name.startswith(prefix(product))]


def _signer(key: object) -> CryptoSigner:
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise Invalid("A repository key must be Ed25519.", do="Make one with: openssl genpkey -algorithm ed25519")
    return CryptoSigner(key, SSlibKey.from_crypto(key.public_key()))


def sign(metadata: Metadata[Any], by: Iterable[Signer]) -> None:
    """Add signatures to metadata, keeping those that are there."""
    for signer in by:
        metadata.sign(signer, append=True)


def write_request(product: str, metadata: Metadata[Any], keyids: Collection[str]) -> bytes:
    """Return the request file for metadata that is to be signed elsewhere: JSON, sorted, to be read by people too."""
    plain = {
        "format": _FORMAT,
        "product": product,
        "role": metadata.signed.type,
        "keyids": sorted(keyids),
        "metadata": metadata.to_dict(),
    }
    return json.dumps(plain, indent=1, sort_keys=True).encode() + b"\n"


def read_request(content: bytes) -> Request:
    """Read a request or its answer. Raises Invalid, naming the field, and TooLarge above 8 MiB."""
    if len(content) > REQUEST_BYTES:
        raise TooLarge(f"A signing request may have {REQUEST_BYTES} bytes.")
    try:
        plain = json.loads(content)
        if plain["format"] != _FORMAT:
            raise Invalid(f"This is no signing request of ours: its format is {plain['format']!r}.", where="format")
        metadata: Metadata[Any] = Metadata.from_bytes(json.dumps(plain["metadata"]).encode())
        signed = metadata.signed
        if plain["role"] != signed.type or signed.type not in KEPT_ROLES:
            raise Invalid(f"Only {' and '.join(KEPT_ROLES)} are signed elsewhere.", where="role")
        return Request(
            product=str(plain["product"]),
            role=signed.type,
            version=signed.version,
            expires=signed.expires,
            targets=tuple(sorted(signed.targets)) if isinstance(signed, Targets) else (),
            keyids=tuple(str(keyid) for keyid in plain["keyids"]),
            signed_by=tuple(metadata.signatures),
            metadata=json.dumps(plain["metadata"]).encode(),
        )
    except CarefulError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError, DeserializationError, RepositoryError) as broken:
        raise Invalid(f"This is no signing request: {str(broken) or type(broken).__name__}.") from broken


def answer_request(content: bytes, keys: Keys) -> bytes:
    """Sign a request with whichever wanted keys are in `keys`; needs no server, no database and no network.

    Raises Invalid for what is no request, NotFound where no wanted key is here.
    """
    request = read_request(content)
    metadata: Metadata[Any] = Metadata.from_bytes(request.metadata)
    here = signers(keys, request.product, request.keyids)
    if not here:
        wanted = ", ".join(keyid[:12] for keyid in request.keyids)
        raise NotFound(
            f"None of the keys asked for ({wanted}) is in this folder.",
            do=f"Put {prefix(request.product)}{request.role}*.pem into it.",
        )
    sign(metadata, here)
    return write_request(request.product, metadata, request.keyids)


def valid_signers(root: Metadata[Root], metadata: Metadata[Any]) -> tuple[str, ...]:
    """Return the key ids whose signatures on `metadata` are good and count for its role under `root`."""
    result = root.signed.get_verification_result(metadata.signed.type, metadata.signed_bytes, metadata.signatures)
    return tuple(sorted(result.signed))


def verifies(root: Metadata[Root], metadata: Metadata[Any]) -> bool:
    """Tell whether `metadata` carries enough good signatures under `root`, whatever its time."""
    try:
        root.verify_delegate(metadata.signed.type, metadata)
    except (RepositoryError, DownloadError, UnsupportedAlgorithm, ValueError):
        return False
    return True
