import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.updates.versions import is_newer, key

VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}(-[a-z0-9]{1,4}(\.[0-9]{1,2})?)?", fullmatch=True)


@pytest.mark.parametrize(
    ("version", "than", "expected"),
    [
        pytest.param("1.0.1", "1.0.0", True, id="patch"),
        pytest.param("1.10.0", "1.9.1", True, id="numbers, not letters"),
        pytest.param("1.0.0", "1.0.0-rc1", True, id="release after its candidate"),
        pytest.param("1.0.0-rc.10", "1.0.0-rc.9", True, id="tenth candidate"),
        pytest.param("v1.1", "1.0.9", True, id="a v and a missing part"),
        pytest.param("1.0", "1.0.0", False, id="missing parts are zero"),
        pytest.param("1.0.0+b2", "1.0.0+b1", False, id="build data has no order"),
        pytest.param("latest", "1.0.0", False, id="no version is never newer"),
        pytest.param("2.0.0", "factory", False, id="than no version, neither"),
        pytest.param("٢.0", "1.0", False, id="digits of another script"),
        pytest.param("1.0.0\n", "0.9", False, id="nothing around it"),
    ],
)
def test_is_newer(version, than, expected):
    assert is_newer(version, than) is expected


@given(VERSIONS, VERSIONS)
def test_of_two_versions_at_most_one_is_newer(one, other):
    assert not (is_newer(one, other) and is_newer(other, one))
    assert (is_newer(one, other) or is_newer(other, one)) == (key(one) != key(other))
