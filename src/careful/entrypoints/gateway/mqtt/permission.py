"""What a device may say and hear: from its certificate and its product's declaration alone.

A device has its own topics and no others. There is no list to get wrong: the name in the topic must be the name in the
certificate, and what follows must be one of

    d/<device>/up/<stream>        a reading: a declared stream, declared fields
    d/<device>/event/<name>       an event: declared, or one of those that every device may send
    d/<device>/state/reported     how the device is, with the fields of `REPORTED`

Payloads are JSON objects; an event may be empty. A field that is not declared is refused, also one hidden inside
another: an object is taken only where the declaration gives the field the type `object`, a list holds no objects.
"""

from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from careful import products
from careful.products import Permit, Stream

TOPIC_BYTES = 256
TOPIC_LEVELS = 8
REPORTED = frozenset({"version", "health", "uptime", "desired", "crashes"})
"""What `state/reported` may say: version run, health in a word, seconds since start, digest of the desired state, and
how often the software has crashed, ever."""
_SHOWN = 80
_LEVELS = 4
_NESTED = frozenset({dict, list})
_decode = msgspec.json.Decoder().decode


class Denied(Struct, frozen=True):
    """Why something is refused: a short word for the kind, and the topic or field."""

    kind: str
    detail: str


class Route(Struct, frozen=True):
    """Where a permitted topic leads: `topic` without the device's prefix, and what checks its fields."""

    topic: str
    denies: Callable[[Mapping[str, object]], Denied | None]
    objects: frozenset[str] = frozenset()
    may_be_empty: bool = False


def route(permit: Permit, device: str, topic: str) -> Route | Denied:
    """Return where `topic` leads, or why the device may not publish there."""
    shown = topic[:_SHOWN]
    if len(topic) > TOPIC_BYTES or topic.count("/") >= TOPIC_LEVELS:
        return Denied("topic-too-long", shown)
    levels = topic.split("/")
    if levels[:2] != ["d", device]:
        return Denied("foreign-topic", shown)
    return _declared(permit, levels[2:]) or Denied("unknown-topic", shown)


def _declared(permit: Permit, below: list[str]) -> Route | Denied | None:
    match below:
        case ["up", stream]:
            known = permit.streams.get(stream)
            if known is None:
                return Denied("undeclared-stream", stream[:_SHOWN])
            return Route(f"up/{stream}", _asking(known), _objects(known.types))
        case ["event", name]:
            shape = permit.shapes.get(name)
            if shape is None:
                return Denied("undeclared-event", name[:_SHOWN])
            return Route(f"event/{name}", _asking(shape), _objects(shape.types), may_be_empty=True)
        case ["state", "reported"]:
            return Route("state/reported", _reported)
        case _:
            return None


def check(to: Route, payload: bytes) -> Denied | None:
    """Return why `payload` may not be taken, or None when it may."""
    if not payload and to.may_be_empty:
        return None
    try:
        said = _decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return Denied("malformed-payload", f"{to.topic}: no JSON")
    if not isinstance(said, dict):
        return Denied("malformed-payload", f"{to.topic}: no JSON object")
    denied = to.denies(said)
    if denied is not None:
        return denied
    for name, value in said.items():
        if type(value) in _NESTED:
            hidden = _hidden(value, may_hold=name in to.objects)
            if hidden is not None:
                return Denied("undeclared-field", f"{to.topic.rpartition('/')[2]}.{name}{hidden}"[:_SHOWN])
    return None


def reported_version(payload: bytes) -> str | None:
    """Return the version that a checked `state/reported` names."""
    version = _decode(payload).get("version")
    return version if isinstance(version, str) else None


def reported_crashes(payload: bytes) -> int | None:
    """Return how often, by a checked `state/reported`, the device's software has crashed."""
    crashes = _decode(payload).get("crashes")
    return crashes if type(crashes) is int else None


def may_hear(device: str, pattern: str) -> bool:
    """Tell whether a device may subscribe to `pattern`: its own name, and something that is sent down."""
    levels = pattern.split("/")
    if len(pattern) > TOPIC_BYTES or len(levels) > TOPIC_LEVELS or levels[:2] != ["d", device]:
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


def _asking(shape: Stream) -> Callable[[Mapping[str, object]], Denied | None]:
    """Ask the declaration, and give its refusals the form that all refusals of the gateway have."""

    def denied(said: Mapping[str, object]) -> Denied | None:
        found: products.Denied | None = shape.denies(said)
        return None if found is None else Denied(found.kind.replace("_", "-"), found.detail[:_SHOWN])

    return denied


def _reported(said: Mapping[str, object]) -> Denied | None:
    unknown = sorted(key for key in said if key not in REPORTED)
    return Denied("undeclared-field", f"reported.{unknown[0]}"[:_SHOWN]) if unknown else None


def _objects(types: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name, kind in types.items() if kind == "object")


def _hidden(value: object, *, may_hold: bool, depth: int = 1) -> str | None:
    """Return the place of an object that no declaration knows of, or of one nested too deep."""
    if depth > _LEVELS:
        return " (nested too deep)"
    if isinstance(value, dict):
        if not may_hold:
            return "." + str(next(iter(value), "{}"))
        parts = [(f".{key}", one) for key, one in value.items()]
    else:
        parts = [("[]", one) for one in value] if isinstance(value, list) else []
    for name, one in parts:
        if type(one) in _NESTED:
            found = _hidden(one, may_hold=may_hold, depth=depth + 1)
            if found is not None:
                return name + found
    return None
