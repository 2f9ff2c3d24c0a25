"""What a matter's entries come to."""

from datetime import UTC, datetime, timedelta

from careful.obligations import clocks
from careful.obligations.model import Applies, Entry, Matter, facts_of

T0 = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
YES = Applies("yes", "It binds.")


def entry(kind, after=0, duty=""):
    at = T0 + timedelta(hours=after)
    return Entry(kind, at, "said", "staff:ann", at, duty, "R-1", "0" * 64)


def matter(*entries, now=T0):
    return Matter(
        id="m", kind="exploited", drill=False, title="t", what="w", why_severe="", products=("cam-1",), case="m",
        flaw="CVE-1", applies=YES, entries=entries, clocks=clocks.plan(facts_of("exploited", entries, YES), now),
    )  # fmt: skip


def test_a_later_correction_moves_nothing():
    assert matter(entry("aware"), entry("aware", 40)).aware_at == T0


def test_an_earlier_correction_counts():
    assert matter(entry("aware"), entry("aware", -40)).aware_at == T0 - timedelta(hours=40)


def test_the_first_report_stops_the_clock():
    found = facts_of("exploited", (entry("submitted", 9, "d"), entry("submitted", 3, "d")), YES)
    assert found.submitted == {"d": T0 + timedelta(hours=3)}


def test_the_next_clock_is_the_one_that_runs_out_first():
    one = matter(entry("aware"))
    assert one.next is not None
    assert one.next.duty == "exploited-early-warning"
    assert (one.open, one.late) == (True, False)


def test_over_when_all_is_done():
    sent = [entry("submitted", 1, one.id) for one in clocks.duties("exploited")]
    one = matter(entry("aware"), *sent)
    assert (one.open, one.next) == (False, None)
