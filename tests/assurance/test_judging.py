"""The worst finding decides; what is stale is unknown; unknown is never green."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.assurance.judging import Facts, Finding, Recommendation, Value, judge, span, true_time
from careful.kernel.clock import iso
from careful.kernel.ledger import Entry

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def entry(age, **data):
    return Entry(7, NOW - age, "system:careful", "x.happened", "x/1", data)


def recommend(*findings, max_age=timedelta(days=1)):
    return Recommendation("X1", "t", "a", "f", (), lambda _facts: findings, max_age)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        pytest.param([], Value.UNKNOWN, id="nothing recorded"),
        pytest.param([Value.MET, Value.MET], Value.MET, id="all met"),
        pytest.param([Value.MET, Value.UNKNOWN], Value.UNKNOWN, id="one unknown is not green"),
        pytest.param([Value.UNKNOWN, Value.NOT_MET, Value.MET], Value.NOT_MET, id="one failure fails"),
        pytest.param([Value.NOT_APPLICABLE, Value.MET], Value.MET, id="not applicable does not weigh"),
        pytest.param([Value.NOT_APPLICABLE], Value.NOT_APPLICABLE, id="only not applicable"),
    ],
)
def test_the_worst_finding_decides(values, verdict):
    assert judge(recommend(*(Finding(value, "s") for value in values)), Facts((), NOW)).verdict is verdict


def test_a_met_fact_goes_stale_by_itself():
    fresh = recommend(Finding(Value.MET, "It held.", (entry(timedelta(hours=23)),)))
    stale = recommend(Finding(Value.MET, "It held.", (entry(timedelta(hours=25)),)))
    assert judge(fresh, Facts((), NOW)).verdict is Value.MET
    assert judge(fresh, Facts((), NOW)).stale_at == NOW + timedelta(hours=1)
    verdict = judge(stale, Facts((), NOW))
    assert verdict.verdict is Value.UNKNOWN
    assert "1 day old and counts for 1 day" in verdict.says


def test_a_fact_without_an_entry_is_never_given_a_time():
    verdict = judge(recommend(Finding(Value.UNKNOWN, "Nothing.")), Facts((), NOW))
    assert (verdict.true_at, verdict.stale_at, verdict.events) == (None, None, ())


def test_as_of_counts_and_cannot_lie_ahead():
    old = NOW - timedelta(days=3)
    assert true_time(entry(timedelta(0), as_of=iso(old))) == old
    assert true_time(entry(timedelta(hours=1), as_of=iso(NOW))) == NOW - timedelta(hours=1)


@given(st.lists(st.sampled_from(Value)))
def test_green_only_when_nothing_is_unknown_or_failed(values):
    verdict = judge(recommend(*(Finding(value, "s") for value in values)), Facts((), NOW)).verdict
    assert (verdict is Value.MET) == (Value.MET in values and not {Value.UNKNOWN, Value.NOT_MET} & set(values))


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=30), "0 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=25), "1 day"),
        (timedelta(hours=3), "3 hours"),
    ],
)
def test_span(age, words):
    assert span(age) == words
