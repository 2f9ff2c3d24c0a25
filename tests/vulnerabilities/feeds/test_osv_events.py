"""Events of OSV records as ranges: in any order, in pairs that overlap or are upside down."""

import pytest

from careful.vulnerabilities.feeds.osv_events import has_no_beginning, has_no_end, read_ranges
from careful.vulnerabilities.feeds.record import Malformed
from careful.vulnerabilities.ranges import Range, holds


def spans(*events, scheme="pep440"):
    part = {"ranges": [{"type": "ECOSYSTEM", "events": [dict([event]) for event in events]}]}
    return read_ranges(part, "$", scheme)[0]


@pytest.mark.parametrize(
    ("events", "found"),
    [
        pytest.param([("introduced", "0"), ("fixed", "2")], [Range("0", fixed="2")], id="one"),
        pytest.param(
            [("introduced", "2.0.0"), ("fixed", "2.0.6"), ("introduced", "0"), ("fixed", "1.26.17")],
            [Range("0", fixed="1.26.17"), Range("2.0.0", fixed="2.0.6")],
            id="branches, the newer first (PYSEC-2023-192)",
        ),
        pytest.param(
            [("introduced", "0"), ("introduced", "2"), ("fixed", "1.5"), ("fixed", "2.5")],
            [Range("0", fixed="1.5"), Range("2", fixed="2.5")],
            id="all introductions first",
        ),
        pytest.param([("introduced", "1"), ("last_affected", "2")], [Range("1", last="2")], id="last affected"),
        pytest.param([("introduced", "1")], [Range("1")], id="never fixed"),
        pytest.param([("introduced", "8"), ("fixed", "8")], [Range("8", fixed="8")], id="empty"),
        pytest.param(
            [("introduced", "2"), ("fixed", "3"), ("introduced", "0"), ("fixed", "2")],
            [Range("0", fixed="2"), Range("2", fixed="3")],
            id="one ends where the next begins",
        ),
        pytest.param([("fixed", "2")], [], id="a fix of nothing"),
        pytest.param(
            [("introduced", "not a version"), ("fixed", "2")],
            [Range("not a version", fixed="2")],
            id="unreadable, as listed",
        ),
    ],
)
def test_events(events, found):
    assert list(spans(*events)) == found


OVERLAPPING = [
    ("introduced", "14.0.0"),
    ("fixed", "14.14.1"),
    ("introduced", "14.14.0"),
    ("fixed", "14.20.0"),
    ("introduced", "16.0.0"),
    ("fixed", "16.12.1"),
]
UPSIDE_DOWN = [("introduced", "8.3.0"), ("fixed", "8.17.6"), ("introduced", "8.18.0"), ("fixed", "8.17.10")]


@pytest.mark.parametrize(
    ("version", "found"),
    [
        pytest.param("14.0.0", "yes", id="in the first pair alone"),
        pytest.param("14.14.0", "yes", id="in two pairs"),
        pytest.param("14.15.0", "yes", id="in the second pair alone, after the fix of the first"),
        pytest.param("14.20.0", "no", id="at the end of both"),
        pytest.param("16.1.0", "yes", id="in another branch"),
        pytest.param("13.9.9", "no", id="before all"),
    ],
)
def test_pairs_that_overlap(version, found):
    """BIT-node-2022-32223: in the order of versions, the end of the first pair would end the second one too."""
    assert hit(OVERLAPPING, version) == found


@pytest.mark.parametrize(
    ("version", "found"),
    [
        pytest.param("8.5.0", "yes", id="in the pair that is as it should be"),
        pytest.param("8.17.8", "check", id="perhaps in the one that ends before it begins"),
        pytest.param("8.18.0", "check", id="at its beginning"),
        pytest.param("8.18.2", "no", id="after both of its ends"),
    ],
)
def test_pairs_that_are_upside_down(version, found):
    """BIT-kibana-2025-25014, without its last pair."""
    assert hit(UPSIDE_DOWN, version) == found


def hit(events, version):
    told = {holds(one, version, "bitnami") for one in spans(*events, scheme="bitnami")}
    return next(one for one in ("yes", "check", "no") if one in told)


def test_an_empty_pair_among_others_holds_nothing():
    """Bitnami's of Discourse say so of a branch whose first release has the fix."""
    found = spans(("introduced", "0"), ("fixed", "3.5.4"), ("introduced", "2026.1.0"), ("fixed", "2026.1.0"))
    assert found == (Range("0", fixed="3.5.4"),)


def test_a_limit_ends_a_range_and_a_star_does_not():
    assert spans(("introduced", "1"), ("limit", "2")) == (Range("1", fixed="2"),)
    assert spans(("introduced", "1"), ("limit", "*")) == (Range("1"),)


def test_ranges_in_commits_are_told_apart():
    part = {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "aa"}]}]}
    (ranges, (events,)) = read_ranges(part, "$", "generic")
    assert (ranges, has_no_end(events), has_no_beginning(events)) == ((), False, True)
    assert (has_no_end([("introduced", "aa")]), has_no_beginning([("introduced", "aa")])) == (True, False)


@pytest.mark.parametrize(
    ("ranges", "place"),
    [
        pytest.param("x", "$.ranges: expected a list", id="no list"),
        pytest.param(["x"], "$.ranges[0].events", id="no object"),
        pytest.param([{"events": [1]}], "$.ranges[0].events[0]", id="no event"),
        pytest.param([{"events": [{"fixed": ""}]}], "$.ranges[0].events[0].fixed", id="no version"),
    ],
)
def test_the_malformed_place_is_named(ranges, place):
    with pytest.raises(Malformed) as refused:
        read_ranges({"ranges": ranges}, "$", "generic")
    assert str(refused.value).startswith(place)
