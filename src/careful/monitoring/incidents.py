"""What many devices do at once is one incident, not many: silence of a large part of a fleet above all.

Devices of one product have one cause where a fifth of them go silent together. Those of several products have one where
one moment explains it: none of them was heard after it, and before it they had spoken as they should. Where no moment
does, each product has a row of its own, which says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from careful.monitoring.detections import silence
from careful.monitoring.firing import number
from careful.monitoring.model import Detection

FLEET_SHARE = 0.2
FLEET_LEAST = 5
GOING_BEATS = 1.5
"""Heartbeats without a word after which a device counts as going silent: when the first is told, the others have."""
_TOLERANCE = 30.0
_ALIVE_SHARE = 0.8
_FLEET = "fleet"


@dataclass(frozen=True, slots=True)
class Late:
    """A device that was not heard for longer than its heartbeat."""

    device: str
    product: str
    heard: float
    beat: float


@dataclass(slots=True)
class Wide:
    """The silence of a large part of one product's devices."""

    product: str
    last: float
    """When the last of them was heard."""
    late: tuple[Late, ...]
    lead: str = ""
    """The product under whose name the incident stands."""


@dataclass(slots=True)
class Incidents:
    """The wide silences of one gateway's devices, for as long as they last."""

    wide: dict[str, Wide] = field(default_factory=dict)

    def follow(self, late: Iterable[Late], tracked: Mapping[str, int], now: float) -> None:
        """Take in who is late; `tracked`: how many devices of each product are to be heard."""
        going: dict[str, list[Late]] = defaultdict(list)
        for one in late:
            if now - one.heard > GOING_BEATS * one.beat:
                going[one.product].append(one)
        found = {
            product: Wide(product, max(one.heard for one in silent), tuple(silent))
            for product, silent in going.items()
            if len(silent) >= max(FLEET_LEAST, FLEET_SHARE * tracked.get(product, 0))
        }
        # Who led an incident goes on leading it: its row is there.
        for product in sorted(found, key=lambda one: (one not in self.wide, found[one].last, one)):
            mine, before = found[product], self.wide.get(product)
            leads = (one.lead for one in found.values() if one.lead and _is_one(one, mine))
            mine.lead = before.lead if before is not None and before.lead in found else next(leads, product)
        self.wide = found

    def fold(self, found: Sequence[Detection]) -> list[Detection]:
        """Put the detections of a wide silence under the cause that they share."""
        return [self._folded(one) if one.rule == silence.ID else one for one in found]

    def _folded(self, one: Detection) -> Detection:
        wide = self.wide.get(one.cause.split("|")[1])
        if wide is None:
            return one
        together = sorted(other.product for other in self.wide.values() if other.lead == wide.lead)
        apart = sorted(other.product for other in self.wide.values() if other.lead != wide.lead)
        silent = sum(len(other.late) for other in self.wide.values() if other.lead == wide.lead)
        says = (
            f"{number(silent)} devices fell silent together: one incident, more likely of the network or of ours "
            "than of theirs."
        )
        if len(together) > 1:
            says = f"{number(silent)} devices of {' and '.join(together)} fell silent together: one moment explains it."
        if apart:
            says += f" Those of {', '.join(apart)} are silent too, and not from the same moment on."
        return replace(one, cause=f"{silence.ID}|{wide.lead}|{_FLEET}", says=says, names=tuple(together))


def _is_one(one: Wide, other: Wide) -> bool:
    """Tell whether one moment explains both: nobody was heard after it, and most were alive up to it."""
    moment = max(one.last, other.last) - _TOLERANCE
    return all(
        sum(late.heard + GOING_BEATS * late.beat >= moment for late in wide.late) >= _ALIVE_SHARE * len(wide.late)
        for wide in (one, other)
    )
