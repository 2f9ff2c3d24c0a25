"""From packets to windows: follows conversations, names their far ends, reads MQTT, and cuts time into seconds."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from careful.monitoring.captures import layers
from careful.monitoring.captures.layers import ACK, FIN, RST, SYN, Packet
from careful.monitoring.captures.limits import Limits
from careful.monitoring.captures.names import dns_answers
from careful.monitoring.captures.places import NOBODY, Devices, many, near
from careful.monitoring.captures.seconds import Seconds
from careful.monitoring.captures.slices import JOINS, Conversation, Key, Moved
from careful.monitoring.captures.talks import Broker, Talks
from careful.monitoring.model import Window

_REUSED_AFTER = 60.0
"""Seconds after which a SYN on the same ports is a new conversation though the old one's end was not recorded."""
_LISTENING = frozenset({1883, 8883, 5683, 5684, 5353, 1900, 3478, 8080, 8443, 3306, 5432, 6379, 8086, 3389, 5900, 9999})
_FIRST_HIGH_PORT = 1024
_DNS = frozenset({53, 5353})
_NAMES_EACH = 8


class Conversations:
    """Takes packets in the order of the recording and gives the windows that are complete."""

    def __init__(
        self,
        devices: Devices,
        product: str = "",
        limits: Limits | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._devices = devices
        self._limits = limits or Limits()
        self._open: dict[Key, Conversation] = {}
        self._closed: deque[tuple[float, Key]] = deque()
        self._owners: dict[str, bytes] = {}
        self._broker = Broker(self._limits)
        self.names: dict[str, str] = dict(names or {})
        """Address -> name, as it becomes known."""
        self.seconds = Seconds(product, self.names)

    def windows(self, packets: Iterable[Packet]) -> Iterator[Window]:
        """Yield windows as seconds end, and at the end what the last one held."""
        until = self.seconds.until
        for packet in packets:
            yield from until(packet.at)
            if self._closed and packet.at - self._closed[0][0] > _REUSED_AFTER:
                self._sweep(packet.at)
            self._take(packet)
        yield from self.seconds.finish()

    def _take(self, packet: Packet) -> None:
        if packet.protocol == layers.ARP:
            self._arp(packet)
            return
        source, target = packet.source, packet.target
        key = (source, packet.source_port, target, packet.target_port, packet.protocol)
        forth = self._open.get(key)
        back = None if forth else self._open.get((target, packet.target_port, source, packet.source_port, key[4]))
        found = forth or back
        fresh = packet.flags & (SYN | ACK) == SYN and packet.protocol == layers.TCP
        if found is not None and fresh and found.state == "established":
            self._end(found, from_opener=True)  # its end was not recorded, and the ports serve again
        if found is None or (fresh and (found.closed or packet.at - found.last > _REUSED_AFTER)):
            found = self._begin(packet)
            if found is None:
                return
        out = found.near == source and found.near_port == packet.source_port
        self._count(found, packet, out)
        if packet.protocol == layers.TCP:
            self._tcp(found, packet, out)
        elif packet.protocol == layers.UDP and packet.source_port in _DNS and packet.payload:
            for name, address in dns_answers(packet.payload):
                self._name(address, name)

    def _begin(self, packet: Packet) -> Conversation | None:
        if called(packet):
            opener, server, port, opener_port = packet.source, packet.target, packet.target_port, packet.source_port
            opener_mac, server_mac = packet.source_mac, packet.target_mac
        else:
            opener, server, port, opener_port = packet.target, packet.source, packet.source_port, packet.target_port
            opener_mac, server_mac = packet.target_mac, packet.source_mac
        device, by_device = self._devices.id_of(opener, opener_mac), True
        if device == NOBODY:
            device, by_device = self._devices.id_of(server, server_mac), False
        if device == NOBODY:
            return None
        if len(self._open) >= self._limits.conversations:
            self._forget()
        made = Conversation(
            device=device,
            peer=server if by_device else opener,
            port=port,
            transport=layers.NAMES.get(packet.protocol, str(packet.protocol)),
            opened_by_device=by_device,
            began=packet.at,
            last=packet.at,
            near=opener if by_device else server,
            near_port=opener_port if by_device else port,
            key=(opener, opener_port, server, port, packet.protocol),
            state="attempt",
        )
        if many(made.peer):
            made.state = "unknown"
        if packet.protocol == layers.TCP:
            whole = packet.flags & SYN != 0
            made.talks = Talks(opener, (opener_port, port), whole=whole)
            if not whole:
                # It was under way before the recording began: no new conversation.
                made.state, made.began = "established", packet.at - 1.0
                self._hold(made, 1)
        self._open[made.key] = made
        return made

    def _count(self, found: Conversation, packet: Packet, out: bool) -> None:
        slice_ = self.seconds.of(found.device)
        moved = slice_.moved.get(id(found))
        if moved is None:
            moved = slice_.moved[id(found)] = Moved(found)
        found.last = packet.at
        if out:
            moved.packets_out += 1
            moved.bytes_out += packet.length
        else:
            moved.packets_in += 1
            moved.bytes_in += packet.length
        if out != found.opened_by_device and not found.answered:
            found.answered = True
            if found.state == "attempt" and packet.protocol != layers.TCP:
                found.state = "established"

    def _tcp(self, found: Conversation, packet: Packet, out: bool) -> None:
        flags = packet.flags
        from_opener = out == found.opened_by_device
        if flags & RST:
            if found.state == "attempt" and not from_opener:
                found.state = "refused"
            self._end(found, from_opener=from_opener)
            return
        talks = found.talks
        if flags & SYN:
            if flags & ACK and found.state == "attempt":
                found.state = "established"
                self._hold(found, 1)
            if isinstance(talks, Talks):
                talks.start(packet.sequence, from_opener=from_opener)
        elif packet.length and isinstance(talks, Talks):
            talks.read(packet, self.seconds.of(found.device), self._broker, from_opener=from_opener)
            if talks.host and found.opened_by_device:
                found.host = talks.host
        if flags & FIN:
            self._end(found, from_opener=from_opener)

    def _end(self, found: Conversation, *, from_opener: bool) -> None:
        if found.closed:
            return
        found.closed = True
        self._closed.append((found.last, found.key))
        if found.state == "established":
            self._hold(found, -1)
        if isinstance(found.talks, Talks):
            found.talks.close(self.seconds.of(found.device), self._broker, from_opener=from_opener)

    def _hold(self, found: Conversation, more: int) -> None:
        if found.opened_by_device:
            self.seconds.hold(found.device, more)

    def _sweep(self, now: float) -> None:
        """Forget conversations that ended a while ago: until then, their last packets belong to them."""
        while self._closed and now - self._closed[0][0] > _REUSED_AFTER:
            key = self._closed.popleft()[1]
            found = self._open.get(key)
            if found is not None and found.closed:
                del self._open[key]

    def _forget(self) -> None:
        """Make room: closed conversations first, then those begun longest ago."""
        closed = [key for key, one in self._open.items() if one.closed]
        for key in closed or list(islice(self._open, len(self._open) // 4)):
            gone = self._open.pop(key)
            if not gone.closed and gone.state == "established":
                self._hold(gone, -1)

    def _name(self, address: str, name: str) -> None:
        """Note a name for an address. One address may have several, as in a content network."""
        before = self.names.get(address)
        if before is None:
            if name and len(self.names) < self._limits.names:
                self.names[address] = name
        elif name not in (many_names := before.split(JOINS)) and len(many_names) < _NAMES_EACH:
            self.names[address] = f"{before}{JOINS}{name}"

    def _arp(self, packet: Packet) -> None:
        device = self._devices.id_of(packet.source, packet.source_mac)
        if device == NOBODY or not near(packet.source):
            return
        slice_ = self.seconds.of(device)
        if packet.flags == 1 and packet.source != packet.target:
            slice_.asked.add(packet.target)
        owner = self._owners.get(packet.source)
        if owner is not None and owner != packet.source_mac:
            slice_.count("address_conflicts")
        if owner is not None or len(self._owners) < self._limits.devices:
            self._owners[packet.source] = packet.source_mac


def called(packet: Packet) -> bool:
    """Tell whether the packet goes to the side that was called, so that its source opened the conversation."""
    if packet.protocol == layers.TCP and packet.flags & SYN:
        return packet.flags & ACK == 0
    from_known = packet.source_port < _FIRST_HIGH_PORT or packet.source_port in _LISTENING
    to_known = packet.target_port < _FIRST_HIGH_PORT or packet.target_port in _LISTENING
    return to_known or not from_known or packet.source_port == packet.target_port
