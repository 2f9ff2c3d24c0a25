"""The two authorities: a root that may live elsewhere, and an issuing one that signs every day.

Both are made on first use. The root's key is needed only to make or renew the issuing authority, so it can be moved
away (`careful device authority export-root`); devices and servers go on getting certificates without it.
"""

import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from careful.devices import certificates, queries, store
from careful.devices.certificates import Issuer, digest, to_der
from careful.devices.events import AuthorityMade, RootKeyMoved
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Invalid, NotFound, Refused, Unavailable
from careful.kernel.keys import PrivateKey
from careful.kernel.work import World

ROOT_KEY = "ca-root"
ISSUING_KEY = "ca-issuing"
SERVER_KEY = "tls-server"
SIGNER_KEY = "file-signer"
_ROOT_LIFE = timedelta(days=20 * 365)
_ISSUING_LIFE = timedelta(days=5 * 365)
_SERVER_LIFE = timedelta(days=90)
_SIGNER_LIFE = timedelta(days=365)
_CRL_LIFE = timedelta(days=7)
_CRL_FRESH = timedelta(days=1)
_NAME_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Authority:
    """Our two authorities."""

    root: x509.Certificate
    issuing: x509.Certificate


@dataclass(frozen=True, slots=True)
class AuthorityStatus:
    """What a person may know of the authorities: digests, ends, and whether the root's key is on this machine."""

    root_sha256: str
    root_until: datetime
    root_key_here: bool
    issuing_sha256: str
    issuing_until: datetime
    issuing_key_here: bool


def ensure(world: World) -> Authority:
    """Return the authorities, making them on first use. Two processes at once get the same ones."""
    with world.look() as connection:
        held = queries.authorities(connection)
    if len(held) < len(("root", "issuing")):
        held = _make(world)
    return Authority(*(x509.load_der_x509_certificate(held[role]) for role in ("root", "issuing")))


def _make(world: World) -> dict[str, bytes]:
    root_key, issuing_key = world.keys.ensure(ROOT_KEY, "p256"), world.keys.ensure(ISSUING_KEY, "p256")
    with world.change(SYSTEM) as work:
        store.next_number(work.connection, "authority")  # whoever comes second waits here, then finds both made
        if held := queries.authorities(work.connection):
            return held
        mark = secrets.token_hex(4)  # two installations' authorities never share a name
        root = certificates.build_root(root_key, f"Careful root {mark}", work.now, _ROOT_LIFE)
        signer = Issuer(root, root_key)
        issuing = certificates.build_issuing(issuing_key, f"Careful issuing {mark}", signer, work.now, _ISSUING_LIFE)
        for role, made in (("root", root), ("issuing", issuing)):
            der, until = to_der(made), made.not_valid_after_utc
            row = {"role": role, "number": 1, "der": der, "not_after": until, "made_at": work.now}
            store.add_authority(work.connection, row)
            work.record(AuthorityMade(role=role, certificate=digest(der), not_after=until))
    return {"root": to_der(root), "issuing": to_der(issuing)}


def issuer(world: World) -> Issuer:
    """Return who signs certificates and revocation lists. Raises Unavailable where the key is not on this machine."""
    issuing = ensure(world).issuing
    try:
        key = world.keys.load(ISSUING_KEY)
    except NotFound as missing:
        raise Unavailable("The issuing authority's key is not here; nothing was issued.", do=missing.do) from missing
    return Issuer(issuing, key, f"{world.settings.device_url}/crl")


def authority_chain(world: World) -> list[bytes]:
    """Return what a device has to trust, as DER: the issuing authority, then the root (EST `cacerts`)."""
    ours = ensure(world)
    return [to_der(ours.issuing), to_der(ours.root)]


def authority_bundle_path(world: World) -> Path:
    """Return a PEM file with the root and the issuing authority, written when it is missing or differs."""
    ours = ensure(world)
    path = _folder(world) / "trust.pem"
    _write_if_new(path, b"".join(_pem(one) for one in (ours.root, ours.issuing)))
    return path


def issue_server_certificate(world: World, names: tuple[str, ...] | None = None) -> tuple[Path, Path]:
    """Return (key path, chain path) of a server certificate for `names` (default: the setting `tls_names`).

    The chain is kept in a file and made anew when a third of its life is left, or its names or its issuer changed, so
    a server may call this as often as it likes. Raises Invalid where a name is empty or over-long.
    """
    wanted = tuple(names if names is not None else world.settings.tls_names)
    if not wanted or any(not name or len(name) > 4 * _NAME_LENGTH for name in wanted):
        raise Invalid("A server certificate needs names of 1 to 256 characters.", do="Set CAREFUL_TLS_NAMES.")
    now, issuing = world.clock.now(), ensure(world).issuing
    key = world.keys.ensure(SERVER_KEY, "p256")
    path = _folder(world) / "server-chain.pem"
    if not _still_good(path, wanted, key, issuing, now):
        made = certificates.build_server(key, wanted, issuer(world), now, _SERVER_LIFE)
        _write_if_new(path, _pem(made) + _pem(issuing))
    return world.keys.path(SERVER_KEY), path


def sign_file(world: World, content: bytes) -> bytes:
    """Sign a file that others shall be able to check: a detached CMS signature (RFC 5652), DER, with its chain."""
    now, issuing = world.clock.now(), ensure(world).issuing
    key = world.keys.ensure(SIGNER_KEY, "p256")
    path = _folder(world) / "signer-chain.pem"
    try:
        leaf = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        leaf = None
    fresh = leaf is not None and leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc - _SIGNER_LIFE / 3
    if leaf is None or not fresh or leaf.public_key() != key.public_key() or leaf.issuer != issuing.subject:
        name = f"{world.settings.maker_name} network profiles"
        leaf = certificates.build_signer(key, name, issuer(world), now, _SIGNER_LIFE)
        _write_if_new(path, _pem(leaf) + _pem(issuing))
    return certificates.detached_cms(content, leaf, key, [issuing])


def _still_good(path: Path, names: tuple[str, ...], key: PrivateKey, issuing: x509.Certificate, now: datetime) -> bool:
    try:
        leaf = x509.load_pem_x509_certificate(path.read_bytes())
        held = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    return (
        [str(name.value) for name in held] == list(names)
        and leaf.public_key() == key.public_key()
        and leaf.issuer == issuing.subject
        and leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc - _SERVER_LIFE / 3
    )


def crl(world: World) -> bytes:
    """Return the revocation list (DER), made anew when revocations changed or it is a day old."""
    now = world.clock.now()
    with world.look() as connection:
        kept, generation = queries.kept_crl(connection), queries.generation(connection)
    if kept is not None and kept[1] == generation and timedelta(0) <= now - kept[2] < _CRL_FRESH:
        return kept[0]
    signer = issuer(world)
    with world.change(SYSTEM) as work:
        number = store.next_number(work.connection, "crl")
        generation = queries.generation(work.connection)
        revoked = queries.revoked(work.connection, now)
        der = certificates.build_crl(revoked, signer, number, now, _CRL_LIFE)
        store.put_crl(work.connection, der, generation, now)
    return der


def authority_status(world: World) -> AuthorityStatus:
    """Return what a person may know of the authorities."""
    ours = ensure(world)
    return AuthorityStatus(
        digest(to_der(ours.root)),
        ours.root.not_valid_after_utc,
        world.keys.has(ROOT_KEY),
        digest(to_der(ours.issuing)),
        ours.issuing.not_valid_after_utc,
        world.keys.has(ISSUING_KEY),
    )


def export_root(world: World, actor: Actor, to: Path) -> None:
    """Move the root's key to the new file `to` (mode 0600).

    Raises NotFound where it is elsewhere already, Refused where `to` exists or cannot be written; then nothing moved.
    """
    root = ensure(world).root
    if not world.keys.has(ROOT_KEY):
        raise NotFound("The root key is not on this machine.", do="Nothing to do: it lives elsewhere already.")
    source = world.keys.path(ROOT_KEY)
    try:
        handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as failure:
        raise Refused(
            f"{to} cannot be made: {failure.strerror}.", do="Name a new file in a folder that exists."
        ) from failure
    with os.fdopen(handle, "wb") as file:
        file.write(source.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    with world.change(actor) as work:
        work.record(RootKeyMoved(direction="out", certificate=digest(to_der(root))))
    source.unlink()


def import_root(world: World, actor: Actor, source: Path) -> None:
    """Bring the root's key back from a PEM file. Raises Invalid where it is no key, or not the root's."""
    root = ensure(world).root
    try:
        key = serialization.load_pem_private_key(source.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as failure:
        raise Invalid(
            f"{source} is not a readable private key.", do="Name the file that export-root wrote."
        ) from failure
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != root.public_key():
        raise Invalid(f"{source} holds another key than our root's.", do="Name the file that export-root wrote.")
    world.keys.put(ROOT_KEY, key)
    with world.change(actor) as work:
        work.record(RootKeyMoved(direction="in", certificate=digest(to_der(root))))


def _folder(world: World) -> Path:
    folder = world.home / "authority"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_if_new(path: Path, content: bytes) -> None:
    """Write a public file whole: another process never reads half of it."""
    if path.exists() and path.read_bytes() == content:
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    draft.write_bytes(content)
    draft.replace(path)
