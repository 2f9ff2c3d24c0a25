"""One order, step by step. Pure: the part of the loop that decides what follows from a step's end.

READ -> CHECK -> FETCH -> INSTALL -> ACTIVATE -> PROVE -> CONFIRM -> CLOSE (success)
                                         |         |         |
                                         +---------+---------+-> ROLLBACK -> CLOSE (failure)
a refusal, or a step that cannot succeed before ACTIVATE ----------------> CLOSE (failure)

FETCH and INSTALL begin only while the order's conditions hold (battery, power, window). Waiting for that is no try, and
is told to the server; an order that is withdrawn meanwhile is dropped.
"""

from dataclasses import replace

from careful_device import acts, seen
from careful_device.conditions import Conditions
from careful_device.model import Job, Step
from careful_device.pauses import pause

_NEXT = {
    Step.READ: Step.CHECK,
    Step.CHECK: Step.FETCH,
    Step.FETCH: Step.INSTALL,
    Step.INSTALL: Step.ACTIVATE,
    Step.ACTIVATE: Step.PROVE,
    Step.PROVE: Step.CONFIRM,
    Step.CONFIRM: Step.CLOSE,
    Step.ROLLBACK: Step.CLOSE,
}
# How often a step may start before it counts as broken: waiting for the network is cheap, failing software is not.
TRIES = {
    Step.READ: 20,
    Step.CHECK: 20,
    Step.FETCH: 20,
    Step.INSTALL: 3,
    Step.ACTIVATE: 3,
    Step.PROVE: 3,
    Step.CONFIRM: 3,
    Step.ROLLBACK: 10,
}
LOOK_AGAIN = 60.0
SAY_AGAIN = 600.0
_CONDITIONAL = frozenset({Step.FETCH, Step.INSTALL})
_SILENT = frozenset({Step.READ, Step.CHECK, Step.CONFIRM, Step.CLOSE})
_TEXT = 300


def begin(job: Job) -> tuple[Job, acts.Act]:
    """Return what to do for `job` now: see whether it may begin, say that it begins, then take the step."""
    if is_unsaid(job):
        return job, acts.Tell(job)
    if job.step in _CONDITIONAL and not job.clear and job.order is not None and job.order.conditions != Conditions():
        return job, acts.Look(job)
    if job.step not in _SILENT and not job.told:
        return job, acts.Tell(job)
    limit = TRIES.get(job.step)
    if limit is not None and job.tries >= limit:
        job = _broken(job, f"{job.step.value} did not succeed in {job.tries} tries")
        return begin(job)
    job = replace(job, tries=job.tries + 1)
    return job, acts.Do(job)


def is_unsaid(job: Job) -> bool:
    """Tell whether the server has yet to hear what the job waits for."""
    return bool(job.waiting) and not job.wait_told


def job_seen(job: Job, act: acts.Tell | acts.Do | acts.Look, what: seen.Seen, now: float, spread: float) -> Job | None:
    """Return the job after `act` led to `what`; None when it is over."""
    if isinstance(act, acts.Look):
        return _looked(job, what, now)
    if isinstance(act, acts.Tell):
        return _told(job, now, gone=isinstance(what, seen.Told) and what.gone)
    return _done(job, what, now, spread)


def _told(job: Job, now: float, *, gone: bool) -> Job | None:
    if is_unsaid(job):
        return None if gone else replace(job, wait_told=now, due=now + LOOK_AGAIN)
    untouched = job.step in {Step.FETCH, Step.INSTALL, Step.ACTIVATE}  # ACTIVATE was announced, not yet begun
    return None if gone and untouched and job.tries == 0 else replace(job, told=True)


def _done(job: Job, what: seen.Seen, now: float, spread: float) -> Job | None:
    if isinstance(what, seen.Refused):
        return _close(job, f"refused: {what.kind}: {what.reason}")
    if isinstance(what, seen.Broken):
        return _broken(job, what.reason)
    if isinstance(what, seen.Failed):
        later = replace(job, due=now + pause(job.tries - 1, spread), clear=False)
        return replace(later, outcome=what.reason[:_TEXT]) if job.step is not Step.CLOSE and not job.outcome else later
    if job.step is Step.CLOSE or (isinstance(what, seen.Told) and what.gone):
        return None
    return _advance(job, what)


def _advance(job: Job, what: seen.Seen) -> Job | None:
    fresh = replace(job, step=_NEXT[job.step], tries=0, told=False, due=0.0, clear=False)
    if isinstance(what, seen.Stepped):
        fresh = replace(
            fresh,
            order=what.order or job.order,
            target=what.target or job.target,
            delta=what.delta or job.delta,
        )
        if what.installed:
            return _close(fresh, f"running {_version(fresh)} already", succeeded=True)
    if job.step is Step.CONFIRM:
        return _close(fresh, f"running {_version(fresh)}", succeeded=True)
    if job.step is Step.ROLLBACK:
        return _close(fresh, f"rolled back: {job.outcome}")
    return replace(fresh, outcome="")


def _looked(job: Job, what: seen.Seen, now: float) -> Job:
    """Go on, or wait; the server hears of it when that begins, and now and then while it lasts."""
    if not isinstance(what, seen.Held):
        return replace(job, clear=True, held="", waiting="", wait_told=0.0)
    say = what.kind != job.held or now - job.wait_told >= SAY_AGAIN
    return replace(
        job,
        held=what.kind,
        waiting=what.reason[:_TEXT],
        wait_told=0.0 if say else job.wait_told,
        told=False,  # once it goes on, that is said anew
        due=now if say else now + LOOK_AGAIN,
    )


def _broken(job: Job, reason: str) -> Job:
    if job.step in {Step.ACTIVATE, Step.PROVE, Step.CONFIRM}:
        return replace(job, step=Step.ROLLBACK, tries=0, told=False, due=0.0, outcome=reason[:_TEXT])
    if job.step is Step.ROLLBACK:
        return _close(job, f"could not roll back: {reason}; before that: {job.outcome}")
    because = f"{reason}: {job.outcome}" if job.outcome and job.outcome != reason else reason
    return _close(job, f"failed: {because}")


def _close(job: Job, outcome: str, *, succeeded: bool = False) -> Job:
    return replace(
        job, step=Step.CLOSE, tries=0, told=False, due=0.0, succeeded=succeeded, outcome=" ".join(outcome.split())[:500]
    )


def _version(job: Job) -> str:
    return job.target.version if job.target else "?"
