"""Who may agree, when one may act alone, and how an act is named; a table of cases and laws."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful import people
from careful.kernel.actors import OPERATOR, Actor
from careful.people import pending
from careful.people.pending import KINDS, Pending

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ANN, BEN = Actor("staff", "ann"), Actor("staff", "ben")
LAUNCH = KINDS["launch-release"]
ONE = Pending(
    id="1", kind="launch-release", subject="product/cam-1", what={}, ground="g", digest="d", reason="It mends.",
    asked_by=str(ANN), asked_at=NOW, lapses_at=NOW + pending.LAPSE, agreed=(), state="waiting", ended_at=None,
    ended_by="", outcome="",
)  # fmt: skip
ROLES = st.lists(st.sampled_from(sorted(people.ROLES)), max_size=3)
STAFF = st.dictionaries(st.sampled_from("abcde"), ROLES, max_size=5).map(lambda held: list(held.items()))


@pytest.mark.parametrize(
    ("one", "actor", "roles", "after", "says"),
    [
        pytest.param(ONE, BEN, ["executive"], timedelta(0), "", id="another who may"),
        pytest.param(ONE, ANN, ["administrator"], timedelta(0), "asked for", id="whoever asked"),
        pytest.param(ONE, BEN, ["firmware-engineer"], timedelta(0), "rollouts:countersign", id="without the right"),
        pytest.param(ONE, OPERATOR, ["administrator"], timedelta(0), "signed in", id="the command line"),
        pytest.param(ONE, Actor("token", "t"), ["administrator"], timedelta(0), "signed in", id="a token"),
        pytest.param(ONE, BEN, ["executive"], pending.LAPSE, "lapsed", id="too late"),
        pytest.param(replace(ONE, state="refused"), BEN, ["executive"], timedelta(0), "refused", id="refused before"),
        pytest.param(replace(ONE, state="agreed"), BEN, ["executive"], timedelta(0), "agreed", id="agreed before"),
        pytest.param(
            replace(ONE, asked_by="operator:cli", agreed=(str(BEN),)), BEN, ["executive"], timedelta(0), "agreed to",
            id="twice",
        ),
        pytest.param(
            replace(ONE, kind="raise-role", subject="staff/ben"), BEN, ["executive"], timedelta(0), "of their own",
            id="their own rights",
        ),
    ],
)  # fmt: skip
def test_who_may_agree(one, actor, roles, after, says):
    found = pending.objection(one, actor, roles, NOW + after)
    assert says in found
    assert bool(found) is bool(says)


def test_what_a_command_line_asks_for_takes_two():
    asked = replace(ONE, asked_by="operator:cli")
    assert (ONE.missing, asked.missing) == (1, 2)
    assert replace(asked, agreed=(str(BEN),)).missing == 1
    assert replace(asked, agreed=(str(BEN), str(ANN))).missing == 0


@pytest.mark.parametrize(
    ("staff", "actor", "ended", "alone"),
    [
        pytest.param([], OPERATOR, False, True, id="nobody yet"),
        pytest.param([("ann", ["administrator"])], ANN, False, True, id="the first administrator"),
        pytest.param([("ann", ["administrator"]), ("ben", ["support"])], ANN, False, True, id="no one to agree"),
        pytest.param([("ann", ["administrator"]), ("ben", ["executive"])], ANN, False, False, id="two"),
        pytest.param([("ann", ["firmware-engineer"]), ("ben", ["executive"])], ANN, False, False, id="asks, agrees"),
        pytest.param([("ann", ["administrator"])], ANN, True, False, id="set-up does not come back"),
        pytest.param([("ann", ["administrator"])], OPERATOR, True, False, id="nor on the server"),
    ],
)
def test_when_one_may_act_alone(staff, actor, ended, alone):
    assert bool(pending.alone(LAUNCH, staff, actor, set_up_ended=ended)) is alone


def test_on_the_server_somebody_can_be_added_when_one_is_left():
    one = [("ann", ["administrator"])]
    assert pending.alone(KINDS["raise-role"], one, OPERATOR, set_up_ended=True)
    assert not pending.alone(KINDS["raise-role"], one, ANN, set_up_ended=True)


@given(st.sampled_from(sorted(KINDS)), STAFF, st.booleans())
def test_nobody_acts_alone_where_two_could(kind, staff, ended):
    one = KINDS[kind]
    if pending.two_could(one, staff):
        assert pending.alone(one, staff, OPERATOR, set_up_ended=ended) == ""
        assert pending.two_could(one, [*staff, ("f", ["executive"])])  # more people never take it away


def test_every_right_of_an_act_exists_and_weighs():
    for kind in KINDS.values():
        assert {kind.verb, "countersign"} <= set(people.VERBS[kind.resource])
        assert people.weighs(kind.resource, "countersign")
    assert pending.is_weighty("administrator")
    assert not pending.is_weighty("support")


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3), st.text(max_size=5))
def test_the_digest_names_exactly_one_act(what, more):
    named = pending.digest_of_act("k", "s", what, "g")
    assert named == pending.digest_of_act("k", "s", dict(reversed(what.items())), "g")
    assert named != pending.digest_of_act("k", "s", what | {"more": more}, "g")
    assert named != pending.digest_of_act("k", "s", what, "g2")
