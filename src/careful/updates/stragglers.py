"""Who does not run the newest release that is made for it, grouped by cause, each with the next step. Pure.

Whether a device is up to date follows from the registry, what was published and what the device reports, and from
nothing that anybody claims.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from careful.updates.model import Candidate, Member, RolloutState
from careful.updates.versions import is_newer

LOST = timedelta(days=30)
_SHOWN = 50

Where = Literal["current", "behind", "ahead", "unknown", "without"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """All that says why one device is behind: what it is, when it was heard, and its place in the newest rollout."""

    device: Candidate
    newest: str
    last_seen: datetime | None
    member: Member | None = None
    rollout: str = ""
    state: RolloutState = "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why some devices are behind, what to do next, how many they are, and the first fifty."""

    why: str
    do: str
    count: int
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """How up to date a product's devices are. `newest` by hardware; `unknown`: they never said what they run.

    `without`: no release is made for their hardware. `ahead`: they run what is newer than all that was published.
    """

    product: str
    newest: dict[str, str]
    current: int
    behind: int
    ahead: int
    unknown: int
    without: int
    causes: tuple[Cause, ...]

    @property
    def total(self) -> int:
        """Return how many devices were counted."""
        return self.current + self.behind + self.ahead + self.unknown + self.without


def where(device: Candidate, newest: str | None) -> Where:
    """Tell how far a device is, given the newest release that is made for it."""
    if newest is None:
        return "without"
    if device.version is None:
        return "unknown"
    if device.version == newest:
        return "current"
    return "ahead" if is_newer(device.version, newest) else "behind"


def cause(one: Behind, now: datetime) -> tuple[str, str]:
    """Return why a device is behind, and what to do about it. The first that holds is the one to act on."""
    device = one.device
    lost = one.last_seen is None or now - one.last_seen > LOST
    rules = (
        (
            device.state == "quarantined",
            "quarantined",
            "Look, then: careful device restore DEVICE --reason TEXT",
        ),
        (device.state == "made", "not enrolled yet", "It enrols by itself with its token: careful device token"),
        (
            lost,
            f"not heard of for {LOST.days} days",
            "Tell its owner by another channel, or account for it.",
        ),
        (
            device.consent == "declined",
            "its owner wants no updates",
            "Tell its owner what the update mends: careful notice publish",
        ),
    )
    return next(((why, do) for holds, why, do in rules if holds), None) or _in_rollout(one)


def _in_rollout(one: Behind) -> tuple[str, str]:
    if one.member is None or one.member.state == "confirmed":
        return _unoffered(one)
    if one.state == "halted":
        return "its rollout is halted", f"Find out why, then: careful rollout resume {one.rollout} --reason TEXT"
    return _placed(one, one.member)


def _unoffered(one: Behind) -> tuple[str, str]:
    if one.member is not None:
        return "fell back to something older", f"See why: careful rollout show {one.rollout}"
    return "in no rollout", f"careful rollout start {one.device.product} {one.newest} --dry-run"


def _placed(one: Behind, member: Member) -> tuple[str, str]:
    show = f"See: careful rollout show {one.rollout}"
    if member.state == "deferred":
        why = member.detail.partition(" until ")[0].partition(" at ")[0] or "kept from it"
        return why, "It gets the update when that ends; its owner may be asked: careful notice publish"
    if member.state == "silent":
        return "silent after it was offered the update", f"Look at one of them. {show}"
    if member.state == "failed":
        why = member.detail.partition(":")[0].strip().lower()
        known = {"refused", "rolled back", "could not roll back"}
        kind = why if why in known else "fell back" if why.startswith("fell back") else "failed"
        return {"refused": "refused the update", "failed": "failed to install it"}.get(kind, kind), show
    if member.state == "accounted":
        return "left behind by a person's word", show
    if member.state == "waiting":
        return "its wave is not open yet", f"Nothing: it follows when the wave before has proved healthy. {show}"
    return "under way", "Nothing: it was offered the update and has time."


def grouped(behind: Iterable[Behind], now: datetime) -> tuple[Cause, ...]:
    """Return the causes, those of most devices first."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in behind:
        found.setdefault(cause(one, now), []).append(one.device.device)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        Cause(why=why, do=do, count=len(devices), devices=tuple(sorted(devices)[:_SHOWN]))
        for (why, do), devices in ordered
    )
