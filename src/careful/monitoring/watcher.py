"""Running every detection over windows and keeping what each remembers of each device. Live and replay use this alike.

Memory is bounded: beyond `devices_most` the device that was seen longest ago is forgotten.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from careful.monitoring.detections import Rule, rules
from careful.monitoring.model import Detection, Expected, Window

DEVICES_MOST = 200_000
_encode = msgspec.msgpack.Encoder().encode
_decode_parts = msgspec.msgpack.Decoder(dict[str, msgspec.Raw]).decode


class Watcher:
    """The detections with their memories. Order of devices does not matter; the windows of one device come in order."""

    def __init__(self, chosen: Iterable[Rule] | None = None, devices_most: int = DEVICES_MOST) -> None:
        self._rules = tuple(rules() if chosen is None else chosen)
        self._most = devices_most
        self._memories: dict[str, list[Any]] = {}

    def see(self, window: Window, expected: Expected) -> list[Detection]:
        """Return what fires for one window."""
        memories = self._memories.pop(window.device, None)  # what was seen last stands last
        if memories is None:
            memories = [one.memory() for one in self._rules]
        self._memories[window.device] = memories
        found = []
        for place, rule in enumerate(self._rules):
            detection, memories[place] = rule.detect(window, expected, memories[place])
            if detection is not None:
                found.append(detection)
        if len(self._memories) > self._most:
            del self._memories[next(iter(self._memories))]
        return found

    def forget(self, device: str) -> None:
        """Forget one device, as when it changes hands."""
        self._memories.pop(device, None)

    def remembered(self, device: str) -> bytes | None:
        """Return what is remembered of a device, to be kept over a restart."""
        memories = self._memories.get(device)
        if memories is None:
            return None
        return _encode({rule.id: memory for rule, memory in zip(self._rules, memories, strict=True)})

    def recall(self, device: str, kept: bytes) -> None:
        """Take back what was remembered. What cannot be read, as after a change of a rule, begins anew."""
        try:
            parts = _decode_parts(kept)
        except msgspec.DecodeError:
            return
        self._memories[device] = [_restored(rule, parts.get(rule.id)) for rule in self._rules]

    def __len__(self) -> int:
        """Return how many devices are remembered."""
        return len(self._memories)


def _restored(rule: Rule, kept: msgspec.Raw | None) -> Any:  # noqa: ANN401 (each rule's memory has its own type)
    try:
        return rule.memory() if kept is None else msgspec.msgpack.decode(kept, type=rule.memory)
    except msgspec.DecodeError:
        return rule.memory()
