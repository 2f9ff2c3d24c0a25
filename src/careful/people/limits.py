"""How often somebody may try. Pure: given the attempts so far, decide; the store keeps them.

Strangers must not be able to lock the owner out, so attempts on an account are counted apart for browsers that have
signed in to it before (they carry a long-lived cookie that proves it) and for all others; and a passkey, which cannot
be guessed, is limited by source only.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from careful.kernel.errors import TooMany


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` within `span`."""

    times: int
    span: timedelta


@dataclass(frozen=True, slots=True)
class Growing:
    """`free` attempts within `span` cost nothing; after each further one the wait doubles, from `first` to `most`."""

    free: int
    first: timedelta
    most: timedelta
    span: timedelta

    def after(self, attempts: int) -> timedelta:
        """Return the pause that follows the last of so many attempts."""
        if attempts < self.free:
            return timedelta(0)
        doublings = min(attempts - self.free, _MOST_DOUBLINGS)
        return min(self.most, self.first * (1 << doublings))


Rule = Limit | Growing
_MOST_DOUBLINGS = 20
_DAY = timedelta(days=1)

GUESSES: tuple[Rule, ...] = (
    Growing(5, timedelta(minutes=1), timedelta(hours=1), _DAY),
    Limit(50, _DAY),
)
"""Failed passwords or codes for one account from browsers of one kind (known or stranger)."""

FROM_ONE_SOURCE: tuple[Rule, ...] = (
    Growing(20, timedelta(minutes=1), timedelta(hours=1), _DAY),
    Limit(200, _DAY),
)
"""Failed attempts of any kind from one address (IPv6: one /64)."""

FROM_EVERYWHERE: tuple[Rule, ...] = (Limit(1000, timedelta(minutes=5)),)
"""Failed attempts on passwords in all, against guessing spread over many addresses."""

CEREMONIES: tuple[Rule, ...] = (Limit(60, timedelta(minutes=5)),)
"""Passkey challenges handed to one source."""

LONGEST = _DAY
"""Attempts older than this count for nothing and are forgotten."""


def wait(attempts: Sequence[datetime], limits: Sequence[Rule], now: datetime) -> int:
    """Return the seconds until one more attempt is allowed, 0 when it is allowed now."""
    longest = 0
    for limit in limits:
        within = sorted(moment for moment in attempts if moment > now - limit.span)
        if isinstance(limit, Growing):
            free_at = within[-1] + limit.after(len(within)) if within else now
        else:
            free_at = within[-limit.times] + limit.span if len(within) >= limit.times else now
        if free_at > now:
            longest = max(longest, int((free_at - now).total_seconds()) + 1)
    return longest


def refuse(seconds: int) -> None:
    """Raise TooMany when there is anything to wait for."""
    if seconds:
        raise TooMany(
            "Too many attempts that did not succeed.",
            retry_after=seconds,
            do=f"Wait {_spoken(seconds)}, or sign in with a passkey: that way stays open.",
        )


def source_of(address: str) -> str:
    """Return the part of an address that one household controls: the IPv4 address, or the IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _spoken(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return "a minute" if minutes <= 1 else f"{minutes} minutes"
