"""Versions as projects write them: named cases of each."""

import pytest

from careful.vulnerabilities import versions


@pytest.mark.parametrize(
    ("scheme", "chain"),
    [
        pytest.param(
            "openssl",
            "1.0.2-beta1 < 1.0.2 < 1.0.2k < 1.0.2z < 1.0.2za < 1.1.0 < 3.0.0-alpha1 < 3.0.0-beta2 < 3.0.0 < 3.0.10",
            id="OpenSSL",
        ),
        pytest.param(
            "kernel", "5.9.16 < 5.10-rc1 < 5.10-rc2-00123-gabcdef < 5.10 < 5.10.1 < 5.10.209 < 6.1", id="Linux"
        ),
        pytest.param("generic", "1.9 < 1.10 < 2.0-rc1 < 2.0 < 2.2.9 < 2.2.10", id="numbers are numbers"),
        pytest.param("generic", "1.0.2 < 1.0.2k < 1.0.2z < 1.0.2za < 1.1.0", id="letters after the last number"),
        pytest.param("generic", "9.7 < 9.8 < 9.8p1 < 9.8p2 < 9.9", id="patch letters (OpenSSH)"),
        pytest.param("generic", "6a < 6b < 7 < 8d < 9", id="release letters (jpeg)"),
        pytest.param("generic", "2.0b1 < 2.0b2 < 2.0rc1 < 2.0 < 2.0.1", id="short words for pre-releases"),
        pytest.param("generic", "2024a < 2024b < 2025a", id="years with letters (tzdata)"),
        pytest.param("generic", "1.8.0_221 < 1.8.0_231", id="underscores (Java)"),
        pytest.param("generic", "2.43 < 2.44 < 2.44-23-g11ac3d78 < 2.45", id="between tags (glibc)"),
        pytest.param("generic", "20240115 < 2024-01-16 < 2024.02.01 < 20240201.1", id="days in any writing"),
        pytest.param("generic", "1.0~20240101 < 1.0~rc1 < 1.0-rc2 < 1.0", id="a tilde is before"),
        pytest.param("date", "2023-12-31 < 20240115 < 2024-01-15T10:30 < 2024-01-16", id="dates"),
        pytest.param(
            "datetime",
            "2024-01-01T00:00:00+02:00 < 2023-12-31T23:00:00Z < 2024-01-01T00:00:00.09Z < 2024-01-01T00:00:00.1Z",
            id="moments",
        ),
        pytest.param("intdot", "1 < 1.0 < 1.2 < 1.10", id="numbers and dots"),
        pytest.param("lexicographic", "A < a < aa < é < é < 😀", id="code points"),
    ],
)
def test_order(scheme, chain, ascends):
    ascends(scheme, chain)


@pytest.mark.parametrize(
    ("scheme", "one", "other"),
    [
        pytest.param("openssl", "1.0.2beta1", "1.0.2-beta1", id="OpenSSL as a CPE writes it"),
        pytest.param("openssl", "1.0.2k-fips", "1.0.2k", id="OpenSSL as built"),
        pytest.param("kernel", "6.6.30-yocto-standard", "6.6.30", id="what a builder appends"),
        pytest.param("kernel", "v6.1", "6.1.0", id="Linux tags"),
        pytest.param("generic", "1.0", "1", id="zeros at the end do not count"),
        pytest.param("generic", "1.0-rc1", "1rc1", id="nor before a word"),
        pytest.param("generic", "1.2+git123", "1.2", id="nor what follows a plus"),
        pytest.param("generic", "20240115", "2024.1.15", id="a day is its numbers"),
        pytest.param("datetime", "2024-01-01T00:00:00Z", "2023-12-31T19:00:00.000-05:00", id="the same moment"),
        pytest.param("intdot", "1.2-anything", "1.2", id="the rest does not count"),
    ],
)
def test_the_same_version(scheme, one, other):
    assert versions.key(scheme, one) == versions.key(scheme, other)


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        pytest.param("openssl", "1.0", id="two numbers"),
        pytest.param("kernel", "5.10.y", id="a branch"),
        pytest.param("generic", "a218cafe4d3be005", id="a commit"),
        pytest.param("generic", "66259cd21dc6a1b2139d9833f3f847d8013e6759", id="a commit that begins with a number"),
        pytest.param("generic", "Fixed in 7.83.1", id="a sentence"),
        pytest.param("generic", "4.*", id="a wildcard"),
        pytest.param("date", "1.2.3", id="no date"),
        pytest.param("date", "20241315", id="no such month"),
        pytest.param("datetime", "2024-01-01t00:00:00z", id="lower case"),
        pytest.param("datetime", "2024-02-30T00:00:00Z", id="no such day"),
        pytest.param("intdot", "x", id="no number"),
    ],
)
def test_what_has_no_order(scheme, text):
    with pytest.raises(ValueError, match=r"."):
        versions.key(scheme, text)
