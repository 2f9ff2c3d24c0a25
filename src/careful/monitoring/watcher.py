"""Running every detection over windows and keeping what each remembers of each device. Live and replay use this alike.

The same cause at the same device is told once an hour, sooner only where it became harder or has a new name in it.
Memory is bounded: beyond `devices_most` the device that was seen longest ago is forgotten.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from careful.monitoring.detections import Rule, drift, odd_reading, rules
from careful.monitoring.model import ACTIONS, Detection, Expected, Window

DEVICES_MOST = 100_000
REPEAT_SECONDS = 3600.0
_TOLD_MOST = 32
_TOLD = "told"
_encode = msgspec.msgpack.Encoder().encode
_decode_parts = msgspec.msgpack.Decoder(dict[str, msgspec.Raw]).decode
Told = dict[str, tuple[float, int]]
"""Cause -> when it was told, and how hard it was."""


class _Device:
    __slots__ = ("memories", "told")

    def __init__(self, memories: list[Any], told: Told) -> None:
        self.memories, self.told = memories, told


class Watcher:
    """The detections with their memories. Order of devices does not matter; the windows of one device come in order."""

    def __init__(
        self, chosen: Iterable[Rule] | None = None, devices_most: int = DEVICES_MOST, *, every: bool = False
    ) -> None:
        """Begin with nothing remembered. With `every`, tell also what was told within the hour: a replay counts it."""
        self._rules = tuple(rules() if chosen is None else chosen)
        self._most = devices_most
        self._every = every
        self._devices: dict[str, _Device] = {}

    def see(self, window: Window, expected: Expected) -> list[Detection]:
        """Return what fires for one window and was not told before."""
        known = self._devices.pop(window.device, None)  # what was seen last stands last
        if known is None:
            known = _Device([one.memory() for one in self._rules], {})
        self._devices[window.device] = known
        found = []
        memories = known.memories
        for place, rule in enumerate(self._rules):
            detection, memories[place] = rule.detect(window, expected, memories[place])
            if detection is not None and (self._every or _is_news(known.told, detection)):
                found.append(detection)
        if len(self._devices) > self._most:
            del self._devices[next(iter(self._devices))]
        return found

    def forget(self, device: str) -> None:
        """Forget one device, as when it changes hands."""
        self._devices.pop(device, None)

    def rearm(self, device: str) -> None:
        """Tell of everything anew, as after a person let a device back in."""
        if device in self._devices:
            self._devices[device].told = {}

    def knows(self, device: str) -> bool:
        """Tell whether anything is remembered of a device."""
        return device in self._devices

    def usual(self) -> Iterator[tuple[str, Mapping[str, float]]]:
        """Yield the usual figures of each device for which they are known."""
        for device, known in self._devices.items():
            for rule, memory in zip(self._rules, known.memories, strict=True):
                levels = drift.levels(memory) if rule.id == drift.ID else None
                if levels is not None:
                    yield device, levels

    def remembered(self, device: str) -> bytes | None:
        """Return what is remembered of a device, to be kept over a restart."""
        known = self._devices.get(device)
        if known is None:
            return None
        pairs = zip(self._rules, known.memories, strict=True)
        parts = {rule.id: memory for rule, memory in pairs if rule.id != odd_reading.ID}  # values are never kept
        return _encode({**parts, _TOLD: known.told})

    def recall(self, device: str, kept: bytes) -> None:
        """Take back what was remembered. What cannot be read, as after a change of a rule, begins anew."""
        try:
            parts = _decode_parts(kept)
        except msgspec.DecodeError:
            return
        memories = [_restored(parts.get(rule.id), rule.memory, rule.memory()) for rule in self._rules]
        self._devices[device] = _Device(memories, _restored(parts.get(_TOLD), Told, {}))

    def __len__(self) -> int:
        """Return how many devices are remembered."""
        return len(self._devices)


def _is_news(told: Told, detection: Detection) -> bool:
    """Note that this was told, unless it was within the hour and no less hard."""
    hard = ACTIONS.index(detection.action)
    before = told.pop(detection.cause, None)
    lately = before is not None and 0.0 <= detection.at - before[0] < REPEAT_SECONDS and before[1] >= hard
    if before is not None and lately and not detection.is_fresh:
        told[detection.cause] = before
        return False
    told[detection.cause] = (detection.at, hard)
    if len(told) > _TOLD_MOST:
        del told[next(iter(told))]
    return True


def _restored(kept: msgspec.Raw | None, kind: Any, fresh: Any) -> Any:  # noqa: ANN401 (each rule's memory has its own type)
    try:
        return fresh if kept is None else msgspec.msgpack.decode(kept, type=kind)
    except msgspec.DecodeError:
        return fresh
