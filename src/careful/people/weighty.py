"""What weighs enough to be asked once more: the rights that a signed-in browser alone does not carry.

Signing, releasing, cutting off many devices, taking data away, and changing who may do what. The list is of rights and
not of pages, so a page that comes later is covered by the right it asks for.
"""

from datetime import UTC, datetime, timedelta

PROOF_MINUTES = 10
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a factor was last shown, for a session in which none strong enough was."""

WEIGHTY: frozenset[tuple[str, str]] = frozenset(
    {
        # signing
        ("products", "approve"),
        ("releases", "sign"),
        # releasing, also in words
        ("products", "publish"),
        ("products", "sell"),
        ("releases", "publish"),
        ("rollouts", "start"),
        ("rollouts", "resume"),
        ("notices", "publish"),
        ("notices", "tell"),
        # many devices at once
        ("watch", "cut"),
        # taking data away
        ("data", "release"),
        ("data", "break-glass"),
        ("evidence", "export"),
        # who may do what
        ("staff", "invite"),
        ("staff", "change"),
        ("tokens", "issue"),
        ("tokens", "trust"),
        ("settings", "change"),
        # being the second person
        ("releases", "countersign"),
        ("rollouts", "countersign"),
        ("cases", "countersign"),
        ("staff", "countersign"),
        ("data", "countersign"),
    }
)
"""Rights as (resource, verb) that ask for a factor shown in the last ten minutes."""


def weighs(resource: str, verb: str) -> bool:
    """Tell whether this right asks for a fresh proof."""
    return (resource, verb) in WEIGHTY


def is_fresh(proved_at: datetime, now: datetime) -> bool:
    """Tell whether a factor shown then still counts; a moment yet to come never does."""
    return timedelta(0) <= now - proved_at <= timedelta(minutes=PROOF_MINUTES)
