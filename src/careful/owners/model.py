"""What is true of owners: how a code on a unit reads, when a claim holds, how often a stranger may try; pure.

An owner is whoever proved that a device is theirs. There is no account: their address is that of the device's contact,
in the devices' own table, and is known here by a keyed digest alone.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from careful.people import Limit

Why = Literal["passed-on", "address-gone", "time-over", "retired"]
"""Why a claim ended: the owner passed the device on; their address is the device's contact no more; the customer's time
was over (reset, passed on by the maker); the device was retired."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no letter to misread on a label
_MISREAD = str.maketrans({"i": "1", "l": "1", "o": "0", "u": "v"})
_GROUPS, _GROUP = 4, 4
CODE_LONGEST = 64
"""Characters of a typed code that are looked at."""
CODES_AT_ONCE = 1000
LINK_LIVES = timedelta(minutes=15)
SESSION_LIVES = timedelta(hours=2)
LONGEST = timedelta(days=1)
"""Tries older than this count for nothing and are forgotten."""


LINKS_FOR_ADDRESS = (Limit(3, timedelta(minutes=15)), Limit(10, timedelta(days=1)))
"""Links mailed to one address. Past it nothing is sent, and the answer is the same."""
LINKS_FROM_SOURCE = (Limit(10, timedelta(minutes=15)), Limit(50, timedelta(days=1)))
"""Links asked for from one network address (IPv6: one /64)."""
WRONG_FROM_SOURCE = (Limit(10, timedelta(minutes=15)), Limit(50, timedelta(days=1)))
"""Wrong codes and links from one network address."""
WRONG_FOR_DEVICE = (Limit(20, timedelta(minutes=15)), Limit(100, timedelta(days=1)))
"""Wrong codes for one device, from anywhere."""
FROM_EVERYWHERE = (Limit(2000, timedelta(minutes=15)),)
"""Links asked for in all: what bounds the table and the mail server."""


@dataclass(frozen=True, slots=True)
class Code:
    """The code for one unit's label. It is here and nowhere else: what is kept is a digest."""

    device: str
    code: str
    address: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A device that is somebody's, since when; `mail` is the keyed digest of their address."""

    device: str
    owner: str
    mail: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody at the public pages who opened a link that was mailed to them."""

    id: str
    owner: str
    mail: str
    created_at: datetime
    seen_at: datetime

    def lives(self, now: datetime, idle: timedelta) -> bool:
        """Tell whether it is neither idle nor too old."""
        return now - self.seen_at < idle and now - self.created_at < SESSION_LIVES


def new_code() -> str:
    """Return 80 random bits in four groups, for a label."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def read_code(typed: str) -> str:
    """Return what was typed in the form that is hashed (case, spaces, misread letters mended), "" for no code."""
    plain = re.sub(r"[\s-]", "", typed[:CODE_LONGEST]).lower().translate(_MISREAD)
    if len(plain) != _GROUPS * _GROUP or any(sign not in _ALPHABET for sign in plain):
        return ""
    return "-".join(plain[start : start + _GROUP] for start in range(0, len(plain), _GROUP))
