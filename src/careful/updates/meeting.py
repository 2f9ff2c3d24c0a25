"""What happens where two rollouts want the same device. Pure, and shown before a rollout starts.

1. A device that has read its order carries it out first, whatever comes later.
2. A newer version takes a device over from an older one; the older rollout ends where nothing is left to it.
3. A rollout never takes a device from one that runs and brings the same version or a newer one.
4. Taking over from a rollout that runs is said to whoever starts the new one, and wants their word; from one that is
   halted it does not.
5. A downgrade that two people want takes over from every other rollout.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from careful.updates.model import RolloutState
from careful.updates.versions import is_newer

Rule = Literal["takes over", "leaves to it"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another rollout of the product that runs or is halted, with the devices that it has yet to settle."""

    rollout: str
    version: str
    state: RolloutState
    unsettled: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Two rollouts that want the same devices, which, and which rule decides. `whole`: nothing is left to it then."""

    rollout: str
    version: str
    state: RolloutState
    devices: tuple[str, ...]
    rule: Rule
    whole: bool

    @property
    def says(self) -> str:
        """Return it in a sentence."""
        count = f"{len(self.devices)} device{'s' if len(self.devices) != 1 else ''}"
        if self.rule == "leaves to it":
            return f"Rollout {self.rollout} brings {self.version} to {count}; they are left to it."
        ends = ", which ends" if self.whole else ""
        return f"This takes over {count} from rollout {self.rollout} ({self.version}, {self.state}){ends}."

    @property
    def wants_word(self) -> bool:
        """Tell whether somebody must say that this is meant."""
        return self.rule == "takes over" and self.state == "running"


def meetings(version: str, chosen: Collection[str], others: Iterable[Other], *, downgrade: bool) -> list[Meeting]:
    """Return where a new rollout of `version` to the `chosen` devices meets others, and which rule decides each."""
    wanted = frozenset(chosen)
    found = []
    for other in others:
        shared = wanted & other.unsettled
        if not shared:
            continue
        takes = downgrade or other.state == "halted" or is_newer(version, other.version)
        found.append(
            Meeting(
                rollout=other.rollout,
                version=other.version,
                state=other.state,
                devices=tuple(sorted(shared)),
                rule="takes over" if takes else "leaves to it",
                whole=takes and other.unsettled <= wanted,
            )
        )
    return found
