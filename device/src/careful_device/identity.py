"""Who the device is: a P-256 key made here, which never leaves, and the certificate for it.

Key and certificates live in one file, so that they change in one step:

    identity.pem      in use (mode 0600)
    identity.pem.new  renewed, not yet proved; tried first, and takes the old one's place with its first success
    identity.key.new  the key of a request under way; kept, so that a request cut off by a crash is made again with it

When the new one is refused while the old one still works, the new one is dropped and asked for again later.
"""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from careful_device import files
from careful_device.errors import AgentError

_BEGIN = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class Certificate:
    """What the agent needs to know of its certificate. `start` and `end` are seconds since the epoch."""

    name: str
    start: float
    end: float


class Identity:
    """The key and certificates in `home`."""

    def __init__(self, home: Path, device: str) -> None:
        self._device = device
        self._current = home / "identity.pem"
        self._new = home / "identity.pem.new"
        self._pending = home / "identity.key.new"

    def request(self) -> bytes:
        """Return a PKCS#10 request (DER) by the pending key, which is made when there is none yet (RFC 2986)."""
        key = self._pending_key()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self._device)])
        signed = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.DER)

    def accept(self, chain: list[x509.Certificate]) -> Certificate:
        """Store `chain` (own certificate among it) beside the one in use. Raises AgentError when it is not for us."""
        key = self._pending_key()
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        own = [one for one in chain if _public(one) == public]
        if not own or _name(own[0]) != self._device:
            raise AgentError("The server sent a certificate that is not for this device's key and name.")
        ordered = own[:1] + [one for one in chain if one not in own]
        pem = _pem(key) + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in ordered)
        files.write(self._new if self._current.exists() else self._current, pem, mode=0o600)
        files.remove(self._pending)
        return _certificate(own[0])

    def path(self) -> Path | None:
        """Return the file to connect with: the new one while there is one, else the one in use; None when unborn."""
        for path in (self._new, self._current):
            if path.exists():
                return path
        return None

    def proved(self, path: Path) -> None:
        """Take note that `path` was accepted: a new identity takes the old one's place."""
        if path == self._new and path.exists():
            self._new.replace(self._current)
            files.flush_folder(self._current.parent)

    def refused(self, path: Path) -> bool:
        """Take note that `path` was refused. Tells whether another one is left to try."""
        if path == self._new and self._current.exists():
            files.remove(self._new)
            return True
        return False

    def certificate(self) -> Certificate | None:
        """Return what is known of the newest certificate, or None when there is none that can be read."""
        path = self.path()
        if path is None:
            return None
        content = path.read_bytes()
        try:
            return _certificate(x509.load_pem_x509_certificate(content[content.index(_BEGIN) :]))
        except ValueError:
            return None

    def sign(self, content: bytes) -> tuple[bytes, bytes] | None:
        """Return the public key (DER) and its signature over `content`; None where there is no identity yet."""
        path = self.path()
        if path is None:
            return None
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, UnsupportedAlgorithm):
            return None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            return None
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return public, key.sign(content, ec.ECDSA(hashes.SHA256()))

    def _pending_key(self) -> ec.EllipticCurvePrivateKey:
        if self._pending.exists():
            try:
                found = serialization.load_pem_private_key(self._pending.read_bytes(), password=None)
            except (ValueError, UnsupportedAlgorithm):
                found = None
            if isinstance(found, ec.EllipticCurvePrivateKey):
                return found
        made = ec.generate_private_key(ec.SECP256R1())
        files.write(self._pending, _pem(made), mode=0o600)
        return made


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def _certificate(found: x509.Certificate) -> Certificate:
    return Certificate(_name(found), found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp())
