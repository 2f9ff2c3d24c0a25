"""Who signs releases: the keys of a product's update repository, and signing on a machine without a server.

    root       3 keys, two must sign    which keys count
    targets    1 key                    to whom the word about releases is delegated, and who directs devices
    build      1 key, and               the build system says: this is what I built
    release    1 key, both must sign    a person says: this may go out
    director   1 key                    which device is to get what (signed for that device)
    snapshot, timestamp                 stay with the server

Keys may live in folders or PKCS#11 tokens, on this machine or on another one. Then the server writes a request (the
exact bytes to sign, as TUF metadata without signatures, TUF specification 1.0 section 4), such machines answer it with
signatures, one after the other, and the server takes the answer in.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from securesystemslib.signer import CryptoSigner, Key, Signature, Signer, SSlibKey  # type: ignore[attr-defined]  # no __all__ there
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import Metadata, Root, Targets  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__
from tuf.api.serialization import DeserializationError

from careful.kernel.errors import CarefulError, Invalid, NotFound, TooLarge
from careful.kernel.keys import Algorithm, PrivateKey, RemoteKey

ROLES = ("root", "targets", "build", "release", "director", "snapshot", "timestamp")
TOP_ROLES = ("root", "targets", "snapshot", "timestamp")
"""Roles whose keys root names; those of the others are named by targets."""
KEPT_ROLES = ("root", "targets", "release")
"""Roles whose keys may be kept away from the server."""
ROOT_KEYS = 3
ROOT_THRESHOLD = 2
REQUEST_BYTES = 32 << 20
_FORMAT = "careful-signing-request-2"
_DOCUMENTS = 300


class KeyStore(Protocol):
    """Where keys are: a folder (`kernel.keys.Keys`) or a PKCS#11 token (`kernel.token_keys.TokenKeys`)."""

    def names(self) -> list[str]:
        """List the private keys held."""

    def load(self, name: str) -> PrivateKey | RemoteKey:
        """Return a private key, or what signs for one that never leaves its place."""

    def ensure(self, name: str, algorithm: Algorithm) -> PrivateKey | RemoteKey:
        """Return the key, making it on first use."""

    def public_pem(self, name: str) -> bytes:
        """Return the public half as SubjectPublicKeyInfo PEM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One piece of metadata to sign: `keyids` are those whose word counts, `metadata` its JSON as it stands."""

    role: str
    version: int
    expires: datetime
    targets: tuple[str, ...]
    keyids: tuple[str, ...]
    signed_by: tuple[str, ...]
    metadata: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody is asked to sign. `purpose` says why, in a sentence (`says`) and for the server."""

    product: str
    purpose: Mapping[str, str]
    documents: tuple[Document, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the names of everything that would be genuine."""
        return tuple(sorted(path for one in self.documents for path in one.targets))


def prefix(product: str) -> str:
    """Return how the names of a product's repository keys begin."""
    return f"tuf.{product}."


def ensure(keys: KeyStore, product: str, role: str) -> list[Signer]:
    """Make the first keys of a role (three for root, one for the others), or find them made before."""
    names = [f"{role}-{number}" for number in range(1, ROOT_KEYS + 1)] if role == "root" else [role]
    return [_signer(keys.ensure(prefix(product) + name, "ed25519")) for name in names]


def new_key(keys: KeyStore, product: str, role: str) -> Signer:
    """Make one more key of a role, beside those that are there."""
    return named_key(keys, product, role)[1]


def named_key(keys: KeyStore, product: str, role: str) -> tuple[str, Signer]:
    """Make one more key of a role, beside those that are there, and return it with its name."""
    taken = set(keys.names())
    number = next(n for n in range(2, 10_000) if f"{prefix(product)}{role}-{n}" not in taken)
    name = f"{prefix(product)}{role}-{number}"
    return name, _signer(keys.ensure(name, "ed25519"))


def signers(keys: KeyStore, product: str, keyids: Collection[str], role: str = "") -> list[Signer]:
    """Return those signers of a product in `keys` whose key ids are wanted; `role` spares reading the other keys."""
    return [found for _, found in named(keys, product, role) if found.public_key.keyid in keyids]


def named(keys: KeyStore, product: str, role: str = "") -> list[tuple[str, Signer]]:
    """Return each of a product's repository keys (of one role, or all) with its name in the key store."""
    begins = prefix(product) + role
    return [(name, _signer(keys.load(name))) for name in keys.names() if name.startswith(begins)]


def public_of(pem: bytes) -> Key:
    """Read the public half of a key that was made elsewhere (`careful release make-key`). Raises Invalid."""
    try:
        return SSlibKey.from_crypto(serialization.load_pem_public_key(pem))
    except (ValueError, TypeError, UnsupportedAlgorithm) as broken:
        raise Invalid("This is no public key in PEM.", do="Make one: careful release make-key") from broken


class _RemoteSigner(Signer):
    """Signs with a key that never leaves its place."""

    SCHEME: ClassVar[str] = "careful-remote"

    def __init__(self, key: RemoteKey) -> None:
        self._key = key
        self._public = SSlibKey.from_crypto(key.public_key())

    @property
    def public_key(self) -> Key:
        """Return the public half."""
        return self._public

    @classmethod
    def from_priv_key_uri(cls, priv_key_uri: str, public_key: Key, secrets_handler: Any = None) -> Signer:  # noqa: ANN401 (the base class's signature)
        """Refuse: tokens are opened by `kernel.token_keys`."""
        raise NotImplementedError

    def sign(self, payload: bytes) -> Signature:
        """Let the key sign."""
        return Signature(self._public.keyid, self._key.sign(payload).hex())


def _signer(key: object) -> Signer:
    if isinstance(key, RemoteKey):
        return _RemoteSigner(key)
    if not isinstance(key, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
        raise Invalid("A repository key must be Ed25519.", do="Make one with: openssl genpkey -algorithm ed25519")
    return CryptoSigner(key, SSlibKey.from_crypto(key.public_key()))


def sign(metadata: Metadata[Any], by: Iterable[Signer]) -> None:
    """Add signatures to metadata, keeping those that are there."""
    for signer in by:
        metadata.sign(signer, append=True)


def write_request(
    product: str, purpose: Mapping[str, str], documents: Iterable[tuple[str, Metadata[Any], Collection[str]]]
) -> bytes:
    """Return the request file for (role, metadata, key ids) to be signed elsewhere: JSON, to be read by people too."""
    plain = {
        "format": _FORMAT,
        "product": product,
        "purpose": dict(purpose),
        "documents": [
            {"role": role, "keyids": sorted(keyids), "metadata": metadata.to_dict()}
            for role, metadata, keyids in documents
        ],
    }
    return json.dumps(plain, indent=1, sort_keys=True).encode() + b"\n"


def read_request(content: bytes) -> Request:
    """Read a request or its answer. Raises Invalid, naming the field, and TooLarge above 32 MiB."""
    if len(content) > REQUEST_BYTES:
        raise TooLarge(f"A signing request may have {REQUEST_BYTES} bytes.")
    try:
        plain = json.loads(content)
        if plain["format"] != _FORMAT:
            raise Invalid(
                f"This is no signing request of ours: its format is {plain['format']!r}.",
                do="Ask again with this version: careful release request",
                where="format",
            )
        if not 0 < len(plain["documents"]) <= _DOCUMENTS:
            raise Invalid(f"A signing request has 1 to {_DOCUMENTS} documents.", where="documents")
        return Request(
            product=str(plain["product"]),
            purpose={str(name): str(value) for name, value in plain["purpose"].items()},
            documents=tuple(_documents(plain["documents"])),
        )
    except CarefulError:
        raise
    except (
        ValueError, KeyError, TypeError, AttributeError, RecursionError, DeserializationError, RepositoryError
    ) as broken:  # fmt: skip
        raise Invalid(f"This is no signing request: {str(broken) or type(broken).__name__}.") from broken


def _documents(plain: list[Any]) -> Iterator[Document]:
    for one in plain:
        content = json.dumps(one["metadata"]).encode()
        metadata: Metadata[Any] = Metadata.from_bytes(content)
        signed, role = metadata.signed, str(one["role"])
        if not isinstance(signed, Root if role == "root" else Targets):
            raise Invalid("Only root, and what says that releases are genuine, is signed elsewhere.", where="role")
        yield Document(
            role=role,
            version=signed.version,
            expires=signed.expires,
            targets=tuple(sorted(signed.targets)) if isinstance(signed, Targets) else (),
            keyids=tuple(str(keyid) for keyid in one["keyids"]),
            signed_by=tuple(metadata.signatures),
            metadata=content,
        )


def answer_request(content: bytes, keys: KeyStore) -> bytes:
    """Sign a request with whichever wanted keys are in `keys`; needs no server, no database and no network.

    Raises Invalid for what is no request, NotFound where no wanted key is here.
    """
    request = read_request(content)
    answered, used = [], 0
    for one in request.documents:
        metadata: Metadata[Any] = Metadata.from_bytes(one.metadata)
        here = signers(keys, request.product, one.keyids)
        sign(metadata, here)
        used += len(here)
        answered.append((one.role, metadata, one.keyids))
    if not used:
        wanted = ", ".join(sorted({keyid[:12] for one in request.documents for keyid in one.keyids}))
        raise NotFound(
            f"None of the keys asked for ({wanted}) is here.",
            do=f"Put {prefix(request.product)}*.pem into the folder, or name the token that has them.",
        )
    return write_request(request.product, request.purpose, answered)


def valid_signers(authority: Root | Targets, role: str, metadata: Metadata[Any]) -> tuple[str, ...]:
    """Return the key ids whose signatures on `metadata` are good and count for `role` under `authority`."""
    result = authority.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    return tuple(sorted(result.signed))


def verifies(authority: Root | Targets, role: str, metadata: Metadata[Any]) -> bool:
    """Tell whether `metadata` carries enough good signatures for `role` under `authority`, whatever its time."""
    try:
        authority.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, DownloadError, UnsupportedAlgorithm, ValueError):
        return False
    return True
