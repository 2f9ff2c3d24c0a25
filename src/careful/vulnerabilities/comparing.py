"""Which flaws came and went between two releases, and why; pure.

A flaw is gone only where its component moved, left, or is said to be patched. One of whose component nobody can tell
any more is not gone: it is not known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from careful.vulnerabilities.model import Finding


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of one release: findings, flaws that are settled, and what could not be looked up, by name."""

    findings: Sequence[Finding]
    settled: Sequence[Finding]
    unmatched: Mapping[str, str]
    versions: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one flaw in one component."""

    kind: Literal["came", "went", "not known", "stayed"]
    flaw: str
    name: str
    before: str
    after: str
    why: str


def compare(before: Held, after: Held) -> list[Change]:
    """Return what became of every flaw of either release: what came first, then what is not known, went and stayed."""
    old, new = _by_flaw(before.findings), _by_flaw(after.findings)
    changes = [_came(key, new[key], before) for key in new.keys() - old.keys()]
    changes += [_went(key, old[key], after) for key in old.keys() - new.keys()]
    changes += [_stayed(key, old[key], new[key]) for key in old.keys() & new.keys()]
    order = ("came", "not known", "went", "stayed")
    return sorted(changes, key=lambda one: (order.index(one.kind), one.flaw, one.name))


_Key = tuple[str, str]


def _by_flaw(findings: Iterable[Finding]) -> dict[_Key, list[Finding]]:
    found: dict[_Key, list[Finding]] = {}
    for one in findings:
        found.setdefault((one.flaw, one.name), []).append(one)
    return found


def _came(key: _Key, now: Sequence[Finding], before: Held) -> Change:
    flaw, name = key
    versions = _joined(one.version for one in now)
    past = before.versions.get(name, ())
    if not past:
        why = f"{name} is new"
    elif _joined(past) != versions:
        why = f"{name} went from {_joined(past)} to {versions}"
    elif any((one.flaw, one.name) == key for one in before.settled):
        why = "what settled it is not said any more"
    elif name in before.unmatched:
        why = f"it could not be looked up before: {before.unmatched[name]}"
    else:
        why = "it was heard of since"
    return Change("came", flaw, name, _joined(past), versions, f"{why}; {now[0].evidence}")


def _went(key: _Key, then: Sequence[Finding], after: Held) -> Change:
    flaw, name = key
    versions, now = _joined(one.version for one in then), after.versions.get(name, ())
    settled = next((one for one in after.settled if (one.flaw, one.name) == key), None)
    if settled:
        return Change("went", flaw, name, versions, _joined(now), settled.evidence)
    if not now:
        return Change("went", flaw, name, versions, "", f"{name} is not in it any more")
    if name in after.unmatched:
        return Change("not known", flaw, name, versions, _joined(now), after.unmatched[name])
    moved = _joined(now) != versions
    why = f"{name} went from {versions} to {_joined(now)}" if moved else "the lists do not name it any more"
    return Change("went", flaw, name, versions, _joined(now), why)


def _stayed(key: _Key, then: Sequence[Finding], now: Sequence[Finding]) -> Change:
    before, after = _joined(one.version for one in then), _joined(one.version for one in now)
    return Change("stayed", *key, before, after, now[0].evidence)


def _joined(versions: Iterable[str]) -> str:
    return ", ".join(sorted(set(versions)))
