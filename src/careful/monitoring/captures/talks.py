"""What is said inside one TCP conversation: a name for the far end, and MQTT where it is spoken."""

from careful.monitoring.captures import mqtt
from careful.monitoring.captures.layers import Packet
from careful.monitoring.captures.limits import Limits
from careful.monitoring.captures.names import http_host, tls_name
from careful.monitoring.captures.places import network
from careful.monitoring.captures.slices import Slice
from careful.monitoring.captures.streams import Stream

_MQTT_PORT = 1883
_SNIFFED = 16 * 1024
_RECENT = 32
_READINGS = 256
_LOGIN_CODES = frozenset({4, 5, 0x86, 0x87, 0x8A, 0x8C, 0x9F})


class Broker:
    """What is known of all MQTT clients in a recording together."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._where: dict[str, tuple[str, int]] = {}
        self._held: dict[str, int] = {}

    def opened(self, address: str, more: int) -> float:
        """Note one more, or one fewer, MQTT connection of an address, and return how many it has."""
        now = max(self._held.get(address, 0) + more, 0)
        if now or address in self._held:
            self._held[address] = now
        if not now:
            self._held.pop(address, None)
        return float(now)

    def joins(self, client: str, address: str, port: int) -> bool:
        """Note a client id. Return whether it is connected from another address at the same time."""
        before = self._where.get(client)
        if before is not None or len(self._where) < self.limits.names:
            self._where[client] = (address, port)
        return before is not None and before[0] != address

    def leaves(self, client: str, address: str, port: int) -> None:
        """Forget a client id, if it is this connection that had it."""
        if self._where.get(client) == (address, port):
            del self._where[client]


class Talks:
    """Both directions of one TCP conversation."""

    __slots__ = (
        "_address", "_begun", "_client", "_down", "_from_broker", "_from_client", "_head", "_is_mqtt", "_known",
        "_logged_in", "_port", "_recent", "_up", "_waits", "host",
    )  # fmt: skip

    def __init__(self, address: str, ports: tuple[int, int], *, whole: bool) -> None:
        self._address, self._port = address, ports[0]
        self._up, self._down = Stream(), Stream()
        self._begun = whole
        self._is_mqtt = ports[1] == _MQTT_PORT
        self._known = False
        self._head = b""
        self._client: str | None = None
        self._logged_in = self._waits = False
        self._recent: dict[tuple[str, int, int], int] = {}
        self._from_client = mqtt.Talk(from_client=True, whole=whole)
        self._from_broker = mqtt.Talk(from_client=False, whole=whole)
        self.host = ""

    def start(self, sequence: int, *, from_opener: bool) -> None:
        """Take a SYN."""
        (self._up if from_opener else self._down).start(sequence)

    def read(self, packet: Packet, into: Slice, broker: Broker, *, from_opener: bool) -> None:
        """Take one segment with data. `host` is set as soon as the opener has named the far end."""
        if self._known and not self._is_mqtt:
            return
        stream, talk = (self._up, self._from_client) if from_opener else (self._down, self._from_broker)
        again = stream.again
        for data, gap in stream.take(packet.sequence, packet.payload, packet.length, packet.at):
            if gap:
                talk.hole()
                self._known = self._known or not self._is_mqtt
                continue
            if from_opener and not self._known:
                self._sniff(data)
                talk = self._from_client
            if self._is_mqtt:
                for said in talk.feed(data):
                    self._heard(said, into, broker, from_client=from_opener)
        if stream.again > again:
            into.count("resent")

    def _sniff(self, data: bytes) -> None:
        """Tell from the first bytes of the opener what is spoken."""
        self._head += data[:_SNIFFED]
        if not self._is_mqtt and mqtt.begins(self._head):
            self._is_mqtt = True
            self._from_client = mqtt.Talk(from_client=True, whole=True)
            self._from_broker = mqtt.Talk(from_client=False, whole=True)
        if self._is_mqtt:
            self._known, self._head = True, b""
            return
        self.host = tls_name(self._head) or http_host(self._head) or ""
        whole = not self._head.startswith(b"\x16\x03") or len(self._head) >= 5 + int.from_bytes(self._head[3:5], "big")
        self._known = bool(self.host) or whole or len(self._head) >= _SNIFFED
        if self._known:
            self._head = b""

    def _heard(self, said: mqtt.Said, into: Slice, broker: Broker, *, from_client: bool) -> None:
        """Count one MQTT packet, by the side it comes from."""
        if said.kind == "malformed":
            into.refuse("malformed" if from_client else "malformed-answer")
        elif from_client:
            self._asked(said, into, broker)
        else:
            self._answered(said, into)

    def _asked(self, said: mqtt.Said, into: Slice, broker: Broker) -> None:
        if said.kind == "publish":
            self._published(said, into, broker)
        elif said.kind == "connect" and self._client is not None:
            into.refuse("malformed")  # a second CONNECT on one connection
        elif said.kind == "connect":
            self._client, self._waits = said.topic, True
            self._from_broker.level = self._from_client.level
            into.connects += 1
            into.counters["mqtt_sessions"] = broker.opened(self._address, 1)
            into.networks.add(network(self._address))
            if said.topic and broker.joins(said.topic, self._address, self._port):
                into.count("overlaps")
        elif said.kind == "subscribe":
            into.count("subscriptions")
            if said.topic.startswith(("#", "+", "$")):
                into.count("wildcards")
        elif said.kind == "disconnect":
            self._waits = False
            into.count("left")

    def _answered(self, said: mqtt.Said, into: Slice) -> None:
        if said.kind == "publish":
            into.count("received")
        elif said.kind == "accepted":
            self._logged_in, self._waits = True, False
        elif said.kind == "refused":
            self._waits = False
            if said.number in _LOGIN_CODES:
                into.refused_logins += 1
            else:
                into.refuse("connect")
        elif said.kind == "denied":
            into.refuse("foreign-topic")

    def _published(self, said: mqtt.Said, into: Slice, broker: Broker) -> None:
        into.message(_short(said.topic, self._client), said.size, broker.limits)
        if said.reading is not None and len(into.counters) < _READINGS:
            into.counters[f"reading:{self._client or self._port}/{said.topic}"] = said.reading
        for name, value in said.fields:
            if len(into.counters) < _READINGS:
                into.counters[f"reading:{self._client or self._port}/{said.topic}.{name}"] = value
        if said.number:
            same = (said.topic, said.number, said.digest)
            if same in self._recent:
                into.count("repeated")
            self._recent[same] = 1
            if len(self._recent) > _RECENT:
                del self._recent[next(iter(self._recent))]

    def close(self, into: Slice, broker: Broker, *, from_opener: bool) -> None:
        """Take the end of the conversation, by one of the sides."""
        if self._client is None:
            return
        into.disconnects += 1
        broker.opened(self._address, -1)
        broker.leaves(self._client, self._address, self._port)
        if self._waits and not self._logged_in and not from_opener:
            into.refused_logins += 1  # shown the door without a word
            self._waits = False


def _short(topic: str, client: str | None) -> str:
    """Leave out Careful's own prefix, `d/<device>/`, so that a rule for a stream holds for every device."""
    return topic[len(client) + 3 :] if client and topic.startswith(f"d/{client}/") else topic
