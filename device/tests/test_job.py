import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful_device import acts, seen
from careful_device.job import TRIES, begin, job_seen
from careful_device.model import Job, Order, Step, Target

ORDER = Order(action="7", href="h", version="2", filename="f", size=1, download="d", target_path="2/f")
TARGET = Target(path="2/f", length=1, sha256="0" * 64, product="p", hardware=("r",), version="2", security_version=1)


def job(step, **change):
    return Job(**{"action": "7", "href": "h", "step": step, "order": ORDER, "target": TARGET, "told": True, **change})


def after(before, what):
    started, act = begin(before)
    return job_seen(started, act, what, 100.0, 0.5)


@pytest.mark.parametrize(
    ("step", "following", "outcome"),
    [
        pytest.param(Step.READ, Step.CLOSE, "failed: why", id="unreadable order"),
        pytest.param(Step.FETCH, Step.CLOSE, "failed: why", id="no image"),
        pytest.param(Step.INSTALL, Step.CLOSE, "failed: why", id="not installed"),
        pytest.param(Step.ACTIVATE, Step.ROLLBACK, "why", id="not started"),
        pytest.param(Step.PROVE, Step.ROLLBACK, "why", id="sick"),
        pytest.param(Step.CONFIRM, Step.ROLLBACK, "why", id="not confirmed"),
        pytest.param(Step.ROLLBACK, Step.CLOSE, "could not roll back: why; before that: sick", id="no way back"),
    ],
)
def test_what_follows_a_step_that_cannot_succeed(step, following, outcome):
    found = after(job(step, outcome="sick" if step is Step.ROLLBACK else ""), seen.Broken("why"))
    assert (found.step, found.outcome, found.succeeded) == (following, outcome, False)


def test_the_first_reason_is_kept_when_tries_run_out():
    waiting = after(job(Step.FETCH), seen.Failed("no network"))
    assert waiting.due == 102.0
    spent, act = begin(job(Step.FETCH, tries=TRIES[Step.FETCH], outcome=waiting.outcome))
    assert isinstance(act, acts.Do)
    assert spent.step is Step.CLOSE
    assert spent.outcome == "failed: fetch did not succeed in 20 tries: no network"


def test_what_runs_already_is_closed_at_once():
    found = after(job(Step.CHECK, target=None), seen.Stepped(target=TARGET, installed=True))
    assert (found.step, found.succeeded, found.outcome) == (Step.CLOSE, True, "running 2 already")


def test_a_report_that_is_not_taken_does_not_hold_the_step_up():
    found = job_seen(job(Step.FETCH, told=False), acts.Tell(job(Step.FETCH)), seen.Failed("no network"), 1.0, 0.0)
    assert found.told


@given(st.sampled_from(list(Step)), st.integers(0, 30), st.booleans())
def test_beginning_always_ends_in_an_act(step, tries, told):
    found, act = begin(job(step, tries=tries, told=told))
    assert isinstance(act, (acts.Do, acts.Tell))
    assert act.job == found
