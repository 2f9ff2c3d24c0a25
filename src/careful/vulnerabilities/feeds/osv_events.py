"""The ranges of an OSV record, from its events; pure.

OSV evaluates events in the order of their versions (OSV schema, "Evaluation"). Most records list them in pairs, from
here to there, and then both readings are one. Where they are not, because pairs overlap or are upside down, a version
that either reading holds is affected, and a pair that ends before it begins is for a person to check besides.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from careful.vulnerabilities import versions
from careful.vulnerabilities.feeds.record import Malformed
from careful.vulnerabilities.ranges import Range

_NAMES = ("introduced", "fixed", "last_affected", "limit")
Event = tuple[str, str]
_Placed = tuple[Any, str, str]
"""Where an event lies in the order of versions, its name and its version."""


def read_ranges(part: Mapping[str, Any], where: str, scheme: str) -> tuple[tuple[Range, ...], list[list[Event]]]:
    """Return the ranges in versions, and the events of each range in commits. Raises Malformed, naming the place."""
    found: list[Range] = []
    commits: list[list[Event]] = []
    listed = part.get("ranges") or []
    if not isinstance(listed, list):
        raise Malformed(f"{where}.ranges: expected a list")
    for number, one in enumerate(listed):
        place = f"{where}.ranges[{number}]"
        if not isinstance(one, dict) or not isinstance(one.get("events"), list):
            raise Malformed(f"{place}.events: expected a list")
        events = list(_events(one["events"], place))
        if one.get("type") == "GIT":
            commits.append(events)
        else:
            found += _spans(events, scheme)
    return tuple(dict.fromkeys(found)), commits


def has_no_end(events: Sequence[Event]) -> bool:
    """Tell whether a range goes on: nothing in it says where it ends."""
    return all(name == "introduced" for name, _ in events)


def has_no_beginning(events: Sequence[Event]) -> bool:
    """Tell whether a range reaches back to the first version."""
    return any(one == ("introduced", "0") for one in events) or not any(name == "introduced" for name, _ in events)


def _events(events: Sequence[Any], where: str) -> Iterator[Event]:
    for number, event in enumerate(events):
        if not isinstance(event, dict):
            raise Malformed(f"{where}.events[{number}]: expected an object")
        for name in _NAMES:
            if name in event:
                if not isinstance(event[name], str) or not event[name]:
                    raise Malformed(f"{where}.events[{number}].{name}: expected a version")
                if event[name] != "*":  # a limit without end is none
                    yield name, event[name]


def _spans(events: Sequence[Event], scheme: str) -> list[Range]:
    """Return what the events hold, by either reading; as listed where a version cannot be read."""
    try:
        placed: list[_Placed] = [(_place(version, scheme), name, version) for name, version in events]
    except ValueError:
        return list(_in_order([(number, *one) for number, one in enumerate(events)]))
    pairs = list(_pairs(placed))
    turned = [pair for pair in pairs if pair.is_turned]
    upright = [one for pair in pairs for one in pair.events if not pair.is_turned] if pairs else placed
    told = list(_in_order(sorted(upright, key=lambda one: one[0])))
    whole = [pair.span for pair in pairs if not (pair.is_turned or pair.is_empty)]
    if len(pairs) == 1 and pairs[0].is_empty:
        return [pairs[0].span]
    return [*told, *(span for span in whole if span not in told), *(pair.span for pair in turned)]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A beginning and its end, as they are listed; the last may have none."""

    events: tuple[_Placed, ...]

    @property
    def span(self) -> Range:
        first, *then = self.events
        return _range(first[2], then[0][1], then[0][2]) if then else Range(introduced=first[2])

    @property
    def is_turned(self) -> bool:
        """Tell whether it ends before it begins."""
        return bool(self.events[-1][0] < self.events[0][0])

    @property
    def is_empty(self) -> bool:
        """Tell whether it ends where it begins: in the versions of an advisory, one that never had the flaw."""
        first, last = self.events[0], self.events[-1]
        return first is not last and first[0] == last[0] and last[1] != "last_affected"


def _in_order(events: Sequence[_Placed]) -> Iterator[Range]:
    """Turn events into ranges one after the other, as the OSV format evaluates them."""
    start: str | None = None
    for _, same in itertools.groupby(events, key=lambda one: one[0]):
        # Where a fix and an introduction share a version, what is open ends first; else it is an empty range.
        is_open = start is not None
        listed = sorted(same, key=lambda one: (one[1] == "introduced") == is_open)
        if not is_open and {name for _, name, _ in listed} >= {"introduced", "fixed"}:
            continue
        for _, name, version in listed:
            if name == "introduced":
                start = version if start is None else start
            elif start is not None:
                yield _range(start, name, version)
                start = None
    if start is not None:
        yield Range(introduced=start)


def _pairs(events: Sequence[_Placed]) -> Iterator[_Pair]:
    """Yield each pair as it is listed; nothing where they are not listed in pairs."""
    if any((name == "introduced") != (number % 2 == 0) for number, (_, name, _) in enumerate(events)):
        return
    for number in range(0, len(events), 2):
        yield _Pair(tuple(events[number : number + 2]))


def _range(start: str, name: str, end: str) -> Range:
    return Range(introduced=start, **{"last" if name == "last_affected" else "fixed": end})


def _place(version: str, scheme: str) -> tuple[int, versions.Key]:
    return (0, ()) if version == "0" else (1, versions.key(scheme, version))
