"""Whether what an issuer says of a CI job is what a trust asks for: claims, patterns, times. Pure.

JWT claims: RFC 7519, section 4.1. A pattern is a claim's value in which `*` stands for any characters but a colon, so
that it never reaches into the next part of a subject such as `repo:acme/camera:ref:refs/heads/main`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from careful.kernel.errors import Invalid
from careful.people.model import Trust
from careful.people.numeric_date import moment_of

JOB_SCOPES = frozenset(
    {
        "products:read",
        *(f"releases:{verb}" for verb in ("read", "add", "sign", "publish", "withdraw")),
        *(f"rollouts:{verb}" for verb in ("read", "start", "halt")),
    }
)
"""All that a job may ever do: build, sign, ship, and look."""
MOST_MINUTES = 60
MOST_CLAIMS = 10
LEEWAY = timedelta(seconds=30)
LONGEST = timedelta(hours=24)
"""So long may what an issuer says of a job be good, at most: it is kept that long, so that it counts once."""
_VALUE = 300
_LITERAL = 4
_CLAIM = re.compile(r"[A-Za-z0-9_./:-]{1,80}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Said:
    """What an issuer said of a job, its signature good."""

    issuer: str
    subject: str
    jti: str
    expires_at: datetime
    claims: Mapping[str, Any]


def clean_issuer(text: str) -> str:
    """Return an issuer's address as it stands in `iss`. Raises Invalid where it is no plain https address."""
    try:
        parts = urlsplit(text)
        plain = parts.scheme == "https" and _HOST.fullmatch(parts.hostname or "") and parts.port != 0
    except ValueError:
        plain = None
    if not plain or parts.username is not None or parts.query or parts.fragment or len(text) > 200 or " " in text:  # noqa: PLR2004 (the column's width)
        raise Invalid(
            "An issuer is an https address without user, query or fragment.",
            do="Such as https://token.actions.githubusercontent.com or https://gitlab.com",
            where="issuer",
        )
    return text


def clean_claims(claims: Mapping[str, str]) -> dict[str, str]:
    """Return the patterns. Raises Invalid where they are too many, malformed, or say nothing of the subject."""
    if "sub" not in claims:
        raise Invalid(
            "A trust must say which subject it trusts.",
            do="Give --claim sub=repo:acme/camera:ref:refs/heads/main; docs/ci.md has the forms.",
            where="claims",
        )
    if len(claims) > MOST_CLAIMS:
        raise Invalid(f"A trust looks at {MOST_CLAIMS} claims at most.", where="claims")
    for name, pattern in claims.items():
        if not _CLAIM.fullmatch(name) or name in {"iss", "aud", "exp", "nbf", "iat", "jti"}:
            raise Invalid(f"{name[:80]!r} is no claim to compare.", do="Such as sub, ref, environment.", where="claims")
        if not 1 <= len(pattern) <= _VALUE or not pattern.isprintable():
            raise Invalid(f"The pattern of {name} has 1 to {_VALUE} characters.", where="claims")
        if "*" in pattern and len(pattern.partition("*")[0]) < _LITERAL:
            raise Invalid(
                f"The pattern of {name} begins with a star, or almost: it would trust strangers.",
                do="Begin with what only your own jobs have, such as repo:acme/.",
                where="claims",
            )
    return dict(claims)


def fits(pattern: str, value: object) -> bool:
    """Tell whether a claim's value fits a pattern. Numbers and truth values are compared as JSON writes them."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, int):
        value = str(value)
    if not isinstance(value, str) or len(value) > _VALUE:
        return False
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch("[^:]*".join(parts), value) is not None


def misfit(trust: Trust, said: Said) -> str:
    """Return the first claim that does not fit a trust, empty where all do."""
    if said.claims.get("aud") not in (trust.audience, [trust.audience]):
        return "aud"
    return next((name for name, pattern in trust.claims.items() if not fits(pattern, said.claims.get(name))), "")


def narrowed(trust: Trust, asked: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes for a job that asked for these, or for all where it named none. Raises Invalid for others."""
    wanted = frozenset(asked)
    beyond = wanted - frozenset(trust.scopes)
    if beyond:
        raise Invalid(
            f"This trust does not give {', '.join(sorted(beyond))[:200]}.",
            do=f"It gives {', '.join(trust.scopes)}.",
            where="scope",
        )
    return tuple(sorted(wanted or trust.scopes))


def read_claims(claims: Mapping[str, Any], now: datetime) -> Said:
    """Return what was said, its times checked. Raises Invalid, naming the claim at fault."""
    issuer, subject, jti = (_text(claims, name) for name in ("iss", "sub", "jti"))
    expires, issued = _moment(claims, "exp"), _moment(claims, "iat")
    if "aud" not in claims:
        raise _wrong("aud", "it must name us alone")
    if expires <= now:
        raise _wrong("exp", "it has expired")
    if issued > now + LEEWAY:
        raise _wrong("iat", "it was issued in the future")
    if "nbf" in claims and _moment(claims, "nbf") > now + LEEWAY:
        raise _wrong("nbf", "it is not good yet")
    if expires - issued > LONGEST or issued < now - LONGEST:
        raise _wrong("exp", "it is good for more than a day")
    return Said(issuer, subject, jti, expires, claims)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= _VALUE or not value.isprintable():
        raise _wrong(name, f"it must be a text of 1 to {_VALUE} characters")
    return value


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    found = moment_of(claims, name)
    if found is None:
        raise _wrong(name, "it must be a time in seconds since 1970")
    return found


def _wrong(name: str, why: str) -> Invalid:
    return Invalid(f"The claim {name} of that token is not right: {why}.", do="Ask the issuer anew.", where=name)
