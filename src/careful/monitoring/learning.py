"""Learning what quiet days are like, from the windows of recordings that have no trouble in them. Pure."""

from collections.abc import Iterable
from itertools import pairwise
from statistics import median

from careful.monitoring.detections.beyond_quiet_days import figures
from careful.monitoring.detections.odd_reading import PREFIX
from careful.monitoring.learnt import Beat, Learnt, Span
from careful.monitoring.model import Window
from careful.monitoring.places import names

_DAY, _MINUTE = 86_400.0, 60.0
_PLACES, _READINGS, _TOPICS = 20_000, 20_000, 5_000
_BURST = 2.0
_BEATS, _SHORTEST, _STEADY = 8, 10.0, 0.05


class Learner:
    """Takes windows and gives the baseline; the windows of one device come in order."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._devices: set[str] = set()
        self._places: set[str] = set()
        self._most: dict[str, float] = {}
        self._sessions = 0
        self._minutes: dict[str, tuple[float, dict[str, float]]] = {}
        self._readings: dict[str, Span] = {}
        self._last: dict[str, float] = {}
        self._fell: set[str] = set()
        self._bursts: dict[str, list[list[float]]] = {}

    def see(self, window: Window) -> None:
        """Learn from one window."""
        self._devices.add(window.device)
        self._seconds += window.seconds
        for flow in window.flows:
            if flow.opened_by_device and len(self._places) < _PLACES:
                ends = [flow.peer, *(names(flow.host) if flow.host else [])]
                self._places.update(f"{one}:{flow.port}/{flow.transport}" for one in ends)
        self._sessions = max(self._sessions, int(window.counters.get("mqtt_sessions", 0)))
        self._raise("connections", window.counters.get("established_tcp", 0.0))
        self._add_to_minute(window)
        for name, value in window.counters.items():
            if name.startswith(PREFIX):
                self._add_reading(f"{window.device} {name}", value)
        for topic, count in window.messages.items():
            self._add_beat(f"{window.device} {topic}", window.start, count)

    def learnt(self) -> Learnt:
        """Return the baseline."""
        return Learnt(
            device_days=self._seconds / _DAY,
            devices=frozenset(self._devices),
            places=frozenset(self._places),
            most=dict(self._most),
            sessions=self._sessions,
            beats={name: beat for name, bursts in self._bursts.items() if (beat := _beat(bursts)) is not None},
            # What only grows is a counter or a time, and no reading.
            readings={name: span for name, span in self._readings.items() if name in self._fell},
        )

    def _raise(self, name: str, value: float) -> None:
        self._most[name] = max(self._most.get(name, 0.0), value)

    def _add_to_minute(self, window: Window) -> None:
        began, sums = self._minutes.get(window.device, (window.start, {}))
        more = figures(window)
        if not began <= window.start < began + _MINUTE:
            began, sums = window.start, {}
        share = max(1.0, window.seconds / _MINUTE)  # of what a long window holds, a minute's part
        sums = {name: sums.get(name, 0.0) + value / share for name, value in more.items()}
        self._minutes[window.device] = (began, sums)
        for name, value in sums.items():
            self._raise(name, value)

    def _add_reading(self, name: str, value: float) -> None:
        span = self._readings.get(name)
        if span is None and len(self._readings) >= _READINGS:
            return
        if value < self._last.get(name, value):
            self._fell.add(name)
        self._last[name] = value
        self._readings[name] = Span(value, value) if span is None else Span(min(span.low, value), max(span.high, value))

    def _add_beat(self, name: str, at: float, count: int) -> None:
        bursts = self._bursts.get(name)
        if bursts is None:
            if len(self._bursts) < _TOPICS:
                self._bursts[name] = [[at, count]]
        elif at - bursts[-1][0] <= _BURST:
            bursts[-1][1] += count
        else:
            bursts.append([at, count])


def learn(windows: Iterable[Window]) -> Learnt:
    """Return the baseline of these windows."""
    learner = Learner()
    for window in windows:
        learner.see(window)
    return learner.learnt()


def _beat(bursts: list[list[float]]) -> Beat | None:
    gaps = [after[0] - before[0] for before, after in pairwise(bursts)]
    if len(gaps) < _BEATS:
        return None
    period = median(gaps)
    steady = sum(abs(gap - period) <= max(_STEADY * period, 1.5) for gap in gaps)
    if period < _SHORTEST or steady < 0.98 * len(gaps):
        return None
    counts = {int(count) for _, count in bursts[1:-1]}
    return Beat(period, counts.pop() if len(counts) == 1 else 0)
