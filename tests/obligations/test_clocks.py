"""Reporting clocks as a table of cases, and laws that hold for any facts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.obligations import clocks
from careful.obligations.model import Applies, Facts

T0 = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
YES, NO = Applies("yes", "It binds."), Applies("no", "Not sold there.")
UNKNOWN = Applies("unknown", "Markets are blank.")


def hours(number: float) -> datetime:
    return T0 + timedelta(hours=number)


def facts(kind="exploited", aware=T0, measure=None, applies=YES, **sent):
    named = {f"{kind}-{name.replace('_', '-')}": at for name, at in sent.items()}
    return Facts(kind, aware, measure, named, applies)


def states(given_facts, now):
    return [one.state for one in clocks.plan(given_facts, now)]


@pytest.mark.parametrize(
    ("given_facts", "now", "wanted"),
    [
        pytest.param(facts(), T0, ["due", "due", "waiting"], id="just heard"),
        pytest.param(facts(), hours(24), ["due", "due", "waiting"], id="the last minute is in time"),
        pytest.param(facts(), hours(24.01), ["late", "due", "waiting"], id="early warning missed"),
        pytest.param(facts(), hours(73), ["late", "late", "waiting"], id="both missed"),
        pytest.param(facts(), hours(9000), ["late", "late", "waiting"], id="no measure: the final report only waits"),
        pytest.param(facts(early_warning=hours(2)), hours(30), ["done", "due", "waiting"], id="warned in time"),
        pytest.param(facts(early_warning=hours(25)), hours(30), ["done", "due", "waiting"], id="warned late is done"),
        pytest.param(facts(measure=hours(50)), hours(50 + 14 * 24), ["late", "late", "due"], id="final: 14th day"),
        pytest.param(facts(measure=hours(50)), hours(51 + 14 * 24), ["late", "late", "late"], id="final missed"),
        pytest.param(
            facts(measure=hours(-99)), hours(14 * 24), ["late", "late", "due"], id="fixed before it was known"
        ),
        pytest.param(facts(applies=NO), hours(99), ["not applicable"] * 3, id="does not apply"),
        pytest.param(facts(applies=NO, final=hours(1)), hours(99), ["not applicable"] * 2 + ["done"], id="sent anyway"),
        pytest.param(facts(applies=UNKNOWN), hours(25), ["late", "due", "waiting"], id="unknown is not green"),
        pytest.param(facts(aware=None), hours(99), ["waiting"] * 3, id="nobody is on record"),
        pytest.param(facts("incident"), hours(25), ["late", "due", "waiting"], id="incident"),
        pytest.param(
            facts("incident", notification=hours(70)), hours(71), ["late", "done", "due"], id="incident notified"
        ),
        pytest.param(
            facts("incident", measure=hours(1)),
            hours(9000),
            ["late", "late", "waiting"],
            id="incident: by notification",
        ),
    ],
)
def test_states(given_facts, now, wanted):
    assert states(given_facts, now) == wanted


@pytest.mark.parametrize(
    ("given_facts", "duty", "due"),
    [
        pytest.param(facts(), 0, hours(24), id="24 h from awareness"),
        pytest.param(facts(), 1, hours(72), id="72 h from awareness"),
        pytest.param(facts(), 2, None, id="the final report's clock does not start by awareness"),
        pytest.param(facts(measure=hours(48)), 2, hours(48 + 14 * 24), id="14 days from the measure"),
        pytest.param(facts(measure=hours(-48)), 2, hours(14 * 24), id="never before awareness"),
        pytest.param(
            facts("incident", notification=datetime(2027, 1, 31, 8, tzinfo=UTC)),
            2,
            datetime(2027, 2, 28, 8, tzinfo=UTC),
            id="a month from 31 January",
        ),
        pytest.param(
            facts("incident", notification=datetime(2026, 12, 3, 8, tzinfo=UTC)),
            2,
            datetime(2027, 1, 3, 8, tzinfo=UTC),
            id="a month over the year's end",
        ),
    ],
)
def test_due_moments(given_facts, duty, due):
    assert clocks.plan(given_facts, T0)[duty].due == due


def test_each_says_why_and_cites():
    for kind in ("exploited", "incident"):
        for one in clocks.plan(facts(kind, measure=hours(5), notification=hours(6)), hours(7)):
            assert one.why.endswith(".")
            assert one.cites.startswith("Article 14(")
    assert (
        "14 days from when a measure was available, on 2026-11-02 14:00 UTC"
        in clocks.plan(facts(measure=hours(5)), T0)[2].why
    )


def test_a_late_report_says_so():
    one = clocks.plan(facts(early_warning=hours(25)), hours(30))[0]
    assert one.in_time is False
    assert "it was due on 2026-11-03 09:00 UTC" in one.why


def test_what_cannot_be_told_is_said_and_runs():
    one = clocks.plan(facts(applies=UNKNOWN), T0)[0]
    assert one.due == hours(24)
    assert "Markets are blank. Counted as if it applied." in one.why


def test_spans_read_as_in_the_law():
    assert [clocks.says_span(one) for one in clocks.pack()] == [
        "24 hours", "72 hours", "14 days", "24 hours", "72 hours", "1 month",
    ]  # fmt: skip


def test_the_pack_is_whole():
    named = {one.id for one in clocks.pack()}
    assert len(named) == len(clocks.pack()) == 6
    for one in clocks.pack():
        assert one.starts in {"aware", "measure", *named}
        assert bool(one.span) != bool(one.months)
        assert one.asks
        assert all(ask.cites.startswith("Article 14(") for ask in one.asks)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (bounds are naive by Hypothesis' rule)
maybe = st.none() | moments


@given(maybe, maybe, st.dictionaries(st.sampled_from([one.id for one in clocks.pack()]), moments), moments, moments)
def test_time_only_makes_things_later(aware, measure, sent, one, other):
    first, second = sorted((one, other))
    given_facts = Facts("exploited", aware, measure, sent, YES)
    for before, after in zip(clocks.plan(given_facts, first), clocks.plan(given_facts, second), strict=True):
        assert before.due == after.due
        assert (before.state, after.state) in {
            ("waiting", "waiting"), ("due", "due"), ("due", "late"), ("late", "late"), ("done", "done"),
        }  # fmt: skip


@given(moments, moments, moments)
def test_knowing_earlier_never_moves_a_clock_later(aware, measure, now):
    earlier = aware - timedelta(days=3)
    for old, new in zip(
        clocks.plan(facts(aware=aware, measure=measure), now),
        clocks.plan(facts(aware=earlier, measure=measure), now),
        strict=True,
    ):
        assert old.due is not None
        assert new.due is not None
        assert new.due <= old.due
