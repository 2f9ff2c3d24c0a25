"""A second matcher, plain on purpose: numbers with dots, bounds, nothing else. It shares no code with the product.

What it cannot read for sure it calls unclear, and nobody is measured on that.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

NUMBER = re.compile(r"\d+(?:\.\d+)*")
SEED = 5
Number = tuple[int, ...]


def number(text: str) -> Number:
    """Read `1.2.0` as (1, 2): zeros at the end mean nothing."""
    parts = [int(part) for part in text.split(".")]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


@dataclass(frozen=True)
class Said:
    """One row: a flaw and its bounds as texts, empty where open; `clear` is false for what needs more than numbers."""

    flaw: str
    exact: str = ""
    least: str = ""
    above: str = ""
    most: str = ""
    below: str = ""
    clear: bool = True
    affected: bool = True

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the versions it names."""
        return tuple(text for text in (self.exact, self.least, self.above, self.most, self.below) if text)

    @property
    def readable(self) -> bool:
        """Tell whether it is clear and all in numbers."""
        return self.clear and all(NUMBER.fullmatch(text) for text in self.texts)

    def holds(self, version: str) -> bool:
        """Tell whether a version in numbers lies in it."""
        at = number(version)
        if self.exact:
            return number(self.exact) == at
        return not (
            (self.least and at < number(self.least))
            or (self.above and at <= number(self.above))
            or (self.most and at > number(self.most))
            or (self.below and at >= number(self.below))
        )


@dataclass
class Question:
    """A component of one name and version, with the flaws that it must have and those that nobody can tell."""

    name: tuple[str, str]
    version: str
    wanted: set[str] = field(default_factory=set)
    unclear: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return f"{':'.join(self.name)} {self.version}"


def questions(
    rows: Mapping[tuple[str, str], Iterable[Said]], most: int, each: int, *, fewest: int = 1
) -> list[Question]:
    """Ask about versions that the rows themselves name: at every bound is where readings differ."""
    draw = random.Random(SEED)
    names = sorted(name for name, said in rows.items() if len(list(said)) >= fewest)
    draw.shuffle(names)
    made: list[Question] = []
    for name in names:
        versions = sorted({text for one in rows[name] for text in one.texts if NUMBER.fullmatch(text)})
        drawn = draw.sample(versions, min(each, len(versions)))
        made += [_answer(Question(name, version), rows[name]) for version in drawn]
        if len(made) >= most:
            break
    return made


def _answer(one: Question, rows: Iterable[Said]) -> Question:
    for said in rows:
        if not said.readable:
            one.unclear.add(said.flaw)
        elif said.holds(one.version):
            (one.wanted if said.affected else one.denied).add(said.flaw)
    both = one.wanted & one.denied  # the source contradicts itself
    one.unclear |= both
    one.wanted -= one.unclear
    one.denied -= one.unclear
    return one


def by_name(pairs: Iterable[tuple[tuple[str, str], Said]]) -> dict[tuple[str, str], list[Said]]:
    """Collect rows under their names."""
    found: dict[tuple[str, str], list[Said]] = defaultdict(list)
    for name, said in pairs:
        found[name].append(said)
    return found
