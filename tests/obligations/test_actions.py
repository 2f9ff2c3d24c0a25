"""Noting: what is added, what is refused, what the ledger says of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from village import OLD, STAFF, Village

from careful import obligations, vulnerabilities
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, Refused


def events(village: Village, matter: str) -> list[ledger.Entry]:
    with village.world.look() as connection:
        return ledger.read(connection, subject=f"obligation/{matter}")


def incident(village: Village, **change):
    fields = {"named": ("cam-1",), "what": "Keys were taken.", "why_severe": "All cameras.", "how": "A log."}
    return obligations.incident(village.world, STAFF, "Keys taken", **(fields | change))


def test_an_incident_runs_from_awareness(village: Village) -> None:
    village.declare()
    now = village.world.clock.now()
    one = incident(village, at=now - timedelta(hours=5))
    assert one.aware_at == now - timedelta(hours=5)
    assert one.clocks[0].due == now + timedelta(hours=19)
    assert [each.name for each in events(village, one.id)] == ["obligations.incident_noted", "obligations.aware"]


def test_a_correction_keeps_the_first_and_moves_no_clock_later(village: Village) -> None:
    village.declare()
    one = incident(village)
    due = one.clocks[0].due
    village.later(hours=3)
    again = obligations.aware(village.world, STAFF, one.id, "It was only now.")
    assert [each.says for each in again.of("aware")] == ["A log.", "It was only now."]
    assert again.clocks[0].due == due
    said = events(village, one.id)[-1].data
    assert (said["correction"], said["moved_earlier"]) == (True, False)
    before = again.of("aware")[0].at - timedelta(hours=2)
    sooner = obligations.aware(village.world, STAFF, one.id, "The night shift saw it.", before)
    assert due is not None
    assert sooner.clocks[0].due == due - timedelta(hours=2)


def test_backdating_before_the_law_takes_no_duty_away(village: Village) -> None:
    village.declare()
    one = incident(village)
    old = obligations.aware(village.world, STAFF, one.id, "Long known.", one.of("aware")[0].at - timedelta(days=200))
    assert old.applies.answer == "yes"
    assert old.late


def test_submitting_stops_the_clock_and_keeps_the_text(village: Village) -> None:
    village.declare()
    one = incident(village)
    village.later(hours=25)
    done = obligations.submitted(village.world, STAFF, one.id, "early-warning", "SRP-7", text="As sent.")
    (sent,) = done.of("submitted")
    assert (done.clocks[0].state, done.clocks[0].in_time) == ("done", False)
    assert obligations.text_of(village.world, one.id, sent.sha256) == "As sent."
    said = events(village, one.id)[-1]
    assert (said.name, said.data["reference"], said.data["in_time"]) == ("obligations.report_submitted", "SRP-7", False)
    obligations.submitted(village.world, STAFF, one.id, "notification", "SRP-8")
    assert obligations.matter(village.world, one.id).clocks[2].state == "due"


def test_a_rehearsal_counts_as_no_report(village: Village) -> None:
    village.declare()
    one = obligations.drill(village.world, STAFF, "exploited", ["cam-1"])
    assert one.drill
    assert obligations.matters(village.world, drills=False) == []
    assert obligations.next_clock(village.world) is None
    assert obligations.draft(village.world, one.id, "early-warning").text.startswith("REHEARSAL")
    village.later(hours=1)
    obligations.submitted(village.world, STAFF, one.id, "early-warning", "none")
    obligations.measure(village.world, STAFF, one.id, "A pretended fix.")
    names = [each.name for each in events(village, one.id)]
    assert names == ["obligations.drill_started", "obligations.drill_report", "obligations.measure_available"]
    assert obligations.matter(village.world, one.id).clocks[2].state == "due"


def test_dismissed_and_opened_again(village: Village) -> None:
    village.declare()
    one = incident(village)
    gone = obligations.dismiss(village.world, STAFF, one.id, "A false alarm.")
    assert {each.state for each in gone.clocks} == {"not applicable"}
    assert "A false alarm." in gone.clocks[0].why
    again = obligations.aware(village.world, STAFF, one.id, "It was real.")
    assert again.open
    assert again.aware_at == one.aware_at


def test_a_flaw_that_our_people_call_exploited_is_so_until_they_dismiss_it(village: Village) -> None:
    village.affected()
    case = next(one for one in vulnerabilities.cases(village.world) if not one.attacked)
    obligations.aware(village.world, STAFF, case.id, "Our honeypot saw it used.")
    assert vulnerabilities.case(village.world, case.id).attacked
    obligations.dismiss(village.world, STAFF, case.id, "It was our own scanner.")
    assert not vulnerabilities.case(village.world, case.id).attacked


def test_what_a_feed_calls_exploited_is_judged_and_not_dismissed(village: Village) -> None:
    case = village.affected()
    with pytest.raises(Refused, match="judged in its case"):
        obligations.dismiss(village.world, STAFF, case.id, "Not ours.")


def test_refused_moments_and_texts(village: Village) -> None:
    village.declare()
    now = village.world.clock.now()
    with pytest.raises(Invalid, match="still to come"):
        incident(village, at=now + timedelta(seconds=1))
    with pytest.raises(Invalid, match="time zone"):
        incident(village, at=now.replace(tzinfo=None))
    with pytest.raises(Invalid, match="ten years"):
        incident(village, at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))))
    for text in ("a\x00b", "\x1b[31mred"):
        with pytest.raises(Invalid, match="control character"):
            incident(village, what=text)
    with pytest.raises(Invalid):
        incident(village, how=" ")
    with pytest.raises(Invalid):
        incident(village, named=())
    with pytest.raises(NotFound):
        incident(village, named=("toaster",))
    with pytest.raises(NotFound):
        obligations.aware(village.world, STAFF, "nothing", "How.")
    one = incident(village)
    with pytest.raises(Refused, match="before anybody"):
        obligations.submitted(village.world, STAFF, one.id, "final", "R", at=now - timedelta(hours=1))
    with pytest.raises(Invalid, match="One line"):
        obligations.submitted(village.world, STAFF, one.id, "final", "a\nb")
    with pytest.raises(NotFound, match="no report 'monthly'"):
        obligations.submitted(village.world, STAFF, one.id, "monthly", "R")
    with pytest.raises(Invalid, match="characters"):
        obligations.submitted(village.world, STAFF, one.id, "final", "R", text="x" * 20_001)
    assert obligations.matter(village.world, one.id).of("submitted") == ()


def test_many_at_once_lose_nothing(village: Village) -> None:
    village.declare()
    one = incident(village)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: obligations.measure(village.world, STAFF, one.id, f"Measure {n}."), range(24)))
    said = {each.says for each in obligations.matter(village.world, one.id).of("measure")}
    assert said == {f"Measure {n}." for n in range(24)}


def test_a_clock_that_ran_out_is_on_record_once(village: Village) -> None:
    village.declare()
    one = incident(village)
    obligations.drill(village.world, STAFF, "incident", ["cam-1"])
    assert obligations.note_clocks(village.world) == 2  # two of its three clocks run
    assert obligations.note_clocks(village.world) == 0
    village.later(hours=25)
    assert obligations.note_clocks(village.world) == 1
    assert obligations.note_clocks(village.world) == 0
    said = events(village, one.id)[-1]
    assert (said.name, said.data["duty"]) == ("obligations.clock_missed", "incident-early-warning")
    obligations.submitted(village.world, STAFF, one.id, "early-warning", "R")
    obligations.dismiss(village.world, STAFF, one.id, "It was nothing.")
    assert len(obligations.matter(village.world, one.id).of("missed")) == 1
    village.later(hours=100)
    assert obligations.note_clocks(village.world) == 1  # the notification is not owed any more; that it is late, never
    assert obligations.note_clocks(village.world) == 0


def due_on_record(village: Village, matter: str) -> list[tuple[str, str | None]]:
    told = [one for one in events(village, matter) if one.name == "obligations.clock_set"]
    return [(one.data["duty"].removeprefix("exploited-"), one.data["due"] and one.data["due"][:16]) for one in told]


def test_when_a_report_is_due_is_on_record_and_again_when_that_changes(village: Village) -> None:
    case = village.affected()
    obligations.note_clocks(village.world)
    assert due_on_record(village, case.id) == [
        ("early-warning", "2026-11-03T09:00"),
        ("notification", "2026-11-05T09:00"),
    ]
    village.later(hours=2)
    obligations.aware(village.world, STAFF, case.id, "We knew a day before.", village.world.clock.now() - timedelta(1))
    obligations.measure(village.world, STAFF, case.id, "A port was closed.")
    obligations.note_clocks(village.world)
    assert due_on_record(village, case.id)[2:] == [
        ("early-warning", "2026-11-02T11:00"),
        ("notification", "2026-11-04T11:00"),
        ("final", "2026-11-16T11:00"),
    ]
    village.judge("not_affected")
    obligations.note_clocks(village.world)
    assert due_on_record(village, case.id)[5:] == [("early-warning", None), ("notification", None), ("final", None)]
    assert obligations.note_clocks(village.world) == 0


def test_that_nothing_is_owed_is_on_record_once(village: Village) -> None:
    village.declare()
    village.ship(OLD, "pillow==10.0.0")
    village.hear()
    case = village.found()
    village.judge("not_affected")
    assert obligations.note_clocks(village.world) == 1
    assert due_on_record(village, case.id) == [("early-warning", None)]
    assert obligations.note_clocks(village.world) == 0
