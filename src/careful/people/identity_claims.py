"""What an identity provider says of a person, and what it is worth here. Pure.

An ID token is checked as OpenID Connect Core 1.0 asks, 3.1.3.7: issuer, audience, authorised party, times, nonce.
Its e-mail address is where mail goes and never who somebody is: people are known by issuer and subject alone.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from careful.kernel.errors import Invalid, Unauthenticated
from careful.people.model import NAME_LIMIT, clean_email, clean_name
from careful.people.numeric_date import moment_of
from careful.people.roles import ROLES

LEEWAY = timedelta(seconds=60)
OLDEST = timedelta(minutes=10)
_SUBJECT, _GROUPS, _GROUP = 255, 1000, 256


@dataclass(frozen=True, slots=True)
class Said:
    """A person as their provider describes them; `authenticated_at`: when they last showed it a factor, if it says."""

    issuer: str
    subject: str
    name: str
    email: str
    groups: frozenset[str]
    authenticated_at: datetime | None


def read_claims(claims: Mapping[str, Any], *, issuer: str, client: str, nonce: str, now: datetime, groups: str) -> Said:
    """Return what an ID token says, its signature checked before. Raises Unauthenticated, naming the claim at fault."""
    if claims.get("iss") != issuer:
        raise _wrong("iss", "it is from another provider")
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    if client not in listed or (len(listed) > 1 and claims.get("azp") != client):
        raise _wrong("aud", "it was made for somebody else")
    if "azp" in claims and claims["azp"] != client:
        raise _wrong("azp", "it was made for somebody else")
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise _wrong("nonce", "it does not belong to this attempt")
    expires, issued = moment_of(claims, "exp"), moment_of(claims, "iat")
    if expires is None or expires <= now - LEEWAY:
        raise _wrong("exp", "it has expired")
    if issued is None or not now - OLDEST <= issued <= now + LEEWAY:
        raise _wrong("iat", "it was not made just now; compare the clocks")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= _SUBJECT or not subject.isprintable():
        raise _wrong("sub", f"it names nobody, or with more than {_SUBJECT} characters")
    return Said(
        issuer, subject, _name(claims), _email(claims), _groups(claims.get(groups)), moment_of(claims, "auth_time")
    )


def read_mapping(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return (group, role) pairs from `group=role`. Raises Invalid for a role that is none, or no group."""
    pairs = []
    for line in lines:
        group, _, role = (part.strip() for part in line.rpartition("="))
        if not group or role not in ROLES:
            raise Invalid(
                f"{line[:80]!r} gives no group a role.",
                do=f"Write group=role; roles are {', '.join(ROLES)}.",
                where="CAREFUL_OIDC_ROLES",
            )
        pairs.append((group, role))
    return tuple(pairs)


def roles_for(groups: Iterable[str], mapping: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the roles that these groups give, sorted and once each; a group that nobody mapped gives none."""
    held = frozenset(groups)
    return tuple(sorted({role for group, role in mapping if group in held}))


def _groups(said: object) -> frozenset[str]:
    listed = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    return frozenset(one for one in listed[:_GROUPS] if isinstance(one, str) and len(one) <= _GROUP)


def _name(claims: Mapping[str, Any]) -> str:
    for claim in ("name", "preferred_username"):
        try:
            return clean_name(str(claims.get(claim, ""))[:NAME_LIMIT])
        except Invalid:
            continue
    return ""


def _email(claims: Mapping[str, Any]) -> str:
    try:
        return clean_email(str(claims.get("email", "")))
    except Invalid:
        return ""


def _wrong(claim: str, why: str) -> Unauthenticated:
    return Unauthenticated(f"Your identity provider's answer was not taken: {why}.", do="Sign in again.", where=claim)
