"""Whether devices crash more with a release than without it: a statistical test with a minimum sample. Pure.

What is counted is an hour in which a device crashed, so that one device in a loop counts once an hour. If the release
made no difference, each such hour would fall on the updated devices in proportion to the hours for which they were
watched: a binomial count, whose upper tail is computed exactly. It is asked again every minute, so the threshold is
much lower than for a question asked once; and fewer than three devices never decide it.
"""

import math
from dataclasses import dataclass

LEAST_DEVICES = 3
LEAST_HOURS = 1.0
UNLIKELY = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Some devices: for how many hours in all they were watched, and in how many of them, on how many, was a crash."""

    hours: float
    crashed: int
    devices: int


def chance(updated: Watched, others: Watched) -> float:
    """Return how likely so many crashes, or more, are on the updated devices if the release makes no difference."""
    total, share = updated.crashed + others.crashed, updated.hours / (updated.hours + others.hours)
    if updated.crashed == 0 or share >= 1:
        return 1.0
    if share <= 0:
        return 0.0
    yes, no = math.log(share), math.log1p(-share)
    logs = [
        math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1) + k * yes + (total - k) * no
        for k in range(updated.crashed, total + 1)
    ]
    highest = max(logs)
    return min(1.0, math.exp(highest) * math.fsum(math.exp(one - highest) for one in logs))


def verdict(updated: Watched, others: Watched) -> str:
    """Return the reason to halt, or "" while there is none, or too little to tell."""
    if updated.devices < LEAST_DEVICES or updated.hours < LEAST_HOURS or others.hours < LEAST_HOURS:
        return ""
    likely = chance(updated, others)
    if likely >= UNLIKELY:
        return ""
    with_it, without = updated.crashed / updated.hours, others.crashed / others.hours
    return (
        f"Devices with it crash more: {updated.devices} of them, in {_per(with_it)} of hours; "
        f"those without it in {_per(without)} (chance below {_bound(likely)})."
    )


def _per(rate: float) -> str:
    return f"{rate * 100:.2g} %"


def _bound(likely: float) -> str:
    return f"1 in {10 ** min(9, max(4, math.floor(-math.log10(max(likely, 1e-300))))):,}"
