"""What a decision stands on, and what moved under it since; pure.

A decision is made once, for every version and patch set that carried the flaw on that day. A later release that is
among these inherits it. Else, or when the lists say something else, or the flaw is now exploited, a person must look
again, and is told what changed, from what to what. What was not noted on that day is not compared.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WORDING = 500
_SHOWN_WORDS = 90
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Said:
    """What the leading list says of a flaw in a component: which record, how sure, which range, and in what words."""

    feed: str
    record: str
    certainty: str
    span: str
    fixed: str
    wording: str


@dataclass(frozen=True, slots=True)
class Carrier:
    """A component that carries the flaw; None is what was not noted.

    `patches` are what the SBOM says of patches in it; `compiled` the source files at fault that were compiled.
    """

    name: str
    version: str
    patches: tuple[str, ...] | None = None
    compiled: tuple[str, ...] | None = None
    said: Said | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that a decision stands on."""

    carriers: frozenset[Carrier]
    exploited: bool | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that changed, in words; `release` is the version where, empty where it is true of all."""

    says: str
    release: str = ""


def fact(carrier: Carrier) -> dict[str, Any]:
    """Return a carrier's facts beside its name and version, as JSON."""
    facts: dict[str, Any] = {}
    if carrier.patches is not None:
        facts["patches"] = list(carrier.patches)
    if carrier.compiled is not None:
        facts["compiled"] = list(carrier.compiled)
    if carrier.said is not None:
        one = carrier.said
        facts["said"] = [one.feed, one.record, one.certainty, one.span, one.fixed, one.wording[:_WORDING]]
    return facts


def carrier(name: str, version: str, facts: Mapping[str, Any] | None) -> Carrier:
    """Return a carrier from its facts."""
    facts = facts or {}
    patches, compiled, said = facts.get("patches"), facts.get("compiled"), facts.get("said")
    return Carrier(
        name,
        version,
        None if patches is None else tuple(patches),
        None if compiled is None else tuple(compiled),
        None if said is None else Said(*said),
    )


def written(ground: Ground) -> dict[str, Any]:
    """Return a ground as JSON."""
    listed = sorted(([one.name, one.version, fact(one)] for one in ground.carriers), key=repr)
    return {"carriers": listed} | ({} if ground.exploited is None else {"exploited": ground.exploited})


def read(raw: Mapping[str, Any] | None) -> Ground:
    """Return a ground from JSON; the first form of it was name and version alone."""
    if raw is None:
        return Ground(frozenset())
    if "carriers" not in raw:
        return Ground(frozenset(Carrier(name, str(version)) for name, version in raw.items()))
    return Ground(frozenset(carrier(*one) for one in raw["carriers"]), raw.get("exploited"))


def moved(before: Ground, now: Sequence[tuple[str, Carrier]], *, exploited: bool) -> list[Moved]:
    """Return what changed since a decision: `now` is what carries the flaw today, each with the release it is in."""
    known: dict[str, list[Carrier]] = {}
    for one in sorted(before.carriers, key=repr):
        known.setdefault(one.name, []).append(one)
    changes = [Moved("it is exploited in the wild now, and was not")] if exploited and before.exploited is False else []
    for release, one in now:
        changes += _carrier_moved(known.get(one.name, []), one, release)
    return list(dict.fromkeys(changes))


def completed(before: Ground, now: Iterable[Carrier], *, exploited: bool) -> Ground:
    """Return the ground with what was not noted on the day, taken from today; nothing that was noted changes."""
    today: dict[tuple[str, str], list[Carrier]] = {}
    for one in sorted(now, key=repr):
        today.setdefault((one.name, one.version), []).append(one)
    carriers = set()
    for old in before.carriers:
        if not _lacks(old):
            carriers.add(old)
            continue
        like = today.get((old.name, old.version), [])
        carriers |= {_filled(old, one) for one in like} or {old}
    return Ground(frozenset(carriers), exploited if before.exploited is None else before.exploited)


def _lacks(one: Carrier) -> bool:
    return one.patches is None or one.compiled is None or one.said is None


def _filled(old: Carrier, one: Carrier) -> Carrier:
    return Carrier(
        old.name,
        old.version,
        one.patches if old.patches is None else old.patches,
        one.compiled if old.compiled is None else old.compiled,
        one.said if old.said is None else old.said,
    )


def _carrier_moved(known: Sequence[Carrier], one: Carrier, release: str) -> list[Moved]:
    same = [each for each in known if each.version == one.version]
    if not same:
        then = ", ".join(dict.fromkeys(each.version for each in known)) or "nothing"
        return [Moved(f"{one.name} moved from {then} to {one.version} in {release}, and still has it", release)]
    name, changes = f"{one.name} {one.version}", []
    patches = _differs(one.patches, [each.patches for each in same])
    if patches:
        changes.append(Moved(f"the patches of {name} changed in {release}: {patches}", release))
    compiled = _differs(one.compiled, [each.compiled for each in same])
    if compiled:
        changes.append(Moved(f"what is compiled of {name} changed in {release}: {compiled}", release))
    said = [each.said for each in same]
    if one.said is not None and None not in said and not any(_alike(each, one.said) for each in said if each):
        changes.append(Moved(_told(name, _nearest([each for each in said if each], one.said), one.said)))
    return changes


def _differs(now: tuple[str, ...] | None, known: Sequence[tuple[str, ...] | None]) -> str:
    """Say how a set differs from all that were known, empty where it is one of them or one was not noted."""
    noted = [set(one) for one in known if one is not None]
    if now is None or len(noted) < len(known) or set(now) in noted:
        return ""
    nearest = min(noted, key=lambda one: (len(one ^ set(now)), sorted(one)))
    came, went = sorted(set(now) - nearest), sorted(nearest - set(now))
    return "; ".join(
        f"{_few(names)} {verb}" for names, verb in ((came, "came"), (went, "went")) if names
    )  # the word order keeps old and new apart without a sign that a reader must know


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _same_record(one: Said, other: Said) -> bool:
    return (one.feed, one.record) == (other.feed, other.record)


def _alike(then: Said, now: Said) -> bool:
    """Tell whether two statements come to the same. Ranges and words of two records are not compared."""
    if (then.certainty, then.fixed) != (now.certainty, now.fixed):
        return False
    return not _same_record(then, now) or (then.span == now.span and _same_words(then, now))


def _nearest(known: Sequence[Said], now: Said) -> Said:
    return max(known, key=lambda one: (_same_record(one, now), one.certainty == now.certainty, repr(one)))


def _told(name: str, then: Said, now: Said) -> str:
    same = _same_record(then, now)
    pairs = [
        ("certainty", then.certainty, now.certainty),
        ("fixed in", then.fixed or "not said", now.fixed or "not said"),
    ]
    if same:
        pairs.insert(1, ("range", then.span, now.span))
        if not _same_words(then, now):
            pairs.append(("words", *_apart(then.wording, now.wording)))
    else:
        pairs.insert(0, ("record", f"{then.record} from {then.feed}", f"{now.record} from {now.feed}"))
    changed = "; ".join(f"{what}: {old} -> {new}" for what, old, new in pairs if old != new)
    return f"what {now.feed} says of {name} changed ({now.record}): {changed}"


def _same_words(then: Said, now: Said) -> bool:
    """Tell whether two wordings are the same; where a record has none, there is nothing to compare."""
    return not then.wording or not now.wording or _plain(then.wording) == _plain(now.wording)


def _plain(wording: str) -> str:
    """Return the words alone: space, case and punctuation change without meaning."""
    return " ".join(re.findall(r"\w+", wording.casefold()))


def _apart(then: str, now: str) -> tuple[str, str]:
    """Return both texts from a little before where they part, quoted."""
    at = next((place for place, (a, b) in enumerate(zip(then, now, strict=False)) if a != b), min(len(then), len(now)))
    start = max(at - 20, 0)
    lead = "…" if start else ""
    return f"“{lead}{then[start : start + _SHOWN_WORDS]}”", f"“{lead}{now[start : start + _SHOWN_WORDS]}”"
