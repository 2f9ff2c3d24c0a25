"""What a session sends down: its subscriptions, what it has fetched from the mailbox, and what is not acknowledged yet.

A message has the packet identifier that its number in the mailbox gives it, so it is the same after a reconnection, as
section 4.4 asks. With QoS 2 the mailbox notes on disk that the device has it (PUBREC) before the device may forget that
(PUBREL); from then on it is never sent again, whatever crashes.
"""

from careful.entrypoints.gateway.mqtt import permission, reasons
from careful.entrypoints.gateway.mqtt.events import Command, Count, Delivered, DownMessages, Fetch, Send
from careful.entrypoints.gateway.mqtt.packets import PUBREL, Exactly, Properties, Publish, Subscribe, Unsubscribe
from careful.entrypoints.gateway.mqtt.terms import Terms
from careful.kernel.mailbox import DESIRED, Down

SUBSCRIPTIONS_MOST = 8
QOS, KEEPS_RETAIN, HANDLING = 0x03, 0x08, 0x30
"""Bits of a subscription's options: QoS, retain as published, retain handling (0 always, 1 if new, 2 never)."""
_IF_NEW, _NEVER = 0x10, 0x20
_IDENTIFIER = 8  # a subscription identifier is kept above the options
_NO_SUBSCRIPTION = 0x80
_PACKETS_MOST = 65535
_OVERHEAD = 96  # bytes of a PUBLISH beside its topic and payload, at most


class Downward:
    """The half of a session that goes down to the device. `subscriptions` maps filters to their options."""

    __slots__ = (
        "_anew", "_down", "_fetching", "_more", "_offered", "_retained", "_terms", "device", "subscriptions",
    )  # fmt: skip

    def __init__(self) -> None:
        self.device = ""
        self.subscriptions: dict[str, int] = {}
        self._terms = Terms()
        self._down: dict[int, int] = {}
        self._offered = 0
        self._fetching = self._more = self._anew = self._retained = False

    def begin(self, device: str, terms: Terms, kept: dict[str, int] | None) -> None:
        """Begin, with the subscriptions that were kept."""
        self.device, self._terms, self._more = device, terms, True
        self.subscriptions = dict(kept or {})

    def subscribe(self, packet: Subscribe) -> tuple[tuple[int, ...], list[Command]]:
        """Take a SUBSCRIBE; return the code for each filter, and what was refused to be counted."""
        codes: list[int] = []
        refused: list[Command] = []
        identifier = (packet.properties or {}).get("identifier", 0)
        for pattern, options in packet.filters:
            kind = self._denies(pattern)
            if kind:
                refused.append(Count(kind, pattern[:80]))
                codes.append(reasons.refusal(kind) if self._terms.five else _NO_SUBSCRIPTION)
                continue
            handling, new = options & HANDLING, pattern not in self.subscriptions
            self.subscriptions[pattern] = options | identifier << _IDENTIFIER
            codes.append(options & QOS)
            self._anew = True  # what was passed over for want of a subscription may be covered now
            if handling != _NEVER and (new or handling != _IF_NEW):
                self._retained |= permission.covers(pattern, f"d/{self.device}/{DESIRED}")
        return tuple(codes), refused

    def _denies(self, pattern: str) -> str:
        if pattern.startswith("$share/"):
            return "shared-subscription" if self._terms.five else "foreign-subscription"
        if not permission.may_hear(self.device, pattern):
            return "foreign-subscription"
        if pattern not in self.subscriptions and len(self.subscriptions) >= SUBSCRIPTIONS_MOST:
            return "too-many-subscriptions"
        return ""

    def unsubscribe(self, packet: Unsubscribe) -> tuple[int, ...]:
        """Take an UNSUBSCRIBE; return MQTT 5's code for each filter, nothing for 3.1.1."""
        gone = [self.subscriptions.pop(pattern, None) is not None for pattern in packet.filters]
        return tuple(0 if one else reasons.NO_SUBSCRIPTION_EXISTED for one in gone) if self._terms.five else ()

    def acknowledged(self, packet: int) -> list[Command]:
        """Take the word that ends a delivery: PUBACK, PUBCOMP, or a PUBREC that says no."""
        number = self._down.pop(packet, None)
        return [] if number is None else [Delivered(number), *self.ask()]

    def number_of(self, packet: int) -> int | None:
        """Return the number of the message that is in flight under a packet identifier."""
        return self._down.get(packet)

    def waiting(self) -> list[Command]:
        """Take the word that something new waits."""
        self._more = True
        return self.ask()

    def ask(self) -> list[Command]:
        """Ask for what waits, one handful at a time: no more until all of it is acknowledged."""
        if not self.subscriptions or self._fetching or self._down:
            return []
        if not (self._more or self._anew):
            return []
        if self._anew:
            self._offered = 0
        self._fetching, self._more, self._anew = True, False, False
        retained, self._retained = self._retained, False
        return [Fetch(self._offered, retained)]

    def deliver(self, event: DownMessages) -> list[Command]:
        """Send what was fetched, as far as the client takes so much at once."""
        self._fetching = False
        self._more |= event.more
        commands: list[Command] = []
        for one in event.messages:
            packet = one.number % _PACKETS_MOST + 1
            if packet in self._down or len(self._down) >= self._terms.receive_most:
                self._more = True
                break
            self._offered = max(self._offered, one.number)
            commands += self._send(one, packet, retained=event.retained and one.topic == DESIRED)
        return commands + self.ask()

    def say(self, topic: str, payload: bytes) -> list[Command]:
        """Say something at once (QoS 0), where a subscription covers it."""
        granted = [options for pattern, options in self.subscriptions.items() if permission.covers(pattern, topic)]
        fits = len(topic) + len(payload) + _OVERHEAD <= self._terms.packet_most
        return [Send(Publish(topic, payload, properties=_identifiers(granted)))] if granted and fits else []

    def _send(self, one: Down, packet: int, *, retained: bool) -> list[Command]:
        if one.received:  # it has it; what is left is to say that it may forget so
            self._down[packet] = one.number
            return [Send(Exactly(PUBREL, packet))]
        topic = f"d/{self.device}/{one.topic}"
        granted = [options for pattern, options in self.subscriptions.items() if permission.covers(pattern, topic)]
        if not granted:
            return []
        if len(topic) + len(one.payload) + _OVERHEAD > self._terms.packet_most:
            return [Count("too-large-for-device", one.topic), Delivered(one.number)]
        qos = max(options & QOS for options in granted)
        retain = retained or (one.topic == DESIRED and any(options & KEEPS_RETAIN for options in granted))
        given = _identifiers(granted)
        if not qos:
            return [Send(Publish(topic, one.payload, retain=retain, properties=given)), Delivered(one.number)]
        self._down[packet] = one.number
        return [Send(Publish(topic, one.payload, qos, packet, dup=one.again, retain=retain, properties=given))]


def _identifiers(granted: list[int]) -> Properties:
    found = tuple(options >> _IDENTIFIER for options in granted if options >> _IDENTIFIER)
    return {"identifier": found} if found else None
