"""In a range, out of it, or for a person to check."""

import pytest

from careful.vulnerabilities.ranges import Range, first_fix, holds


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
        pytest.param(Range("8.4.0", last="8.4.0"), "8.4.0", "yes", id="exactly one version"),
        pytest.param(Range("9", last="8"), "8.5", "check", id="ends before it begins"),
        pytest.param(Range(after="8", last="8"), "8", "check", id="open at one version"),
        pytest.param(Range(fixed="Fixed in 7.83.1"), "7.0", "check", id="a sentence for a version"),
        pytest.param(Range("a218cafe", fixed="8.0"), "6.1", "check", id="a commit for a version"),
        pytest.param(Range("1", fixed="2"), "unknown", "check", id="our version cannot be read"),
    ],
)
def test_holds(span, version, hit):
    assert holds(span, version, "generic") == hit


def test_a_range_reads_as_mathematics():
    assert str(Range("0", fixed="10.0.1")) == "[0, 10.0.1)"
    assert str(Range(last="2")) == "[0, 2]"
    assert str(Range(after="1")) == "(1, …)"


def test_the_fix_of_our_own_branch_is_named():
    spans = (Range("0", fixed="1.26.17"), Range("2.0.0", fixed="2.0.6"))
    assert first_fix(spans, "2.0.4", "pep440") == "2.0.6"
    assert first_fix(spans, "1.26.0", "pep440") == "1.26.17"
    assert first_fix(spans, "3.0", "pep440") == ""
