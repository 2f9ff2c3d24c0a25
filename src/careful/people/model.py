"""What is true of the people who act: accounts, how they prove themselves, their sessions, links and API tokens.

Pure: no database, no clock, no ledger. Nothing here holds a secret, only what may be shown on a page.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from careful.kernel.errors import Invalid

AccountState = Literal["pending", "active", "disabled"]
SessionKind = Literal["enrolling", "full"]
LinkPurpose = Literal["first", "invitation", "recovery"]

TokenStanding = Literal["good", "ends soon", "ended", "revoked"]

WARN_BEFORE = timedelta(days=14)
NAME_LIMIT = 80
EMAIL_LIMIT = 254  # RFC 5321, section 4.5.3.1.3 (path without its brackets)
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f<>,;:\"\\]{1,64}@[^@\s\x00-\x1f\x7f<>,;:\"\\]{1,253}")


@dataclass(frozen=True, slots=True)
class Account:
    """One person. `pending` until a passkey, or a password with TOTP, is set."""

    id: str
    name: str
    email: str
    roles: tuple[str, ...]
    state: AccountState
    created_at: datetime
    has_password: bool
    passkeys: int
    recovery_codes: int


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. `proved_at` is when the person last showed a factor, for step-up."""

    id: str
    account: str
    name: str
    roles: tuple[str, ...]
    kind: SessionKind
    created_at: datetime
    seen_at: datetime
    proved_at: datetime
    browser: str
    source: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """One enrolled passkey as its owner sees it."""

    id: str
    label: str
    created_at: datetime
    used_at: datetime | None
    synced: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link as redeemed or waiting; the token itself is nowhere."""

    id: str
    purpose: LinkPurpose
    roles: tuple[str, ...]
    account: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """An API token as listed; the secret is shown once, when it is made."""

    id: str
    name: str
    scopes: tuple[str, ...]
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    product: str | None = None
    """What it is for alone, where it is a CI job's."""
    trust: str | None = None
    subject: str | None = None
    """Which job holds it, as its issuer says."""

    def standing(self, now: datetime) -> TokenStanding:
        """Tell how it stands: one that ends within two weeks says so."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at <= now:
            return "ended"
        return "ends soon" if self.trust is None and self.expires_at - now <= WARN_BEFORE else "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom we believe which of its jobs is which, and what such a job may do: nobody needs to keep a secret for it.

    `claims` maps a claim's name to a pattern; `sub` is among them. `minutes` is how long a job's token lives.
    """

    id: str
    name: str
    issuer: str
    audience: str
    claims: Mapping[str, str]
    scopes: tuple[str, ...]
    product: str
    minutes: int
    made_by: str
    made_at: datetime
    used_at: datetime | None
    ended_at: datetime | None


def clean_name(text: str) -> str:
    """Return a person's name in NFC without stray spaces. Raises Invalid when empty, too long or with control signs."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > NAME_LIMIT or any(unicodedata.category(sign) in {"Cc", "Cf"} for sign in name):
        raise Invalid(f"A name has 1 to {NAME_LIMIT} letters.", do="Type your name.", where="name")
    return name


def clean_email(text: str) -> str:
    """Return an e-mail address in the one form we compare (NFKC, case folded). Raises Invalid when it is none."""
    email = unicodedata.normalize("NFKC", text.strip()).casefold()
    if len(email) > EMAIL_LIMIT or not _EMAIL.fullmatch(email):
        raise Invalid("That is no e-mail address.", do="Type it like ann@example.org.", where="email")
    return email
