"""What makes a decision complete, who may take it alone, and which cases a filter means."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from careful.kernel.actors import OPERATOR, SYSTEM, Actor
from careful.kernel.errors import Invalid, Refused
from careful.vulnerabilities import judging
from careful.vulnerabilities.judging import Decision, Filter
from careful.vulnerabilities.model import Case, Proposal

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ANN, BOB, TOKEN = Actor("staff", "ann"), Actor("staff", "bob"), Actor("token", "t1")
CASE = Case(
    id="c1",
    flaw="CVE-1",
    product="cam-1",
    title="A flaw",
    severity="high",
    exploited=False,
    state="open",
    status=None,
    justification=None,
    statement="",
    action="",
    releases=("1.0.0",),
    fixed_in=None,
    opened_at=NOW,
    due=NOW + 30 * DAY,
    judged_at=None,
    review=None,
    closed_at=None,
)
HARMLESS = Decision(status="not_affected", justification="vulnerable_code_not_present")
BORNE = Decision(status="affected", statement="Behind a firewall.", until=NOW + 90 * DAY)


def proposal(*people):
    return Proposal(
        status="not_affected",
        justification="vulnerable_code_not_present",
        statement="",
        action="",
        until=None,
        people=people,
        by="staff:ann",
        at=NOW,
    )


@pytest.mark.parametrize(
    ("said", "error", "says"),
    [
        pytest.param(Decision(status="unsure"), Invalid, "no VEX status", id="status"),  # type: ignore[arg-type]
        pytest.param(replace(HARMLESS, justification=None), Refused, "needs a justification", id="justification"),
        pytest.param(replace(HARMLESS, justification="because"), Invalid, "no VEX justification", id="not of the five"),
        pytest.param(Decision(status="affected"), Refused, "needs an action", id="action"),
        pytest.param(replace(BORNE, statement=" "), Refused, "needs a reason", id="acceptance without a reason"),
        pytest.param(replace(BORNE, until=NOW), Invalid, "within a year", id="accepted until now"),
        pytest.param(replace(BORNE, until=NOW + 367 * DAY), Invalid, "within a year", id="accepted for too long"),
        pytest.param(replace(BORNE, until=datetime(2027, 1, 1)), Invalid, "offset", id="a moment of nowhere"),  # noqa: DTZ001 (that is the case)
        pytest.param(replace(HARMLESS, until=NOW + DAY), Refused, "Only the risk", id="nothing to accept"),
    ],
)
def test_decisions_that_cannot_be(said, error, says):
    with pytest.raises(error, match=says):
        judging.checked(said, NOW)


def test_an_accepted_risk_says_that_no_update_is_planned():
    assert judging.checked(BORNE, NOW).action == "No update is planned."
    assert judging.checked(replace(BORNE, action="Unplug it."), NOW).action == "Unplug it."
    assert judging.checked(replace(BORNE, until=NOW + 366 * DAY), NOW).until


@pytest.mark.parametrize(
    ("said", "exploited", "outcome"),
    [
        pytest.param(HARMLESS, False, "decided", id="harmless"),
        pytest.param(HARMLESS, True, "proposed", id="harmless, and exploited"),
        pytest.param(BORNE, True, "proposed", id="accepted, and exploited"),
        pytest.param(BORNE, False, "decided", id="accepted"),
        pytest.param(Decision(status="affected", action="Update."), True, "decided", id="affected, and exploited"),
        pytest.param(Decision(status="under_investigation"), True, "decided", id="not known yet"),
        pytest.param(Decision(status="fixed"), False, "refused", id="fixed, with no release that is free of it"),
    ],
)
def test_who_decides_alone(said, exploited, outcome):
    assert judging.outcome(replace(CASE, exploited=exploited), said).outcome == outcome


def test_what_a_decision_changes_is_told_from_old_to_new():
    assert judging.outcome(CASE, HARMLESS).says == "nothing decided -> not affected"
    accepted = replace(CASE, status="affected", accepted_until=NOW + DAY)
    assert judging.outcome(accepted, HARMLESS).says == "risk accepted until 2026-11-03 -> not affected"
    held = replace(CASE, proposal=proposal("staff:ann"))
    said = judging.outcome(held, HARMLESS).says
    assert said == "nothing decided -> not affected, in place of what staff:ann proposed"
    assert judging.outcome(replace(CASE, state="closed"), HARMLESS).says == "CVE-1 in cam-1 is closed."


def test_two_different_people():
    held = replace(CASE, proposal=proposal("staff:ann"))
    assert judging.confirmation(held, BOB) == ("staff:ann", "staff:bob")
    assert judging.enough(judging.confirmation(held, BOB))
    with pytest.raises(Refused, match="Nobody confirms"):
        judging.confirmation(held, ANN)


@pytest.mark.parametrize("actor", [TOKEN, OPERATOR, SYSTEM, Actor("device", "cam-1-001"), Actor("owner", "x")])
def test_what_may_be_anyone_is_no_second_person(actor):
    with pytest.raises(Refused, match="signed in"):
        judging.confirmation(replace(CASE, proposal=proposal("staff:ann")), actor)


def test_what_a_program_proposed_needs_two_people():
    held = replace(CASE, proposal=proposal())
    assert judging.missing(proposal()) == 2
    people = judging.confirmation(held, ANN)
    assert not judging.enough(people)
    with pytest.raises(Refused, match="Nobody confirms"):
        judging.confirmation(replace(CASE, proposal=proposal(*people)), ANN)


@pytest.mark.parametrize("one", [CASE, replace(CASE, state="closed", proposal=proposal("staff:ann"))])
def test_there_is_nothing_to_confirm(one):
    with pytest.raises(Refused, match="Nothing is proposed"):
        judging.confirmation(one, BOB)


def test_a_proposal_is_read_as_it_was_written():
    for said in (HARMLESS, BORNE):
        held = judging.proposal_of(judging.proposed(said, ["staff:ann"], ANN, NOW))
        assert held
        assert (judging.decision_of(held), held.people, held.by, held.at) == (said, ("staff:ann",), "staff:ann", NOW)
    assert judging.proposal_of(None) is None


CASES = [
    CASE,
    replace(CASE, id="c2", flaw="CVE-2", severity="low", exploited=True),
    replace(CASE, id="c3", flaw="CVE-3", product="lock-1", status="affected"),
    replace(CASE, id="c4", flaw="CVE-4", status="not_affected", review="it moved"),
    replace(CASE, id="c5", flaw="CVE-5", state="closed"),
    replace(CASE, id="c6", flaw="CVE-6", status="affected", proposal=proposal("staff:ann")),
]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(Filter(), "c1 c2 c4 c6", id="all that wait"),
        pytest.param(Filter(decided=True), "c1 c2 c3 c4 c6", id="decided ones too"),
        pytest.param(Filter(product="lock-1", decided=True), "c3", id="product"),
        pytest.param(Filter(severities=("low",)), "c2", id="severity"),
        pytest.param(Filter(exploited=False), "c1 c4 c6", id="not exploited"),
        pytest.param(Filter(flaws=("CVE-4", "CVE-9")), "c4", id="flaws"),
    ],
)
def test_which_cases_a_filter_means(wanted, expected):
    assert " ".join(one.id for one in judging.chosen(CASES, wanted)) == expected


def test_a_component_means_the_flaws_that_it_carries():
    assert [one.id for one in judging.chosen(CASES, Filter(component="x"), frozenset({"CVE-1"}))] == ["c1"]
    with pytest.raises(Invalid, match="no severity"):
        judging.chosen(CASES, Filter(severities=("awful",)))
