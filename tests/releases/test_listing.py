"""Text from files is made harmless, identifiers are chosen, statements name their source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.releases import listing
from careful.releases.model import Statement


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(None, "", id="nothing"),
        pytest.param("  zlib ", "zlib", id="white space around"),
        pytest.param("größe", "größe", id="letters of other languages"),
        pytest.param("a\x00b", "a\ufffdb", id="null"),
        pytest.param("safe\u202egnp.exe", "safe\ufffdgnp.exe", id="right-to-left override"),
        pytest.param("zl\u200bib", "zl\ufffdib", id="zero-width space"),
        pytest.param("a\nb", "a\ufffdb", id="a second line"),
        pytest.param("half \ud800", "half \ufffd", id="half of a character"),
    ],
)
def test_hidden_signs_are_shown(text, shown):
    assert listing.plain(text) == shown


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_plain_text_is_short_writable_and_stays_plain(text):
    once = listing.plain(text, 20)
    assert len(once) <= 20
    assert "\x00" not in once
    once.encode()
    assert listing.plain(once, 20) == once.strip()


@pytest.mark.parametrize("text", ["NOASSERTION", "NONE", "", None])
def test_words_for_nothing_are_nothing(text):
    assert listing.stated(text) == ""


def test_the_first_identifier_is_one_that_can_be_read():
    good = "cpe:2.3:a:gnu:zlib:1.3:*:*:*:*:*:*:*"
    assert listing.chosen(["cpe:nonsense", None, good, good], "cpe") == (good, "cpe:nonsense")
    assert listing.chosen(["pkg:", "pkg:pypi/a@1"], "purl") == ("pkg:pypi/a@1", "pkg:")


def test_a_bounded_number_of_identifiers_is_kept():
    assert len(listing.chosen((f"pkg:pypi/a@{at}" for at in range(1000)), "purl")) == listing.MOST_CPES


@pytest.mark.parametrize(
    ("text", "flaws"),
    [
        pytest.param("CVE-2023-1234.patch", ["CVE-2023-1234"], id="a patch"),
        pytest.param("0001-cve-2023-12345_CVE-2023-1.patch", ["CVE-2023-12345"], id="lower case; too short a number"),
        pytest.param("fix-XCVE-2023-1234", [], id="inside a word"),
        pytest.param(None, [], id="nothing"),
    ],
)
def test_flaws_in_a_text(text, flaws):
    assert listing.flaws_in(text) == flaws


def test_a_statement_begins_with_its_source():
    said = listing.say("CVE-1", "resolved", "a file", None, "why", "x" * 1000)
    assert said.detail.startswith("a file: why: xxx")
    assert len(said.detail) == listing.LONGEST_DETAIL


def test_cve_numbers_are_upper_case_and_other_names_as_they_are():
    assert [listing.say(name, "x", "").flaw for name in ("cve-2023-1234", "GHSA-xxxx")] == [
        "CVE-2023-1234",
        "GHSA-xxxx",
    ]


def test_statements_are_kept_once_and_not_without_end():
    many = [Statement(f"CVE-{at}", "resolved") for at in range(2000)]
    assert len(listing.settled(many + many)) == listing.MOST_STATEMENTS


@pytest.mark.parametrize(
    ("purl", "name", "version", "whole"),
    [
        pytest.param("pkg:deb/debian/a@1", "b", "", "pkg:deb/debian/a@1?upstream=b", id="another name"),
        pytest.param("pkg:deb/debian/a@1?arch=x", "b", "1", "pkg:deb/debian/a@1?arch=x&upstream=b", id="qualified"),
        pytest.param("pkg:rpm/centos/a@1", "b", "2", "pkg:rpm/centos/a@1?upstream=b%402", id="another version"),
        pytest.param("pkg:deb/debian/a@1", "a", "1", "pkg:deb/debian/a@1", id="the same name"),
        pytest.param("pkg:deb/debian/a@1?upstream=c", "b", "", "pkg:deb/debian/a@1?upstream=c", id="it has one"),
        pytest.param("pkg:npm/a@1", "b", "", "pkg:npm/a@1", id="no distribution's"),
        pytest.param("pkg:deb/debian/a@1", "", "", "pkg:deb/debian/a@1", id="no source is named"),
        pytest.param("no purl", "b", "", "no purl", id="no purl"),
    ],
)
def test_the_source_of_a_distributions_package(purl, name, version, whole):
    assert listing.with_upstream(purl, name, version) == whole
