from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playbook import Playbook

from careful_device import acts, loop, seen
from careful_device.conditions import Conditions
from careful_device.job import TRIES
from careful_device.model import Job, Order, Step, Target

ORDER = Order(action="7", href="h", version="2", filename="f", size=1, download="d", target_path="2/f")
TARGET = Target(path="2/f", length=1, sha256="0" * 64, product="p", hardware=("r",), version="2", security_version=1)
KEPT = replace(ORDER, conditions=Conditions(min_battery=50))
OFFER = seen.Polled(sleep=30, order=("7", "h"))
QUIET = seen.Polled(sleep=30)
DO, TELL = acts.Do, acts.Tell


def offered(**parts):
    """A playbook at the point where an order was offered."""
    return Playbook(**parts) << acts.Describe >> seen.Done() << acts.Poll >> OFFER


def installed():
    """A playbook at the point where the new software is about to be proved."""
    book = offered() << (DO, Step.READ) >> seen.Stepped(order=ORDER) << (DO, Step.CHECK) >> seen.Stepped(target=TARGET)
    for step in (Step.FETCH, Step.INSTALL, Step.ACTIVATE):
        book << (TELL, step) >> seen.Told() << (DO, step) >> seen.Stepped()
    return book << (TELL, Step.PROVE) >> seen.Told()


def test_a_device_without_certificate_only_enrols():
    book = Playbook(certificate=None) << acts.Enrol >> seen.Failed("no network")
    assert book.waits() == 2.0
    book.later(2) << acts.Enrol >> seen.Certified(1000, 3_000_000) << acts.Describe


def test_readings_come_by_their_own_interval():
    book = Playbook(every={"telemetry": 10}, updates=False).later(5) << acts.Read("telemetry") >> seen.Done()
    assert book.waits() == 10.0
    book.later(10) << acts.Read("telemetry")


def test_the_connection_is_opened_once_and_again_after_it_broke():
    book = Playbook(mqtt=True, updates=False) << acts.Connect >> seen.Done()
    assert book.waits() == 30.0
    book >> seen.Connected()
    assert book.waits() > 1_000_000
    book >> seen.Disconnected("gone")
    assert book.waits() == 2.0
    book.later(2) << acts.Connect >> seen.Failed("refused")
    assert book.waits() == 4.0


def test_a_gateway_that_never_answers_is_tried_anew():
    book = Playbook(mqtt=True, updates=False) << acts.Connect >> seen.Done()
    book.later(30) << acts.Connect


def test_a_nudge_brings_the_poll_forward_but_not_into_a_loop():
    book = Playbook() << acts.Describe >> seen.Done() << acts.Poll >> QUIET
    book >> seen.Nudged()
    assert book.waits() == 5.0
    book.later(5) << acts.Poll >> QUIET


def test_a_good_order_goes_all_the_way():
    book = installed() << (DO, Step.PROVE) >> seen.Stepped() << (DO, Step.CONFIRM) >> seen.Stepped()
    book << (DO, Step.CLOSE)
    assert book.act.job.succeeded
    assert book.act.job.outcome == "running 2"
    book >> seen.Told() << acts.Describe >> seen.Done() << acts.Poll >> QUIET
    assert book.state.job is None


def test_sick_software_goes_back():
    book = installed() << (DO, Step.PROVE) >> seen.Broken("no answer") << (TELL, Step.ROLLBACK) >> seen.Told()
    book << (DO, Step.ROLLBACK) >> seen.Failed("busy")
    assert book.waits() == 2.0
    book.later(2) << (DO, Step.ROLLBACK) >> seen.Stepped() << (DO, Step.CLOSE)
    assert not book.act.job.succeeded
    assert book.act.job.outcome == "rolled back: no answer"


def test_a_refusal_is_told_with_its_kind():
    book = offered() << (DO, Step.READ) >> seen.Stepped(order=ORDER) << (DO, Step.CHECK)
    book >> seen.Refused("rollback", "1 is not newer than 2") << (DO, Step.CLOSE)
    assert book.act.job.outcome == "refused: rollback: 1 is not newer than 2"


@pytest.mark.parametrize(
    ("step", "dropped"),
    [pytest.param(step, step in {Step.READ, Step.CHECK, Step.FETCH, Step.INSTALL}, id=step.value) for step in Step],
)
def test_a_cancelled_order_is_dropped_only_while_nothing_was_touched(step, dropped):
    waiting = Job(action="7", href="h", step=step, order=ORDER, target=TARGET, due=2000.0)
    book = Playbook(job=waiting) << acts.Describe >> seen.Done() << acts.Poll
    book >> seen.Polled(sleep=30, cancel=("7", "c")) << acts.AnswerCancel("7", dropped)
    assert (book.state.job is None) == dropped
    book >> seen.Done() << acts.Poll


def test_a_cancelled_order_of_long_ago_is_said_to_be_dropped():
    book = Playbook() << acts.Describe >> seen.Done() << acts.Poll
    book >> seen.Polled(sleep=30, cancel=("3", "c")) << acts.AnswerCancel("3", dropped=True) >> seen.Failed("x")
    book.later(2) << acts.AnswerCancel("3", dropped=True)


def test_the_owner_is_asked_once_for_each_poll_until_they_agree():
    book = Playbook() << acts.Describe >> seen.Done() << acts.Poll
    book >> seen.Polled(sleep=30, confirm=("7", "h")) << acts.Ask("7", "h") >> seen.Told(gone=True)
    book.later(40) << acts.Poll >> seen.Polled(sleep=30, confirm=("7", "h")) << acts.Ask("7", "h") >> seen.Failed("x")
    book.later(40) << acts.Poll >> seen.Polled(sleep=30, confirm=("7", "h")) << acts.Ask("7", "h") >> seen.Told()
    book << acts.Poll >> seen.Polled(sleep=30, order=("7", "h")) << (DO, Step.READ)


def test_an_order_that_is_gone_when_its_next_step_is_announced_is_dropped():
    book = offered() << (DO, Step.READ) >> seen.Stepped(order=ORDER) << (DO, Step.CHECK) >> seen.Stepped(target=TARGET)
    book << (TELL, Step.FETCH) >> seen.Told(gone=True) << acts.Describe
    assert book.state.job is None


def test_an_order_that_is_gone_after_the_change_over_is_still_proved():
    book = installed() << (DO, Step.PROVE)
    assert book.state.job.step is Step.PROVE
    book = Playbook(job=Job(action="7", href="h", step=Step.PROVE, order=ORDER, target=TARGET))
    book << (TELL, Step.PROVE) >> seen.Told(gone=True) << (DO, Step.PROVE)


def test_the_closing_report_is_repeated_until_it_is_taken():
    book = Playbook(job=Job(action="7", href="h", step=Step.CLOSE, outcome="refused: x: y"))
    for _ in range(30):
        book << (DO, Step.CLOSE) >> seen.Failed("no network")
        book.later(400)
    book << (DO, Step.CLOSE) >> seen.Told()
    assert book.state.job is None


def test_renewal_is_due_at_two_thirds():
    book = Playbook(certificate=(1000.0, 4000.0), updates=False)
    assert book.waits() == 2000.0
    book.later(2000) << acts.Renew >> seen.Failed("no network")
    assert book.waits() == 2.0
    book.later(2) << acts.Renew >> seen.Certified(3000, 6000)
    assert book.waits() > 1900


def test_a_certificate_that_is_due_at_once_again_makes_no_loop():
    book = Playbook(certificate=(0.0, 900.0), updates=False) << acts.Renew >> seen.Certified(0, 900)
    assert book.waits() == 60.0


def test_an_order_waits_for_its_conditions_and_says_so_once_in_a_while():
    book = Playbook(job=Job(action="7", href="h", step=Step.FETCH, order=KEPT, target=TARGET))
    book << acts.Look >> seen.Held("battery", "battery at 31 %, asked for 50 %") << (TELL, Step.FETCH)
    assert book.act.job.waiting == "battery at 31 %, asked for 50 %"
    book >> seen.Told() << acts.Describe >> seen.Done() << acts.Poll >> OFFER
    for _minute in range(9):
        book.later(60) << acts.Look >> seen.Held("battery", "battery at 32 %, asked for 50 %") << acts.Poll >> OFFER
    book.later(60) << acts.Look >> seen.Held("battery", "battery at 40 %, asked for 50 %") << (TELL, Step.FETCH)
    book >> seen.Told() << acts.Poll >> OFFER
    book.later(60) << acts.Look >> seen.Held("power", "not plugged in") << (TELL, Step.FETCH)
    book >> seen.Failed("no network") << acts.Poll >> OFFER
    book.later(60) << acts.Look >> seen.Clear() << (TELL, Step.FETCH)
    assert book.act.job.waiting == ""
    book >> seen.Told() << (DO, Step.FETCH) >> seen.Stepped() << acts.Look >> seen.Held("window", "x")
    book << (TELL, Step.INSTALL) >> seen.Told()
    book.later(40) << acts.Poll >> QUIET
    assert book.state.job is None  # withdrawn while it waited


def test_an_order_that_is_gone_while_it_waits_is_dropped():
    book = Playbook(job=Job(action="7", href="h", step=Step.INSTALL, order=KEPT, target=TARGET, tries=1))
    book << acts.Look >> seen.Held("power", "not plugged in") << (TELL, Step.INSTALL) >> seen.Told(gone=True)
    assert book.state.job is None


def test_conditions_are_looked_at_again_before_a_step_is_tried_again():
    book = Playbook(job=Job(action="7", href="h", step=Step.FETCH, order=KEPT, target=TARGET))
    book << acts.Look >> seen.Clear() << (TELL, Step.FETCH) >> seen.Told() << (DO, Step.FETCH) >> seen.Failed("cut")
    book.later(2) << acts.Look >> seen.Clear() << (DO, Step.FETCH)


# Laws, under every order of events.

ANSWERS = st.sampled_from(["good", "good", "good", "fail", "broken", "refused", "gone", "restart", "late", "held"])


def answer(act, how):  # noqa: PLR0911 (a table of answers)
    if isinstance(act, (acts.Tell, acts.Do)) and how == "gone":
        return seen.Told(gone=True)
    if how == "fail":
        return seen.Failed("network")
    if isinstance(act, acts.Look):
        return seen.Held("battery", "low") if how == "held" else seen.Clear()
    if isinstance(act, acts.Poll):
        return OFFER
    if isinstance(act, acts.Do):
        if act.job.step is Step.CLOSE:
            return seen.Told()
        if how == "broken":
            return seen.Broken("broken")
        if how == "refused" and act.job.step in {Step.CHECK, Step.FETCH}:
            return seen.Refused("tampered", "x")
        return seen.Stepped(
            order=KEPT if act.job.step is Step.READ else None, target=TARGET if act.job.step is Step.CHECK else None
        )
    return seen.Told() if isinstance(act, acts.Tell) else seen.Done()


@settings(max_examples=300)
@given(st.lists(ANSWERS, max_size=120))
def test_laws_hold_whatever_happens(script):  # noqa: C901 (one conversation, checked at each turn)
    book = Playbook()
    passed: list[Step] = []
    closed = 0
    for how in script:
        if how == "restart":
            book.state = loop.start(
                spread=0.5, certificate=(0, 3e6), job=book.state.job, every={}, now=book.now, mqtt=False
            )
            continue
        before = book.state.job
        book.state, act = loop.decide(book.state, book.now)
        if isinstance(act, acts.Wait):
            assert act.until > book.now
            book.now = act.until
            continue
        if isinstance(act, acts.Do):
            step = act.job.step
            if step is Step.READ and (before is None or before.tries == 0):
                passed = []
            if step is Step.INSTALL:
                assert {Step.CHECK, Step.FETCH} <= set(passed)
            if step in {Step.FETCH, Step.INSTALL}:
                assert act.job.clear  # looked at since the step was last begun
                assert not act.job.waiting
            if step is Step.ACTIVATE:
                assert passed[-1] is Step.INSTALL
            if step is Step.CONFIRM:
                assert passed[-1] is Step.PROVE
            if step is Step.CLOSE:
                assert act.job.succeeded == (bool(passed) and passed[-1] is Step.CONFIRM)
                assert Step.ACTIVATE not in passed or passed[-1] in {Step.CONFIRM, Step.ROLLBACK} or not passed
            assert act.job.tries <= TRIES.get(step, 10**9)
        what = answer(act, how)
        book.state = loop.observe(book.state, act, what, book.now)
        if isinstance(act, acts.Do) and isinstance(what, seen.Stepped):
            passed.append(act.job.step)
        if isinstance(act, acts.Do) and act.job.step is Step.CLOSE and isinstance(what, seen.Told):
            closed += 1
            passed = []
            assert book.state.job is None
