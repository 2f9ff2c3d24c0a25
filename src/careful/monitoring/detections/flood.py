"""A device sends so much that it serves as a weapon, or is broken."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, LimitFrom, Window
from careful.monitoring.numbers import Baseline, Recent, most_by_chance, steady

ID = "flood"
TITLE = "Flood"
WORDS = (
    "In one second the device sent many times what it ever needs: messages (taken or refused), packets, or new "
    "connections. It may be a bot. Where neither a declaration nor the device's past gives the limit, it is shown and "
    "not cut off."
)
LIMIT = (
    "Messages: ten times all declared rates of a second and what chance adds, never below 20, and beside that what the "
    "device has not yet sent of its declared messages of up to a day. Where a data item has no rate, the rates count "
    "for the others, and for all together ten times the device's own usual second, never below 50, and 200 before it "
    "is known. Packets: ten times the usual second, never below 500, and 5,000 before. Connections: 20 in ten seconds. "
    "Refused over the declared rate: 20 in 3 s."
)
BUDGET = 0.001
ACTION: Action = "quarantine"

_TIMES = 10.0
_MESSAGES_FLOOR, _MESSAGES_BASELINE, _MESSAGES_UNKNOWN = 20.0, 50.0, 200.0
_PACKETS_FLOOR, _PACKETS_UNKNOWN = 500.0, 5_000.0
_CONNECTS_MOST, _CONNECT_SECONDS = 20.0, 10.0
_SAMPLES = 120
_REFUSED_MOST, _REFUSED_SECONDS = 20, 3.0
_DAY = 86400.0


class Memory(Struct, array_like=True, frozen=True):
    """The usual second of messages and of packets, and the connections of the last ten seconds."""

    messages: Baseline = Baseline()
    packets: Baseline = Baseline()
    connects: float = 0.0
    since: float = 0.0
    seen: float = 0.0
    unsent: float = 0.0
    refused: Recent = Recent()


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Look at one second, or at what a longer window comes to in a second."""
    span = max(window.seconds, 1.0)
    messages = (window.said + sum(window.refusals.values()) - window.left_out) / span
    packets = max(window.counters.get("packets_out", 0.0), sum(one.packets_out for one in window.flows)) / span
    if not messages and not packets and not window.connects:
        return None, memory
    connects, since = memory.connects, memory.since
    if not since <= window.start < since + _CONNECT_SECONDS:
        connects, since = 0.0, window.start
    connects += window.connects
    refused = memory.refused.add(window, window.refusals.get("over-rate", 0), _REFUSED_SECONDS)
    unsent = _unsent(window, expected, memory)
    rated = messages if _all_rated(expected) else _of_rated(window, expected) / span
    found = _judge(window, expected, memory, (messages, rated, packets, connects), unsent) or _refused(window, refused)
    return found, Memory(
        memory.messages.learn(steady(messages)) if messages else memory.messages,
        memory.packets.learn(steady(packets)) if packets else memory.packets,
        connects,
        since,
        window.end,
        max(0.0, unsent - rated * span),
        refused,
    )


def _judge(
    window: Window, expected: Expected, memory: Memory, seen: tuple[float, float, float, float], unsent: float
) -> Detection | None:
    messages, rated, packets, connects = seen
    if _is_rated(expected):
        limit = declared_limit(expected) + unsent
        if rated > limit:
            return _too_many(window, rated, limit, "declaration")
    if not _all_rated(expected):
        limit = usual_limit(memory.messages)
        if messages > limit:
            return _too_many(window, messages, limit, _source(memory.messages))
    limit = _usual(memory.packets, _PACKETS_FLOOR, _PACKETS_UNKNOWN)
    if packets > limit:
        says = f"It sent {number(packets)} packets in a second; {number(limit)} are the most that is explained."
        source = _source(memory.packets)
        return fired(ID, window, packets, limit, source, says, _action(source), "packets")
    if connects > _CONNECTS_MOST:
        says = f"It connected {number(connects)} times within ten seconds."
        return fired(ID, window, connects, _CONNECTS_MOST, "built-in", says, _action("built-in"), "connections")
    return None


def _refused(window: Window, refused: Recent) -> Detection | None:
    """Look at what the gateway refused over the declared rate.

    It ends a connection after five: an honest client, which waits a second before it comes back, gets no further.
    """
    if "over-rate" not in window.refusals or refused.count < _REFUSED_MOST:
        return None
    says = f"It came back to send more than declared: {number(refused.count)} messages were refused within seconds."
    return fired(ID, window, refused.count, _REFUSED_MOST, "declaration", says, ACTION, "refused")


def _too_many(window: Window, messages: float, limit: float, source: LimitFrom) -> Detection:
    says = f"It sent {number(messages)} messages in a second; {number(limit)} are the most that is explained."
    return fired(ID, window, messages, limit, source, says, _action(source), "messages")


def declared_limit(expected: Expected) -> float:
    """Return the most messages in a second that the declared rates explain."""
    return max(_MESSAGES_FLOOR, most_by_chance(_TIMES * _per_second(expected), BUDGET / _DAY))


def usual_limit(usual: Baseline) -> float:
    """Return the most messages in a second that the device's own past explains."""
    return _usual(usual, _MESSAGES_BASELINE, _MESSAGES_UNKNOWN)


def _is_rated(expected: Expected) -> bool:
    return any(one.messages is not None for one in expected.rates.values())


def _all_rated(expected: Expected) -> bool:
    """Whether the rates explain all that the device says; else they speak of their own streams alone."""
    rated = {name for name, one in expected.rates.items() if one.messages is not None}
    return bool(rated) and rated >= set(expected.streams)


def _of_rated(window: Window, expected: Expected) -> int:
    rates = expected.rates
    return sum(
        count
        for topic, count in window.messages.items()
        if (rate := rates.get(topic.removeprefix("up/"))) is not None and rate.messages is not None
    )


def _per_second(expected: Expected) -> float:
    return sum((one.messages or 0.0) / one.seconds for one in expected.rates.values())


def _unsent(window: Window, expected: Expected, memory: Memory) -> float:
    """Return how many declared messages are still due: a burst of what was saved up is no flood."""
    if not _is_rated(expected):
        return 0.0
    if not memory.seen:
        return max(one.messages or 0.0 for one in expected.rates.values())
    away = max(0.0, window.end - memory.seen)
    return min(memory.unsent + away * _per_second(expected), _DAY * _per_second(expected))


def _usual(usual: Baseline, floor: float, unknown: float) -> float:
    if usual.samples < _SAMPLES:
        return unknown
    level = (usual.level + 3.0 * max(usual.spread, 1.0)) / 2.0
    return max(floor, _TIMES * (level * level - 0.375))


def _action(source: LimitFrom) -> Action:
    """Cut off by what was declared or what is usual for the device; by our own guess, only show."""
    return "alert" if source == "built-in" else ACTION


def _source(usual: Baseline) -> LimitFrom:
    return "baseline" if usual.samples >= _SAMPLES else "built-in"
