"""What can happen to people's access. Events carry ids only: no name, no address, no place."""

from dataclasses import dataclass
from datetime import datetime

from careful.kernel.ledger import Event, event


@event("people.link_issued", subject="link/{link}")
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkIssued(Event):
    """A one-time link was made; `purpose` is first, invitation or recovery."""

    link: str
    purpose: str
    roles: tuple[str, ...]
    expires_at: datetime


@event("people.account_created", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreated(Event):
    """Somebody redeemed a link; they still have no access."""

    account: str
    link: str
    roles: tuple[str, ...]


@event("people.recovery_begun", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryBegun(Event):
    """Somebody redeemed a recovery link: their old factors are gone and they set new ones."""

    account: str
    link: str


@event("people.account_activated", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountActivated(Event):
    """The account has enough factors and may sign in."""

    account: str


@event("people.factor_enrolled", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class FactorEnrolled(Event):
    """A factor was added or replaced: passkey, password+totp or recovery-codes."""

    account: str
    factor: str


@event("people.factor_removed", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRemoved(Event):
    """A factor was taken away."""

    account: str
    factor: str


@event("people.factor_renamed", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRenamed(Event):
    """A factor is called something else; the name stays out of the ledger."""

    account: str
    factor: str


@event("people.attempts_told", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptsTold(Event):
    """Somebody was written to about failed attempts at their account."""

    account: str
    attempts: int


@event("people.account_provided", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountProvided(Event):
    """Somebody came in by the identity provider for the first time; their groups gave these roles."""

    account: str
    roles: tuple[str, ...]


@event("people.roles_mapped", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RolesMapped(Event):
    """At a sign-in by the identity provider the person's groups gave other roles; `raised` were not held before."""

    account: str
    roles: tuple[str, ...]
    raised: tuple[str, ...]


@event("people.identity_linked", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityLinked(Event):
    """A person linked an identity elsewhere to their account."""

    account: str


@event("people.access_ended", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEnded(Event):
    """Every way in that the person had is gone: sessions, passkeys, password, codes, browsers, links, identities."""

    account: str
    sessions: int
    passkeys: int


@event("people.roles_changed", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RolesChanged(Event):
    """Somebody's roles are now these."""

    account: str
    roles: tuple[str, ...]


@event("people.account_disabled", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDisabled(Event):
    """The account may no longer sign in; its sessions ended and its tokens no longer work."""

    account: str


@event("people.signed_in", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """A session began; `how` is passkey, password+totp, password+recovery-code or enrolment."""

    account: str
    session: str
    how: str


@event("people.proved_again", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedAgain(Event):
    """A signed-in person showed a factor once more, before something weighty."""

    account: str
    session: str
    how: str


@event("people.sign_in_refused", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRefused(Event):
    """An attempt on a real account failed: wrong, replayed, cloned, limit or disabled."""

    account: str
    reason: str


@event("people.session_ended", subject="staff/{account}")
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """A session ended before its time: signed-out, ended, factors-changed, disabled or rights-changed."""

    account: str
    session: str
    why: str


@event("people.token_issued", subject="token/{token}")
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Event):
    """An API token was made."""

    token: str
    scopes: tuple[str, ...]
    expires_at: datetime


@event("people.token_revoked", subject="token/{token}")
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    """An API token no longer works."""

    token: str


@event("people.trust_made", subject="trust/{trust}")
@dataclass(frozen=True, slots=True, kw_only=True)
class TrustMade(Event):
    """Jobs of an issuer may exchange what it says of them for a token; `claims` names what is looked at."""

    trust: str
    issuer: str
    claims: tuple[str, ...]
    scopes: tuple[str, ...]
    product: str
    minutes: int


@event("people.trust_ended", subject="trust/{trust}")
@dataclass(frozen=True, slots=True, kw_only=True)
class TrustEnded(Event):
    """Jobs of an issuer get no more tokens by this trust."""

    trust: str


@event("people.token_exchanged", subject="token/{token}")
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenExchanged(Event):
    """A job got a token of minutes for what its issuer says of it; `presented` is the SHA-256 of issuer and jti."""

    token: str
    trust: str
    product: str
    scopes: tuple[str, ...]
    expires_at: datetime
    presented: str
