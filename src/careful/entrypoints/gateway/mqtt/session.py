"""One device's MQTT session, 3.1.1 or 5.0, as a pure machine: events in, commands out, nothing else touched.

    opening  --ConnectionOpened-->  greeting  --CONNECT-->  joining  --Joined-->  live  -->  ended
       '--------NotLetIn--------->  turned away  --CONNECT, CONNACK that says no-------------^

A publish is checked, then handed to the inbox under a token; its PUBACK or PUBREC is sent when the token comes back as
stored, in the order in which the publishes came. One that is refused is counted. MQTT 5 is told so by a code, and not
listened to for a while when it goes on; 3.1.1 has no packet that says no, so it is never acknowledged, and after the
fifth nobody listens any more and the connection ends. Every way of ending but a DISCONNECT leaves the will. `upward`
and `downward` are its two halves.
"""

from collections.abc import Callable
from math import inf
from typing import ClassVar, Literal

from msgspec.structs import replace

from careful.entrypoints.gateway.mqtt import reasons
from careful.entrypoints.gateway.mqtt import terms as granting
from careful.entrypoints.gateway.mqtt.downward import Downward
from careful.entrypoints.gateway.mqtt.events import (
    Answered,
    Broken,
    Close,
    Command,
    ConnectionOpened,
    ConsentsChanged,
    Count,
    Cut,
    DownMessages,
    DownWaiting,
    Event,
    Join,
    Joined,
    Keep,
    Later,
    Leave,
    Lost,
    NotLetIn,
    PacketReceived,
    Pause,
    PermitChanged,
    Received,
    RefusedByInbox,
    Rest,
    Rested,
    Resume,
    Send,
    Settle,
    Store,
    Stored,
    Tick,
)
from careful.entrypoints.gateway.mqtt.packets import (
    FAILURES,
    LEVEL,
    LEVEL_5,
    NO_PACKET,
    PUBCOMP,
    PUBREL,
    Auth,
    Connect,
    Disconnect,
    Exactly,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
)
from careful.entrypoints.gateway.mqtt.permission import Denied
from careful.entrypoints.gateway.mqtt.terms import Terms
from careful.entrypoints.gateway.mqtt.upward import REFUSALS_MOST, Over, Upward

CONNECT_SECONDS = 10.0
"""From the end of the TLS handshake to the CONNECT."""
REST_SECONDS = 0.2
LAST_REST_SECONDS = 1.0
"""How long a device whose publishes are refused is not listened to: by MQTT 5 each time, by 3.1.1 before the end."""
_LATE = 1.5  # [MQTT-3.1.2-24]: silence of one and a half keep-alives ends a connection
_GOODBYES = frozenset({reasons.NORMAL})

Phase = Literal["opening", "greeting", "turned away", "joining", "live", "ended"]


class Session:
    """The machine. `handle` takes an event and returns what to do; `deadline` is when to send the next `Tick`."""

    __slots__ = (
        "_down", "_five", "_heard", "_keep_alive", "_paused", "_resting", "_terms", "_turned_away", "_up",
        "_was_paused", "_will", "device", "phase",
    )  # fmt: skip

    def __init__(self) -> None:
        self.phase: Phase = "opening"
        self.device = ""
        """Whose session it is: the certificate's name."""
        self._turned_away: NotLetIn | None = None
        self._heard = 0.0
        self._keep_alive = CONNECT_SECONDS / _LATE
        self._five = False
        self._terms = Terms()
        self._will: Store | None = None
        self._paused = self._was_paused = self._resting = False
        self._up, self._down = Upward(), Downward()

    def handle(self, event: Event) -> list[Command]:
        """Take one event and return what is to be done, in order. After the end, nothing is."""
        if self.phase == "ended":
            return []
        try:
            return self._HANDLERS[type(event)](self, event)
        except Over as over:
            return self._end(over.why, over.code)

    @property
    def deadline(self) -> float:
        """When this session will have been silent for too long; infinite where the client wants no keep-alive."""
        return self._heard + _LATE * self._keep_alive

    @property
    def heard(self) -> float:
        """When the last packet came."""
        return self._heard

    @property
    def resting(self) -> bool:
        """Whether it is not listened to for a while, because much of what it said was refused."""
        return self._resting

    @property
    def paused(self) -> bool:
        """Whether packets must wait."""
        return self._paused

    # Coming

    def _opened(self, event: ConnectionOpened) -> list[Command]:
        self.phase, self.device, self._heard = "greeting", event.device, event.now
        up = self._up
        up.device, up.permit, up.consents, up.spent = event.device, event.permit, event.consents, event.spent
        up.clock = event.clock
        return []

    def _not_let_in(self, event: NotLetIn) -> list[Command]:
        if self.phase == "joining":
            return self._turn_away(event.code, event.why)
        self.phase, self._turned_away, self._heard = "turned away", event, event.now
        return []

    def _received(self, event: PacketReceived) -> list[Command]:
        self._heard, self._was_paused = event.now, False
        packet = event.packet
        if self.phase == "live":
            handler = self._PACKETS.get(type(packet))
            if handler is not None:
                return handler(self, packet)
            return self._end(f"a {type(packet).__name__} that no client sends", reasons.PROTOCOL_ERROR)
        return self._greet(packet) if isinstance(packet, Connect) else self._end("the first packet is no CONNECT")

    def _greet(self, packet: Connect) -> list[Command]:
        self._five = packet.level == LEVEL_5
        if packet.level not in {LEVEL, LEVEL_5}:
            return self._turn_away(1, "another version than MQTT 3.1.1 (level 4) or 5")
        if self._turned_away is not None:
            return self._turn_away(self._turned_away.code, self._turned_away.why)
        refused = granting.refuses(packet, self.device)
        if refused is not None:
            counted: list[Command] = [Count("client-id", packet.client[:80])] if packet.client != self.device else []
            return counted + self._turn_away(*refused)
        if packet.will is not None:
            will = self._up.will(packet.will)
            if isinstance(will, Denied):
                code = reasons.refusal(will.kind) if self._five else 5
                return [Count(will.kind, will.detail), *self._turn_away(code, f"will: {will.kind}")]
            self._will = will
        self.phase, self._terms = "joining", granting.terms_of(packet, self.device)
        self._keep_alive = self._terms.keep_alive
        return [*self._flow(), Join(packet.clean, self._terms.lasts, packet.password)]

    def _turn_away(self, code: int, why: str) -> list[Command]:
        return [Send(granting.turned_away(code, why, five=self._five)), *self._end(why)]

    def _joined(self, event: Joined) -> list[Command]:
        self.phase = "live"
        self._up.begin(self._terms, fresh=event.kept is None)
        self._down.begin(self.device, self._terms, event.kept)
        present = event.kept is not None and not self._terms.clean
        welcome = granting.welcome(self._terms, present=present)
        accepted: list[Command] = [Send(welcome), *self._flow(), *self._down.ask()]
        self._was_paused = False
        return accepted

    # Speaking

    def _publish(self, packet: Publish) -> list[Command]:
        up = self._up
        commands = up.publish(packet, self._heard)
        if type(commands[0]) is Count and up.is_refused_often and not self._resting:
            self._resting = True
            commands.append(Rest(REST_SECONDS if self._five else LAST_REST_SECONDS))
        if up.is_full or self._resting or self._paused:
            commands += self._flow()
        return commands

    def _on_disk(self, event: Stored) -> list[Command]:
        commands = self._up.on_disk(event)
        return commands + self._down.ask() + self._flow()

    def _say(self, event: Answered) -> list[Command]:
        return self._down.say(event.topic, event.payload) if self.phase == "live" else []

    def _refused_by_inbox(self, event: RefusedByInbox) -> list[Command]:
        # Clients send again only after a new connection: ending this one is how we ask for it.
        return self._end(event.why, reasons.BUSY)

    def _exactly(self, packet: Exactly) -> list[Command]:
        """Take a step of QoS 2: PUBREL is the device's, PUBREC and PUBCOMP answer what went down."""
        if packet.kind == PUBREL:
            return self._up.release(packet.packet) + self._flow()
        if packet.kind == PUBCOMP or packet.code >= FAILURES:
            return self._down.acknowledged(packet.packet)
        number = self._down.number_of(packet.packet)
        if number is None:
            return [Send(Exactly(PUBREL, packet.packet, NO_PACKET if self._five else 0))]
        return [Received(self._up.promise(Exactly(PUBREL, packet.packet)), number), *self._flow()]

    # Hearing

    def _subscribe(self, packet: Subscribe) -> list[Command]:
        codes, refused = self._down.subscribe(packet)
        return refused + self._keep(SubAck(packet.packet, codes))

    def _unsubscribe(self, packet: Unsubscribe) -> list[Command]:
        return self._keep(UnsubAck(packet.packet, self._down.unsubscribe(packet)))

    def _keep(self, answer: SubAck | UnsubAck) -> list[Command]:
        """Answer a change of subscriptions: at once, or once a session that lasts has it on disk."""
        if not self._terms.lasts:
            return [Send(answer), *self._down.ask()]
        return [Keep(self._up.promise(answer), dict(self._down.subscriptions)), *self._flow()]

    def _acknowledged(self, packet: PubAck) -> list[Command]:
        return self._down.acknowledged(packet.packet)

    def _waiting(self, _event: DownWaiting) -> list[Command]:
        return self._down.waiting() if self.phase == "live" else []

    def _deliver(self, event: DownMessages) -> list[Command]:
        return self._down.deliver(event)

    # What changes meanwhile

    def _changed(self, event: PermitChanged) -> list[Command]:
        self._up.change(event.permit)
        return []

    def _consented(self, event: ConsentsChanged) -> list[Command]:
        self._up.consents = event.consents
        return []

    def _ping(self, _packet: PingReq) -> list[Command]:
        return [Send(PingResp())]

    def _rested(self, _event: Rested) -> list[Command]:
        self._resting = False
        if not self._five:
            return self._end(f"{REFUSALS_MOST} publishes were refused")
        return self._flow()

    def _tick(self, event: Tick) -> list[Command]:
        if self._paused or self._was_paused:
            self._heard, self._was_paused = event.now, self._paused  # we did not listen: its silence is no fault
        if event.now < self.deadline:
            return []
        if self.phase != "live":
            return self._end("no CONNECT")
        return self._end("no packet within one and a half keep-alives", reasons.KEEP_ALIVE)

    # Going

    def _disconnect(self, packet: Disconnect) -> list[Command]:
        given = packet.properties or {}
        if "expiry" in given:
            lasts = granting.seconds(given["expiry"])
            if lasts and not self._terms.lasts:
                return self._end("a session that was to end is to last", reasons.PROTOCOL_ERROR)
            self._terms = replace(self._terms, lasts=lasts)
        if packet.code in _GOODBYES:
            self._will = None
        settled: list[Command] = [Settle()] if self._up.is_settled else []
        return settled + self._end("the client disconnected")

    def _auth(self, _packet: Auth) -> list[Command]:
        return self._end("AUTH, where no method was agreed on", reasons.PROTOCOL_ERROR)

    def _again(self, _packet: Connect) -> list[Command]:
        return self._end("a second CONNECT", reasons.PROTOCOL_ERROR)

    def _broken(self, event: Broken) -> list[Command]:
        return [Count("malformed-packet", event.why[:80]), *self._end(event.why, event.code)]

    def _cut(self, event: Cut) -> list[Command]:
        if not event.with_will or (event.moved and self._terms.will_delay):
            self._will = None
        if event.moved:
            self._terms = replace(self._terms, lasts=inf)
        return self._end(event.why, event.code)

    def _lost(self, _event: Lost) -> list[Command]:
        return self._end("the network connection was lost")

    def _end(self, why: str, code: int | None = None) -> list[Command]:
        live, terms = self.phase == "live", self._terms
        self.phase = "ended"
        commands: list[Command] = []
        if live and self._will is not None:
            delay = min(terms.will_delay, terms.lasts)
            commands.append(Later(self._will, delay) if delay else self._will)
        if live and self._five:
            if code is not None:
                explained = {"reason": why} if terms.packet_most >= reasons.REASON_BYTES else None
                commands.append(Send(Disconnect(code, explained)))
            if terms.lasts < inf and (terms.lasts or not terms.clean):
                commands.append(Leave(terms.lasts))
        return [*commands, Close(why)]

    def _flow(self) -> list[Command]:
        """Pause reading while too much waits for the disk, the device rests, or it is not known who has the place."""
        if self._paused:
            if not self._resting and self.phase == "live" and self._up.is_relaxed:
                self._paused = False
                return [Resume()]
        elif self._resting or self.phase == "joining" or self._up.is_full:
            self._paused = self._was_paused = True
            return [Pause()]
        return []

    _HANDLERS: ClassVar[dict[type, Callable[..., list[Command]]]] = {
        ConnectionOpened: _opened, NotLetIn: _not_let_in, Joined: _joined,
        PacketReceived: _received, Broken: _broken, Stored: _on_disk,
        RefusedByInbox: _refused_by_inbox, Answered: _say, DownWaiting: _waiting, DownMessages: _deliver,
        PermitChanged: _changed, ConsentsChanged: _consented, Rested: _rested, Tick: _tick, Cut: _cut, Lost: _lost,
    }  # fmt: skip
    _PACKETS: ClassVar[dict[type, Callable[..., list[Command]]]] = {
        Publish: _publish, PubAck: _acknowledged, Subscribe: _subscribe,
        Unsubscribe: _unsubscribe, PingReq: _ping, Disconnect: _disconnect,
        Exactly: _exactly, Connect: _again, Auth: _auth,
    }  # fmt: skip
