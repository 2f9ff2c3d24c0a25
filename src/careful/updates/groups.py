"""Which devices a rollout is for, as a query that a person can read aloud. Pure.

    region=eu,us tag=beta tag!=lab release=1.0.0,1.0.1 hardware=rev-a consent=automatic

Each word is a condition and all must hold; with several values, one is enough. `tag!=lab` leaves the tagged out, and
`release=unknown` means those that have not said what they run. Nothing at all is every device.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from careful.kernel.errors import Invalid
from careful.updates.model import Candidate

LONGEST = 500
_MOST = 20
_WORD = re.compile(r"([a-z]+)(!?=)([A-Za-z0-9._+~,-]{1,300})")
_UNKNOWN = "unknown"

_OF: Mapping[str, Callable[[Candidate], frozenset[str]]] = {
    "model": lambda one: frozenset({one.product}),
    "hardware": lambda one: frozenset({one.hardware}),
    "release": lambda one: frozenset({one.version or _UNKNOWN}),
    "region": lambda one: frozenset({one.region or _UNKNOWN}),
    "tag": lambda one: frozenset(one.tags),
    "consent": lambda one: frozenset({one.consent}),
    "device": lambda one: frozenset({one.device}),
}
KEYS = tuple(_OF)


@dataclass(frozen=True, slots=True)
class Condition:
    """One word of a query: what it asks of, the values of which one is enough, and whether they must not be there."""

    key: str
    values: frozenset[str]
    forbidden: bool

    def holds(self, one: Candidate) -> bool:
        """Tell whether a device meets it."""
        return self.forbidden != bool(self.values & _OF[self.key](one))

    def __str__(self) -> str:
        return f"{self.key}{'!=' if self.forbidden else '='}{','.join(sorted(self.values))}"


@dataclass(frozen=True, slots=True)
class Group:
    """The devices that meet all conditions."""

    conditions: tuple[Condition, ...] = ()

    def objection(self, one: Candidate) -> str:
        """Return why a device is not of the group, or "" where it is."""
        return next((f"not {each}" for each in self.conditions if not each.holds(one)), "")

    def __str__(self) -> str:
        return " ".join(str(each) for each in self.conditions)


def parse(text: str) -> Group:
    """Read a query. Raises Invalid, naming the word that makes no sense."""
    words = text.split()
    if len(text) > LONGEST or len(words) > _MOST:
        raise Invalid(f"A group has at most {_MOST} conditions in {LONGEST} characters.", where="group")
    return Group(tuple(_read(word) for word in words))


def _read(word: str) -> Condition:
    found = _WORD.fullmatch(word)
    values = frozenset(found[3].split(",")) - {""} if found else frozenset()
    if found is None or found[1] not in _OF or not values:
        raise Invalid(
            f"{word[:60]!r} is no condition.",
            do=f"Write key=value or key!=value with one of {', '.join(KEYS)}, such as region=eu tag=beta.",
            where="group",
        )
    return Condition(found[1], values, found[2] == "!=")


def divide(
    devices: Iterable[Candidate], objection: Callable[[Candidate], str], group: Group, exclude: Iterable[str]
) -> tuple[list[Candidate], list[tuple[str, str]]]:
    """Return which of `devices` are chosen, and of each of the others why not."""
    without = frozenset(exclude)
    chosen: list[Candidate] = []
    left_out: list[tuple[str, str]] = []
    for one in devices:
        why = objection(one) or group.objection(one) or ("excluded by name" if one.device in without else "")
        if why:
            left_out.append((one.device, why))
        else:
            chosen.append(one)
    return chosen, left_out
