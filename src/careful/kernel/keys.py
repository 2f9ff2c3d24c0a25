"""Keys in files: made on first use, mode 0600 in a directory of mode 0700, never sent anywhere.

Keys that sign releases may be in a PKCS#11 token instead (`token_keys.py`): what signs there is a `RemoteKey`.
"""

import os
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from careful.kernel.errors import NotFound, Refused

Algorithm = Literal["p256", "ed25519"]
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,95}")


class RemoteKey(ABC):
    """A private key that signs where it is, and never leaves there."""

    @abstractmethod
    def public_key(self) -> PublicKey:
        """Return the public half."""

    @abstractmethod
    def sign(self, data: bytes) -> bytes:
        """Sign `data`: with SHA-256 for P-256 (DER, RFC 3279 section 2.2.3), as it is for Ed25519."""


class Keys:
    """The key store of one data directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Return where the key `name` is, or would be. Raises Refused for a name that is no plain file name."""
        if not _NAME.fullmatch(name):
            raise Refused(f"{name!r} is no name for a key.")
        return self._folder / f"{name}.pem"

    def has(self, name: str) -> bool:
        """Tell whether the key is here (it may be kept offline)."""
        return self.path(name).exists()

    def ensure(self, name: str, algorithm: Algorithm) -> PrivateKey:
        """Return the key, making it first if this is its first use. Two processes at once get the same key."""
        if not self.has(name):
            made = ec.generate_private_key(ec.SECP256R1()) if algorithm == "p256" else _new_ed25519()
            self._write_new(self.path(name), _pem(made))
        return self.load(name)

    def put(self, name: str, key: PrivateKey) -> None:
        """Store a key made elsewhere. Raises Refused when another key has that name."""
        if not self._write_new(self.path(name), _pem(key)):
            raise Refused(f"There is already a key {name!r}.", do=f"Move {self.path(name)} away first.")

    def load(self, name: str) -> PrivateKey:
        """Return the private key. Raises NotFound when it is not in this store."""
        try:
            text = self.path(name).read_bytes()
        except FileNotFoundError as missing:
            raise NotFound(
                f"The key {name!r} is not on this machine.",
                do=f"Bring {self.path(name).name} into {self._folder} or sign offline.",
            ) from missing
        key = serialization.load_pem_private_key(text, password=None)
        if not isinstance(key, PrivateKey):
            raise Refused(f"The key {name!r} is neither P-256 nor Ed25519.")
        return key

    def public_pem(self, name: str) -> bytes:
        """Return the public half as SubjectPublicKeyInfo PEM."""
        return (
            self.load(name)
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )

    def secret(self, name: str, nbytes: int = 32) -> bytes:
        """Return `nbytes` random bytes that stay the same for this data directory."""
        return self.kept(f"{name}.secret", lambda: secrets.token_bytes(nbytes))

    def kept(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return the bytes of the key file `name` (its own form and ending), made by `make` on first use."""
        path = self.path(name).with_suffix("")
        if not path.exists():
            self._write_new(path, make())
        return path.read_bytes()

    def names(self) -> list[str]:
        """List the private keys held here."""
        return sorted(path.stem for path in self._folder.glob("*.pem"))

    def loose(self) -> list[Path]:
        """List files and the folder itself where others than the owner may look in."""
        if not self._folder.exists():
            return []
        return [path for path in (self._folder, *self._folder.iterdir()) if path.stat().st_mode & 0o077]

    def _write_new(self, path: Path, content: bytes) -> bool:
        """Write the whole file or nothing, and never over an existing one; tell whether it is ours."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        return True


def _new_ed25519() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
