"""What a recording's own labels say was an attack: a CSV beside it, by frame or by span of time. Pure over lines.

By frame: columns `frame.number` (or `frame`) and `label`. By time: `start`, `end`, and `label`, and if it is known
`device`. A label of 0, nothing, or a word such as `benign` or `normal` means no attack.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from careful.kernel.errors import Invalid

QUIET = frozenset({"", "0", "0.0", "benign", "normal", "legitimate", "legit", "none", "false", "benigntraffic"})
_MOST = 50_000_000
TOGETHER = 3600.0
"""Labelled frames of one device that are no further apart are one attack."""


class Attack(NamedTuple):
    """One attack: whose device, from when, until when, and what it is called."""

    device: str
    start: float
    end: float
    label: str
    frames: int = 0


@dataclass(slots=True)
class Labels:
    """The labels of one recording; frames become attacks while they are read."""

    frames: Mapping[int, str] = field(default_factory=dict)
    attacks: list[Attack] = field(default_factory=list)
    _open: dict[tuple[str, str], Attack] = field(default_factory=dict)

    def frame(self, number: int, at: float, device: str) -> None:
        """Note where and when a labelled frame was."""
        label = self.frames.get(number)
        if label is None:
            return
        key = (device, label)
        before = self._open.get(key)
        if before is None or at - before.end > TOGETHER:
            if before is not None:
                self.attacks.append(before)
            self._open[key] = Attack(device, at, at, label, 1)
        else:
            self._open[key] = before._replace(end=max(before.end, at), frames=before.frames + 1)

    def all(self) -> list[Attack]:
        """Return every attack, in order of time."""
        return sorted([*self.attacks, *self._open.values()], key=lambda one: (one.start, one.device))


def read(lines: Iterable[str], name: str = "labels") -> Labels:
    """Read labels; raise Invalid where the columns are not known."""
    found = iter(lines)
    head = next(found, "")
    separator = max(";,\t", key=head.count)
    columns = [one.strip().lower().replace(".", "_") for one in head.split(separator)]
    rows = csv.reader(found, delimiter=separator)
    label = next((columns.index(one) for one in ("label", "class", "attack", "target") if one in columns), -1)
    number = next((columns.index(one) for one in ("frame_number", "frame", "no_", "number") if one in columns), -1)
    if label >= 0 and number >= 0:
        return Labels(frames=_frames(rows, number, label, name))
    if label >= 0 and {"start", "end"} <= set(columns):
        return Labels(attacks=list(_spans(rows, columns, label, name)))
    raise Invalid(
        f"The labels have the columns {', '.join(columns)[:200]}.",
        do="Name them frame.number and label, or start, end, label and device.",
        where=name,
    )


def is_attack(label: str) -> bool:
    """Tell whether a label names an attack."""
    return label.strip().lower() not in QUIET


def _frames(rows: Iterable[list[str]], number: int, label: int, name: str) -> dict[int, str]:
    kept: dict[int, str] = {}
    for line, row in enumerate(rows, 2):
        try:
            if is_attack(row[label]):
                kept[int(row[number])] = row[label].strip()
        except (ValueError, IndexError):
            raise _bad(name, line) from None
        if len(kept) > _MOST:
            raise Invalid(f"More than {_MOST:,} frames are labelled.", do="Split the recording.", where=name)
    return kept


def _spans(rows: Iterable[list[str]], columns: list[str], label: int, name: str) -> Iterable[Attack]:
    start, end = columns.index("start"), columns.index("end")
    device = columns.index("device") if "device" in columns else -1
    for line, row in enumerate(rows, 2):
        try:
            if is_attack(row[label]):
                whose = row[device].strip() if device >= 0 else ""
                yield Attack(whose, float(row[start]), float(row[end]), row[label].strip())
        except (ValueError, IndexError):
            raise _bad(name, line) from None


def _bad(name: str, line: int) -> Invalid:
    return Invalid("A line does not fit the columns.", do="Mend the line.", where=f"{name}, line {line}")
