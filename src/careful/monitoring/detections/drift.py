"""A device behaves in several ways unlike itself, or unlike its kind."""

from collections.abc import Mapping
from math import log2

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, LimitFrom, Window
from careful.monitoring.numbers import Baseline, steady

ID = "drift"
TITLE = "Unlike itself or its kind"
WORDS = (
    "In one minute at least two figures (messages, bytes, refusals, connections, conversations, packets, bytes of a "
    "message) lay far above the device's own usual minute, or that of devices with the same product and release."
)
LIMIT = (
    "The baseline: two figures at 6 spreads and more, after 30 minutes with traffic; for its kind two at 10 spreads, "
    "from 10 devices on. One value moves a baseline by 3 spreads at most."
)
BUDGET = 0.02
ACTION: Action = "alert"

FIGURES = ("messages", "bytes", "refusals", "connections", "conversations", "packets", "message size")
_MINUTE = 60.0
_SAMPLES = 30
_OWN, _KIND = 6.0, 10.0
_FIGURES_LEAST = 2
_DEVICES_LEAST = 10


class Memory(Struct, array_like=True, frozen=True):
    """The minute under way (raw sums) and the usual minute of each figure."""

    began: float = 0.0
    sums: tuple[float, ...] = (0.0,) * 6
    usual: tuple[Baseline, ...] = (Baseline(),) * len(FIGURES)


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Add to the minute under way; judge and learn each full one."""
    seen = _raw(window)
    if memory.began <= window.start < memory.began + _MINUTE:
        together = tuple(a + b for a, b in zip(memory.sums, seen, strict=True))
        return None, Memory(memory.began, together, memory.usual)
    if not any(memory.sums):
        return None, Memory(window.start, seen, memory.usual)
    values = figures(memory.sums)
    found = _judge(window, expected, values, memory.usual)
    usual = tuple(one.learn(value) for one, value in zip(memory.usual, values, strict=True))
    return found, Memory(window.start, seen, usual)


def figures(sums: tuple[float, ...]) -> tuple[float, ...]:
    """Return the figures of a minute on scales where a spread of 1 is nothing unusual."""
    messages, sent, refusals, connects, flows, packets = sums
    counts = (steady(messages), log2(1.0 + sent), steady(refusals), steady(connects), steady(flows), steady(packets))
    return (*counts, log2(1.0 + sent / messages) if messages else 0.0)


def levels(memory: Memory) -> Mapping[str, float] | None:
    """Return the device's usual figures, or None before they are known: what its kind's are made of."""
    if memory.usual[0].samples < _SAMPLES:
        return None
    return {name: one.level for name, one in zip(FIGURES, memory.usual, strict=True)}


def _raw(window: Window) -> tuple[float, ...]:
    packets = max(window.counters.get("packets_out", 0.0), float(sum(one.packets_out for one in window.flows)))
    return (
        float(window.said),
        float(window.sent),
        float(sum(window.refusals.values())),
        float(window.connects),
        float(len(window.flows)),
        packets,
    )


def _judge(
    window: Window, expected: Expected, values: tuple[float, ...], usual: tuple[Baseline, ...]
) -> Detection | None:
    if usual[0].samples >= _SAMPLES:
        own = {name: one.distance(value) for name, one, value in zip(FIGURES, usual, values, strict=True)}
        found = _say(window, own, _OWN, "its own usual minute", "baseline", "own")
        if found is not None:
            return found
    kind = {}
    for name, value in zip(FIGURES, values, strict=True):
        known = expected.cohort.get(name)
        if known is not None and known[2] >= _DEVICES_LEAST:
            kind[name] = (value - known[0]) / max(known[1], 1.0)
    return _say(window, kind, _KIND, "devices of its product and release", "baseline", "kind")


def _say(
    window: Window, distances: Mapping[str, float], limit: float, whom: str, source: LimitFrom, cause: str
) -> Detection | None:
    far = sorted(((one, name) for name, one in distances.items() if one >= limit), reverse=True)
    if len(far) < _FIGURES_LEAST:
        return None
    names = " and ".join(name for _, name in far[:3])
    says = f"Its {names} lay {number(far[0][0])} spreads above {whom} in one minute."
    return fired(ID, window, far[1][0], limit, source, says, ACTION, cause)
