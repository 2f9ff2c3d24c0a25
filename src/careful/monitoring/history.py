"""The last half hour of each device in four figures a minute: what an alert's chart shows beside the observed point."""

from array import array

from careful.monitoring.model import Window

MINUTES = 30
_FIGURES = 4  # messages, bytes, messages in the busiest second, refusals
_OF = {
    "rate_over_limit": 0, "drift": 0, "silence": 0, "large_transfer": 1, "flood": 2, "undeclared_field": 3,
    "topic_probing": 3, "refused_logins": 3,
}  # fmt: skip
"""Which figure a rule's observed value is one of; the other rules count what a usual minute has none of."""


class History:
    """Bounded: a fixed ring for each device, the device seen longest ago forgotten first."""

    def __init__(self, devices_most: int = 50_000) -> None:
        self._most = devices_most
        self._rings: dict[str, tuple[list[int], array[float]]] = {}

    def see(self, window: Window) -> None:
        """Add a window to its minute."""
        minute = int(window.start // 60)
        known = self._rings.pop(window.device, None)
        head, ring = known if known is not None else ([minute], array("f", bytes(4 * MINUTES * _FIGURES)))
        self._rings[window.device] = (head, ring)
        for passed in range(max(head[0] + 1, minute - MINUTES + 1), minute + 1):
            place = (passed % MINUTES) * _FIGURES
            ring[place : place + _FIGURES] = array("f", (0.0,) * _FIGURES)
        head[0] = max(head[0], minute)
        place = (minute % MINUTES) * _FIGURES
        refused = sum(window.refusals.values())
        ring[place] += window.said
        ring[place + 1] += window.sent
        ring[place + 2] = max(ring[place + 2], (window.said + refused) / max(window.seconds, 1.0))
        ring[place + 3] += refused
        if len(self._rings) > self._most:
            del self._rings[next(iter(self._rings))]

    def past(self, device: str, rule: str) -> tuple[float, ...]:
        """Return the figure that a rule looks at, minute by minute, the oldest first; empty where there is none."""
        known, figure = self._rings.get(device), _OF.get(rule)
        if known is None or figure is None:
            return ()
        (last,), ring = known
        values = [ring[(minute % MINUTES) * _FIGURES + figure] for minute in range(last - MINUTES + 1, last + 1)]
        first = next((place for place, value in enumerate(values) if value), len(values) - 1)
        return tuple(float(value) for value in values[first:])
