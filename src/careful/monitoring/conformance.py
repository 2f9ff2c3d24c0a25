"""Declared and seen, both ways: what a recording shows undeclared, and what is declared and never showed. Pure.

Also what a comparison shows beside: conversations in the clear with machines outside, callers that were answered, and
services that answer at length.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from careful.monitoring.captures.places import many, near
from careful.monitoring.captures.slices import JOINS
from careful.monitoring.model import Flow, Window
from careful.monitoring.profile import LOCAL, Entry, Profile, covers

_MOST = 5_000
_ADDRESSES = 64
_CLEAR = frozenset({21, 23, 25, 80, 110, 143, 1883, 5683, 8080})
"""Services that are spoken without encryption on these ports."""
_AMPLIFIES_FROM = 500
"""Bytes of an answer below which nobody would use it to amplify."""
_STREAM = "up/"


@dataclass(slots=True)
class Seen:
    """One kind of conversation that was seen."""

    peer: str
    """Its name where one is known, else its address."""
    port: int
    transport: str
    opened_by_device: bool
    declared: str | None
    """What declares it; None where nothing does."""
    conversations: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    first: float = 0.0
    last: float = 0.0
    devices: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    answered: bool = False
    outside: bool = False

    @property
    def in_the_clear(self) -> bool:
        """Tell whether it goes outside on a port where nothing is encrypted."""
        return self.outside and self.port in _CLEAR

    @property
    def amplifies(self) -> float:
        """Return how many times the bytes it was asked with a UDP service gave a caller."""
        if self.opened_by_device or self.transport != "udp" or self.bytes_out < _AMPLIFIES_FROM:
            return 0.0
        return self.bytes_out / max(self.bytes_in, 1)

    def says(self) -> str:
        """Say it in words, such as `to api.example.com, tcp 443`."""
        return f"{'to' if self.opened_by_device else 'from'} {self.peer}, {self.transport} {self.port}"


@dataclass(frozen=True, slots=True)
class Compared:
    """The result."""

    seen: tuple[Seen, ...]
    never: tuple[Entry, ...]
    streams_undeclared: tuple[str, ...]
    streams_never: tuple[str, ...]
    declared: int
    """How many permissions there are."""
    too_many: int

    @property
    def undeclared(self) -> tuple[Seen, ...]:
        """Return what was seen and nobody declared."""
        return tuple(one for one in self.seen if one.declared is None)

    @property
    def share_declared(self) -> float | None:
        """Return the share of what was seen that is declared; None where nothing was seen."""
        return None if not self.seen else 1.0 - len(self.undeclared) / len(self.seen)

    @property
    def share_seen(self) -> float | None:
        """Return the share of what is declared that was seen; None where nothing is declared."""
        return None if not self.declared else 1.0 - len(self.never) / self.declared


class Comparison:
    """Takes windows and compares them with a profile, and their topics with the streams that are declared."""

    def __init__(self, profile: Profile, streams: Mapping[str, object] | None = None) -> None:
        self._profile = profile
        self._streams = streams
        self._seen: dict[tuple[str, int, str, bool], Seen] = {}
        self._used: set[int] = set()
        self._topics: set[str] = set()
        self._messages = False
        self._too_many = 0

    def see(self, window: Window) -> None:
        """Take one window."""
        for flow in window.flows:
            self._conversation(flow)
        for topic in window.messages:
            self._messages = True
            if len(self._topics) < _MOST:
                self._topics.add(topic)

    def result(self) -> Compared:
        """Return what came of it."""
        entries = self._profile.entries
        # A permission that stands in both lists, for what goes out and for its answers, is one.
        used = {_way(entries[number]) for number in self._used}
        ways = {_way(one): one for one in entries}
        streams = {one.removeprefix(_STREAM) for one in self._topics if one.startswith(_STREAM)}
        declared = set(self._streams or ())
        return Compared(
            seen=tuple(
                sorted(
                    _named_late(list(self._seen.values())),
                    key=lambda one: (one.declared is not None, one.peer, one.port),
                )
            ),
            never=tuple(one for way, one in ways.items() if way not in used),
            streams_undeclared=tuple(sorted(streams - declared)) if self._streams is not None else (),
            streams_never=tuple(sorted(declared - streams)) if self._streams is not None and self._messages else (),
            declared=len(ways),
            too_many=self._too_many,
        )

    def _conversation(self, flow: Flow) -> None:
        unanswered = not flow.opened_by_device and flow.state in {"attempt", "refused"}
        if flow.transport not in {"tcp", "udp"} or unanswered:
            return
        key = (flow.host or flow.peer, flow.port, flow.transport, flow.opened_by_device)
        one = self._seen.get(key)
        if one is None:
            if len(self._seen) >= _MOST:
                self._too_many += 1
                return
            one = self._seen[key] = self._new(flow)
        one.conversations += 1
        one.bytes_out += flow.bytes_out
        one.bytes_in += flow.bytes_in
        one.last = max(one.last, flow.at + flow.seconds)
        one.devices.add(flow.device)
        if len(one.addresses) < _ADDRESSES:
            one.addresses.add(flow.peer)
        one.answered = one.answered or (flow.packets_out > 0 and flow.packets_in > 0)

    def _new(self, flow: Flow) -> Seen:
        covering = [number for number, entry in enumerate(self._profile.entries) if covers(entry, flow)]
        self._used.update(covering)
        granted = "granted to every device" if self._profile.permits(flow) else None
        declared = self._profile.entries[covering[0]].says() if covering else granted
        outside = flow.peer != LOCAL and not near(flow.peer) and not many(flow.peer)
        return Seen(
            flow.host or flow.peer, flow.port, flow.transport, flow.opened_by_device, declared, first=flow.at,
            outside=outside,
        )  # fmt: skip


def _named_late(found: list[Seen]) -> list[Seen]:
    """Give what was seen before its name was known to the conversation that has the name."""
    named = {
        (address, one.port, one.transport, one.opened_by_device): one
        for one in found
        for address in one.addresses
        if one.peer not in one.addresses
    }
    kept = []
    for one in found:
        whole = named.get((one.peer, one.port, one.transport, one.opened_by_device))
        if whole is None:
            kept.append(one)
            continue
        whole.conversations += one.conversations
        whole.bytes_out, whole.bytes_in = whole.bytes_out + one.bytes_out, whole.bytes_in + one.bytes_in
        whole.first, whole.devices = min(whole.first, one.first), whole.devices | one.devices
        whole.answered = whole.answered or one.answered
    return kept


def _way(entry: Entry) -> tuple[object, ...]:
    return (
        entry.transport, entry.host, entry.network, entry.local, entry.group, entry.peer_port, entry.device_port
    )  # fmt: skip


class Edge(NamedTuple):
    """One line of a draft of the ecosystem."""

    element: str
    hosts: tuple[str, ...]
    protocol: str
    port: int
    direction: str


_PROTOCOLS = {
    (443, "tcp"): "https",
    (80, "tcp"): "http",
    (8883, "tcp"): "mqtts",
    (1883, "tcp"): "mqtt",
    (123, "udp"): "ntp",
}


def draft(compared: Compared) -> list[Edge]:
    """Propose edges of the ecosystem for what was seen and is not declared: for a person to read, never taken over."""
    edges = []
    for one in compared.undeclared:
        hosts = tuple(name for name in one.peer.split(JOINS) if _is_name(name))
        element = _element(hosts[0]) if hosts else "unnamed"
        protocol = _PROTOCOLS.get((one.port, one.transport), one.transport)
        direction = "out" if one.opened_by_device else "in"
        edges.append(Edge(element, hosts, protocol, one.port, direction))
    return edges


def _is_name(peer: str) -> bool:
    return peer != LOCAL and any(sign.isalpha() for sign in peer) and ":" not in peer


def _element(host: str) -> str:
    """Make an id out of a name: its last two parts."""
    return "-".join(host.rstrip(".").split(".")[-2:]).lower()[:40]
