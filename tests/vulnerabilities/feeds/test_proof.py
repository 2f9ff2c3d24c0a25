"""What content proves of its age and of being whole."""

from datetime import UTC, datetime, timedelta

import pytest

from careful.vulnerabilities.feeds.proof import SKEW, UNDATED, Proof, not_before, not_in_future
from careful.vulnerabilities.feeds.record import Affected, Malformed, Record

NOW = datetime(2026, 11, 3, tzinfo=UTC)
DAY = timedelta(days=1)
PYPI = ("purl", "pypi")


def record(at=NOW - DAY, key="pypi/x"):
    return Record("A", modified=at, affected=(Affected("purl", key, "pep440"),))


def page(total=2, start=0, at=NOW, accepted=2):
    return {"totalResults": total, "startIndex": start, "timestamp": at.isoformat() if at else None}, accepted


def seen(*pages, records=None):
    proof = Proof()
    for one in [record()] if records is None else records:
        proof.see(one)
    for raw, accepted in pages:
        proof.see_page(raw, accepted, NOW)
    return proof


def test_nothing_proves_nothing():
    assert (Proof().as_of(), seen(records=[record(None)]).as_of()) == (UNDATED, UNDATED)


def test_the_newest_record_is_a_lower_bound():
    assert seen(records=[record(NOW - DAY), record(NOW - 2 * DAY), record(None)]).as_of() == NOW - DAY


@pytest.mark.parametrize(
    ("pages", "at"),
    [
        pytest.param([page()], NOW, id="one page with all of it"),
        pytest.param([page(4), page(4, 2, NOW - timedelta(hours=1))], NOW - timedelta(hours=1), id="the older page"),
        pytest.param([page(), page(3, accepted=3)], NOW, id="files that are each whole"),
        pytest.param([page(4)], NOW - DAY, id="a page is missing"),
        pytest.param([page(4), page(4)], NOW - DAY, id="the same page twice is one"),
        pytest.param([page(accepted=1)], NOW - DAY, id="a record was refused"),
        pytest.param([page(at=None)], NOW - DAY, id="no time"),
        pytest.param([page(), page(at=None)], NOW - DAY, id="a page without a time"),
        pytest.param([page(total=None)], NOW - DAY, id="no total"),
        pytest.param([page(total="2")], NOW - DAY, id="a total that is no number"),
        pytest.param([page(at=NOW + DAY)], NOW - DAY, id="from the future"),
    ],
)
def test_a_pages_time_counts_when_every_page_is_there(pages, at):
    assert seen(*pages).as_of() == at


@pytest.mark.parametrize(
    ("proof", "refused", "before", "says"),
    [
        pytest.param(seen(), 0, 0, "", id="nothing against it"),
        pytest.param(seen(), 0, 1, "", id="as many as before"),
        pytest.param(seen(), 1, 0, "1 of its records could not be read", id="refused records"),
        pytest.param(Proof(), 0, 0, "no record in it is of that", id="empty"),
        pytest.param(seen(), 0, 2, "it holds 1 records, the last full export held 2", id="it shrank"),
        pytest.param(seen(page(9)), 0, 0, "it holds 2 of the 9 records that it announces", id="a page missing"),
    ],
)
def test_what_speaks_against_a_full_export(proof, refused, before, says):
    assert proof.against(PYPI, refused, before) == says


def test_a_record_of_two_packages_counts_once_for_its_ecosystem():
    two = Record("A", affected=tuple(Affected("purl", f"deb/debian/{name}", "dpkg") for name in "ab"))
    assert seen(records=[two]).records == {("purl", "deb/debian"): 1}


def test_dates_of_the_future():
    assert not_in_future(NOW + SKEW, NOW, "$.modified") == NOW + SKEW
    with pytest.raises(Malformed, match=r"^\$\.modified: 2026-11-04T00:00:00Z lies in the future$"):
        not_in_future(NOW + DAY, NOW, "$.modified")


def test_dates_before_what_is_known():
    not_before(NOW, None, "$.dateReleased")
    not_before(NOW, NOW, "$.dateReleased")
    with pytest.raises(Malformed, match=r"^\$\.dateReleased: 2026-11-02 00:00Z is older than 2026-11-03 00:00Z"):
        not_before(NOW - DAY, NOW, "$.dateReleased")
