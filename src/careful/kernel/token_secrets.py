"""Secret keys (AES-256) in a PKCS#11 token: made there, used there, never out of there, and destroyed there.

What they encrypt is a nonce of twelve bytes and AES-GCM's ciphertext with its tag: the form that a key in a file makes.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from careful.kernel.errors import NotFound
from careful.kernel.token_keys import TokenKeys

_NONCE = 12
_TAG_BITS = 128
_BITS = 256


class TokenSecrets:
    """The secret keys in one token. Raises what `TokenKeys` raises."""

    def __init__(self, uri: str) -> None:
        self._token = TokenKeys(uri)

    def has(self, name: str) -> bool:
        """Tell whether the key is here."""
        import pkcs11  # noqa: PLC0415 (loads a native library: only where a token is used)

        wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY, pkcs11.Attribute.LABEL: name}
        with self._token.session() as session:
            return any(True for _ in session.get_objects(wanted))

    def ensure(self, name: str) -> None:
        """Have the token make the key, if this is its first use."""
        import pkcs11  # noqa: PLC0415 (loads a native library: only where a token is used)

        if self.has(name):
            return
        kept = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
        use = pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT
        with self._token.session() as session:
            session.generate_key(
                pkcs11.KeyType.AES, _BITS, label=name, id=name.encode(), store=True, template=kept, capabilities=use
            )

    def encrypt(self, name: str, values: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """Encrypt values, each bound to the bytes beside it. Raises NotFound without the key."""
        import pkcs11  # noqa: PLC0415 (loads a native library: only where a token is used)

        found = []
        with self._key(name) as key:
            for value, bound in values:
                nonce = secrets.token_bytes(_NONCE)
                how = pkcs11.GCMParams(nonce, bound, _TAG_BITS)
                found.append(nonce + key.encrypt(value, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=how))
        return found

    def decrypt(self, name: str, values: Sequence[tuple[bytes, bytes]]) -> list[bytes | None]:
        """Decrypt values; None for one that does not open. Raises NotFound without the key."""
        import pkcs11  # noqa: PLC0415 (loads a native library: only where a token is used)

        found: list[bytes | None] = []
        with self._key(name) as key:
            for value, bound in values:
                how = pkcs11.GCMParams(value[:_NONCE], bound, _TAG_BITS)
                try:
                    said = key.decrypt(value[_NONCE:], mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=how)
                except (pkcs11.GeneralError, pkcs11.exceptions.EncryptedDataInvalid):  # modules differ in what they say
                    said = None
                found.append(said)
        return found

    def destroy(self, name: str) -> None:
        """Have the token destroy the key; nothing where the token, which must be here, has none."""
        import pkcs11  # noqa: PLC0415 (loads a native library: only where a token is used)

        with self._token.session() as session:
            for key in session.get_objects({pkcs11.Attribute.LABEL: name}):
                key.destroy()

    @contextmanager
    def _key(self, name: str) -> Iterator[Any]:
        import pkcs11  # noqa: PLC0415 (loads a native library: only where a token is used)

        with self._token.session() as session:
            try:
                key = session.get_key(object_class=pkcs11.ObjectClass.SECRET_KEY, label=name)
            except pkcs11.NoSuchKey as missing:
                raise NotFound(f"The token has no key {name!r}.") from missing
            yield key
