"""What a device may say and hear: from its certificate and its product's declaration alone.

A device has its own topics and no others. There is no list to get wrong: the name in the topic must be the name in the
certificate, and what follows must be one of

    d/<device>/up/<stream>        a reading: a declared stream, declared fields
    d/<device>/event/<name>       an event: declared, or one of those that every device may send
    d/<device>/state/reported     how the device is, with the fields of `REPORTED`

and beside these the reports of AWS IoT Device Defender's agents (`agents`), which are looked at and not kept.

Payloads are JSON objects or CBOR maps (`payloads`); an event may be empty. What of one may pass, the compiled
declaration says (`products.Stream.check`): the record whole, without some fields, or not at all.
"""

from collections.abc import Set as AbstractSet

import msgspec
from msgspec import Struct

from careful.entrypoints.gateway import agents, payloads, times
from careful.entrypoints.gateway.allowance import Spent, within
from careful.products import NOBODY, Checked, Denied, Permit, Stream, plain_stream, shown

__all__ = ["Checked", "Denied", "Route", "check", "covers", "is_within", "may_hear", "route", "take", "taken"]

TOPIC_BYTES = 256
TOPIC_LEVELS = 8
REPORTED = frozenset({"version", "health", "uptime", "desired", "crashes"})
"""What `state/reported` may say: version run, health in a word, seconds since start, digest of the desired state, and
how often the software has crashed, ever."""
_SHOWN = 80
_REPORTED = plain_stream("reported", REPORTED)
_AGENT = plain_stream("agent", frozenset())
_CBOR = b"\x80"  # no JSON begins with this byte or a higher one, all CBOR does


class Route(Struct, frozen=True):
    """Where a permitted topic leads: `topic` without the device's prefix, and what checks its fields."""

    topic: str
    stream: Stream
    may_be_empty: bool = False
    is_open: bool = False
    """Whether any fields may come: it is looked at by who knows its form."""


def route(permit: Permit, device: str, topic: str) -> Route | Denied:
    """Return where `topic` leads, or why the device may not publish there."""
    shown = topic[:_SHOWN]
    if len(topic) > TOPIC_BYTES or topic.count("/") >= TOPIC_LEVELS:
        return Denied("topic-too-long", shown)
    levels = topic.split("/")
    report = agents.report_topic(device, levels)
    if report is not None:
        return Route(report, _AGENT, is_open=True)
    if levels[:2] != ["d", device]:
        return Denied("foreign-topic", shown)
    return _declared(permit, levels[2:]) or Denied("unknown-topic", shown)


def _declared(permit: Permit, below: list[str]) -> Route | Denied | None:
    match below:
        case ["up", stream]:
            known = permit.streams.get(stream)
            return Denied("undeclared-stream", shown(stream)) if known is None else Route(f"up/{stream}", known)
        case ["event", name]:
            shape = permit.shapes.get(name)
            return Denied("undeclared-event", shown(name)) if shape is None else Route(f"event/{name}", shape, True)
        case ["state", "reported"]:
            return Route("state/reported", _REPORTED)
        case _:
            return None


def check(to: Route, payload: bytes, consents: AbstractSet[str] = NOBODY) -> Checked:
    """Return what of `payload` may be taken. An event without payload passes as one without fields."""
    if not payload and to.may_be_empty:
        return to.stream.check({}, consents)
    try:
        said = payloads.read(payload)
    except payloads.Refused as refused:
        if to.is_open:
            return Checked({})
        return Checked(None, (), Denied(refused.kind, f"{to.topic}: {refused.why}"))
    return Checked(said) if to.is_open else to.stream.check(said, consents)


def take(
    to: Route, payload: bytes, consents: AbstractSet[str], spent: Spent, now: float, wall: float = 0.0
) -> Checked:  # fmt: skip
    """Check a message that came, hold it to its stream's rate, and count it where it may pass.

    `now` is on a clock that never jumps, `wall` in seconds since 1970.
    """
    checked = check(to, payload, consents)
    stream = to.stream
    if checked.fields is None or to.is_open:
        return checked
    if stream.time and (late := times.judge(stream, checked.fields, wall)) is not None:
        return Checked(None, (), late)
    if stream.rate is not None and not is_within(to, len(payload), spent, now):
        return Checked(None, (), Denied("over-rate", stream.name))
    stream.count(checked.fields)
    return checked


def is_within(to: Route, size: int, spent: Spent, now: float) -> bool:
    """Tell whether a message of `size` bytes is within its stream's rate; if so, it is counted."""
    rate = to.stream.rate
    return rate is None or within(spent, to.stream.name, rate, size, now)


def taken(checked: Checked, payload: bytes) -> bytes:
    """Return what goes to the inbox: the JSON that came, or JSON of what is left where it was CBOR or lost fields."""
    return payload if payload[:1] < _CBOR and not checked.dropped else msgspec.json.encode(checked.fields)


def may_hear(device: str, pattern: str) -> bool:
    """Tell whether a device may subscribe to `pattern`: its own name, and something that is sent down."""
    levels = pattern.split("/")
    if len(pattern) > TOPIC_BYTES or len(levels) > TOPIC_LEVELS:
        return False
    if levels[:3] == ["$aws", "things", device]:
        return any(_covers(levels[3:], one) for one in agents.ANSWERS)
    if levels[:2] != ["d", device]:
        return False
    below = levels[2:]
    # A name stands for whatever may be sent down under `down/`.
    name = below[1] if len(below) > 1 else ""
    return _covers(below, ["state", "desired"]) or _covers(below, ["down", name if name not in {"+", "#"} else "x"])


def covers(pattern: str, topic: str) -> bool:
    """Tell whether a subscription to `pattern` covers `topic` (section 4.7.1)."""
    return _covers(pattern.split("/"), topic.split("/"))


def _covers(pattern: list[str], topic: list[str]) -> bool:
    for place, level in enumerate(pattern):
        if level == "#":
            return True
        if place >= len(topic) or level not in {"+", topic[place]}:
            # `a/#` also covers `a` itself, which is no topic of ours.
            return False
    return bool(pattern) and len(pattern) == len(topic)
