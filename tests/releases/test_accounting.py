"""Every line is counted once; what belongs together is one component; nothing said of a flaw is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import TooLarge
from careful.releases import accounting
from careful.releases.listing import Entry, Listing
from careful.releases.model import Found, SbomRemark, Statement

CURL = "cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*"
LINUX = "cpe:2.3:*:*:linux_kernel:6.6.73:*:*:*:*:*:*:*"


def account(*entries, **facts):
    return accounting.account(Listing("a format", entries, **facts))


def outcomes(report):
    return [(row.name, row.outcome, row.reason) for row in report.rows]


def test_what_is_listed_twice_is_one_component_under_every_name_and_with_all_that_is_said():
    twins = [
        Found("a", "1", "pkg:pypi/a@1", "cpe:/a:x:a:1", statements=(Statement("CVE-1", "patched"),), patches=("2",)),
        Found("a", "1", "pkg:pypi/a@1", "cpe:/a:y:a:1", statements=(Statement("CVE-2", "resolved"),), patches=("1",)),
    ]
    read = account(*(Entry(f"${at}", one) for at, one in enumerate(twins)))
    (one,) = read.components
    assert one.cpes == ("cpe:/a:x:a:1", "cpe:/a:y:a:1")
    assert [said.flaw for said in one.statements] == ["CVE-1", "CVE-2"]
    assert one.patches == ("1", "2")
    assert outcomes(read.report)[1] == ("a", "merged", "listed before, at $0")


def test_the_packages_of_one_recipe_are_one_component():
    family = {"family": "curl 8.3.0", "kin": "made from the same recipe"}
    read = account(
        Entry("$0", Found("curl", "8.3.0", cpe=CURL), **family),
        Entry("$1", Found("libcurl4", "8.3.0", cpe=CURL), **family),
        Entry("$2", Found("other", "1", cpe=CURL), family="other"),
    )
    assert outcomes(read.report) == [
        ("curl", "taken", ""),
        ("libcurl4", "merged", "made from the same recipe as $0"),
        ("other", "taken", ""),
    ]


def test_modules_are_part_of_their_kernel_wherever_it_is_listed():
    read = account(
        Entry("$0", Found("kmod-usb-core", "6.6.73", statements=(Statement("CVE-1", "patched"),))),
        Entry("$1", Found("kernel-module-uvesafb", "6.6.73", cpe=LINUX)),
        Entry("$2", Found("kernel", "6.6.73", cpe=LINUX)),
        Entry("$3", Found("kmod-other", "5.4")),
        Entry("$4", Found("kmod", "34", cpe="cpe:/a:kernel:kmod:34")),
    )
    assert [row.outcome for row in read.report.rows] == ["merged", "merged", "taken", "unmatchable", "taken"]
    assert read.report.rows[0].into == "$2"
    assert [said.flaw for said in read.components[0].statements] == ["CVE-1"]


def test_a_twin_that_is_left_out_stays_out():
    read = account(
        Entry("$0", Found("curl", "8.3.0", cpe=CURL), left_out="for the host"),
        Entry("$1", Found("curl", "8.3.0", cpe=CURL)),
    )
    assert [row.outcome for row in read.report.rows] == ["left out", "taken"]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        pytest.param(Found("a", "1"), "no purl and no CPE", id="no name"),
        pytest.param(Found("a", purl="pkg:pypi/a"), "no version", id="no version"),
        pytest.param(Found("a", cpe=CURL), "", id="the version in the CPE"),
        pytest.param(Found("a", "1", purl="pkg:"), "its purl cannot be read", id="a broken purl"),
        pytest.param(Found("a", "1", cpe="cpe:"), "its CPE cannot be read", id="a broken CPE"),
        pytest.param(Found("/bin/sh", type="file"), "a single file: known flaws are listed by package", id="a file"),
        pytest.param(Found("a", "1", cpe="cpe:2.3:*:*:acl:2.3.2:*:*:*:*:*:*:*"), "", id="any vendor, as Yocto writes"),
    ],
)
def test_why_something_cannot_be_looked_up(found, reason):
    assert accounting.why_unmatchable(found) == reason


def test_a_statement_that_settles_does_not_stand_beside_one_that_says_exploitable():
    said = (Statement("CVE-1", "exploitable"), Statement("CVE-1", "not_affected", "why"), Statement("CVE-2", "patched"))
    kept = accounting.reconciled(said)
    assert [(one.flaw, one.state) for one in kept] == [
        ("CVE-1", "exploitable"),
        ("CVE-1", "in_triage"),
        ("CVE-2", "patched"),
    ]
    assert "another statement" in kept[1].detail


def test_the_minimum_elements_are_counted():
    full = Found("a", "1", purl="pkg:pypi/a@1", supplier="x", licence="MIT", hashes={"SHA-256": "00"})
    read = account(Entry("$0", full, related=True), Entry("$1", Found("b")), author="me", timestamp="2026-01-01")
    counted = {one.name: (one.stated, one.lacking, one.where) for one in read.report.elements}
    assert counted == {
        "supplier": (1, 1, ("$1",)),
        "name": (2, 0, ()),
        "version": (1, 1, ("$1",)),
        "unique identifier": (1, 1, ("$1",)),
        "dependency relationship": (1, 1, ("$1",)),
        "hash": (1, 1, ("$1",)),
        "licence": (1, 1, ("$1",)),
        "author": (1, 0, ()),
        "timestamp": (1, 0, ()),
        "tool": (0, 1, ()),
    }


def test_hidden_signs_in_a_name_are_remarked():
    read = account(Entry("$0", Found("zl\ufffdib", "1")), remarks=[SbomRemark("$", "of the reader")])
    assert [one.where for one in read.report.remarks] == ["$", "$0"]


def test_a_list_of_nothing_says_so():
    assert [one.says for one in account().report.remarks] == ["the file lists no component"]


def test_two_versions_are_remarked():
    read = account(
        Entry("$0", Found("a", "1.0", purl="pkg:pypi/a@1.1")),
        Entry("$1", Found("a", "1.0", purl="pkg:pypi/a")),
        Entry("$2", Found("a", "1.0", purl="pkg:pypi/a@1.0")),
        Entry("$3", Found("a", "1.0", purl="pkg:pypi/a@1.1"), left_out="why"),
    )
    assert [(one.where, one.says) for one in read.report.remarks] == [("$0", "it states version 1.0, its purl 1.1")]


FOUND = st.builds(
    Found,
    name=st.sampled_from(["a", "kmod-a", "kernel"]),
    version=st.sampled_from(["", "1", "6.6.73"]),
    purl=st.sampled_from(["", "pkg:pypi/a@1"]),
    cpe=st.sampled_from(["", CURL, LINUX]),
    statements=st.lists(st.builds(Statement, st.sampled_from(["CVE-1", "CVE-2"]), st.just("patched"))).map(tuple),
)
ENTRIES = st.lists(
    st.builds(
        Entry,
        where=st.uuids().map(str),
        found=FOUND,
        left_out=st.sampled_from(["", "not in it"]),
        family=st.sampled_from(["", "x", "y"]),
    )
)


@given(ENTRIES)
def test_the_counts_add_up_and_nothing_said_is_lost(entries):
    read = account(*entries)
    report = read.report
    assert report.taken + report.merged + report.unmatchable + report.left_out == len(report.rows) == len(entries)
    assert len(read.components) == report.taken + report.unmatchable
    places = {row.where for row in report.rows if row.outcome in {"taken", "unmatchable"}}
    assert all(row.into in places for row in report.rows if row.outcome == "merged")
    said = {one for entry in entries if not entry.left_out for one in entry.found.statements}
    assert {one for found in read.components for one in found.statements} == said


def test_the_number_of_statements_has_an_end(monkeypatch):
    monkeypatch.setattr(accounting, "MOST_SAID", 1)
    said = (Statement("CVE-1", "patched"),)
    with pytest.raises(TooLarge, match="1 statements"):
        account(Entry("$0", Found("a", statements=said)), Entry("$1", Found("b", statements=said)))
