"""Cases in the order in which they press: what the law wants first, then what is due first; and who says what."""

from datetime import UTC, datetime, timedelta

import pytest
from village import FLAW, NEW, OLD, STAFF, Village

from careful import obligations, vulnerabilities
from careful.kernel.actors import Actor
from careful.kernel.errors import NotFound
from careful.obligations import queries
from careful.obligations.model import Entry

QUIET = "CVE-2023-50447"
"""In Pillow before 10.2.0; nobody says that it is exploited."""


@pytest.fixture
def two(village: Village) -> Village:
    """A camera with an exploited flaw and two quiet ones."""
    village.declare()
    village.ship(OLD, "pillow==10.0.0")
    village.hear()
    village.run(OLD, "cam-1-001")
    village.found()
    return village


def names(village: Village, **asked: str) -> list[str]:
    return [one.flaw for one in obligations.pressing(village.world, **asked)]


def test_a_running_clock_comes_before_every_due_date(two: Village) -> None:
    listed = obligations.pressing(two.world)
    assert listed[0].flaw == FLAW
    assert listed[0].report is not None
    assert (listed[0].report.title, listed[0].report.due) == ("Early warning", listed[0].opened_at + timedelta(days=1))
    assert all(one.report is None for one in listed[1:])
    assert [one.due for one in listed[1:]] == sorted(one.due for one in listed[1:])
    assert {one.id for one in listed} == {one.id for one in vulnerabilities.cases(two.world)}


def test_the_clock_that_is_due_first_leads_and_a_late_one_stays_there(two: Village) -> None:
    quiet = two.case(QUIET)
    two.later(hours=3)
    obligations.aware(two.world, STAFF, quiet.id, "Seen in our logs.")
    assert names(two)[:2] == [FLAW, QUIET]
    obligations.submitted(two.world, STAFF, two.case().id, "early-warning", "1")
    assert names(two)[:2] == [QUIET, FLAW]  # 24 hours from now come before 72 hours from the first
    two.later(hours=30)
    first, second, *_ = obligations.pressing(two.world)
    assert (first.flaw, first.report and first.report.state) == (QUIET, "late")
    assert (second.flaw, second.report and second.report.title) == (FLAW, "Vulnerability notification")


def test_what_is_dismissed_or_done_goes_by_its_due_date(two: Village) -> None:
    quiet = two.case(QUIET)
    obligations.aware(two.world, STAFF, quiet.id, "Seen in our logs.")
    obligations.dismiss(two.world, STAFF, quiet.id, "It was our own scanner.")
    one = next(each for each in obligations.pressing(two.world) if each.flaw == QUIET)
    assert (one.report, one.said) == (None, None)
    assert not any("says staff" in each for each in obligations.urgency(two.world, quiet.id))


def test_a_closed_case_stands_first_while_a_report_on_it_is_owed(two: Village) -> None:
    two.judge()
    two.ship(NEW, "pillow==10.0.1")
    two.run(NEW, "cam-1-001")
    two.found()
    vulnerabilities.close(two.world, STAFF, two.case().id)
    first, *rest = obligations.pressing(two.world)
    assert (first.flaw, first.state, first.report is not None) == (FLAW, "closed", True)
    for report in ("early-warning", "notification", "final"):
        obligations.submitted(two.world, STAFF, first.id, report, "1")
    assert names(two)[-1] == FLAW  # what is over stands behind what is open
    assert FLAW not in names(two, state="open")
    assert names(two, product="lock-1") == []
    assert rest


def test_who_says_so_is_said_in_the_list_and_in_sentences(two: Village) -> None:
    quiet = two.case(QUIET)
    assert "not in CISA's catalogue" in obligations.urgency(two.world, quiet.id)[1]
    obligations.aware(two.world, Actor("staff", "ben"), quiet.id, "A customer's logs", two.world.clock.now())
    one = next(each for each in obligations.pressing(two.world) if each.flaw == QUIET)
    assert one.said is not None
    assert (one.said.by, one.exploited) == ("staff:ben", False)
    assert one.why.startswith("exploited, says staff:ben, since 2026-11-02")
    assert (
        "says staff:ben, known since 2026-11-02 09:00 UTC: A customer's logs."
        in (obligations.urgency(two.world, quiet.id)[1])
    )


def test_a_case_that_is_not_there(two: Village) -> None:
    with pytest.raises(NotFound):
        obligations.urgency(two.world, "none")


def _note(kind: str, hour: int, by: str) -> Entry:
    at = datetime(2026, 11, 2, hour, tzinfo=UTC)
    return Entry(kind, at, f"{kind} {hour}", by, at)  # type: ignore[arg-type]  # named in each case


@pytest.mark.parametrize(
    ("noted", "says"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([("aware", 0, "system:careful")], None, id="a feed is no person"),
        pytest.param([("aware", 2, "staff:ann")], "aware 2", id="one"),
        pytest.param([("aware", 2, "staff:ann"), ("aware", 1, "staff:ben")], "aware 1", id="the earliest"),
        pytest.param([("aware", 2, "staff:ann"), ("dismissed", 3, "staff:ben")], None, id="dismissed"),
        pytest.param(
            [("aware", 2, "staff:ann"), ("dismissed", 3, "staff:ben"), ("aware", 4, "staff:ann")],
            "aware 2",
            id="said again: known since the first time",
        ),
    ],
)
def test_who_says_that_it_is_exploited(noted: list[tuple[str, int, str]], says: str | None) -> None:
    found = queries.said_by([_note(*one) for one in noted])
    assert (found and found.says) == says
