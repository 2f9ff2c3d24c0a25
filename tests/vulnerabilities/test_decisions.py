"""Deciding for real: accepted risk, a second person, many at once, what suppliers say; on both databases."""

import json
from datetime import timedelta

import pytest
from flaws_sample import kev, osv

from careful import vulnerabilities
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.vulnerabilities import Decision, Filter

FLAW, OTHER = "CVE-2023-4863", "CVE-2023-43804"
WHY = "vulnerable_code_not_in_execute_path"
BOB, CAT, TOKEN = Actor("staff", "bob"), Actor("staff", "cat"), Actor("token", "t1")
HARMLESS = Decision(status="not_affected", justification=WHY)


def happened(world, *wanted):
    with world.look() as connection:
        return ledger.read(connection, names=[f"vulnerabilities.{name}" for name in wanted])


@pytest.fixture
def case(maker, world):
    """One case in 1.0.0, which nobody says is exploited."""
    maker.feed(osv("GHSA-1", aliases=[FLAW], modified="2026-10-01T00:00:00Z"))
    maker.ship("1.0.0", "pillow==10.0.0")
    vulnerabilities.match(world)
    return maker.the_case().id


@pytest.fixture
def exploited(maker, world, case):
    maker.feed(kev(FLAW))
    vulnerabilities.match(world)
    return case


def accept(world, actor, case, days=90):
    until = world.clock.now() + timedelta(days=days)
    return vulnerabilities.judge(world, actor, case, "affected", statement="Behind a firewall.", until=until)


def test_an_accepted_risk_asks_again_by_itself_when_it_is_over(world, staff, clock, case):
    one = accept(world, staff, case)
    assert (one.status, one.action, one.judged_by) == ("affected", "No update is planned.", (str(staff),))
    assert one.accepted_until == clock.now() + timedelta(days=90)
    assert happened(world, "judged")[0].data["accepted_until"].startswith("2027-")
    vulnerabilities.match(world)
    assert vulnerabilities.case(world, case).review is None
    clock.advance(timedelta(days=90))
    over = vulnerabilities.case(world, case)
    assert over.review == f"the risk was accepted until {one.accepted_until:%Y-%m-%d}, which is over"
    assert vulnerabilities.waits(over)
    assert vulnerabilities.cases(world)[0].review == over.review  # before any step has run
    assert vulnerabilities.match(world) == 1
    assert vulnerabilities.match(world) == 0
    (asked,) = happened(world, "review_asked")
    assert asked.data["reason"] == over.review
    assert vulnerabilities.vex(world, "cam-1")[0].status == "under_investigation"


def test_an_accepted_risk_is_open_and_never_fine(world, staff, case):
    accept(world, staff, case)
    with pytest.raises(Refused, match="accepted, not gone"):
        vulnerabilities.close(world, staff, case)
    (said,) = vulnerabilities.vex(world, "cam-1")
    assert (said.status, said.accepted, said.action) == ("affected", True, "No update is planned.")
    document = vulnerabilities.vex_cyclonedx("cam-1", "Us", "0", world.clock.now(), [said])
    assert document["vulnerabilities"][0]["analysis"]["response"] == ["will_not_fix"]


def test_another_decision_ends_the_acceptance(world, staff, clock, case):
    accept(world, staff, case)
    vulnerabilities.judge(world, staff, case, "affected", action="Update.")
    clock.advance(timedelta(days=91))
    assert vulnerabilities.case(world, case).review is None
    assert vulnerabilities.match(world) == 0


@pytest.mark.parametrize("days", [0, 367])
def test_a_risk_is_not_accepted_for_ever(world, staff, case, days):
    with pytest.raises(Invalid, match="within a year"):
        accept(world, staff, case, days)


def test_waving_an_exploited_flaw_through_takes_two_people(world, staff, exploited):
    one = vulnerabilities.judge(world, staff, exploited, "not_affected", WHY, "We never call it.")
    assert (one.status, one.state, one.proposal.people) == (None, "open", (str(staff),))
    assert vulnerabilities.waits(one)
    assert happened(world, "judged") == []
    assert vulnerabilities.vex(world, "cam-1")[0].status == "under_investigation"
    with pytest.raises(Refused, match="waits for a decision"):
        vulnerabilities.close(world, BOB, exploited)
    for nobody in (staff, TOKEN, OPERATOR):
        with pytest.raises(Refused):
            vulnerabilities.confirm(world, nobody, exploited)
    assert vulnerabilities.case(world, exploited) == one
    done = vulnerabilities.confirm(world, BOB, exploited)
    assert (done.status, done.justification, done.statement) == ("not_affected", WHY, "We never call it.")
    assert (done.proposal, done.judged_by) == (None, (str(staff), str(BOB)))
    (judged,) = happened(world, "judged")
    assert (judged.actor, judged.data["people"]) == (str(BOB), 2)
    with pytest.raises(Refused, match="Nothing is proposed"):
        vulnerabilities.confirm(world, CAT, exploited)


@pytest.mark.parametrize("actor", [TOKEN, OPERATOR])
def test_what_a_program_proposes_takes_two_people(world, exploited, actor):
    assert vulnerabilities.judge(world, actor, exploited, "not_affected", WHY).proposal.people == ()
    assert vulnerabilities.confirm(world, BOB, exploited).status is None
    with pytest.raises(Refused, match="Nobody confirms"):
        vulnerabilities.confirm(world, BOB, exploited)
    assert vulnerabilities.confirm(world, CAT, exploited).judged_by == (str(BOB), str(CAT))
    assert [entry.data["people"] for entry in happened(world, "proposed")] == [0, 1]


def test_proposing_again_is_no_second_person(world, staff, exploited):
    vulnerabilities.judge(world, BOB, exploited, "not_affected", WHY)
    one = vulnerabilities.judge(world, staff, exploited, "not_affected", WHY)
    assert (one.status, one.proposal.people) == (None, (str(staff),))


def test_accepting_an_exploited_risk_takes_two_people(world, staff, clock, exploited):
    assert accept(world, staff, exploited).status is None
    assert vulnerabilities.confirm(world, BOB, exploited).accepted_until == clock.now() + timedelta(days=90)


def test_an_acceptance_that_ran_out_while_it_waited_is_not_confirmed(world, staff, clock, exploited):
    accept(world, staff, exploited, 2)
    clock.advance(timedelta(days=3))
    with pytest.raises(Invalid, match="within a year"):
        vulnerabilities.confirm(world, BOB, exploited)


def test_a_decision_on_an_exploited_flaw_that_stays_needs_nobody_else(world, staff, exploited):
    vulnerabilities.judge(world, staff, exploited, "not_affected", WHY)
    one = vulnerabilities.judge(world, staff, exploited, "affected", action="Unplug it.")
    assert (one.status, one.proposal) == ("affected", None)


def test_what_was_decided_holds_while_something_else_is_proposed(world, staff, exploited):
    vulnerabilities.judge(world, staff, exploited, "affected", action="Unplug it.")
    one = vulnerabilities.judge(world, staff, exploited, "not_affected", WHY)
    assert (one.status, vulnerabilities.vex(world, "cam-1")[0].status) == ("affected", "affected")
    with pytest.raises(Refused, match="waits for a decision"):
        vulnerabilities.close(world, staff, exploited)


def test_nobody_confirms_what_moved_since(maker, world, staff, exploited):
    vulnerabilities.judge(world, staff, exploited, "not_affected", WHY)
    maker.ship("1.0.1", "pillow==9.9.0")
    vulnerabilities.match(world)
    with pytest.raises(Refused, match="Since it was proposed, pillow moved from 10.0.0 to 9.9.0"):
        vulnerabilities.confirm(world, BOB, exploited)
    vulnerabilities.judge(world, staff, exploited, "not_affected", WHY)
    assert vulnerabilities.confirm(world, BOB, exploited).status == "not_affected"


def test_a_flaw_that_is_exploited_from_today_asks_for_two(maker, world, staff, case):
    vulnerabilities.judge(world, staff, case, "not_affected", WHY)
    vulnerabilities.close(world, staff, case)
    maker.feed(kev(FLAW))
    vulnerabilities.match(world)
    one = vulnerabilities.case(world, case)
    assert (one.state, one.review) == ("open", "it is exploited in the wild now, and was not")
    again = vulnerabilities.judge(world, staff, case, "not_affected", WHY)
    assert (again.review, bool(again.proposal)) == (one.review, True)
    done = vulnerabilities.confirm(world, BOB, case)
    assert (done.review, done.status) == (None, "not_affected")
    assert vulnerabilities.match(world) == 0


def test_what_our_own_people_say_of_attacks_asks_for_two_until_they_take_it_back(world, staff, case):
    vulnerabilities.judge(world, staff, case, "not_affected", WHY)
    with world.change(BOB) as work:
        vulnerabilities.tell_exploited(work, case, exploited=True)
        vulnerabilities.tell_exploited(work, case, exploited=True)
        vulnerabilities.tell_exploited(work, "nothing", exploited=True)
    one = vulnerabilities.case(world, case)
    assert (one.exploited, one.told_exploited, one.attacked) == (False, True, True)
    assert one.due == world.clock.now() + timedelta(days=3)
    vulnerabilities.match(world)
    assert vulnerabilities.case(world, case).review == "it is exploited in the wild now, and was not"
    assert vulnerabilities.judge(world, staff, case, "not_affected", WHY).proposal
    (told,) = happened(world, "attack_told")
    assert (told.data["case"], told.data["exploited"]) == (case, True)
    with world.change(BOB) as work:
        vulnerabilities.tell_exploited(work, case, exploited=False)
    assert vulnerabilities.judge(world, staff, case, "not_affected", WHY).proposal is None


@pytest.fixture
def several(maker, world):
    """Three cases in cam-1, one of them exploited, and one in lock-1."""
    maker.feed(
        osv("GHSA-1", aliases=[FLAW]), osv("GHSA-2", "urllib3", [("0", "3")], [OTHER]), osv("GHSA-3", aliases=["CVE-3"])
    )
    maker.feed(kev(OTHER))
    maker.ship("1.0.0", "pillow==10.0.0", "urllib3==2.0.4")
    maker.ship("1.0.0", "pillow==10.0.0", product="lock-1")
    vulnerabilities.match(world)
    return {f"{one.product} {one.flaw}": one.id for one in vulnerabilities.cases(world)}


def test_a_preview_says_what_would_be_and_changes_nothing(world, several):
    before = vulnerabilities.cases(world)
    seen = vulnerabilities.preview(world, Filter(product="cam-1"), HARMLESS)
    assert {one.flaw: one.outcome for one in seen} == {FLAW: "decided", "CVE-3": "decided", OTHER: "proposed"}
    assert vulnerabilities.cases(world) == before
    assert happened(world, "judged", "proposed") == []


def test_many_are_decided_as_the_preview_said(world, staff, several):
    wanted = Filter(component="pillow")
    seen = vulnerabilities.preview(world, wanted, HARMLESS)
    done = vulnerabilities.judge_many(world, staff, wanted, HARMLESS, expect=vulnerabilities.fingerprint(seen))
    assert done == seen
    assert {one.flaw for one in done} == {FLAW, "CVE-3"}
    assert {one.product for one in done} == {"cam-1", "lock-1"}
    assert len(happened(world, "judged")) == len(done) == 4
    assert vulnerabilities.judge_many(world, staff, wanted, HARMLESS) == []  # nothing of it waits any more


def test_what_is_refused_is_said_and_the_others_are_decided(world, staff, several):
    closed = several[f"cam-1 {FLAW}"]
    vulnerabilities.judge(world, staff, closed, "not_affected", WHY)
    vulnerabilities.close(world, staff, closed)
    done = vulnerabilities.judge_many(world, staff, [closed, several["cam-1 CVE-3"]], HARMLESS)
    assert [one.outcome for one in done] == ["refused", "decided"]
    assert vulnerabilities.case(world, several["cam-1 CVE-3"]).status == "not_affected"


def test_nothing_is_decided_where_the_preview_is_old(maker, world, staff, several):
    wanted = [several[f"cam-1 {FLAW}"], several["cam-1 CVE-3"]]
    seen = vulnerabilities.fingerprint(vulnerabilities.preview(world, wanted, HARMLESS))
    maker.feed(kev(OTHER, FLAW, released="2026-11-02T01:00:00Z"))
    vulnerabilities.match(world)
    with pytest.raises(Refused, match="changed since the preview"):
        vulnerabilities.judge_many(world, staff, wanted, HARMLESS, expect=seen)
    assert happened(world, "judged", "proposed") == []


def test_a_case_that_is_not_there_decides_none(world, staff, several):
    with pytest.raises(NotFound, match="no case nowhere"):
        vulnerabilities.judge_many(world, staff, [several["cam-1 CVE-3"], "nowhere"], HARMLESS)
    assert happened(world, "judged") == []


def vex(*said):
    statements = [
        {"vulnerability": {"name": name}, "products": [{"@id": "pkg:pypi/pillow@10.0.0"}], "status": status, **more}
        for name, status, more in said
    ]
    return json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "author": "P", "statements": statements}).encode()


def test_what_suppliers_say_is_one_transaction(world, staff, several):
    late, early = {"timestamp": "2026-10-02T00:00:00Z"}, {"timestamp": "2026-10-01T00:00:00Z"}
    said = vex((FLAW, "fixed", late), ("CVE-3", "affected", {}), (OTHER, "fixed", {}), (FLAW, "affected", early))
    dry = vulnerabilities.import_vex(world, staff, "cam-1", said, dry_run=True)
    assert happened(world, "judged") == []
    lines = vulnerabilities.import_vex(world, staff, "cam-1", said)
    assert lines == dry
    assert [one.outcome for one in lines] == ["applied", "applied", "unmatched", "refused"]
    assert lines[3].reason == "a later statement says fixed: $.statements[0]"
    assert len(happened(world, "judged")) == 2
    assert vulnerabilities.case(world, several[f"lock-1 {FLAW}"]).status is None


def test_a_document_that_contradicts_itself_decides_nothing(world, staff, several):
    lines = vulnerabilities.import_vex(world, staff, "cam-1", vex((FLAW, "fixed", {}), (FLAW, "affected", {})))
    assert [one.outcome for one in lines] == ["refused", "refused"]
    assert lines[0].reason == "the document contradicts itself: $.statements[1] says affected"
    assert happened(world, "judged") == []


@pytest.mark.parametrize(("label", "words"), [("WHITE", "P in A-1: It is off."), ("AMBER", "[TLP:AMBER] P in A-1")])
def test_what_must_not_be_made_public_is_decided_by_and_not_repeated(world, staff, several, label, words):
    helper = {"purl": "pkg:pypi/pillow"}
    document = {
        "document": {
            "csaf_version": "2.0",
            "distribution": {"tlp": {"label": label}},
            "publisher": {"name": "P"},
            "tracking": {"id": "A-1"},
        },
        "product_tree": {"full_product_names": [{"product_id": "1", "product_identification_helper": helper}]},
        "vulnerabilities": [
            {
                "cve": FLAW,
                "product_status": {"known_not_affected": ["1"]},
                "flags": [{"label": "vulnerable_code_not_present"}],
                "threats": [{"category": "impact", "details": "It is off."}],
            }
        ],
    }
    (line,) = vulnerabilities.import_vex(world, staff, "cam-1", json.dumps(document).encode())
    assert line.outcome == "applied", line
    assert vulnerabilities.case(world, several[f"cam-1 {FLAW}"]).statement == words
    given_out = vulnerabilities.export(world, "cam-1", "openvex").text
    assert ("It is off." in given_out) is (label == "WHITE")
    assert "TLP" not in given_out


def test_no_supplier_overrides_what_a_person_proposed(world, staff, exploited):
    vulnerabilities.judge(world, staff, exploited, "not_affected", WHY)
    (line,) = vulnerabilities.import_vex(world, staff, "cam-1", vex((FLAW, "affected", {})))
    assert (line.outcome, line.reason) == ("refused", "a decision is proposed and waits for a second person")
    assert vulnerabilities.case(world, exploited).proposal
