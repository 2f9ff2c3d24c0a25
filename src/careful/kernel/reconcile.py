"""Reconcilers: background steps that take no input, look at the world, do the next thing that is not yet true.

A step may run twice, late, or beside another server; it is woken when the ledger grows and by the clock. The same code
serves the normal day, the crash and the second server. A workflow is a list of such steps; the console's progress
line, the diagram in the docs and the walk-through tests read the same list.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog

from careful.kernel import ledger
from careful.kernel.errors import CarefulError
from careful.kernel.work import World

_log = structlog.get_logger(__name__)
_ROUNDS = 20  # a step that always finds more to do yields to the others after so many rounds
_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class StepStatus:
    """How far one subject has come in one step: `says` is a sentence, `at` when it was reached."""

    state: Literal["done", "now", "waiting", "blocked"]
    says: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `advance` does what is due and returns how much it did (None: only a person can do this one).

    `status` tells how far one subject has come. `idle_seconds`: what it does follows from the ledger, so that once it
    found nothing to do it is left alone for so long, unless the ledger grows.
    """

    name: str
    title: str
    advance: Callable[[World], int] | None
    status: Callable[[World, str], StepStatus]
    idle_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Workflow:
    """What crosses domains, as named steps, read top to bottom."""

    name: str
    title: str
    steps: tuple[Step, ...]


@dataclass(slots=True)
class Chore:
    """A background duty of the worker: a step's `advance`, or a domain's own (renew, deliver, seal)."""

    name: str
    advance: Callable[[World], int]
    idle_seconds: float = 0.0
    failures: int = 0
    rest_until: float = 0.0
    idle_at: int = -1
    idle_until: float = 0.0

    def run(self, world: World, monotonic: float) -> int:
        """Advance once unless resting after a failure; a failure is logged and never stops the others."""
        if monotonic < self.rest_until:
            return 0
        try:
            size = _size(world) if self.idle_seconds else -1
            if self.idle_seconds and size == self.idle_at and monotonic < self.idle_until:
                return 0
            done = self.advance(world)
        except CarefulError as refusal:
            self._rest(monotonic, str(refusal))
            return 0
        except Exception as failure:  # noqa: BLE001 (one broken chore must not stop the others; it is logged with its trace)
            _log.exception("chore failed", chore=self.name)
            self._rest(monotonic, repr(failure))
            return 0
        self.failures = 0
        self.idle_at, self.idle_until = (-1 if done else size), monotonic + self.idle_seconds
        return done

    def _rest(self, monotonic: float, why: str) -> None:
        self.failures += 1
        pause = min(_LONGEST_PAUSE, 0.5 * 2**self.failures)
        self.rest_until = monotonic + pause
        _log.warning("chore rests", chore=self.name, seconds=pause, why=why)


def _size(world: World) -> int:
    with world.look() as connection:
        return ledger.size(connection)


def settle(world: World, chores: Sequence[Chore]) -> int:
    """Run every chore until none finds anything to do (or a bound is reached); return how much was done."""
    total = 0
    for _ in range(_ROUNDS):
        done = sum(chore.run(world, time.monotonic()) for chore in chores)
        total += done
        if not done:
            break
    return total


def work_until(world: World, chores: Sequence[Chore], stop: threading.Event, every: float = 5.0) -> None:
    """Settle when the ledger grows, and at least every `every` seconds, until `stop` is set."""
    seen, due = -1, 0.0
    while not stop.is_set():
        try:
            size = _size(world)
        except CarefulError as refusal:
            _log.warning("worker waits", why=str(refusal))
            stop.wait(1.0)
            continue
        if size != seen or time.monotonic() >= due:
            settle(world, chores)
            seen, due = size, time.monotonic() + every
        stop.wait(0.2)


def work_alone(world: World, chore: Chore, stop: threading.Event, every: float = 0.1) -> None:
    """Run one chore over and over until `stop` is set, with a pause only when it found nothing to do.

    For what must keep up with the devices, in a thread of its own: in the round it would wait for all the others.
    """
    while not stop.is_set():
        if not chore.run(world, time.monotonic()):
            stop.wait(every)
