"""Versions of Python, Java, Ruby, Perl and Conan: named cases of each."""

import pytest

from careful.vulnerabilities import versions


@pytest.mark.parametrize(
    ("scheme", "chain"),
    [
        pytest.param(
            "pep440",
            "1.0.dev1 < 1.0a1.dev1 < 1.0a1 < 1.0b2 < 1.0rc1 < 1.0 < 1.0+local.1 < 1.0.post1 < 1.1",
            id="PEP 440",
        ),
        pytest.param("pep440", "2023.5.7 < 2023.7.22 < 1!0.1", id="PEP 440 dates and epochs"),
        pytest.param("pep440", "1.9 < 1.10 < 1.10.1", id="PEP 440 numbers"),
        pytest.param(
            "maven",
            "1-alpha2 < 1-alpha-123 < 1-beta-2 < 1-m2 < 1-rc < 1-SNAPSHOT < 1 < 1-sp < 1-abc < 1-1-snapshot < 1-1",
            id="Maven's qualifiers",
        ),
        pytest.param(
            "maven",
            "2.0 < 2.0.a < 2-1 < 2.0.2 < 2.0.123 < 2.1.0 < 2.1-a < 2.1b < 2.1-c < 2.1-1 < 2.1.0.1 < 2.2 < 2.123 < 11",
            id="Maven's numbers (ComparableVersion's own test)",
        ),
        pytest.param(
            "maven",
            "4.1.108.Final < 4.1.108.Final-redhat-0001 < 4.1.108.Final-redhat-0002 < 4.1.109.Final",
            id="a vendor's builds",
        ),
        pytest.param("gem", "1.a.1 < 1.0.0.rc1 < 1.0 < 1.0.1.pre < 1.0.1 < 1.9 < 1.10", id="RubyGems"),
        pytest.param("gem", "1.b.0.b < 1.b < 1.b.0.1 < 1.b.1", id="zeros of gems after a word"),
        pytest.param("perl", "1.0905 < 1.10 < 1.9 < 2.0", id="Perl's decimals"),
        pytest.param("perl", "v1.9.0 < v1.10.0 < 1.100.1", id="Perl's dotted versions"),
        pytest.param(
            "conan", "1.1-pre1 < 1.1-pre2 < 1.1 < 1.1+b1 < 1.1+b2 < 1.1a < 1.2 < 1.10 < cci.20200203", id="Conan"
        ),
        pytest.param("conan", "2 < 9d < 10", id="Conan's letters"),
    ],
)
def test_order(scheme, chain, ascends):
    ascends(scheme, chain)


@pytest.mark.parametrize(
    ("scheme", "one", "other"),
    [
        pytest.param("pep440", "1.0", "1.0.0", id="zeros do not count"),
        pytest.param("pep440", "1.0-RC.1", "v1.0c1", id="spellings of one pre-release"),
        pytest.param("pep440", "1.0-1", "1.0.post1", id="a bare post release"),
        pytest.param("maven", "1.0.0-foo.0.0", "1-foo", id="Maven trims nothings"),
        pytest.param("maven", "1.0.ga", "1", id="Maven's words for a release"),
        pytest.param("maven", "1a1", "1-alpha-1", id="Maven's short words"),
        pytest.param("maven", "1..1", "1.0.1", id="Maven's missing number"),
        pytest.param("gem", "1.0", "1", id="a gem's zeros"),
        pytest.param("gem", "1.0-rc1", "1.pre.rc1", id="a gem's dash"),
        pytest.param("gem", "1.b1", "1.0.b.1", id="a gem's letters and digits"),
        pytest.param("perl", "1.1", "1.10", id="Perl's 1.1 is 1.10"),
        pytest.param("perl", "v1.100.0", "1.1", id="and v1.100"),
        pytest.param("conan", "1-pre1+b1", "1.0.0-pre1.0+b1.0", id="zeros in Conan"),
    ],
)
def test_the_same_version(scheme, one, other):
    assert versions.key(scheme, one) == versions.key(scheme, other)


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        pytest.param("pep440", "1.0.0-unknown", id="a word"),
        pytest.param("maven", "${project.version}", id="a variable"),
        pytest.param("maven", "1.0 beta", id="a space"),
        pytest.param("gem", "a.b", id="a gem without numbers"),
        pytest.param("perl", "undef", id="Perl's word for none"),
        pytest.param("conan", "[>=1.0]", id="a range"),
    ],
)
def test_what_has_no_order(scheme, text):
    with pytest.raises(ValueError, match=r"."):
        versions.key(scheme, text)
