"""What has become of an update on one device, in one word and with a date.

Pure. The words:

assigned      it has an order, and nobody knows more
downloading   it says that it fetches, or has fetched, the bytes
verified      it says that what it fetched is what was signed
installed     it says that it is installed; its version has yet to agree
confirmed     it reports the release as what it runs
rolled back   it took the release, and runs something older again
failed        it says that it did not take it
silent        it has not said how it went, since a moment that is told
deferred      its owner, its window or its battery keeps it from it
waiting       its wave is not open, or something else comes first
left          a person said why it stays behind
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from careful.updates import waiting
from careful.updates.model import Member, Order, Progress, Report

Fate = Literal[
    "waiting",
    "deferred",
    "assigned",
    "downloading",
    "verified",
    "installed",
    "confirmed",
    "rolled back",
    "failed",
    "silent",
    "left",
]
FATES: tuple[Fate, ...] = (
    "confirmed", "installed", "verified", "downloading", "assigned", "waiting", "deferred", "rolled back", "failed",
    "silent", "left",
)  # fmt: skip
_STEPS: tuple[Progress, ...] = ("assigned", "downloading", "verified", "installed")
# What clients say while they work (our agent, SWUpdate, rauc-hawkbit-updater), in lower case; the first that is found.
_SAID: tuple[tuple[str, Progress], ...] = (
    ("installing update chunk", "downloading"),  # SWUpdate, before it has a byte
    ("starting download", "downloading"),
    ("all chunks installed", "installed"),
    ("installed chunk", "installed"),
    ("bytes are what was signed", "verified"),
    ("starting ", "installed"),
    ("checking the health", "installed"),
    ("installed successfully", "installed"),
    ("verif", "verified"),
    ("download", "downloading"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFate:
    """What has become of a rollout's release on one device: since when, why, and the version that it reports."""

    device: str
    wave: int
    fate: Fate
    since: datetime | None
    why: str
    runs: str | None


def progress(before: Progress, report: Report) -> Progress:
    """Return how far an order has come after a report; it never goes back."""
    said = before
    if report.execution in {"download", "downloaded"}:
        said = "downloading"
    for line in report.details:
        if line.lower().startswith(waiting.PREFIX):
            continue
        told = line.lower()
        found = next((step for words, step in _SAID if words in told), None)
        said = max(said, found, key=_STEPS.index) if found else said
    return max(before, said, key=_STEPS.index)


def fate(member: Member, order: Order | None, runs: str | None, heard: datetime | None, kept: str = "") -> DeviceFate:
    """Return what has become of it.

    `order` is the device's last one of this rollout, `heard` its last contact, `kept` what keeps it from an offer.
    """
    word: Fate
    since, why = member.changed_at, member.detail or kept
    if member.state == "offered":
        word = order.progress if order is not None else "assigned"
        since = (order.retrieved_at or order.made_at) if order is not None else member.first_offered
        why = why or (order.detail if order is not None else "")
        word = "deferred" if order is not None and waiting.is_said(order) else word
    elif member.state == "failed":
        word = "rolled back" if why.lower().startswith(("rolled back", "fell back")) else "failed"
    elif member.state == "silent":
        word, since = "silent", heard or member.first_offered or member.changed_at
    elif member.state == "accounted":
        word = "left"
    else:
        word = member.state
    return DeviceFate(device=member.device, wave=member.wave, fate=word, since=since, why=why, runs=runs)
