"""What is seen of a device, what its product's declaration expects, and what a detection says. Pure values.

A `Window` is what one device did in a short time, one second in the running system; a capture is cut into the same
windows. A detection sees a window, what is expected, and what it remembers itself: nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

from careful.monitoring.learnt import Learnt

Action = Literal["note", "alert", "quarantine"]
"""What a detection leads to: written down; shown to a person; the device cut off at once, and shown."""
ACTIONS: tuple[Action, ...] = ("note", "alert", "quarantine")
LimitFrom = Literal["declaration", "baseline", "built-in"]
State = Literal["established", "attempt", "refused", "unknown"]

Place = tuple[str, int, str]
"""Host, port, transport (`tcp` or `udp`)."""
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Flow:
    """One conversation, seen from the device. `port` is the service's port, at whichever side it is."""

    at: float
    """Seconds since 1970."""
    device: str
    peer: str
    """The other side's address."""
    host: str | None
    """Its name, where it is known."""
    port: int
    transport: str
    opened_by_device: bool = True
    packets_out: int = 0
    packets_in: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    seconds: float = 0.0
    state: State = "unknown"


@dataclass(frozen=True, slots=True)
class Window:
    """What one device did from `start` on, for `seconds`."""

    device: str
    product: str
    release: str | None
    """The version it runs, where it has said so."""
    start: float
    seconds: float = 1.0
    messages: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """Messages taken, by topic without the device's prefix: `up/<stream>`, `event/<name>`, `state/reported`."""
    bytes: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    refusals: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """Refused by kind, in the gateway's words: `undeclared-field`, `foreign-topic`, `unknown-topic`, ..."""
    left_out: int = 0
    """How many of the refusals cost a field only: the message without it was taken, and is among the messages."""
    connects: int = 0
    disconnects: int = 0
    networks: frozenset[str] = frozenset()
    """Networks it connected from, shortened (IPv4 /24, IPv6 /48): enough to tell two places apart."""
    flows: tuple[Flow, ...] = ()
    counters: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    """How much more since the last window: `bytes_out`, `bytes_in`, `packets_out`, `packets_in`; how many now:
    `listening_tcp`, `listening_udp`, `established_tcp`; how often: `overlaps`, `downgrades`, `unauthorised`."""
    is_live: bool = True
    """Whether it was seen by the gateway: then the values of readings are kept nowhere, nor said."""
    listening: frozenset[tuple[int, str]] = frozenset()
    """Ports and transports on which the device says that others can knock."""
    undeclared: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """Undeclared field -> how often it was refused."""
    clock_offset: float | None = None
    """Seconds by which the device's clock is ahead of ours (negative: behind)."""
    refused_logins: int = 0
    forks: int = 0
    """How often it presented a nonce that is neither of the last two."""

    @property
    def end(self) -> float:
        """When the window closes."""
        return self.start + self.seconds

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was heard of the device."""
        return not (self.messages or self.refusals or self.connects or self.flows or self.counters)

    @property
    def said(self) -> int:
        """How many messages were taken."""
        return sum(self.messages.values())

    @property
    def sent(self) -> int:
        """How many bytes left the device: its messages and, where they are known, its conversations."""
        flows = sum(one.bytes_out for one in self.flows)
        return max(sum(self.bytes.values()), flows, int(self.counters.get("bytes_out", 0)))


@dataclass(frozen=True, slots=True)
class Rate:
    """How much of something is declared: so many messages, so many bytes, in so many seconds."""

    messages: float | None
    bytes: float | None
    seconds: float


class Permits(Protocol):
    """Something that knows which conversations a device may have."""

    def permits(self, flow: Flow) -> bool:
        """Tell whether one is permitted."""
        ...


@dataclass(frozen=True, slots=True)
class Expected:
    """What a product's declaration lets one expect of its devices. None: the declaration does not say."""

    product: str
    hosts: frozenset[Place] | None = None
    """Where devices may open conversations to."""
    inbound: frozenset[Place] | None = None
    """From where, and to which of their ports, others may."""
    addresses: Mapping[str, frozenset[str]] = field(default_factory=lambda: NOTHING)
    """Host -> its addresses, where they are known: for flows that come without a name."""
    rates: Mapping[str, Rate] = field(default_factory=lambda: NOTHING)
    """Stream -> its declared rate."""
    heartbeat_seconds: float | None = None
    streams: Mapping[str, frozenset[str]] = field(default_factory=lambda: NOTHING)
    """Stream -> its fields."""
    events: frozenset[str] = frozenset()
    release: str = ""
    """The release, where it is one of ours: a device may say that it runs whatever it likes."""
    cohort: Mapping[str, tuple[float, float, int]] = field(default_factory=lambda: NOTHING)
    """Feature -> (median, spread, devices) of devices of the same product and release."""
    profile: Permits | None = None
    """A network profile (MUD file), which then decides on conversations instead of `hosts` and `inbound`."""
    learnt: Learnt | None = None
    """What quiet days were like, where some were recorded."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One rule that fired for one device."""

    rule: str
    device: str
    at: float
    """The end of the window in which it fired."""
    observed: float
    limit: float
    limit_from: LimitFrom
    says: str
    """One sentence for a person."""
    cause: str
    """What many devices may have in common: alerts are grouped by it. No device's name is in it."""
    action: Action
    names: tuple[str, ...] = ()
    """What it is about, where devices choose the names: they are listed in the alert and make none of their own."""
    is_fresh: bool = False
    """Whether there is a name among them that was not told of this device lately: then the detection is news."""
