"""Keys in a PKCS#11 token (OASIS PKCS#11 3.1): made there, used there, never out of there.

A token is named by a PKCS#11 URI (RFC 7512), with the module that drives it and a file that holds its PIN:

    pkcs11:token=careful?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/credentials/pin

Keys are P-256, which every token can; a key's label is its name here.
"""

import contextlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from careful.kernel.errors import Invalid, NotFound, Refused, Unavailable
from careful.kernel.keys import Algorithm, RemoteKey

if TYPE_CHECKING:
    import pkcs11

SCHEME = "pkcs11:"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,95}")
_PIN_BYTES = 4096
_TURN = threading.Lock()
"""One use at a time: being logged in is a state of the process, and the end of one use would log another out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAddress:
    """Where a token is, and the file with its PIN (empty: it has none)."""

    token: str
    module: str
    pin_file: str


def read_uri(uri: str) -> TokenAddress:
    """Read a PKCS#11 URI. Raises Invalid naming what is missing."""
    path, _, query = uri.removeprefix(SCHEME).partition("?")
    found = dict(part.partition("=")[::2] for part in (*path.split(";"), *query.split("&")) if part)
    values = {name: unquote(value) for name, value in found.items()}
    example = "pkcs11:token=NAME?module-path=/path/to/module.so&pin-source=file:/path/to/pin"
    for name in ("token", "module-path"):
        if not uri.startswith(SCHEME) or not values.get(name):
            raise Invalid(f"The token's address names no {name}.", do=f"Write: {example}", where="token")
    if "pin-value" in values:
        raise Invalid("A PIN in an address can be read by all.", do="Use pin-source=file:/path/to/pin", where="token")
    return TokenAddress(
        token=values["token"],
        module=values["module-path"],
        pin_file=values.get("pin-source", "").removeprefix("file:"),
    )


class TokenKeys:
    """The keys in one token. Raises Invalid for a wrong address; NotFound, Unavailable when it cannot be used."""

    def __init__(self, uri: str) -> None:
        self._address = read_uri(uri)

    def names(self) -> list[str]:
        """List the private keys held."""
        import pkcs11  # noqa: PLC0415 (loads a native library: only where a token is used)

        with self.session() as session:
            found = session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})
            labels = (str(one[pkcs11.Attribute.LABEL]) for one in found)
            return sorted({label for label in labels if _NAME.fullmatch(label)})

    def has(self, name: str) -> bool:
        """Tell whether the key is here."""
        return name in self.names()

    def load(self, name: str) -> RemoteKey:
        """Return what signs with the key. Raises NotFound when it is not in this token."""
        import pkcs11  # noqa: PLC0415 (loads a native library: only where a token is used)

        with self.session() as session:
            try:
                public = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=name)
            except pkcs11.NoSuchKey as missing:
                raise NotFound(f"The token {self._address.token!r} has no key {name!r}.") from missing
            return _TokenKey(self, name, _public_of(public))

    def ensure(self, name: str, algorithm: Algorithm) -> RemoteKey:  # noqa: ARG002 (a token's keys are P-256)
        """Return the key, having the token make it first if this is its first use."""
        import pkcs11  # noqa: PLC0415 (loads a native library: only where a token is used)
        from pkcs11.util.ec import encode_named_curve_parameters  # noqa: PLC0415 (as above)

        if not _NAME.fullmatch(name):
            raise Refused(f"{name!r} is no name for a key.")
        if not self.has(name):
            with self.session() as session:
                parameters = session.create_domain_parameters(
                    pkcs11.KeyType.EC,
                    {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")},
                    local=True,
                )
                parameters.generate_keypair(label=name, id=name.encode(), store=True)
        return self.load(name)

    def public_pem(self, name: str) -> bytes:
        """Return the public half as SubjectPublicKeyInfo PEM."""
        key = self.load(name).public_key()
        return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, name: str, data: bytes) -> bytes:
        """Have the token sign; ECDSA over SHA-256, DER."""
        import pkcs11  # noqa: PLC0415 (loads a native library: only where a token is used)

        digest = hashes.Hash(hashes.SHA256())
        digest.update(data)
        with self.session() as session:
            key: Any = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=name)
            raw: bytes = key.sign(digest.finalize(), mechanism=pkcs11.Mechanism.ECDSA)
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))

    @contextlib.contextmanager
    def session(self) -> Iterator["pkcs11.Session"]:
        """Open the token for one use. Raises NotFound, Refused, Unavailable where it cannot be used."""
        where = f"The token {self._address.token!r}"
        with _TURN:
            yield from self._open(where)

    def _open(self, where: str) -> Iterator["pkcs11.Session"]:
        import pkcs11  # noqa: PLC0415 (loads a native library: only where a token is used)

        try:
            library = pkcs11.lib(self._address.module)
            try:
                token = library.get_token(token_label=self._address.token)
            except pkcs11.NoSuchToken:  # a module looks for tokens once, when it starts
                library.reinitialize()
                token = library.get_token(token_label=self._address.token)
            with token.open(rw=True, user_pin=self._pin()) as session:
                yield session
        except pkcs11.NoSuchToken as missing:
            raise NotFound(f"{where} is not plugged in.", do="Plug it in, or mend the address.") from missing
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked) as wrong:
            raise Refused(f"{where} does not take the PIN in {self._address.pin_file or 'no file'}.") from wrong
        except (pkcs11.PKCS11Error, RuntimeError) as broken:
            raise Unavailable(f"{where} cannot be used: {str(broken) or type(broken).__name__}.") from broken

    def _pin(self) -> str | None:
        if not self._address.pin_file:
            return None
        try:
            with Path(self._address.pin_file).open("rb") as file:
                return file.read(_PIN_BYTES).decode().strip()
        except (OSError, UnicodeDecodeError) as missing:
            raise NotFound(f"The PIN in {self._address.pin_file} cannot be read.") from missing


class _TokenKey(RemoteKey):
    def __init__(self, token: TokenKeys, name: str, public: ec.EllipticCurvePublicKey) -> None:
        self._token = token
        self._name = name
        self._public = public

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    def sign(self, data: bytes) -> bytes:
        return self._token.sign(self._name, data)


def _public_of(key: Any) -> ec.EllipticCurvePublicKey:  # noqa: ANN401 (its types differ by kind of token)
    from pkcs11.util.ec import encode_ec_public_key  # noqa: PLC0415 (loads a native library: only where a token is used)

    public = serialization.load_der_public_key(encode_ec_public_key(key))
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise Refused("A key in a token must be P-256.")
    return public
