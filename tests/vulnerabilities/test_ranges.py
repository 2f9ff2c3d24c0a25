"""In a range, out of it, or for a person to check."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities import versions
from careful.vulnerabilities.ranges import Range, bounds, first_fix, holds, listed


@pytest.mark.parametrize(
    ("span", "version", "hit"),
    [
        pytest.param(Range(fixed="10.0.1"), "10.0.0", "yes", id="before the fix"),
        pytest.param(Range(fixed="10.0.1"), "10.0.1", "no", id="the fix itself"),
        pytest.param(Range("0", fixed="10.0.1"), "0.1", "yes", id="from the first"),
        pytest.param(Range("3.1", fixed="41.0.6"), "3.0", "no", id="before it came in"),
        pytest.param(Range("3.1", fixed="41.0.6"), "3.1", "yes", id="when it came in"),
        pytest.param(Range("2", last="2.5"), "2.5", "yes", id="the last one is in"),
        pytest.param(Range("2", last="2.5"), "2.5.1", "no", id="after the last one"),
        pytest.param(Range(after="2"), "2", "no", id="exclusive start"),
        pytest.param(Range(after="2"), "2.1", "yes", id="after an exclusive start"),
        pytest.param(Range("2"), "99", "yes", id="without end"),
        pytest.param(Range(), "anything at all", "yes", id="everything"),
        pytest.param(Range("8.4.0", fixed="8.4.0"), "8.3.0", "check", id="empty range (CVE-2023-38545)"),
        pytest.param(Range("8.4.0", fixed="8.4.0"), "8.4.0", "check", id="empty range, its own version"),
        pytest.param(Range("8.4.0", fixed="8.4.0"), "8.4.1", "no", id="empty range, after both its ends"),
        pytest.param(Range("9", last="8"), "9.1", "no", id="after both ends of one upside down"),
        pytest.param(Range("8.4.0", last="8.4.0"), "8.4.0", "yes", id="exactly one version"),
        pytest.param(Range("9", last="8"), "8.5", "check", id="ends before it begins"),
        pytest.param(Range(after="8", last="8"), "8", "check", id="open at one version"),
        pytest.param(Range(fixed="Fixed in 7.83.1"), "7.0", "check", id="a sentence for a version"),
        pytest.param(Range("a218cafe", fixed="8.0"), "6.1", "check", id="a commit for a version"),
        pytest.param(Range("1", fixed="2"), "unknown", "check", id="our version cannot be read"),
        pytest.param(Range("5.10", last="5.10.*"), "5.10.209", "yes", id="every one of a series"),
        pytest.param(Range("5.10", last="5.10.x"), "5.11-rc1", "no", id="the next series, its first candidate"),
        pytest.param(Range("5.10.*", fixed="5.12"), "5.10-rc1", "yes", id="from the first of a series"),
        pytest.param(Range(after="5.10.*"), "5.10.7", "no", id="past a series, inside it"),
        pytest.param(Range(after="5.10.*"), "5.11", "yes", id="past a series"),
        pytest.param(Range("1", fixed="2.*"), "2.0-beta", "no", id="before a series"),
        pytest.param(Range("1", last="*.2"), "1.5", "check", id="a wildcard in front"),
        pytest.param(Range("1", last="1.2.3"), "1.2.3-r1", "check", id="the last one, repackaged"),
        pytest.param(Range("1", last="1.2.3"), "1.2.3-dirty", "check", id="the last one, and something"),
        pytest.param(Range("1", last="1.2.3"), "1.2.3p1", "no", id="after the last one"),
        pytest.param(Range("1", fixed="1.2.3"), "1.2.3-r1", "no", id="the fix, repackaged"),
    ],
)
def test_holds(span, version, hit):
    assert holds(span, version, "generic") == hit


@pytest.mark.parametrize(
    ("scheme", "span", "version", "hit"),
    [
        pytest.param("kernel", Range("5.10", last="5.10.*"), "5.10.209-yocto", "yes", id="a kernel's series"),
        pytest.param("kernel", Range("5.10", last="5.10.*"), "5.11-rc1", "no", id="the next kernel"),
        pytest.param("kernel", Range("5.10", last="5.10.2"), "5.10.2-yocto", "yes", id="a builder's kernel"),
        pytest.param("dpkg", Range(fixed="7.88.1-10+deb12u5"), "7.88.1-10+deb12u4", "yes", id="Debian"),
        pytest.param("openssl", Range("1.0.2", fixed="1.0.2za"), "1.0.2k", "yes", id="letters"),
        pytest.param("semver", Range("1.2.0", last="1.*"), "2.0.0-alpha", "no", id="a series of npm"),
        pytest.param("pep440", Range("1.2", last="1.*"), "1.99", "yes", id="a series of Python"),
        pytest.param("lexicographic", Range("b", last="c"), "bz", "yes", id="any text"),
    ],
)
def test_holds_by_scheme(scheme, span, version, hit):
    assert holds(span, version, scheme) == hit


@pytest.mark.parametrize(
    ("names", "version", "hit"),
    [
        pytest.param(["curl-8_3_0", "curl-8_4_0"], "8.4.0", "yes", id="a tag"),
        pytest.param(["curl-8_3_0", "curl-8_4_0"], "8.5.0", "no", id="no tag of these"),
        pytest.param(["OpenSSL_1_0_2k"], "1.0.2k", "yes", id="letters"),
        pytest.param(["1.0"], "1.0.0", "yes", id="the same version"),
        pytest.param(["a218cafe"], "a218cafe", "yes", id="the same text"),
        pytest.param(["a218cafe"], "1.0", "check", id="commits alone"),
        pytest.param(["1.0"], "a218cafe", "check", id="our commit"),
        pytest.param([], "1.0", "no", id="nothing listed"),
    ],
)
def test_listed(names, version, hit):
    assert listed(names, version, "generic") == hit


NUMBERS = st.integers(0, 5).map(str)
BOUNDS = st.builds(Range, introduced=NUMBERS | st.just(""), fixed=NUMBERS | st.just(""))
LASTS = st.builds(Range, after=NUMBERS | st.just(""), last=NUMBERS | st.just(""))


@given(span=BOUNDS | LASTS, version=NUMBERS)
def test_the_bounds_in_bytes_say_the_same(span, version):
    """What an index of bytes answers is what the range says."""
    found = bounds(span, "generic")
    if found is None:
        assert holds(span, version, "generic") in {"check", "no"}
        return
    key = versions.blob("generic", version)
    low = None if found.low is None else versions.blobs.blob(found.low)
    high = None if found.high is None else versions.blobs.blob(found.high)
    inside = (low is None or low < key or (found.low_in and low == key)) and (
        high is None or key < high or (found.high_in and key == high)
    )
    assert (holds(span, version, "generic") == "yes") == inside


@given(introduced=st.text(max_size=8), fixed=st.text(max_size=8), version=st.text(max_size=8))
def test_any_texts_get_an_answer(introduced, fixed, version):
    for scheme in versions.SCHEMES:
        assert holds(Range(introduced, fixed=fixed), version, scheme) in {"yes", "no", "check"}


def test_a_range_reads_as_mathematics():
    assert str(Range("0", fixed="10.0.1")) == "[0, 10.0.1)"
    assert str(Range(last="2")) == "[0, 2]"
    assert str(Range(after="1")) == "(1, …)"


def test_the_fix_of_our_own_branch_is_named():
    spans = (Range("0", fixed="1.26.17"), Range("2.0.0", fixed="2.0.6"))
    assert first_fix(spans, "2.0.4", "pep440") == "2.0.6"
    assert first_fix(spans, "1.26.0", "pep440") == "1.26.17"
    assert first_fix(spans, "3.0", "pep440") == ""
