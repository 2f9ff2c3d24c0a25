"""Which files bring the CVE list up to date."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.cve_list import Listing, read, wanted


def release(*names):
    return {"assets": [{"name": name, "browser_download_url": f"https://files.example/{name}"} for name in names]}


WHOLE = "2026-11-{:02}_all_CVEs_at_midnight.zip.zip"
AT = "2026-11-{:02}_delta_CVEs_at_{}.zip"
RELEASES = [
    release(WHOLE.format(3), AT.format(3, "0900Z")),
    release(WHOLE.format(3), AT.format(3, "0800Z")),
    release(WHOLE.format(2), AT.format(2, "end_of_day")),
    release(WHOLE.format(2), AT.format(2, "2300Z")),
    release("2026-11-01_all_CVEs.zip", AT.format(1, "2300Z"), "notes.md"),
]


def day(number):
    return date(2026, 11, number)


@pytest.mark.parametrize(
    ("held", "names"),
    [
        pytest.param(None, [WHOLE.format(3), AT.format(3, "0900Z")], id="nothing here yet"),
        pytest.param(day(3), [AT.format(3, "0900Z")], id="of today"),
        pytest.param(day(2), [AT.format(2, "end_of_day"), AT.format(3, "0900Z")], id="of yesterday"),
        pytest.param(
            day(1), [AT.format(1, "2300Z"), AT.format(2, "end_of_day"), AT.format(3, "0900Z")], id="two days ago"
        ),
        pytest.param(date(2026, 10, 1), [WHOLE.format(3), AT.format(3, "0900Z")], id="too long ago"),
        pytest.param(day(9), [WHOLE.format(3), AT.format(3, "0900Z")], id="from a day to come"),
    ],
)
def test_what_to_fetch(held, names):
    assert [one.name for one in wanted(read(RELEASES), held)] == names


def test_nothing_published():
    for listed in ([], [{}], ["words"], [release("notes.md")]):
        assert not wanted(read(listed), day(3))


def test_changes_alone_are_no_beginning():
    assert not wanted(read([release(AT.format(3, "0900Z"))]), None)


@given(st.sets(st.integers(1, 28), min_size=1), st.integers(1, 28))
def test_days_are_caught_up_without_a_gap_or_begun_anew(days, held):
    listing = read([release(WHOLE.format(max(days)), *(AT.format(one, "end_of_day") for one in days))])
    assert isinstance(listing, Listing)
    files = wanted(listing, day(held))
    covered = [one.day.day for one in files if "delta" in one.name]
    if "delta" in files[0].name:
        assert covered == list(range(held, max(days) + 1))
    else:
        assert covered == [max(days)]


@pytest.mark.parametrize(
    "assets",
    [
        pytest.param("words", id="no list"),
        pytest.param(["words", None, 1], id="no files"),
        pytest.param([{"name": WHOLE.format(45)}, {"name": None}], id="no such day"),
    ],
)
def test_a_listing_that_is_none_names_nothing(assets):
    assert read([{"assets": assets}]) == Listing(None, {})
