"""What a session takes from the device: publishes, checked and handed to the inbox, and the answers that are owed.

An answer waits under a token until what it answers is on disk, and answers keep the order of the publishes. With QoS 2
the inbox keeps, on disk, which packet identifiers are taken: nothing of it has to be remembered here.
"""

from typing import Any

from careful.entrypoints.gateway import payloads
from careful.entrypoints.gateway.allowance import Spent
from careful.entrypoints.gateway.mqtt import permission, reasons
from careful.entrypoints.gateway.mqtt.events import Command, Count, Forget, Release, Report, Send, Store, Stored
from careful.entrypoints.gateway.mqtt.packets import NO_PACKET, PUBCOMP, PUBREC, Exactly, Packet, PubAck, Publish, Will
from careful.entrypoints.gateway.mqtt.permission import Denied
from careful.entrypoints.gateway.mqtt.terms import ALIASES_MOST, RECEIVE_MOST, Terms
from careful.products import NOBODY, Permit, Stream

IN_FLIGHT_MOST = RECEIVE_MOST
"""Publishes of one connection that may wait for the disk; reading pauses beyond them."""
IN_FLIGHT_BYTES = 256 * 1024
UNRELEASED_MOST = 1024
"""QoS 2 messages of a 3.1.1 connection that may wait for their PUBREL: that MQTT cannot say how many we take."""
REFUSALS_MOST = 5
"""The refused publish that ends a connection of 3.1.1, or from which on each costs one of MQTT 5 a rest."""
WILL_TOPIC = "event/offline"


class Over(Exception):
    """The connection must end; `code` is how MQTT 5 says why."""

    def __init__(self, why: str, code: int) -> None:
        super().__init__(why)
        self.why, self.code = why, code


class Upward:
    """The half of a session that comes up from the device. `stored` tells that it was answered at least once."""

    __slots__ = (
        "_aliases", "_bytes", "_is_new", "_pending", "_ready", "_refused", "_routes", "_terms", "_token", "_unreleased",
        "clock", "consents", "device", "fresh", "permit", "spent", "stored",
    )  # fmt: skip

    def __init__(self) -> None:
        self.device = ""
        self.permit: Permit | None = None
        self.consents = NOBODY
        self.spent: Spent = {}
        self.clock = 0.0
        self.fresh = True
        """Whether no QoS 2 packet identifier of this session can be taken yet."""
        self.stored = False
        self._is_new = True
        self._terms = Terms()
        self._routes: dict[str, permission.Route] = {}
        self._token = self._refused = self._bytes = 0
        self._pending: dict[int, tuple[Packet | None, int]] = {}
        self._ready: set[int] = set()
        self._unreleased: set[int] = set()
        self._aliases: dict[int, str] = {}

    def begin(self, terms: Terms, *, fresh: bool) -> None:
        """Begin, once the session is live."""
        self._terms, self.fresh, self._is_new = terms, fresh, fresh

    def change(self, permit: Permit) -> None:
        """Go by another declaration."""
        self.permit = permit
        self._routes.clear()

    @property
    def is_full(self) -> bool:
        """Whether so much waits for the disk that nothing more is to be read."""
        return len(self._pending) >= IN_FLIGHT_MOST or self._bytes >= IN_FLIGHT_BYTES

    @property
    def is_relaxed(self) -> bool:
        """Whether so little waits that reading may go on."""
        return len(self._pending) <= IN_FLIGHT_MOST // 2 and self._bytes <= IN_FLIGHT_BYTES // 2

    @property
    def is_settled(self) -> bool:
        """Whether the device has had an answer to all that it sent."""
        return self.stored and not self._pending

    @property
    def is_refused_often(self) -> bool:
        """Whether so much was refused that the device must slow down."""
        return self._refused >= REFUSALS_MOST

    def will(self, will: Will) -> Store | Denied:
        """Return how a will is stored once its time has come, or why it may not be left."""
        found = self._route(will.topic)
        if isinstance(found, Denied):
            return found
        if found.topic != WILL_TOPIC:
            return Denied("will-topic", found.topic)
        checked = permission.check(found, will.payload, self.consents)
        return checked.denied or Store(0, WILL_TOPIC, permission.taken(checked, will.payload))

    def publish(self, packet: Publish, now: float) -> list[Command]:
        """Take a PUBLISH. Raises Over."""
        if self._terms.five and packet.properties is not None:
            packet = self._named(packet, packet.properties)
            if packet.properties and packet.properties.get("payload_format") and not payloads.is_json(packet.payload):
                return self._refuse(Denied("payload-encoding", "CBOR that is said to be text"), packet)
        route = self._routes.get(packet.topic) or self._route(packet.topic)
        if isinstance(route, Denied):
            return self._refuse(route, packet)
        checked = permission.take(route, packet.payload, self.consents, self.spent, now, now + self.clock)
        if checked.denied is not None:
            return self._refuse(checked.denied, packet)
        self._token = token = self._token + 1
        payload, qos, number = packet.payload, packet.qos, packet.packet
        size = len(payload)
        answer = (PubAck(number) if qos == 1 else Exactly(PUBREC, number)) if qos else None
        self._pending[token] = (answer, size)
        self._bytes += size
        if checked.dropped or payload[:1] > b"\x7f":  # CBOR; asked in place, as it is for every message
            payload = permission.taken(checked, payload)
        stream: Stream | None = route.stream
        fields = checked.fields
        if not fields or route.stream.personal.isdisjoint(fields):
            stream, fields = None, None
        once = route.stream.time != "" and route.stream.time in (checked.fields or ())
        store = Store(token, route.topic, payload, number, packet.dup, stream, fields, qos > 1, once)
        commands: list[Command] = [store]
        if qos > 1:
            self._take(packet, commands)
        if checked.dropped:
            commands += [Count(one.kind, one.detail, left_out=True) for one in checked.dropped]
        if route.topic == "state/reported":
            commands += _report(checked.fields or {})
        return commands

    def _take(self, packet: Publish, commands: list[Command]) -> None:
        """Note that a packet identifier of QoS 2 is taken, as many as we said that we take."""
        if self.fresh:
            commands.insert(0, Forget())
            self.fresh = False
        self._unreleased.add(packet.packet)
        if len(self._unreleased) > (RECEIVE_MOST if self._terms.five else UNRELEASED_MOST):
            raise Over("more QoS 2 messages in flight than are taken", reasons.TOO_MANY_AT_ONCE)

    def _named(self, packet: Publish, given: dict[str, Any]) -> Publish:
        """Return a PUBLISH of MQTT 5 under its topic's name. Raises Over where a property breaks the rules."""
        if "identifier" in given or any(one in given.get("response_topic", "") for one in "+#"):
            raise Over("a property that no client's PUBLISH may have", reasons.PROTOCOL_ERROR)
        alias = given.get("alias")
        if alias is None:
            return packet
        if not 1 <= alias <= ALIASES_MOST:
            raise Over(f"topic alias {alias}; {ALIASES_MOST} are taken", reasons.ALIAS_INVALID)
        if packet.topic:
            self._aliases[alias] = packet.topic[: permission.TOPIC_BYTES + 1]  # a longer one is refused either way
            return packet
        topic = self._aliases.get(alias)
        if topic is None:
            raise Over("a topic alias that stands for nothing", reasons.PROTOCOL_ERROR)
        return Publish(topic, packet.payload, packet.qos, packet.packet, packet.dup, packet.retain, given)

    def _route(self, topic: str) -> permission.Route | Denied:
        if self.permit is None:  # nobody publishes before it is known who it is
            return Denied("unknown-topic", topic[:80])
        found = permission.route(self.permit, self.device, topic)
        if isinstance(found, permission.Route):
            self._routes[topic] = found  # no more of these than the declaration has streams and events
        return found

    def _refuse(self, denied: Denied, packet: Publish) -> list[Command]:
        self._refused += 1
        counted = Count(denied.kind, denied.detail)
        return [counted, *self._say_no(denied, packet)] if self._terms.five and packet.qos else [counted]

    def _say_no(self, denied: Denied, packet: Publish) -> list[Command]:
        """Refuse a publish of MQTT 5 by its code, when its turn has come."""
        why = {"reason": f"{denied.kind}: {denied.detail}"} if self._terms.explains else None
        answer = _answer(packet, reasons.refusal(denied.kind), why)
        # A PUBREC that says no frees the identifier, also that of a message taken before and sent again.
        commands: list[Command] = [Release(0, packet.packet)] if packet.qos > 1 and not self.fresh else []
        if self._pending:
            self._ready.add(self.promise(answer))
        else:
            commands.append(Send(answer))
        return commands

    def release(self, packet: int) -> list[Command]:
        """Take a PUBREL: PUBCOMP follows once it is on disk that the packet identifier is free."""
        if self._terms.five and self._is_new and packet not in self._unreleased:
            return [Send(Exactly(PUBCOMP, packet, NO_PACKET))]  # such as one that was refused
        self._unreleased.discard(packet)
        return [Release(self.promise(Exactly(PUBCOMP, packet)), packet)]

    def promise(self, answer: Packet) -> int:
        """Return a token; `answer` is sent when it comes back as stored."""
        self._token += 1
        self._pending[self._token] = (answer, 0)
        return self._token

    def on_disk(self, event: Stored) -> list[Command]:
        """Send the answers to what is stored, and the refusals whose turn has come."""
        commands: list[Command] = []
        for token in event.tokens:
            answer, size = self._pending.pop(token, (None, 0))
            self._bytes -= size
            if answer is not None:
                commands.append(Send(answer))
                if type(answer) is PubAck:
                    self.stored = True
        while self._ready and (first := next(iter(self._pending))) in self._ready:
            self._ready.remove(first)
            commands.append(Send(self._pending.pop(first)[0]))  # type: ignore[arg-type] # what is ready is an answer
        return commands


def _answer(packet: Publish, code: int = 0, why: dict[str, Any] | None = None) -> PubAck | Exactly:
    """Return what acknowledges a publish, or refuses it."""
    return PubAck(packet.packet, code, why) if packet.qos == 1 else Exactly(PUBREC, packet.packet, code, why)


def _report(fields: dict[str, Any]) -> list[Command]:
    """Note what a checked `state/reported` says of the version that runs, and of crashes."""
    version, crashes = fields.get("version"), fields.get("crashes")
    version, crashes = version if isinstance(version, str) else "", crashes if type(crashes) is int else None
    return [Report(version, crashes)] if version or crashes is not None else []
