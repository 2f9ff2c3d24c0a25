"""What a sensor says lies outside of all it ever said: somebody changes readings, or the sensor is broken."""

from msgspec import Struct

from careful.monitoring.firing import fired
from careful.monitoring.learnt import Span
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "odd_reading"
TITLE = "Odd reading"
WORDS = (
    "Two readings one after the other, or two at once, lay clearly outside of all that these sensors said before. Seen "
    "only where readings are plain numbers, in recordings; a change within the usual span is not seen."
)
LIMIT = (
    "The baseline: the least and the most of the quiet days, or of the last readings once there were 600, and 12 % of "
    "that span on either side."
)
BUDGET = 0.05
ACTION: Action = "note"

PREFIX = "reading:"
_LEAST, _MARGIN = 600, 0.12
_TWICE = 2
_GIVEN_UP = 40
_SENSORS = 64


class Track(Struct, array_like=True, frozen=True):
    """One sensor: the span of its readings, how many there were, and how many were odd, one after the other."""

    low: float
    high: float
    count: int = 1
    odd: int = 0


class Memory(Struct, array_like=True, frozen=True):
    """The sensors."""

    sensors: dict[str, Track] = {}


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Compare every reading with its sensor's span."""
    readings = [(name, value) for name, value in window.counters.items() if name.startswith(PREFIX)]
    if not readings:
        return None, memory
    sensors = dict(memory.sensors)
    odd: list[tuple[float, float, str, float]] = []
    again = 0
    for name, value in readings:
        track = sensors.pop(name, None)  # what was heard last stands last
        known = _known(name, window, expected) if track is None or track.count < _LEAST else None
        span = known or (Span(track.low, track.high) if track is not None and track.count >= _LEAST else None)
        over = 0.0 if span is None else beyond(span, value)
        if over > 0 and span is not None:
            odd.append((over, value, name, span.high if value > span.high else span.low))
            again = max(again, (track.odd if track else 0) + 1)
        sensors[name] = _learnt(track, value, span, is_odd=over > 0)
        if len(sensors) > _SENSORS:
            del sensors[next(iter(sensors))]
    memory = Memory(sensors)
    if max(len(odd), again) < _TWICE:
        return None, memory
    _, value, name, limit = max(odd)
    says = f"A reading of {name.removeprefix(PREFIX)[:80]} was {value:g}; {limit:g} was the furthest before."
    return fired(ID, window, value, limit, "baseline", says, ACTION, name.rpartition("/")[2][:80]), memory


def beyond(span: Span, value: float) -> float:
    """Return by how many spans a value lies outside, beyond the margin; 0 within."""
    width = span.high - span.low
    if width <= 0:
        return 0.0
    return max((span.low - value) / width - _MARGIN, (value - span.high) / width - _MARGIN, 0.0)


def _known(name: str, window: Window, expected: Expected) -> Span | None:
    return expected.learnt.readings.get(f"{window.device} {name}") if expected.learnt is not None else None


def _learnt(track: Track | None, value: float, span: Span | None, *, is_odd: bool) -> Track:
    if track is None:
        low, high = (span.low, span.high) if span is not None else (value, value)
        return Track(low, high, 1, int(is_odd))
    if is_odd and track.odd < _GIVEN_UP:
        return Track(track.low, track.high, track.count, track.odd + 1)
    if is_odd:
        return Track(value, value)
    return Track(min(track.low, value), max(track.high, value), track.count + 1, 0)
