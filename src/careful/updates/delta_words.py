"""What devices say of deltas, and when a delta is no longer offered.

Our agent reports it in the details of its DDI feedback, one line, while the order is open:

    delta applied: 1.0.2/from-0123456789abcdef.lzma.delta
    delta failed: KIND: 1.0.2/from-0123456789abcdef.lzma.delta: a sentence

It then fetches the full image, so nothing is lost but bytes. Each device counts once for each pair, by its last word.
A delta that failed on at least three devices, and on more than a tenth of those that said anything, is stopped: it is
offered to nobody any more, until a person lets it be made anew. Failures that are not the delta's fault (`other`: no
room, no network) are counted and shown, and stop nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from careful.kernel.work import Work
from careful.updates import delta_store
from careful.updates.events import DeltaStopped
from careful.updates.model import Order, Report

KINDS = ("source", "memory", "apply", "tampered", "other")
LEAST = 3
SHARE = 0.1
_INNOCENT = "other"
_FORM = re.compile(
    r"delta (?:applied|failed: (source|memory|apply|tampered|other)): ([^\s:]{1,128}\.delta)(?:: (.{1,300}))?"
)


@dataclass(frozen=True, slots=True)
class Word:
    """What a device says of a delta; `kind` is empty where it did its duty."""

    kind: str
    path: str
    reason: str


def read(line: str) -> Word | None:
    """Return what a line of a report says of a delta, or None when it speaks of something else."""
    found = _FORM.fullmatch(line.strip())
    return None if found is None else Word(found[1] or "", found[2], (found[3] or "").strip())


def why_stopped(applied: int, failed: Mapping[str, int]) -> str:
    """Return why a delta must be offered no longer, by what devices said of it; "" while it may."""
    guilty = sum(count for kind, count in failed.items() if kind != _INNOCENT)
    if guilty < LEAST or guilty <= SHARE * (applied + guilty):
        return ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(failed.items()) if kind != _INNOCENT)
    return f"it failed on {guilty} devices ({kinds}) and worked on {applied}"


def take(work: Work, order: Order, report: Report) -> None:
    """Count what a report says of deltas to its order's release, and stop those that fail too often."""
    words = [word for line in report.details if (word := read(line)) is not None]
    if not words or order.drill:
        return
    known = {one.path: one for one in delta_store.read(work.connection, release=order.release)}
    for word in words:
        delta = known.get(word.path)
        if delta is None or delta.state not in {"ready", "stopped"}:
            continue
        delta_store.say(work.connection, delta, order.device, word.kind, word.reason, work.now)
        if not word.kind:
            continue
        applied, failed = delta_store.tallies(work.connection, order.release).get(delta.base, (0, {}))
        why = why_stopped(applied, failed)
        if why and delta_store.stop(work.connection, delta, why):
            work.record(DeltaStopped(release=delta.release, base=delta.base, product=delta.product, reason=why))
