import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful_device.versions import is_newer, key


@pytest.mark.parametrize(
    "rising",
    [
        pytest.param(["1.9.1", "1.10.0", "1.10.1", "2"], id="numbers, not letters"),
        pytest.param(
            ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"], id="semver 11"
        ),
        pytest.param(["v1.0", "v1.0.1"], id="with a v"),
    ],
)
def test_order(rising):
    for older, newer in itertools.pairwise(rising):
        assert is_newer(newer, older)
        assert not is_newer(older, newer)


@pytest.mark.parametrize(
    ("one", "other"),
    [pytest.param("1", "1.0.0", id="missing parts"), pytest.param("1.0+a", "1.0+b", id="build data says nothing")],
)
def test_equals(one, other):
    assert key(one) == key(other)
    assert not is_newer(one, other)


@pytest.mark.parametrize("text", ["", "latest", "1..2", "1.2.3.4.5.6.7", "1" * 10, "1.0-", "1.0 "])
def test_no_order(text):
    assert key(text) is None
    assert not is_newer(text, "1.0")
    assert not is_newer("1.0", text)


VERSIONS = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))


@given(VERSIONS, VERSIONS, VERSIONS)
def test_it_is_an_order(one, other, third):
    assert not (is_newer(one, other) and is_newer(other, one))
    if is_newer(one, other) and is_newer(other, third):
        assert is_newer(one, third)
