"""What one device did within the second that is being read, and the `Window` it becomes."""

from dataclasses import dataclass, field
from types import MappingProxyType

from careful.monitoring.captures.limits import Limits
from careful.monitoring.model import Flow, State, Window

OTHER_TOPICS = "*"
JOINS = "|"
"""Stands between the names of one address, where it has several."""


Key = tuple[str, int, str, int, int]
"""Opener and its port, server and its port, protocol."""


@dataclass(slots=True, eq=False)
class Conversation:
    """Two addresses and ports that talk. The device is at the near side."""

    device: str
    peer: str
    port: int
    transport: str
    opened_by_device: bool
    began: float
    last: float
    near: str
    """The device's own address and port, as written in packets."""
    near_port: int
    key: Key = ("", 0, "", 0, 0)
    state: State = "attempt"
    answered: bool = False
    closed: bool = False
    talks: object | None = None
    host: str | None = None
    """The peer's name, where the record itself gives it."""


@dataclass(slots=True)
class Moved:
    """What one conversation moved in this second."""

    conversation: Conversation
    packets_out: int = 0
    packets_in: int = 0
    bytes_out: int = 0
    bytes_in: int = 0


@dataclass(slots=True)
class Slice:
    """Counts of one device, in one second."""

    messages: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    counters: dict[str, float] = field(default_factory=dict)
    moved: dict[int, Moved] = field(default_factory=dict)
    networks: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    connects: int = 0
    disconnects: int = 0
    refused_logins: int = 0

    def count(self, name: str, more: float = 1.0) -> None:
        """Add to a counter."""
        self.counters[name] = self.counters.get(name, 0.0) + more

    def refuse(self, kind: str) -> None:
        """Count one refusal."""
        self.refusals[kind] = self.refusals.get(kind, 0) + 1

    def message(self, topic: str, size: int, limits: Limits) -> None:
        """Count one message by topic; beyond the limit of topics, under one name for all others."""
        if topic not in self.messages and len(self.messages) >= limits.topics:
            topic = OTHER_TOPICS
        self.messages[topic] = self.messages.get(topic, 0) + 1
        self.bytes[topic] = self.bytes.get(topic, 0) + size

    def window(self, device: str, product: str, start: float, seconds: float, names: dict[str, str]) -> Window:
        """Return the finished window; `names` are those known for addresses by now."""
        flows = tuple(_flow(one, start, names) for one in self.moved.values())
        if self.asked:
            self.counters["arp_targets"] = float(len(self.asked))
        if flows:
            self.counters["packets_out"] = float(sum(one.packets_out for one in flows))
            self.counters["packets_in"] = float(sum(one.packets_in for one in flows))
            self.counters["bytes_out"] = float(sum(one.bytes_out for one in flows))
            self.counters["bytes_in"] = float(sum(one.bytes_in for one in flows))
        return Window(
            device=device,
            product=product,
            release=None,
            start=start,
            seconds=seconds,
            messages=MappingProxyType(self.messages),
            bytes=MappingProxyType(self.bytes),
            refusals=MappingProxyType(self.refusals),
            connects=self.connects,
            disconnects=self.disconnects,
            networks=frozenset(self.networks),
            flows=flows,
            counters=MappingProxyType(self.counters),
            refused_logins=self.refused_logins,
            is_live=False,
        )


def _flow(moved: Moved, start: float, names: dict[str, str]) -> Flow:
    one = moved.conversation
    return Flow(
        at=max(one.began, start),
        device=one.device,
        peer=one.peer,
        host=one.host or names.get(one.peer),
        port=one.port,
        transport=one.transport,
        opened_by_device=one.opened_by_device,
        packets_out=moved.packets_out,
        packets_in=moved.packets_in,
        bytes_out=moved.bytes_out,
        bytes_in=moved.bytes_in,
        seconds=one.last - one.began,
        state=one.state,
    )
