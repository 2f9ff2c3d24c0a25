"""What lies outside of a row's hull is never affected by it, nor to be checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.deciding import in_range
from careful.vulnerabilities.feeds.hull import ANYTHING, NOTHING, hull, place
from careful.vulnerabilities.feeds.record import Affected
from careful.vulnerabilities.ranges import Range


def row(*ranges, scheme="generic", **more):
    return Affected("cpe", "curl", scheme, ranges=ranges, **more)


def inside(version, one):
    (low, high), (first, last) = hull(one), place(one.scheme, version)
    return low <= last and high >= first


@pytest.mark.parametrize(
    ("version", "one", "is_inside"),
    [
        pytest.param("1.10", row(Range("1.9", fixed="1.11")), True, id="in a range, by number"),
        pytest.param("1.8", row(Range("1.9", fixed="1.11")), False, id="before it"),
        pytest.param("2", row(Range("1.9", fixed="1.11")), False, id="after it"),
        pytest.param("2", row(Range("1", fixed="1.1"), Range("3", fixed="3.1")), True, id="between two: weighed"),
        pytest.param("9", row(Range("1")), True, id="a range without end"),
        pytest.param("0.1", row(Range(last="1")), True, id="a range without beginning"),
        pytest.param("7", row(Range("8.4.0", fixed="8.4.0")), True, id="a range that ends where it begins"),
        pytest.param("7", row(Range("a218cafe")), True, id="a range that cannot be read"),
        pytest.param("latest", row(Range("1", fixed="2")), True, id="a version that cannot be read"),
        pytest.param("1.2.3-r1", row(Range(last="1.2.3")), True, id="the last with a builder's revision"),
        pytest.param("8.4.0", row(versions=("curl-8_4_0",)), True, id="a listed tag"),
        pytest.param("8.4.1", row(versions=("curl-8_4_0",)), False, id="no listed tag"),
        pytest.param("8.4.1", row(versions=("curl-latest",)), True, id="tags that cannot be read"),
        pytest.param("1", row(), True, id="a row that names no version"),
        pytest.param("1", row(fine=(Range("2"),)), False, id="a row that only says what is fine"),
    ],
)
def test_hull(version, one, is_inside):
    assert inside(version, one) is is_inside


def test_the_ends():
    assert hull(row(Range())) == ANYTHING
    assert NOTHING[0] > NOTHING[1]


_VERSIONS = st.one_of(
    st.from_regex(r"[0-3](\.[0-9]){0,2}(-?(rc|beta|alpha)[0-2]|[a-c]|-r?[0-2]|~1|\.x|\.\*|\+b)?", fullmatch=True),
    st.sampled_from(["", "0", "-", "latest", "a218cafe1", "v1.2", "curl-1_2", "20240115", "2024-01-15"]),
)
_RANGES = st.builds(Range, introduced=_VERSIONS, fixed=_VERSIONS, last=_VERSIONS, after=_VERSIONS)
_ROWS = st.builds(
    Affected,
    kind=st.just("cpe"),
    key=st.just("curl"),
    scheme=st.sampled_from(
        ["generic", "semver", "pep440", "dpkg", "rpm", "apk", "openssl", "kernel", "bitnami", "date"]
    ),
    versions=st.lists(_VERSIONS, max_size=3).map(tuple),
    ranges=st.lists(_RANGES, max_size=3).map(tuple),
    fine=st.lists(_RANGES, max_size=2).map(tuple),
    closed=st.booleans(),
    source=st.sampled_from(["cna", "nvd", "feed"]),
    condition=st.sampled_from(["", "only together with x"]),
)


@given(_ROWS, _VERSIONS)
def test_what_is_outside_is_neither_affected_nor_to_be_checked(one, version):
    if not inside(version, one):
        assert in_range(version, one)[0] in {"no", None}
