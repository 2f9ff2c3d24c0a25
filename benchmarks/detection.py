"""Detections on recorded traffic: recall of each attack, false alarms a device-day, time to detect, events a second.

    python -m benchmarks.detection [FOLDER] [--json]

FOLDER (default CAREFUL_TEST_DATA) holds recordings of any days, sites and attacks; see detection_data.py for how they
are sorted. Limits come from network profiles and from quiet recordings only. A labelled day is judged with the other
days of its site as quiet days, without what is labelled in them; a quiet recording is judged in two halves, each with
the other as its quiet day. Then each is judged again with no baseline at all. Events (packets, flows) a second are of
one core's own time, reading and judging once.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import detection_data as data  # (found by the line above, whichever way this is started)

from careful import monitoring
from careful.monitoring import recorded

_DAY = 86_400.0
STANDS = 300.0
"""Seconds for which something that fired still stands: replay takes what fires again by then for the same."""


@dataclass(slots=True)
class Attack:
    """One attack that was judged."""

    kind: str
    where: str
    with_baseline: bool
    after: dict[str, float]
    """Rule -> seconds until it fired first."""
    covered: float
    """The share of the attack's time in which something was firing."""


@dataclass(slots=True)
class Figures:
    """What was measured."""

    attacks: list[Attack] = field(default_factory=list)
    alarms: dict[bool, dict[str, int]] = field(
        default_factory=lambda: {True: defaultdict(int), False: defaultdict(int)}
    )
    device_days: dict[bool, float] = field(default_factory=lambda: {True: 0.0, False: 0.0})
    examples: list[str] = field(default_factory=list)
    records: int = 0
    seconds: float = 0.0
    """Of reading, and of judging once: a recording is judged several times here, and once elsewhere."""
    profiles: dict[str, Any] = field(default_factory=dict)


def windows_of(path: Path, figures: Figures, labels: recorded.Labels | None = None) -> list[monitoring.Window]:
    """Read a recording into windows, counting records and time."""
    began = time.process_time()
    recording = recorded.Recording(path, labels=labels)
    windows = list(recording.windows())
    figures.seconds += time.process_time() - began
    figures.records += recording.account.frames
    return windows


def judged(
    windows: Iterable[monitoring.Window], expected: monitoring.Expected, figures: Figures | None = None
) -> list[recorded.Finding]:
    """Run windows through the detections; where `figures` are given, the time counts."""
    began = time.process_time()
    watcher, found = monitoring.Watcher(every=True), recorded.Findings()
    for window in windows:
        for detection in watcher.see(window, expected):
            found.add(detection)
    if figures is not None:
        figures.seconds += time.process_time() - began
    return list(found)


def days_of(windows: Iterable[monitoring.Window]) -> float:
    """Return the device-days of windows."""
    return sum(one.seconds for one in windows) / _DAY


def labelled(given: data.Given, figures: Figures) -> None:
    """Judge labelled days, each with the rest of its site as quiet days."""
    read = {}
    for one in given.labelled:
        with one.labels.open(encoding="utf-8", errors="replace", newline="") as stream:
            labels = recorded.read_labels(stream, one.labels.name)
        read[one.recording] = (windows_of(one.recording, figures, labels), labels)
    for one in given.labelled:
        windows, labels = read[one.recording]
        others = [path for path in read if path != one.recording and _is_same_site(path, one.recording)]
        learnt = _learnt(quiet for path in others for quiet in without(*read[path]))
        for with_baseline in (True, False) if others else (False,):
            expected = monitoring.Expected(product="", learnt=learnt if with_baseline else None)
            found = judged(windows, expected, figures if with_baseline or not others else None)
            result = recorded.score(found, labels, days_of(windows))
            for attack in result.attacks:
                kind = f"{data.kind(one.recording)} ({attack.attack.label})"
                figures.attacks.append(_attack(kind, one.recording.name, with_baseline, attack.attack, found))
            _count(result.false_alarms, result.device_days, with_baseline, one.recording.name, figures)


def _is_same_site(one: Path, other: Path) -> bool:
    return one.parent == other.parent and one.name[:7] == other.name[:7]


def without(windows: list[monitoring.Window], labels: recorded.Labels) -> Iterator[monitoring.Window]:
    """Yield the windows in which nothing is labelled."""
    attacks = labels.all()
    for window in windows:
        if not any(
            (not one.device or one.device == window.device)
            and one.start - 60 <= window.end
            and window.start <= one.end + 600
            for one in attacks
        ):
            yield window


def quiet(given: data.Given, figures: Figures) -> recorded.Learnt | None:
    """Judge quiet recordings, half by half, and return what is learnt of all of them."""
    everything: list[monitoring.Window] = []
    for path in given.quiet:
        windows = windows_of(path, figures)
        everything += windows
        middle = (windows[0].start + windows[-1].end) / 2 if windows else 0.0
        halves = [one for one in windows if one.start < middle], [one for one in windows if one.start >= middle]
        for mine, other in (halves, halves[::-1]):
            found = judged(mine, monitoring.Expected(product="", learnt=_learnt(other)), figures)
            _count(found, days_of(mine), True, path.name, figures)
        found = judged(windows, monitoring.Expected(product=""))
        _count(found, days_of(windows), False, path.name, figures)
    return _learnt(everything) if everything else None


def attacks(given: data.Given, learnt: recorded.Learnt | None, figures: Figures) -> None:
    """Judge recordings of nothing but an attack; the whole recording is one."""
    for path in given.attacks:
        windows = windows_of(path, figures)
        if not windows:
            figures.examples.append(f"{path.name}: no device is seen in it")
            continue
        whole = recorded.Attack("", min(one.start for one in windows), max(one.end for one in windows), data.kind(path))
        for with_baseline in (True, False) if learnt is not None else (False,):
            expected = monitoring.Expected(product="", learnt=learnt if with_baseline else None)
            found = judged(windows, expected, figures if with_baseline or learnt is None else None)
            figures.attacks.append(_attack(whole.label, path.name, with_baseline, whole, found))


def profiles(given: data.Given, figures: Figures) -> None:
    """Judge every device's flows against its own profile, and against every other's."""
    muds = {name: recorded.read_mud(mud.read_bytes(), mud.name) for name, (mud, _) in given.devices.items()}
    flows = {}
    for name, (_, table) in given.devices.items():
        began = time.process_time()
        recording = recorded.Recording(table, product=name, called=name)
        flows[name] = list(recording.windows())
        figures.seconds += time.process_time() - began
        figures.records += recording.account.frames
    for name, mud in muds.items():
        found = judged(flows[name], monitoring.Expected(product=name, profile=mud), figures)
        _count(found, days_of(flows[name]), True, name, figures)
    hits, strange, seen, missed = 0, 0, 0, []
    for mine, theirs in data.pairs(given.devices):
        if not any(one.flows for one in flows[theirs]):
            continue
        found = judged(flows[theirs], monitoring.Expected(product=mine, profile=muds[mine]))
        listed = [flow for one in flows[theirs] for flow in one.flows]
        strange += sum(not muds[mine].permits(flow) for flow in listed)
        seen += len(listed)
        if found:
            hits += 1
        else:
            missed.append(f"{theirs} under the profile of {mine}")
    count = hits + len(missed)
    if count:
        figures.profiles = {
            "devices": len(muds), "pairs": count, "found": hits, "recall": hits / count, "not_found": missed,
            "conversations": seen, "conversations_undeclared": strange,
        }  # fmt: skip


def _learnt(windows: Iterable[monitoring.Window]) -> recorded.Learnt:
    return recorded.learn(windows)


def _attack(
    kind: str, where: str, with_baseline: bool, attack: recorded.Attack, found: list[recorded.Finding]
) -> Attack:
    after: dict[str, float] = {}
    spans = []
    for one in found:
        if one.overlaps(attack):
            waited = max(one.first - attack.start, 0.0)
            after[one.rule] = min(after.get(one.rule, waited), waited)
            spans.append((max(one.first, attack.start), min(one.last + STANDS, attack.end)))
    covered, until = 0.0, attack.start
    for start, end in sorted(spans):
        covered += max(end - max(start, until), 0.0)
        until = max(until, end)
    return Attack(kind, where, with_baseline, after, covered / max(attack.end - attack.start, 1e-9))


def _count(found: Iterable[recorded.Finding], days: float, with_baseline: bool, where: str, figures: Figures) -> None:
    figures.device_days[with_baseline] += days
    for one in found:
        figures.alarms[with_baseline][one.rule] += 1
        if len(figures.examples) < 50:
            how = "with" if with_baseline else "without"
            figures.examples.append(f"{where}, {how} baseline: {one.device}: {one.rule}: {one.says}")


def answer(figures: Figures) -> dict[str, Any]:
    """Put the figures into JSON values."""
    made: dict[str, Any] = {"format": "careful.detection/1"}
    for name, with_baseline in (("with_baseline", True), ("without_baseline", False)):
        judged_attacks = [one for one in figures.attacks if one.with_baseline is with_baseline]
        days = figures.device_days[with_baseline]
        alarms = figures.alarms[with_baseline]
        made[name] = {
            "attacks": {kind: _of_kind(of) for kind, of in _by(judged_attacks, lambda one: one.kind).items()},
            "found": sum(bool(one.after) for one in judged_attacks),
            "missed": [f"{one.kind} in {one.where}" for one in judged_attacks if not one.after],
            "recall": _share(judged_attacks, lambda one: bool(one.after)),
            "device_days": days,
            "false_alarms": sum(alarms.values()),
            "false_alarms_per_device_day": sum(alarms.values()) / days if days else None,
            "detectors": {rule.id: _of_rule(rule, judged_attacks, alarms, days) for rule in monitoring.rules()},
        }
    return made | {
        "profiles": figures.profiles,
        "records": figures.records,
        "events_per_second": figures.records / figures.seconds if figures.seconds else None,
        "false_alarms_listed": figures.examples,
    }


def _of_kind(of: list[Attack]) -> dict[str, Any]:
    times = [min(one.after.values()) for one in of if one.after]
    return {
        "attacks": len(of),
        "found": len(times),
        "recall": len(times) / len(of),
        "time_to_detect_seconds": median(times) if times else None,
        "covered": sum(one.covered for one in of) / len(of),
        "rules": sorted({rule for one in of for rule in one.after}),
    }


def _of_rule(rule: Any, of: list[Attack], alarms: dict[str, int], days: float) -> dict[str, Any]:  # noqa: ANN401 (a Rule)
    by_kind = {
        kind: {
            "recall": _share(some, lambda one: rule.id in one.after),
            "time_to_detect_seconds": min((one.after[rule.id] for one in some if rule.id in one.after), default=None),
        }
        for kind, some in _by(of, lambda one: one.kind).items()
    }
    return {
        "attacks": by_kind,
        "false_alarms": alarms.get(rule.id, 0),
        "false_alarms_per_device_day": alarms.get(rule.id, 0) / days if days else None,
        "budget": rule.budget,
    }


def _by(of: list[Attack], key: Callable[[Attack], str]) -> dict[str, list[Attack]]:
    sorted_in: dict[str, list[Attack]] = defaultdict(list)
    for one in of:
        sorted_in[key(one)].append(one)
    return dict(sorted_in)


def _share(of: list[Attack], holds: Callable[[Attack], bool]) -> float | None:
    return sum(map(holds, of)) / len(of) if of else None


def _print(made: dict[str, Any], given: data.Given) -> None:
    print(" ".join((__doc__ or "").split("\n\n")[-1].split()))
    print(
        f"\n{len(given.labelled)} labelled days, {len(given.quiet)} quiet recordings, {len(given.attacks)} attacks, "
        f"{len(given.devices)} profiles; {made['records']:,} records at {made['events_per_second'] or 0:,.0f} a second"
    )
    for name in ("with_baseline", "without_baseline"):
        part = made[name]
        print(f"\n{name.replace('_', ' ')}: {part['found']} attacks found, {len(part['missed'])} missed; "
              f"{part['false_alarms']} false alarms in {part['device_days']:.2f} device-days")  # fmt: skip
        print(f"  {'attack':<44}{'recall':>8}{'after s':>9}{'covered':>9}  by")
        for kind, one in part["attacks"].items():
            after = one["time_to_detect_seconds"]
            told = f"{after:.0f}" if after is not None else "-"
            print(f"  {kind:<44}{one['recall']:>8.0%}{told:>9}{one['covered']:>9.0%}  {', '.join(one['rules'])}")
        print(f"  {'detector':<44}{'false alarms':>13}{'a device-day':>14}{'budget':>9}  finds")
        for rule, one in part["detectors"].items():
            finds = [kind for kind, its in one["attacks"].items() if its["recall"]]
            if finds or one["false_alarms"]:
                a_day = one["false_alarms_per_device_day"]
                print(f"  {rule:<44}{one['false_alarms']:>13}{a_day or 0:>14.3f}{one['budget']:>9}  {', '.join(finds)}")
        for missed in part["missed"]:
            print(f"  NOT FOUND: {missed}")
    if made["profiles"]:
        one = made["profiles"]
        print(f"\nprofiles: {one['found']} of {one['pairs']} found under another's profile ({one['recall']:.1%}); "
              f"{one['conversations_undeclared']:,} of {one['conversations']:,} conversations undeclared")  # fmt: skip
        for missed in one["not_found"]:
            print(f"  NOT FOUND: {missed}")
    for example in made["false_alarms_listed"]:
        print(f"  FALSE ALARM: {example}")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = data.folder_of(chosen.folder, Path(place))
        given = data.sort(folder)
        if not (given.labelled or given.quiet or given.attacks or given.devices):
            print(
                f"No recordings in {chosen.folder or folder}: give a folder, or set CAREFUL_TEST_DATA.", file=sys.stderr
            )
            return 2 if chosen.folder else 0
        figures = Figures()
        labelled(given, figures)
        attacks(given, quiet(given, figures), figures)
        profiles(given, figures)
    made = answer(figures)
    if chosen.json:
        print(json.dumps(made))
    else:
        _print(made, given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
