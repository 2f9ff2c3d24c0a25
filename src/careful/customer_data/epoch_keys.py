"""The keys of epochs, which wrap customers' keys: in files of a folder that no backup holds, or in a PKCS#11 token.

Nothing is kept in memory: once a key is destroyed here, no process has it any more.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from careful.kernel.archive import KEPT_APART
from careful.kernel.errors import NotFound, Unavailable
from careful.kernel.keys import Keys
from careful.kernel.token_keys import SCHEME
from careful.kernel.token_secrets import TokenSecrets
from careful.kernel.work import World

FOLDER = KEPT_APART
"""In the data folder; `careful backup` leaves it out."""
_KEY_BYTES = 32
_NONCE = 12
_PROOF = b"the key of this epoch".ljust(_KEY_BYTES)

Items = Sequence[tuple[str, bytes]]
"""Customers, each with what is to be wrapped or unwrapped."""


class _Holder(Protocol):
    def ensure(self, name: str) -> None: ...
    def encrypt(self, name: str, values: Sequence[tuple[bytes, bytes]]) -> list[bytes]: ...
    def decrypt(self, name: str, values: Sequence[tuple[bytes, bytes]]) -> list[bytes | None]: ...
    def destroy(self, name: str) -> None: ...


class EpochKeys:
    """The keys of all epochs of one installation. Raises Unavailable where an epoch's key is not here."""

    def __init__(self, holder: _Holder, where: str) -> None:
        self._holder, self._where = holder, where

    def make(self, epoch: int) -> bytes:
        """Make the key of an epoch, if it is not there, and return a proof of it: what only this key opens."""
        with self._said(epoch):
            self._holder.ensure(_name(epoch))
            return self._holder.encrypt(_name(epoch), [(_PROOF, _bound(epoch, ""))])[0]

    def fits(self, epoch: int, proof: bytes) -> bool:
        """Tell whether the key that is here is the one that was made for the epoch."""
        with self._said(epoch):
            return self._holder.decrypt(_name(epoch), [(proof, _bound(epoch, ""))]) == [_PROOF]

    def wrap(self, epoch: int, items: Items) -> list[bytes]:
        """Wrap customers' keys."""
        with self._said(epoch):
            return self._holder.encrypt(_name(epoch), [(key, _bound(epoch, one)) for one, key in items])

    def unwrap(self, epoch: int, items: Items) -> list[bytes | None]:
        """Return customers' keys; None for one that does not open."""
        with self._said(epoch):
            return self._holder.decrypt(_name(epoch), [(wrapped, _bound(epoch, one)) for one, wrapped in items])

    def destroy(self, epoch: int) -> None:
        """Destroy the key of an epoch; nothing where it is gone already."""
        with self._said(epoch):
            self._holder.destroy(_name(epoch))

    @contextlib.contextmanager
    def _said(self, epoch: int) -> Iterator[None]:
        try:
            yield
        except (NotFound, FileNotFoundError) as missing:
            raise Unavailable(
                f"The key of epoch {epoch} is not in {self._where}, so no customer's key can be used.",
                do="Bring it there (docs/data.md), or end what it kept: careful data keys-lost",
            ) from missing
        except OSError as failure:
            raise Unavailable(f"The key of epoch {epoch} cannot be used: {failure.strerror}.") from failure


class _Files:
    """Keys in files of mode 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ensure(self, name: str) -> None:
        Keys(self._folder).kept(name, lambda: secrets.token_bytes(_KEY_BYTES))

    def encrypt(self, name: str, values: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        cipher = self._cipher(name)
        nonces = [secrets.token_bytes(_NONCE) for _ in values]
        return [nonce + cipher.encrypt(nonce, *one) for nonce, one in zip(nonces, values, strict=True)]

    def decrypt(self, name: str, values: Sequence[tuple[bytes, bytes]]) -> list[bytes | None]:
        cipher = self._cipher(name)
        found: list[bytes | None] = []
        for value, bound in values:
            try:
                found.append(cipher.decrypt(value[:_NONCE], value[_NONCE:], bound))
            except (InvalidTag, ValueError):
                found.append(None)
        return found

    def destroy(self, name: str) -> None:
        """Overwrite, then remove. A disk that puts new bytes elsewhere keeps the old ones for a while."""
        path = self._folder / name
        with contextlib.suppress(FileNotFoundError):
            with path.open("r+b") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            handle = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _cipher(self, name: str) -> AESGCM:
        return AESGCM((self._folder / name).read_bytes())


def epoch_keys(world: World) -> EpochKeys:
    """Return the keys of this installation's epochs. Raises Invalid for a wrong address of a token."""
    where = world.settings.epoch_keys
    if where.startswith(SCHEME):
        return EpochKeys(TokenSecrets(where), "the token")
    folder = Path(where) if where else world.home / FOLDER
    return EpochKeys(_Files(folder), str(folder))


def _name(epoch: int) -> str:
    return f"epoch-{epoch:05d}.key"


def _bound(epoch: int, customer: str) -> bytes:
    return b"careful/epoch/%d/%b" % (epoch, customer.encode())
