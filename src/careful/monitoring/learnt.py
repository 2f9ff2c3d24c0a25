"""What quiet days were like: the baseline of a fleet, learnt from recordings without trouble in them. Pure values.

Kept as JSON, so that one recording of a quiet day serves many replays. Limits that come from here are multiples of the
most that was seen; they are never taken from an attack.
"""

from msgspec import Struct


class Span(Struct, array_like=True, frozen=True):
    """The least and the most that a reading was."""

    low: float
    high: float


class Beat(Struct, array_like=True, frozen=True):
    """How regularly a device says something: every so many seconds, so many messages (0: it varies)."""

    period: float
    count: int = 0


class Learnt(Struct, frozen=True, kw_only=True):
    """The baseline."""

    device_days: float = 0.0
    devices: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    """`host:port/transport` of every conversation that a device opened."""
    most: dict[str, float] = {}
    """Figure -> the most that one device came to in a minute."""
    sessions: int = 0
    """The most MQTT connections that one device held at once."""
    beats: dict[str, Beat] = {}
    """`device topic` -> how regularly."""
    readings: dict[str, Span] = {}
    """`device reading` -> the least and the most it was."""
