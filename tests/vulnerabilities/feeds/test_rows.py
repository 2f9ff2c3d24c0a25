"""Rows that may concern a component are found by name and version, and the answer is that of reading all rows."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.releases import Found
from careful.vulnerabilities.feeds import database
from careful.vulnerabilities.feeds.record import Affected, Record
from careful.vulnerabilities.feeds.rows import all_of, near, pack, unpack
from careful.vulnerabilities.matching import match, names_of
from careful.vulnerabilities.ranges import Range

AT = datetime(2026, 1, 1, tzinfo=UTC)
CURL = Affected("cpe", "curl", "generic", cpe="cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*", source="nvd")


def curl(*ranges, vendor="haxx", **more):
    cpe = f"cpe:2.3:a:{vendor}:curl:*:*:*:*:*:*:*:*"
    return Affected(**({"kind": "cpe", "key": "curl", "scheme": "generic", "ranges": ranges, "cpe": cpe} | more))


def put(connection, *records):
    for feed, flaw, aliases, *affected in records:
        database.put(connection, feed, Record(flaw, aliases, modified=AT, affected=tuple(affected)), flaw)


@pytest.fixture
def feeds(tmp_path):
    with database.opened(tmp_path, write=True) as connection:
        yield connection


def flaws(connection, *versions):
    return sorted(row.flaw for row in near(connection, [("cpe", "curl", one) for one in versions]).rows)


def test_only_what_may_hold_the_version_is_read(feeds):
    put(
        feeds,
        ("nvd", "CVE-1", (), curl(Range("7", fixed="8"))),
        ("nvd", "CVE-2", (), curl(Range("8", fixed="9"))),
        ("nvd", "CVE-3", (), curl(Range("8.4", fixed="8.4"))),
    )
    assert flaws(feeds, "7.5") == ["CVE-1", "CVE-3"]
    assert flaws(feeds, "8.5") == ["CVE-2", "CVE-3"]
    assert flaws(feeds, "7.5", "8.5") == flaws(feeds, "latest") == ["CVE-1", "CVE-2", "CVE-3"]
    assert flaws(feeds, "9.5") == ["CVE-3"]


def test_what_else_is_said_of_the_same_flaw_comes_too(feeds):
    put(
        feeds,
        ("nvd", "CVE-1", (), curl(Range("7", fixed="8"))),
        ("cve5", "CVE-1", (), curl(Range("1", fixed="2"), source="cna")),
        ("osv", "GHSA-1", ("CVE-1",), curl(Range("3", fixed="4"))),
        ("osv", "GHSA-2", ("CVE-2",), curl(Range("3", fixed="4"))),
    )
    assert flaws(feeds, "7.5") == ["CVE-1", "CVE-1", "GHSA-1"]


def test_a_notice_of_several_flaws_speaks_of_each(feeds):
    mended = Affected("purl", "rpm/redhat/curl", "rpm", ranges=(Range(fixed="7.76-9"),), source="vendor")
    other = curl(Range("1", fixed="2"))
    notice = Record("RHSA-1", modified=AT, affected=(mended,), each=("CVE-1", "CVE-2"))
    database.put(feeds, "osv", notice, "1")
    put(feeds, ("nvd", "CVE-2", (), other), ("nvd", "CVE-3", (), other))
    asked = [("purl", "rpm/redhat/curl", "7.76-8"), ("cpe", "curl", "7.76")]
    found = near(feeds, asked).rows
    assert [(row.flaw, row.record) for row in found] == [("CVE-1", "RHSA-1"), ("CVE-2", "RHSA-1"), ("CVE-2", "CVE-2")]
    part = Found("curl", "7.76-8", purl="pkg:rpm/redhat/curl@7.76-8")
    matches = match([part], found, frozenset()).matches
    assert [(one.flaw, one.record, one.fixed_version) for one in matches] == [
        ("CVE-1", "RHSA-1", "7.76-9"),
        ("CVE-2", "RHSA-1", "7.76-9"),
    ]
    assert matches[0].evidence.endswith("in [0, 7.76-9) by RHSA-1 from osv")
    fixed = Found("curl", "7.76-9", purl="pkg:rpm/redhat/curl@7.76-9", cpe="cpe:2.3:a:haxx:curl:1.5:*:*:*:*:*:*:*")
    asked = ((one.kind, one.key, one.version) for one in names_of(fixed))
    outcome = match([fixed], near(feeds, asked).rows, frozenset())
    assert [one.flaw for one in outcome.matches] == ["CVE-3"]
    assert [one.flaw for one in outcome.settled] == ["CVE-2"]
    assert "RHSA-1" in outcome.settled[0].evidence


def test_the_names_of_a_product_are_those_of_all_its_rows(feeds):
    put(
        feeds,
        ("nvd", "CVE-1", (), curl(Range("7", fixed="8"))),
        ("nvd", "CVE-2", (), curl(Range("1", fixed="2"), vendor="other")),
    )
    named = near(feeds, [("cpe", "curl", "7.5"), ("cpe", "wget", "1")]).named
    assert sorted(one.cpe for one in named["cpe", "curl"]) == [
        "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*",
        "cpe:2.3:a:other:curl:*:*:*:*:*:*:*:*",
    ]
    assert ("cpe", "wget") not in named
    database.put(feeds, "nvd", Record("CVE-2", modified=AT, withdrawn=True), "gone")
    assert len(near(feeds, [("cpe", "curl", "7.5")]).named["cpe", "curl"]) == 1


def test_looking_up_twice_on_one_connection_forgets_the_first(feeds):
    put(feeds, ("nvd", "CVE-1", (), curl(Range("7", fixed="8"))))
    assert flaws(feeds, "7.5") == ["CVE-1"]
    assert flaws(feeds, "6") == []


def test_looking_up_ends_no_transaction(feeds):
    put(feeds, ("nvd", "CVE-1", (), CURL))
    near(feeds, [("cpe", "curl", "1")])
    assert feeds.in_transaction


def test_a_row_comes_back_as_it_was():
    one = curl(Range("1", fixed="2"), versions=("3",), fine=(Range("4"),), closed=True, files=("a.c",), distro="d:1")
    assert unpack(one.kind, one.key, pack(one)) == one


_VERSIONS = st.sampled_from(["1", "1.5", "2", "2-r1", "3", "latest"])
_ROWS = st.builds(
    lambda start, end, source, vendor: curl(Range(start, fixed=end), source=source, vendor=vendor, closed=True),
    _VERSIONS,
    _VERSIONS,
    st.sampled_from(["cna", "override", "nvd", "feed"]),
    st.sampled_from(["haxx", "other", "*"]),
)
_RECORDS = st.tuples(
    st.sampled_from(["nvd", "osv"]),
    st.sampled_from(["CVE-1", "CVE-2", "CVE-3", "GHSA-1"]),
    st.sampled_from([(), ("CVE-1",), ("CVE-2", "GHSA-1")]),
    _ROWS,
)


@given(st.lists(_RECORDS, max_size=6), st.lists(_VERSIONS, min_size=1, max_size=3))
def test_the_answer_is_that_of_reading_all_rows(tmp_path_factory, records, versions):
    vendors = ("haxx", "*")
    parts = [
        Found("curl", one, cpe=f"cpe:2.3:a:{vendor}:curl:{one}:*:*:*:*:*:*:*") for one in versions for vendor in vendors
    ]
    with database.opened(tmp_path_factory.mktemp("home"), write=True) as connection:
        put(connection, *records)
        asked = ((one.kind, one.key, one.version) for part in parts for one in names_of(part))
        found = near(connection, asked)
        few = match(parts, found.rows, frozenset(), None, found.named)
        everything = match(parts, all_of(connection, "cpe", ["curl"]), frozenset())
    assert few == everything
