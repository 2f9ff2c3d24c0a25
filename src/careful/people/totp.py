"""Time-based one-time codes (RFC 6238): six digits, thirty seconds, SHA-1 as every authenticator app knows it.

The step before the present one is taken too, because typing takes time; a step is taken once, whoever sends it.
"""

import base64
import re
import secrets
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from careful.kernel.errors import Refused

PERIOD = 30
DIGITS = 6
_SECRET_BYTES = 20
_NONCE_BYTES = 12


def new_secret() -> bytes:
    """Return 160 random bits (RFC 4226, section 4, R6)."""
    return secrets.token_bytes(_SECRET_BYTES)


def step_at(moment: datetime) -> int:
    """Return the number of the time step at `moment` (RFC 6238, section 4.2)."""
    return int(moment.timestamp()) // PERIOD


def code_at(secret: bytes, moment: datetime) -> str:
    """Return the code an authenticator shows at `moment`."""
    return _of(secret).generate(step_at(moment) * PERIOD).decode()


def match(secret: bytes, typed: str, moment: datetime) -> int | None:
    """Return the step whose code was typed (present or previous), else None. The caller refuses a step used before."""
    plain = re.sub(r"\s", "", typed)
    if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", plain):
        return None
    now = step_at(moment)
    for step in (now, now - 1):
        if bytes_eq(_of(secret).generate(step * PERIOD), plain.encode()):
            return step
    return None


def as_text(secret: bytes) -> str:
    """Return the secret as a person types it into an app: base 32 in groups of four."""
    plain = base64.b32encode(secret).decode()
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def as_link(secret: bytes, email: str) -> str:
    """Return the `otpauth:` link that opens an authenticator app."""
    return _of(secret).get_provisioning_uri(email, "Careful")


def seal(secret: bytes, key: bytes, account: str) -> bytes:
    """Encrypt the secret with AES-256-GCM for `account`: nonce, then ciphertext and tag."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, account.encode())


def unseal(sealed: bytes, key: bytes, account: str) -> bytes:
    """Decrypt what `seal` made. Raises Refused when it was altered, moved to another account or the key is another."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], account.encode())
    except InvalidTag as broken:
        raise Refused(
            "The authenticator secret of this account cannot be read with this installation's key.",
            do="Restore the keys folder, or issue a recovery link: careful staff link --recover E-MAIL",
        ) from broken


def _of(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), PERIOD)  # noqa: S303 (RFC 6238's default; HMAC-SHA-1 is not broken)
