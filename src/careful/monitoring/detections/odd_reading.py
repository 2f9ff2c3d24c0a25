"""A sensor says what it never said, or is suddenly unsteady: somebody changes readings, or the sensor is broken."""

from functools import lru_cache
from math import comb

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.learnt import Span
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "odd_reading"
TITLE = "Odd readings"
WORDS = (
    "Readings lay clearly outside of all that the sensor said before, two in a row or two at once; or so many of its "
    "last eight readings lay far from its usual level that chance does not explain it. Live, the newest message of a "
    "second is looked at where nothing in it is personal; no value is kept or said. A small, steady change is not seen."
)
LIMIT = (
    "The baseline: the least and the most of the quiet days, or of the last readings once there were 600, and 12 % of "
    "that span on either side. Unsteady: more than four spreads off, as often as happens by chance once in 50,000 "
    "readings at the sensor's own share of such readings, after 24 readings."
)
BUDGET = 0.05
ACTION: Action = "note"

PREFIX = "reading:"
_LEAST, _MARGIN = 600, 0.12
_TWICE = 2
_GIVEN_UP = 40
_SENSORS = 64
_WARM, _FAR, _CLIP = 24, 4.0, 3.0
_LEVEL_WEIGHT, _SPREAD_WEIGHT, _SHARE_WEIGHT = 0.1, 0.02, 0.01
_LAST = 8
_CHANCE = 2e-5
_SHARE_LEAST = 0.03


class Track(Struct, array_like=True, frozen=True):
    """One sensor."""

    low: float
    high: float
    count: int = 1
    odd: int = 0
    """How many lay outside of its span, one after the other."""
    level: float = 0.0
    spread: float = 0.0
    share: float = _SHARE_LEAST
    """The share of readings that lie far from the level."""
    far: int = 0
    """One bit for each of the last eight readings: whether it did."""
    last: float = 0.0
    fell: bool = False
    """Whether it ever fell. What only grows is a counter or a time, and no reading."""


class Memory(Struct, array_like=True, frozen=True):
    """The sensors."""

    sensors: dict[str, Track] = {}


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Compare every reading with its sensor's span and level."""
    readings = [(name, value) for name, value in window.counters.items() if name.startswith(PREFIX)]
    if not readings:
        return None, memory
    sensors = dict(memory.sensors)
    outside: list[tuple[float, float, str, float]] = []
    unsteady: list[tuple[int, str, int]] = []
    again = 0
    for name, value in readings:
        track = sensors.pop(name, None)  # what was heard last stands last
        span = _span(track, name, window, expected)
        over = 0.0 if span is None else beyond(span, value)
        if over > 0 and span is not None:
            outside.append((over, value, name, span.high if value > span.high else span.low))
            again = max(again, (track.odd if track else 0) + 1)
        track = sensors[name] = _learnt(track, value, span, is_odd=over > 0)
        most = most_far(round(track.share, 2)) if track.count > _WARM and track.fell else _LAST
        if track.far.bit_count() > most:
            unsteady.append((track.far.bit_count(), name, most))
        if len(sensors) > _SENSORS:
            del sensors[next(iter(sensors))]
    return _say(window, outside, again, unsteady), Memory(sensors)


def _say(
    window: Window,
    outside: list[tuple[float, float, str, float]],
    again: int,
    unsteady: list[tuple[int, str, int]],
) -> Detection | None:
    if max(len(outside), again) >= _TWICE:
        over, value, name, limit = max(outside)
        if window.is_live:
            beyond_it = 100 * (over + _MARGIN)
            says = f"Readings of {_sensor(name)} lay {number(beyond_it)} % of its span beyond all that it said before."
            return fired(ID, window, beyond_it, 100 * _MARGIN, "baseline", says, ACTION, "span")
        says = f"A reading of {_sensor(name)} was {value:g}; {limit:g} was the furthest before."
        return fired(ID, window, value, limit, "baseline", says, ACTION, "span")
    if unsteady:
        count, name, most = max(unsteady)
        says = f"{number(count)} of the last {_LAST} readings of {_sensor(name)} lay far from its usual level."
        return fired(ID, window, count, most, "baseline", says, ACTION, "level")
    return None


def _sensor(name: str) -> str:
    return name.removeprefix(PREFIX)[:80]


def beyond(span: Span, value: float) -> float:
    """Return by how many spans a value lies outside, beyond the margin; 0 within."""
    width = span.high - span.low
    if width <= 0:
        return 0.0
    return max((span.low - value) / width - _MARGIN, (value - span.high) / width - _MARGIN, 0.0)


@lru_cache(maxsize=256)
def most_far(share: float) -> int:
    """Return how many of the last eight readings may lie far off before chance does not explain it."""
    tail, count = 0.0, _LAST
    while count > 1:
        tail += comb(_LAST, count) * share**count * (1 - share) ** (_LAST - count)
        if tail > _CHANCE:
            return count
        count -= 1
    return 1


def _span(track: Track | None, name: str, window: Window, expected: Expected) -> Span | None:
    if track is not None and track.count >= _LEAST:
        return Span(track.low, track.high) if track.fell else None
    return expected.learnt.readings.get(f"{window.device} {name}") if expected.learnt is not None else None


def _learnt(track: Track | None, value: float, span: Span | None, *, is_odd: bool) -> Track:
    if track is None:
        low, high = (span.low, span.high) if span is not None else (value, value)
        return Track(low, high, 1, int(is_odd), value, last=value)
    if is_odd and track.odd >= _GIVEN_UP:  # it is another sensor, or another place
        return Track(value, value, 1, 0, value, last=value)
    off = value - track.level
    width = max(track.spread, 0.02 * (track.high - track.low), 1e-9)
    is_far = track.count > _WARM and abs(off) > _FAR * width
    bound = _CLIP * width if track.count > _WARM else abs(off)
    near = max(-bound, min(bound, off))
    weight = max(1.0 / (track.count + 1), _SPREAD_WEIGHT)
    share = track.share + _SHARE_WEIGHT * (is_far - track.share) if track.count > _WARM else track.share
    return Track(
        low=track.low if is_odd else min(track.low, value),
        high=track.high if is_odd else max(track.high, value),
        count=track.count if is_odd else track.count + 1,
        odd=track.odd + 1 if is_odd else 0,
        level=track.level + _LEVEL_WEIGHT * near,
        spread=track.spread + weight * (abs(near) - track.spread),
        share=max(share, _SHARE_LEAST),
        far=(track.far << 1 | is_far) & (1 << _LAST) - 1,
        last=value,
        fell=track.fell or value < track.last,
    )
