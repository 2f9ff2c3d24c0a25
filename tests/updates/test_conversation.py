"""The conversation with a device about one order, as a state machine: whatever is said in whatever order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from careful.updates import conversation as talk
from careful.updates.model import OPEN_ORDER, Report, Standing

EXECUTIONS = ("closed", "proceeding", "canceled", "scheduled", "rejected", "resumed", "download", "downloaded")
REPORTS = st.builds(
    Report, execution=st.sampled_from(EXECUTIONS), finished=st.sampled_from(("success", "failure", "none"))
)


def report(execution, finished="none"):
    return Report(execution=execution, finished=finished)


DONE, FAILED, GOING = report("closed", "success"), report("closed", "failure"), report("proceeding")


@pytest.mark.parametrize(
    ("now", "said", "says", "to"),
    [
        pytest.param(Standing("running"), DONE, "taken", Standing("succeeded"), id="done"),
        pytest.param(Standing("offered"), report("closed"), "taken", Standing("succeeded"), id="closed, none"),
        pytest.param(Standing("running"), FAILED, "taken", Standing("failed"), id="failed"),
        pytest.param(Standing("offered"), GOING, "taken", Standing("running"), id="never read, but under way"),
        pytest.param(Standing("running"), report("rejected"), "taken", Standing("running"), id="rejected stays open"),
        pytest.param(Standing("running", True), GOING, "taken", Standing("running", True), id="goes on under a cancel"),
        pytest.param(Standing("running", True), DONE, "taken", Standing("succeeded"), id="done in spite of a cancel"),
        pytest.param(Standing(consent="asked"), DONE, "unknown", Standing(consent="asked"), id="without a word"),
        pytest.param(Standing("failed"), DONE, "over", Standing("failed"), id="contradiction after the end"),
        pytest.param(Standing("succeeded"), DONE, "over", Standing("succeeded"), id="closed twice"),
        pytest.param(Standing("silent"), DONE, "over", Standing("silent"), id="after its deadline"),
    ],
)  # fmt: skip
def test_reports(now, said, says, to):
    assert talk.on_report(now, said) == talk.Turn(says, to)


@pytest.mark.parametrize(
    ("now", "said", "says", "to"),
    [
        pytest.param(Standing("running", True), DONE, "taken", Standing("cancelled"), id="dropped"),
        pytest.param(Standing("running", True), report("closed"), "taken", Standing("cancelled"), id="closed, none"),
        pytest.param(Standing("running", True), FAILED, "taken", Standing("running"), id="cannot be dropped"),
        pytest.param(Standing("retrieved", True), report("rejected"), "taken", Standing("running"), id="rejected"),
        pytest.param(Standing("running", True), report("canceled"), "taken", Standing("running", True), id="no end"),
        pytest.param(Standing("running", True), GOING, "taken", Standing("running", True), id="a note"),
        pytest.param(Standing("running"), DONE, "not asked", Standing("running"), id="nobody asked"),
        pytest.param(Standing("cancelled"), DONE, "over", Standing("cancelled"), id="over"),
    ],
)
def test_answers_to_a_cancellation(now, said, says, to):
    assert talk.on_cancel_answer(now, said) == talk.Turn(says, to)


@pytest.mark.parametrize(
    ("now", "agreed", "says", "to"),
    [
        pytest.param(Standing(consent="asked"), True, "taken", Standing(consent="given"), id="yes"),
        pytest.param(Standing(consent="asked"), False, "taken", Standing(consent="asked"), id="no"),
        pytest.param(Standing(consent="given"), True, "taken", Standing(consent="given"), id="yes again"),
        pytest.param(Standing("retrieved", consent="given"), False, "taken", Standing(consent="asked"), id="back"),
        pytest.param(
            Standing("running", consent="given"), False, "unknown", Standing("running", consent="given"), id="too late"
        ),
        pytest.param(Standing(), True, "unknown", Standing(), id="nobody asked"),
        pytest.param(Standing(cancelling=True, consent="asked"), True, "unknown",
                     Standing(cancelling=True, consent="asked"), id="to be dropped"),
        pytest.param(Standing("silent", consent="asked"), True, "over", Standing("silent", consent="asked"), id="over"),
    ],
)  # fmt: skip
def test_the_owners_word(now, agreed, says, to):
    assert talk.on_consent(now, agreed=agreed) == talk.Turn(says, to)


def test_an_order_is_held_until_its_window_opens_but_not_once_it_was_read():
    assert talk.told(Standing(), held=True) == ""
    assert talk.on_read(Standing(), held=True).says == "unknown"
    assert talk.told(Standing("retrieved"), held=True) == "deploy"
    assert talk.told(Standing(cancelling=True), held=True) == "cancel"
    assert talk.told(Standing(consent="asked"), held=True) == ""


def test_soft_until_a_moment():
    now = datetime(2026, 11, 2, tzinfo=UTC)
    assert talk.is_forced(None, now)
    assert talk.is_forced(now, now)
    assert not talk.is_forced(now + timedelta(seconds=1), now)


class Conversation(RuleBasedStateMachine):
    """A device that says anything, a maker that cancels or lets time run out, an order that must end once."""

    def __init__(self):
        super().__init__()
        self.now = Standing()
        self.ended = None
        self.held = False

    def hear(self, turn):
        before = self.now
        self.now = turn.to
        if turn.says != "taken":
            assert turn.to == before, "what is refused changes nothing"
        if self.ended is not None:
            assert turn.says in {"over", "unknown"}
            assert self.now == self.ended, "an order that is over never changes"
        elif not self.now.is_open:
            self.ended = self.now

    @rule(asked=st.booleans(), held=st.booleans())
    @precondition(lambda self: self.now == Standing())
    def begins(self, asked, held):
        self.now, self.held = Standing(consent="asked" if asked else ""), held

    @rule()
    def reads(self):
        told = talk.told(self.now, held=self.held)
        turn = talk.on_read(self.now, held=self.held)
        assert (turn.says == "taken") == (told == "deploy"), "what is told can be read, and nothing else"
        self.hear(turn)

    @rule(said=REPORTS)
    def reports(self, said):
        waits, ended = self.now.waits, talk.ending(said)
        turn = talk.on_report(self.now, said)
        if turn.says == "taken":
            assert not waits, "nothing is carried out without the owner's word"
            assert self.ended is None
            assert turn.to.is_open == (ended is None)
        self.hear(turn)

    @rule(said=REPORTS)
    def answers_the_cancellation(self, said):
        asked = self.now.is_open and self.now.cancelling
        turn = talk.on_cancel_answer(self.now, said)
        assert (turn.says == "taken") == asked
        assert turn.to.state == self.now.state or turn.to.state in {"running", "cancelled"}
        self.hear(turn)

    @rule(agreed=st.booleans())
    def answers_for_the_owner(self, agreed):
        self.hear(talk.on_consent(self.now, agreed=agreed))

    @rule()
    @precondition(lambda self: self.now.is_open)
    def is_asked_to_drop_it(self):
        self.now = Standing(self.now.state, True, self.now.consent)

    @rule()
    @precondition(lambda self: self.now.is_open)
    def falls_silent(self):
        self.now = self.ended = Standing("silent", self.now.cancelling, self.now.consent)

    @rule()
    def window_turns(self):
        self.held = not self.held

    @invariant()
    def is_told_one_thing_at_most(self):
        told = talk.told(self.now, held=self.held)
        readable = {
            "deploy": talk.on_read(self.now, held=self.held).says == "taken",
            "cancel": talk.on_cancel_answer(self.now, GOING).says == "taken",
        }
        assert [name for name, yes in readable.items() if yes] in ([told], []), "never two things"
        if self.ended is not None:
            assert told == ""
        if told == "confirm":
            assert self.now.waits
            assert self.now.state in OPEN_ORDER
        if told == "" and self.now.is_open:
            assert self.held
            assert self.now.state == "offered"

    @invariant()
    def the_same_word_twice_is_as_once(self):
        for said in (DONE, FAILED, GOING):
            once = talk.on_report(self.now, said)
            again = talk.on_report(once.to, said)
            assert again.to == once.to
            assert again.says == ("over" if once.says == "taken" and not once.to.is_open else once.says)


TestConversation = Conversation.TestCase
TestConversation.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
