"""One order, step by step. Pure: the part of the loop that decides what follows from a step's end.

READ -> CHECK -> FETCH -> INSTALL -> ACTIVATE -> PROVE -> CONFIRM -> CLOSE (success)
                                         |         |         |
                                         +---------+---------+-> ROLLBACK -> CLOSE (failure)
a refusal, or a step that cannot succeed before ACTIVATE ----------------> CLOSE (failure)
"""

from dataclasses import replace

from careful_device import acts, seen
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
_SILENT = frozenset({Step.READ, Step.CHECK, Step.CONFIRM, Step.CLOSE})
_TEXT = 300


def begin(job: Job) -> tuple[Job, acts.Act]:
    """Return what to do for `job` now: first say that the step begins, then take it."""
    if job.step not in _SILENT and not job.told:
        return job, acts.Tell(job)
    limit = TRIES.get(job.step)
    if limit is not None and job.tries >= limit:
        job = _broken(job, f"{job.step.value} did not succeed in {job.tries} tries")
        return begin(job)
    job = replace(job, tries=job.tries + 1)
    return job, acts.Do(job)


def job_seen(job: Job, act: acts.Tell | acts.Do, what: seen.Seen, now: float, spread: float) -> Job | None:
    """Return the job after `act` led to `what`; None when it is over."""
    if isinstance(act, acts.Tell):
        gone = isinstance(what, seen.Told) and what.gone
        untouched = job.step in {Step.FETCH, Step.INSTALL, Step.ACTIVATE}  # ACTIVATE was announced, not yet begun
        return None if gone and untouched and job.tries == 0 else replace(job, told=True)
    if isinstance(what, seen.Refused):
        return _close(job, f"refused: {what.kind}: {what.reason}")
    if isinstance(what, seen.Broken):
        return _broken(job, what.reason)
    if isinstance(what, seen.Failed):
        later = replace(job, due=now + pause(job.tries - 1, spread))
        return replace(later, outcome=what.reason[:_TEXT]) if job.step is not Step.CLOSE and not job.outcome else later
    if job.step is Step.CLOSE or (isinstance(what, seen.Told) and what.gone):
        return None
    return _advance(job, what)


def _advance(job: Job, what: seen.Seen) -> Job | None:
    fresh = replace(job, step=_NEXT[job.step], tries=0, told=False, due=0.0)
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
