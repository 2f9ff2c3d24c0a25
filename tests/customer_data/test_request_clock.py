"""By when a request must be answered: named cases, and what holds for any moment."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.customer_data.request_clock import clocks, deadline
from careful.products import laws_pack

REGIONS = laws_pack().regions
JAN = datetime(2027, 1, 31, 9, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (given one)


@pytest.mark.parametrize(
    ("markets", "due", "longest", "law"),
    [
        pytest.param(["DE"], "2027-02-28", "2027-04-30", "GDPR", id="a month too short: its last day"),
        pytest.param(["EU"], "2027-02-28", "2027-04-30", "GDPR", id="the whole region"),
        pytest.param(["GB"], "2027-02-28", "2027-04-30", "UK GDPR", id="United Kingdom"),
        pytest.param(["US-CA"], "2027-03-17", "2027-05-01", "CCPA", id="California"),
        pytest.param(["US"], "2027-03-17", "2027-05-01", "CCPA", id="without its states"),
        pytest.param(["US-NY"], "2027-03-02", "2027-04-01", "house", id="another state"),
        pytest.param(["US-CA", "FR"], "2027-02-28", "2027-04-30", "GDPR", id="the earliest of two"),
        pytest.param(["JP"], "2027-03-02", "2027-04-01", "house", id="none of them"),
        pytest.param([], "2027-03-02", "2027-04-01", "house", id="sold nowhere"),
        pytest.param(None, "2027-02-28", "2027-04-30", "GDPR", id="not stated"),
    ],
)
def test_cases(markets, due, longest, law):
    found = deadline(JAN, markets, REGIONS)
    assert (f"{found.due:%Y-%m-%d}", f"{found.longest:%Y-%m-%d}") == (due, longest)
    assert found.law.startswith(law)


@given(
    MOMENTS,
    st.lists(st.sampled_from(["DE", "GB", "US", "US-CA", "US-NY", "JP", "EU"])),
    st.sampled_from(["FR", "US-CA"]),
)
def test_another_market_never_gives_more_time_than_its_law(opened, markets, more):
    before, after = deadline(opened, markets, REGIONS), deadline(opened, [*markets, more], REGIONS)
    assert opened < after.due < after.longest
    assert after.due - opened <= timedelta(days=45)
    if before.law != clocks()[0].name:
        assert after.due <= before.due
        assert after.longest <= before.longest
