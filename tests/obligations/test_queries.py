"""Matters as they are put together: from cases, releases, rollouts and what was noted."""

from datetime import timedelta

import pytest
from village import NEW, OLD, STAFF, Village

from careful import obligations, updates, vulnerabilities
from careful.kernel.errors import NotFound


def test_an_exploited_flaw_is_a_matter_from_when_careful_heard(village: Village) -> None:
    case = village.affected()
    (one,) = obligations.matters(village.world)
    assert (one.id, one.kind, one.products, one.drill) == (case.id, "exploited", ("cam-1",), False)
    assert one.aware_at == case.opened_at
    assert [each.state for each in one.clocks] == ["due", "due", "waiting"]
    assert one.applies.answer == "yes"
    assert obligations.next_clock(village.world) == one


def test_the_final_clock_starts_when_the_fix_can_be_taken_and_not_before(village: Village) -> None:
    case = village.affected()
    village.later(hours=30)
    made = village.ship(NEW, "pillow==10.0.1", sign=False)
    village.found()
    assert obligations.matter(village.world, case.id).clocks[2].state == "waiting"
    village.later(hours=1)
    updates.sign_release(village.world, STAFF, made.id)
    village.found()
    assert obligations.matter(village.world, case.id).clocks[2].state == "waiting"
    village.later(hours=1)
    published = village.world.clock.now()
    updates.publish(village.world, STAFF, made.id)
    one = obligations.matter(village.world, case.id)
    assert one.clocks[2].due == published + timedelta(days=14)
    village.later(hours=5)
    village.ship("1.0.2", "pillow==10.0.1")
    village.found()
    assert obligations.matter(village.world, case.id).clocks[2].due == published + timedelta(days=14)


def test_judged_harmless_is_not_applicable_and_in_doubt_runs_on(village: Village) -> None:
    case = village.affected()
    vulnerabilities.judge(
        village.world, STAFF, case.id, "not_affected", "vulnerable_code_not_in_execute_path", "Never called."
    )
    assert obligations.matter(village.world, case.id).open  # one person has proposed it, nobody has decided
    village.judge("not_affected")
    one = obligations.matter(village.world, case.id)
    assert {each.state for each in one.clocks} == {"not applicable"}
    assert "is not affected by" in one.applies.says


def test_a_judgement_that_did_not_know_of_attacks_stops_no_clock(village: Village) -> None:
    quiet = "CVE-2023-50447"
    village.affected()
    case = village.judge("not_affected", quiet)
    village.later(hours=1)
    one = obligations.aware(village.world, STAFF, case.id, "Our honeypot saw it used against a camera.")
    assert (one.open, one.applies.answer) == (True, "yes")
    village.later(hours=1)
    village.judge("not_affected", quiet)
    assert not obligations.matter(village.world, case.id).open


def test_a_flaw_that_only_we_know_is_exploited(village: Village) -> None:
    village.declare()
    village.ship(OLD, "pillow==10.0.0", "requests==2.19.0")
    village.hear()
    vulnerabilities.match(village.world)
    quiet = next(one for one in vulnerabilities.cases(village.world) if not one.exploited)
    with pytest.raises(NotFound, match="Nobody said"):
        obligations.matter(village.world, quiet.id)
    one = obligations.aware(village.world, STAFF, quiet.id, "Our honeypot saw it.")
    assert one.open
    assert "Our honeypot saw it." in obligations.draft(village.world, quiet.id, "early-warning").text
    assert quiet.id in {each.id for each in obligations.matters(village.world)}
    assert not obligations.dismiss(village.world, STAFF, quiet.id, "It was a scanner.").open


def test_late_ones_come_first_then_by_due(village: Village) -> None:
    case = village.affected()
    village.later(hours=20)
    fields = {"named": ("cam-1",), "what": "w", "why_severe": "y", "how": "h"}
    one = obligations.incident(village.world, STAFF, "Breach", **fields)
    obligations.drill(village.world, STAFF, "incident", ["cam-1"])
    assert [each.id for each in obligations.matters(village.world, drills=False)] == [case.id, one.id]
    obligations.submitted(village.world, STAFF, case.id, "early-warning", "1")
    obligations.submitted(village.world, STAFF, case.id, "notification", "2")
    assert [each.id for each in obligations.matters(village.world, drills=False)] == [one.id, case.id]
    village.later(hours=25)
    late = obligations.next_clock(village.world)
    assert late is not None
    assert (late.id, late.late) == (one.id, True)


def test_a_draft_counts_the_exposed_devices(village: Village) -> None:
    case = village.affected()
    made = obligations.draft(village.world, case.id, "exploited-notification")
    assert "3 devices (3 on 1.0.0)" in made.text
    assert "Update to 1.0.1." in made.text
    warning = obligations.draft(village.world, case.id, "early-warning").text
    assert "in CISA's catalogue since 2023-09-13. The maker heard of that on 2026-11-02" in warning


def test_nothing_there(village: Village) -> None:
    assert obligations.matters(village.world) == []
    assert obligations.next_clock(village.world) is None
    with pytest.raises(NotFound):
        obligations.matter(village.world, "x")
    with pytest.raises(NotFound):
        obligations.text_of(village.world, "x", "0" * 64)


def test_what_never_left_the_house_may_be_dismissed_until_it_does(village: Village) -> None:
    village.declare()
    made = village.ship(OLD, "pillow==10.0.0", sign=False)
    village.hear()
    case = village.found()
    one = obligations.matter(village.world, case.id)
    assert (one.applies.answer, one.clocks[0].state) == ("unknown", "due")
    assert "in no published release, and no device was seen on one. Counted as if it applied." in one.clocks[0].why
    assert not obligations.dismiss(village.world, STAFF, case.id, "A build of our CI.").open
    village.later(hours=30)
    updates.sign_release(village.world, STAFF, made.id)
    updates.publish(village.world, STAFF, made.id)
    again = obligations.matter(village.world, case.id)
    assert (again.applies.answer, again.late) == ("yes", True)


def test_a_device_seen_on_it_shows_that_it_left_the_house(village: Village) -> None:
    village.declare()
    village.ship(OLD, "pillow==10.0.0", sign=False)
    village.hear()
    village.run(OLD, "cam-1-001")
    assert obligations.matter(village.world, village.found().id).applies.answer == "yes"
