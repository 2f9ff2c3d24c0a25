"""Ranges in words: read where they mean one thing, refused where they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities import phrases
from careful.vulnerabilities.ranges import Range, holds


@pytest.mark.parametrize(
    ("text", "span"),
    [
        pytest.param("<= 9.3.0", Range(last="9.3.0"), id="a sign"),
        pytest.param("<2.0", Range(fixed="2.0"), id="a sign without space"),
        pytest.param(">= 1.0, < 2.0", Range("1.0", fixed="2.0"), id="both sides"),
        pytest.param(">1.0 and <=2.0", Range(after="1.0", last="2.0"), id="both sides, in words"),
        pytest.param("= 1.2.3", Range("1.2.3", last="1.2.3"), id="one"),
        pytest.param("all versions", Range(), id="all"),
        pytest.param("8.0.0 to 9.2.0", Range("8.0.0", last="9.2.0"), id="from, to"),
        pytest.param("from 1.0 through 1.5", Range("1.0", last="1.5"), id="through"),
        pytest.param("1.0 - 1.5", Range("1.0", last="1.5"), id="a dash"),
        pytest.param("24.1.0 and below", Range(last="24.1.0"), id="and below"),
        pytest.param("5.2 and prior versions", Range(last="5.2"), id="and prior"),
        pytest.param("up to and including 3.4", Range(last="3.4"), id="up to"),
        pytest.param("All versions prior to 2.1", Range(fixed="2.1"), id="prior to"),
        pytest.param("before 7.83.1", Range(fixed="7.83.1"), id="before"),
        pytest.param("3.0 and later", Range("3.0"), id="and later"),
        pytest.param("7.4.x", Range("7.4.*", last="7.4.*"), id="a series"),
        pytest.param("1.x.x", Range("1.*", last="1.*"), id="a longer series"),
    ],
)
def test_read(text, span):
    assert phrases.read(text) == span


@pytest.mark.parametrize(
    "text",
    ["", "n/a", "unspecified", "various", "publication", "WCD9380", "previous versions", "1.0, 1.1", "<", "< 1 < 2",
     "<= 1, < 2", "> x", "12 sp2 build (1204.200)", "3005.5, 3006.6", "fixed in 1.0 and 2.0", "1.0 to 2.0 to 3.0", 
     "1" * 300, "Fixed in 7.83.1", "1.2.3-4"],
)  # fmt: skip
def test_what_is_left_open(text):
    with pytest.raises(ValueError, match=r"."):
        phrases.read(text)


@pytest.mark.parametrize(
    ("version", "hit"), [("7.3.9", "no"), ("7.4.0-rc1", "yes"), ("7.4.9", "yes"), ("7.5-beta1", "no")]
)
def test_a_series_holds_all_of_it(version, hit):
    assert holds(phrases.read("7.4.x"), version, "generic") == hit


@given(st.text(st.sampled_from("0123. <>=,-xandtobefore*vV"), max_size=40))
def test_any_phrase_is_read_or_refused(text):
    try:
        assert isinstance(phrases.read(text), Range)
    except ValueError:
        return
