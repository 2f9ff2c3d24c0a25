"""One device's MQTT 3.1.1 session as a pure machine: events in, commands out, nothing else touched.

    opening  --ConnectionOpened-->  greeting  --CONNECT-->  joining  --Joined-->  live  -->  ended
       '--------NotLetIn--------->  turned away  --CONNECT, CONNACK 3 or 5-------------------^

A publish is checked, then handed to the inbox under a token; its PUBACK is sent when the token comes back as stored, in
the order in which the publishes came. One that is refused is counted and never acknowledged; the fifth in a connection
ends it, since 3.1.1 has no packet that says no. Every way of ending but a DISCONNECT leaves the will.
"""

from collections.abc import Callable
from math import inf
from typing import ClassVar, Literal

from careful.entrypoints.gateway.allowance import Spent
from careful.entrypoints.gateway.mqtt import permission
from careful.entrypoints.gateway.mqtt.events import (
    Broken,
    Close,
    Command,
    ConnectionOpened,
    ConsentsChanged,
    Count,
    Cut,
    Delivered,
    DownMessages,
    DownWaiting,
    Event,
    Fetch,
    Join,
    Joined,
    Keep,
    Lost,
    NotLetIn,
    PacketReceived,
    Pause,
    PermitChanged,
    RefusedByInbox,
    Report,
    Resume,
    Send,
    Settle,
    Store,
    Stored,
    Tick,
)
from careful.entrypoints.gateway.mqtt.packets import (
    LEVEL,
    ConnAck,
    Connect,
    Disconnect,
    Exactly,
    Packet,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
    Will,
)
from careful.kernel.mailbox import DESIRED, Down
from careful.products import NOBODY, Permit

CONNECT_SECONDS = 10.0
"""From the end of the TLS handshake to the CONNECT."""
IN_FLIGHT_MOST = 64
"""Publishes of one connection that may wait for the disk; reading pauses beyond them."""
IN_FLIGHT_BYTES = 256 * 1024
SUBSCRIPTIONS_MOST = 8
REFUSALS_MOST = 5
"""The refused publish that ends a connection."""
_LATE = 1.5  # [MQTT-3.1.2-24]: silence of one and a half keep-alives ends a connection
_NO_SUBSCRIPTION = 0x80
_WILL_TOPIC = "event/offline"
_PACKETS_MOST = 65535

Phase = Literal["opening", "greeting", "turned away", "joining", "live", "ended"]


class Session:
    """The machine. `handle` takes an event and returns what to do; `deadline` is when to send the next `Tick`."""

    __slots__ = (
        "_anew", "_bytes", "_clean", "_consents", "_down", "_fetching", "_heard", "_keep_alive", "_more", "_offered",
        "_paused", "_pending", "_permit", "_refused", "_retained", "_routes", "_spent", "_stored", "_subscriptions",
        "_token", "_turned_away", "_was_paused", "_will", "device", "phase",
    )  # fmt: skip

    def __init__(self) -> None:
        self.phase: Phase = "opening"
        self.device = ""
        self._permit: Permit | None = None
        self._consents = NOBODY
        self._spent: Spent = {}
        self._turned_away: NotLetIn | None = None
        self._routes: dict[str, permission.Route] = {}
        self._heard = 0.0
        self._keep_alive = CONNECT_SECONDS / _LATE
        self._clean = True
        self._will: Will | None = None
        self._token = self._refused = self._bytes = 0
        self._pending: dict[int, tuple[Packet | None, int]] = {}
        self._stored = self._paused = self._was_paused = False
        self._subscriptions: dict[str, int] = {}
        self._down: dict[int, int] = {}
        self._offered = 0
        self._fetching = self._more = self._anew = self._retained = False

    def handle(self, event: Event) -> list[Command]:
        """Take one event and return what is to be done, in order. After the end, nothing is."""
        return [] if self.phase == "ended" else self._HANDLERS[type(event)](self, event)

    @property
    def deadline(self) -> float:
        """When this session will have been silent for too long; infinite where the client wants no keep-alive."""
        return self._heard + _LATE * self._keep_alive

    @property
    def heard(self) -> float:
        """When the last packet came."""
        return self._heard

    @property
    def paused(self) -> bool:
        """Whether packets must wait."""
        return self._paused

    def _opened(self, event: ConnectionOpened) -> list[Command]:
        self.phase, self.device, self._permit, self._heard = "greeting", event.device, event.permit, event.now
        self._consents, self._spent = event.consents, event.spent
        return []

    def _not_let_in(self, event: NotLetIn) -> list[Command]:
        if self.phase == "joining":
            return [Send(ConnAck(event.code)), *self._end(event.why)]
        self.phase, self._turned_away, self._heard = "turned away", event, event.now
        return []

    def _received(self, event: PacketReceived) -> list[Command]:
        self._heard, self._was_paused = event.now, False
        packet = event.packet
        if self.phase == "live":
            handler = self._PACKETS.get(type(packet))
            return (
                self._end(f"a {type(packet).__name__} that no client sends")
                if handler is None
                else handler(self, packet)
            )
        return self._greet(packet) if isinstance(packet, Connect) else self._end("the first packet is no CONNECT")

    def _greet(self, packet: Connect) -> list[Command]:
        if packet.level != LEVEL:
            return [Send(ConnAck(1)), *self._end("another version than MQTT 3.1.1 (level 4)")]
        if self._turned_away is not None:
            return [Send(ConnAck(self._turned_away.code)), *self._end(self._turned_away.why)]
        if packet.client != self.device:
            count = Count("client-id", packet.client[:80])
            return [count, Send(ConnAck(2)), *self._end("the client id is not the certificate's name")]
        if packet.will is not None:
            denied = self._deny_will(packet.will)
            if denied is not None:
                return [Count(denied.kind, denied.detail), Send(ConnAck(5)), *self._end(f"will: {denied.kind}")]
        self.phase, self._clean, self._will = "joining", packet.clean, packet.will
        self._keep_alive = packet.keep_alive or inf  # 0 turns it off; whether the peer's host is there, TCP asks
        return [*self._flow(), Join(packet.clean)]

    def _deny_will(self, will: Will) -> permission.Denied | None:
        found = self._route(will.topic)
        if isinstance(found, permission.Denied):
            return found
        if found.topic != _WILL_TOPIC:
            return permission.Denied("will-topic", found.topic)
        if will.qos > 1:
            return permission.Denied("qos-2", found.topic)
        return permission.check(found, will.payload, self._consents).denied

    def _joined(self, event: Joined) -> list[Command]:
        self.phase, self._more = "live", True
        self._subscriptions = dict(event.kept or {})
        present = event.kept is not None and not self._clean
        accepted: list[Command] = [Send(ConnAck(0, present=present)), *self._flow(), *self._ask()]
        self._was_paused = False
        return accepted

    def _publish(self, packet: Publish) -> list[Command]:
        if packet.qos > 1:
            count = Count("qos-2", packet.topic[:80])
            return [count, *self._end("QoS 2 is not offered yet; publish with QoS 0 or 1")]
        route = self._routes.get(packet.topic) or self._route(packet.topic)
        if isinstance(route, permission.Denied):
            return self._refuse(route)
        checked = permission.take(route, packet.payload, self._consents, self._spent, self._heard)
        if checked.denied is not None:
            return self._refuse(checked.denied)
        self._token = token = self._token + 1
        size = len(packet.payload)
        self._pending[token] = (PubAck(packet.packet) if packet.qos else None, size)
        self._bytes += size
        payload, stream, fields = packet.payload, route.stream, checked.fields
        if checked.dropped:
            payload = permission.taken(checked, payload)
        if not fields or stream.personal.isdisjoint(fields):
            commands: list[Command] = [Store(token, route.topic, payload, packet.packet, packet.dup)]
        else:
            commands = [Store(token, route.topic, payload, packet.packet, packet.dup, stream, fields)]
        if checked.dropped:
            commands += [Count(one.kind, one.detail, left_out=True) for one in checked.dropped]
        if route.topic == "state/reported":
            version = permission.reported_version(packet.payload) or ""
            crashes = permission.reported_crashes(packet.payload)
            commands += [Report(version, crashes)] if version or crashes is not None else []
        return commands + self._flow()

    def _route(self, topic: str) -> permission.Route | permission.Denied:
        if self._permit is None:  # nobody publishes before it is known who it is
            return permission.Denied("unknown-topic", topic[:80])
        found = permission.route(self._permit, self.device, topic)
        if isinstance(found, permission.Route):
            self._routes[topic] = found  # no more of these than the declaration has streams and events
        return found

    def _refuse(self, denied: permission.Denied) -> list[Command]:
        self._refused += 1
        counted: list[Command] = [Count(denied.kind, denied.detail)]
        if self._refused < REFUSALS_MOST:
            return counted
        return counted + self._end(f"{REFUSALS_MOST} publishes were refused, the last one: {denied.kind}")

    def _on_disk(self, event: Stored) -> list[Command]:
        commands: list[Command] = []
        for token in event.tokens:
            answer, size = self._pending.pop(token, (None, 0))
            self._bytes -= size
            if answer is not None:
                commands.append(Send(answer))
                if isinstance(answer, PubAck):
                    self._stored = True
                elif isinstance(answer, SubAck):
                    commands += self._ask()
        return commands + self._flow()

    def _refused_by_inbox(self, event: RefusedByInbox) -> list[Command]:
        # 3.1.1 clients send again only after a new connection: ending this one is how we ask for it.
        return self._end(event.why)

    def _subscribe(self, packet: Subscribe) -> list[Command]:
        commands: list[Command] = []
        codes: list[int] = []
        for pattern, qos in packet.filters:
            refusal = self._deny_filter(pattern)
            if refusal is not None:
                commands.append(refusal)
                codes.append(_NO_SUBSCRIPTION)
                continue
            granted = min(qos, 1)
            self._subscriptions[pattern] = granted
            codes.append(granted)
            self._anew = True  # what was passed over for want of a subscription may be covered now
            self._retained |= permission.covers(pattern, f"d/{self.device}/{DESIRED}")
        return commands + self._answer(SubAck(packet.packet, tuple(codes)))

    def _deny_filter(self, pattern: str) -> Count | None:
        if not permission.may_hear(self.device, pattern):
            return Count("foreign-subscription", pattern[:80])
        if pattern not in self._subscriptions and len(self._subscriptions) >= SUBSCRIPTIONS_MOST:
            return Count("too-many-subscriptions", pattern[:80])
        return None

    def _unsubscribe(self, packet: Unsubscribe) -> list[Command]:
        for pattern in packet.filters:
            self._subscriptions.pop(pattern, None)
        return self._answer(UnsubAck(packet.packet))

    def _answer(self, packet: SubAck | UnsubAck) -> list[Command]:
        """Answer a change of subscriptions: at once, or once a persistent session has it on disk."""
        if self._clean:
            return [Send(packet), *self._ask()]
        self._token += 1
        self._pending[self._token] = (packet, 0)
        return [Keep(self._token, dict(self._subscriptions)), *self._flow()]

    def _acknowledged(self, packet: PubAck) -> list[Command]:
        number = self._down.pop(packet.packet, None)
        return [] if number is None else [Delivered(number), *self._ask()]

    def _waiting(self, _event: DownWaiting) -> list[Command]:
        self._more = True
        return self._ask()

    def _ask(self) -> list[Command]:
        """Ask for what waits, one handful at a time: no more until all of it is acknowledged."""
        if self.phase != "live" or not self._subscriptions or self._fetching or self._down:
            return []
        if not (self._more or self._anew):
            return []
        if self._anew:
            self._offered = 0
        self._fetching, self._more, self._anew = True, False, False
        retained, self._retained = self._retained, False
        return [Fetch(self._offered, retained)]

    def _deliver(self, event: DownMessages) -> list[Command]:
        self._fetching = False
        self._more |= event.more
        commands: list[Command] = []
        for one in event.messages:
            packet = one.number % _PACKETS_MOST + 1  # the same after a reconnection, as section 4.4 asks
            if packet in self._down:
                self._more = True
                break
            self._offered = max(self._offered, one.number)
            commands += self._send_down(one, packet, retain=event.retained and one.topic == DESIRED)
        return commands + self._ask()

    def _send_down(self, one: Down, packet: int, *, retain: bool) -> list[Command]:
        topic = f"d/{self.device}/{one.topic}"
        granted = [qos for pattern, qos in self._subscriptions.items() if permission.covers(pattern, topic)]
        if not granted:
            return []
        if not max(granted):
            return [Send(Publish(topic, one.payload, retain=retain)), Delivered(one.number)]
        self._down[packet] = one.number
        return [Send(Publish(topic, one.payload, 1, packet, dup=one.again, retain=retain))]

    def _changed(self, event: PermitChanged) -> list[Command]:
        self._permit = event.permit
        self._routes.clear()
        return []

    def _consented(self, event: ConsentsChanged) -> list[Command]:
        self._consents = event.consents
        return []

    def _ping(self, _packet: PingReq) -> list[Command]:
        return [Send(PingResp())]

    def _disconnect(self, _packet: Disconnect) -> list[Command]:
        self._will = None
        settled: list[Command] = [Settle()] if self._stored and not self._pending else []
        return settled + self._end("the client disconnected")

    def _exactly(self, _packet: Exactly) -> list[Command]:
        return self._end("QoS 2 is not offered yet; publish with QoS 0 or 1")

    def _again(self, _packet: Connect) -> list[Command]:
        return self._end("a second CONNECT")

    def _broken(self, event: Broken) -> list[Command]:
        return [Count("malformed-packet", event.why[:80]), *self._end(event.why)]

    def _tick(self, event: Tick) -> list[Command]:
        if self._paused or self._was_paused:
            self._heard, self._was_paused = event.now, self._paused  # we did not listen: its silence is no fault
        if event.now < self.deadline:
            return []
        return self._end("no packet within one and a half keep-alives" if self.phase == "live" else "no CONNECT")

    def _cut(self, event: Cut) -> list[Command]:
        if not event.with_will:
            self._will = None
        return self._end(event.why)

    def _lost(self, _event: Lost) -> list[Command]:
        return self._end("the network connection was lost")

    def _end(self, why: str) -> list[Command]:
        will = self._will if self.phase == "live" else None
        self.phase = "ended"
        said: list[Command] = [] if will is None else [Store(0, _WILL_TOPIC, will.payload)]
        return [*said, Close(why)]

    def _flow(self) -> list[Command]:
        """Pause reading while too much waits for the disk, or while it is not known yet who has the place."""
        full = len(self._pending) >= IN_FLIGHT_MOST or self._bytes >= IN_FLIGHT_BYTES
        relaxed = len(self._pending) <= IN_FLIGHT_MOST // 2 and self._bytes <= IN_FLIGHT_BYTES // 2
        if self._paused and relaxed and self.phase == "live":
            self._paused = False
            return [Resume()]
        if not self._paused and (full or self.phase == "joining"):
            self._paused = self._was_paused = True
            return [Pause()]
        return []

    _HANDLERS: ClassVar[dict[type, Callable[..., list[Command]]]] = {
        ConnectionOpened: _opened, NotLetIn: _not_let_in, Joined: _joined,
        PacketReceived: _received, Broken: _broken, Stored: _on_disk,
        RefusedByInbox: _refused_by_inbox, DownWaiting: _waiting, DownMessages: _deliver,
        PermitChanged: _changed, ConsentsChanged: _consented, Tick: _tick, Cut: _cut, Lost: _lost,
    }  # fmt: skip
    _PACKETS: ClassVar[dict[type, Callable[..., list[Command]]]] = {
        Publish: _publish, PubAck: _acknowledged, Subscribe: _subscribe,
        Unsubscribe: _unsubscribe, PingReq: _ping, Disconnect: _disconnect,
        Exactly: _exactly, Connect: _again,
    }  # fmt: skip
