"""Whose word holds: the clearest of the highest rank, and what the others say beside it."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.deciding import RANKS, WHOSE, Sought, decide, in_range, judge, leading
from careful.vulnerabilities.feeds.record import Affected, Row, Source
from careful.vulnerabilities.ranges import Range

CURL = "cpe:2.3:a:haxx:curl:{}:*:*:*:*:*:*:*"
ANY_CURL = CURL.format("*")
OLD, NEW, ALL = (Range(fixed="8.0"),), (Range("8.0", fixed="9.0"),), (Range(),)


def said(source, *, ranges=NEW, flaw="CVE-1", name=ANY_CURL, **more):
    affected = Affected("cpe", "curl", "generic", ranges=ranges, cpe=name, source=source, **more)
    return Row(source, flaw, (), "high", f"{source}'s words", affected)


def decided(*rows, version="8.3.0"):
    sought = Sought("cpe", "curl", CURL.format(version), version)
    verdicts = [one for row in rows if (one := judge(sought, row, lone_vendor=True))]
    return decide(0, verdicts)


def test_every_source_has_a_rank_and_words():
    assert set(RANKS) == set(WHOSE) == set(get_args(Source))


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        pytest.param([said("nvd")], "affected", id="one list"),
        pytest.param([said("nvd"), said("cna", ranges=OLD, closed=True)], "ruled out", id="its own authority denies"),
        pytest.param([said("nvd"), said("cna", ranges=OLD)], "affected", id="its own authority is silent"),
        pytest.param([said("cna"), said("nvd", ranges=OLD)], "affected", id="NVD denies what its authority says"),
        pytest.param([said("feed"), said("nvd", ranges=OLD)], "ruled out", id="NVD before other lists"),
        pytest.param([said("nvd"), said("override", ranges=OLD)], "ruled out", id="a correction before NVD"),
        pytest.param([said("nvd", condition="with x")], "check", id="only a doubt"),
        pytest.param([said("adp", ranges=ALL)], "check", id="CISA names no version"),
        pytest.param([said("adp", ranges=ALL, versions=("8.3.0",))], "affected", id="CISA lists this very one"),
        pytest.param([said("adp", ranges=ALL), said("feed")], "affected", id="and a lesser list does"),
        pytest.param([said("adp", ranges=ALL), said("feed", ranges=OLD)], "ruled out", id="and a lesser list denies"),
        pytest.param([said("cna", ranges=ALL)], "affected", id="its own authority says all versions"),
        pytest.param([said("cna", condition="in words"), said("nvd")], "affected", id="unreadable: the next decides"),
        pytest.param([said("cna", condition="words"), said("nvd", ranges=OLD)], "ruled out", id="and may deny"),
        pytest.param([said("nvd", ranges=OLD)], None, id="all deny"),
        pytest.param([said("cna", ranges=OLD)], None, id="silence"),
        pytest.param([said("cna", ranges=(), fine=NEW)], None, id="said to be fine"),
        pytest.param([said("nvd"), said("nvd", ranges=OLD)], "affected", id="two rows of one list"),
        pytest.param([said("nvd"), said("cna", ranges=OLD, closed=True, flaw="CVE-2")], "affected", id="another flaw"),
        pytest.param(
            [said("nvd", condition="with x"), said("nvd", ranges=OLD)], "check", id="no denial of a doubt of its own"
        ),
        pytest.param(
            [said("nvd", condition="with x"), said("cna", ranges=OLD, closed=True)], "ruled out", id="but of another's"
        ),
        pytest.param([said("nvd", name="cpe:2.3:a:other:curl:*:*:*:*:*:*:*:*")], None, id="another vendor"),
    ],
)
def test_whose_word_holds(rows, outcome):
    held, ruled_out = decided(*rows)
    if outcome == "ruled out":
        assert (held, len(ruled_out)) == ([], 1)
    else:
        assert [one.certainty for one in held] == ([outcome] if outcome else [])
        assert ruled_out == []


def test_what_is_ruled_out_says_by_whom_and_against_what():
    _, (one,) = decided(said("nvd"), said("cna", ranges=OLD, closed=True))
    assert one.evidence.startswith("the CVE's own authority says no: cpe cpe:2.3:a:haxx:curl:8.3.0")
    assert "; against cpe cpe:2.3:a:haxx:curl:8.3.0" in one.evidence
    assert one.evidence.endswith("in [8.0, 9.0) by CVE-1 from nvd")


def test_a_weaker_denial_is_shown_beside_the_finding():
    (one,), _ = decided(said("cna"), said("nvd", ranges=OLD))
    assert (one.source, one.feed, one.fixed_version) == ("cna", "cna", "9.0")
    assert one.against.startswith("NVD says no: ")


@pytest.mark.parametrize(
    ("row", "version", "hit"),
    [
        pytest.param({"versions": ("1.0",)}, "1.0.0", "yes", id="listed, spelt otherwise"),
        pytest.param({"ranges": OLD}, "7.0", "yes", id="in a range"),
        pytest.param({"ranges": OLD}, "8.0", "no", id="beyond it"),
        pytest.param({"ranges": OLD, "condition": "x"}, "8.0", None, id="beyond a range with a condition"),
        pytest.param({"ranges": OLD, "source": "cna"}, "8.0", None, id="beyond a range whose rest is unknown"),
        pytest.param({"ranges": (Range("8.4.0", fixed="8.4.0"),)}, "8.0", "check", id="an empty range"),
        pytest.param({"ranges": (Range("x y"),), "fine": OLD}, "7.0", "no", id="fine, though a range is unreadable"),
        pytest.param({}, "1.0", "check", id="nothing stated"),
        pytest.param({"fine": OLD}, "9.0", None, id="only what is fine is stated"),
    ],
)
def test_what_a_row_says_of_a_version(row, version, hit):
    assert in_range(version, Affected("cpe", "curl", "generic", **row))[0] == hit


@given(
    st.lists(st.sampled_from([said("cna"), said("nvd", ranges=OLD), said("adp"), said("feed", ranges=OLD)]), max_size=5)
)
def test_the_order_of_rows_does_not_matter(rows):
    def outcome(listed):
        held, ruled_out = decided(*listed)
        return {one.certainty for one in held}, len(ruled_out)

    assert outcome(rows) == outcome(rows[::-1])


@pytest.mark.parametrize(
    ("names", "first"),
    [(("GHSA-1", "CVE-1"), "CVE-1"), (("PYSEC-1", "GHSA-1"), "PYSEC-1"), (("CVE-2", "CVE-1"), "CVE-2")],
)
def test_the_cve_number_leads(names, first):
    assert leading(names) == first
