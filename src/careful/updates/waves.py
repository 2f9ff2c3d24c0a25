"""Waves: how they are asked for, and how devices are dealt into them. Pure.

2                               two devices
10%                             ten per cent of all
10%,success=95,silence=2h       the next opens once 95 % of it have confirmed; who takes longer than 2 h is silent
100%                            all that are left; the last one
"""

import hashlib
import math
import re
from collections.abc import Iterable, Sequence

from careful.kernel.errors import Invalid
from careful.updates.model import Member, Rule

MOST_WAVES = 20
LONGEST = 64
_SPEC = re.compile(r"([0-9]{1,7})(%?)")
_ALL = ("100%", "all")
_SPAN = re.compile(r"([0-9]{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST_DEADLINE = 90 * 86_400
_DO = "Say a number of devices, a percentage, or all; then, if you like, ,success=95 and ,silence=2h."


def check_waves(asked: Sequence[str]) -> tuple[str, ...]:
    """Return the waves as asked for. Raises Invalid unless each is a number or a percentage and the last is all."""
    if not 1 <= len(asked) <= MOST_WAVES:
        raise Invalid(f"A rollout has 1 to {MOST_WAVES} waves.", where="waves")
    for one in asked:
        size, found = size_of(one), _SPEC.fullmatch(size_of(one))
        if size not in _ALL and (found is None or int(found[1]) == 0 or (found[2] and int(found[1]) > 100)):  # noqa: PLR2004 (per cent)
            raise Invalid(f"{one[:LONGEST]!r} is no wave.", do=_DO, where="waves")
        rule(one)
    if size_of(asked[-1]) not in _ALL:
        raise Invalid("The last wave must be all devices that are left.", do="End with 100%.", where="waves")
    return tuple(asked)


def size_of(asked: str) -> str:
    """Return what a wave says of its size."""
    return asked.partition(",")[0]


def rule(asked: str) -> Rule:
    """Return how a wave is to be proven. Raises Invalid."""
    success, deadline = None, None
    for word in asked.split(",")[1:]:
        key, _, value = word.partition("=")
        span = _SPAN.fullmatch(value)
        if key == "success" and value.isascii() and value.isdecimal() and 1 <= int(value[:4]) <= 100:  # noqa: PLR2004 (per cent)
            success = float(value)
        elif key == "silence" and span and 1 <= int(span[1]) * _SECONDS[span[2]] <= _LONGEST_DEADLINE:
            deadline = float(int(span[1]) * _SECONDS[span[2]])
        else:
            raise Invalid(f"{word[:LONGEST]!r} is no rule of a wave.", do=_DO, where="waves")
    return Rule(success_percent=success, deadline_seconds=deadline)


def cut_waves(devices: Iterable[str], asked: Sequence[str], first: Sequence[str], salt: str) -> tuple[Member, ...]:
    """Deal devices into waves: a number or percentage of all for each, what is left for the last.

    `first` come first, in their order; the others in an order that is fixed for a `salt` and like no order of theirs.
    """
    known = set(devices)
    head = [device for device in dict.fromkeys(first) if device in known]
    tail = sorted(known - set(head), key=lambda device: hashlib.sha256(f"{salt}/{device}".encode()).digest())
    queue = head + tail
    members: list[Member] = []
    place = 0
    for number, spec in enumerate(map(size_of, asked), start=1):
        size = len(queue) - place if spec in _ALL else _size(spec, len(known))
        members += [Member(device=device, wave=number) for device in queue[place : place + size]]
        place = min(len(queue), place + size)
    return tuple(members)


def _size(spec: str, total: int) -> int:
    return math.ceil(total * int(spec[:-1]) / 100) if spec.endswith("%") else int(spec)
