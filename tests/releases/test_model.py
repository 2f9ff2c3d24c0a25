"""Names that may be, and names made safe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid
from careful.releases.model import Found, check_asked, file_name

GOOD = {"version": "1.0.0", "hardware": ("rev-a",), "fixes": ("CVE-2023-4863",), "notes": ""}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"version": ""}, "no version", id="empty version"),
        pytest.param({"version": ".."}, "no version", id="a version that climbs"),
        pytest.param({"version": "1/2"}, "no version", id="a version with a slash"),
        pytest.param({"version": "1" * 65}, "no version", id="a long version"),
        pytest.param({"hardware": ()}, "hardware", id="no hardware"),
        pytest.param({"hardware": ("rev a",)}, "hardware", id="hardware with a space"),
        pytest.param({"fixes": ("CVE 1",)}, "ids", id="a fix that is no id"),
        pytest.param({"fixes": ("x",) * 1001}, "ids", id="too many fixes"),
        pytest.param({"notes": "x" * 10_001}, "10000", id="long notes"),
    ],
)
def test_what_cannot_be(change, says):
    with pytest.raises(Invalid, match=says):
        check_asked(**(GOOD | change))


@pytest.mark.parametrize("version", ["1.0.0", "2026.11", "1.0.0~rc1", "1.0.0+build.5", "v1-2_3"])
def test_what_can_be(version):
    check_asked(**(GOOD | {"version": version}))


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        pytest.param("cam-1-1.0.0.tar.gz", "cam-1-1.0.0.tar.gz", id="plain"),
        pytest.param("über bild.img", "ber-bild.img", id="signs of other alphabets"),
        pytest.param("..", "image", id="climbing"),
        pytest.param(".hidden", "hidden", id="hidden"),
        pytest.param("", "image", id="nothing"),
    ],
)
def test_file_names(given_name, kept):
    assert file_name(given_name) == kept


@given(st.text())
def test_a_file_name_is_always_one_safe_part_of_a_path(text):
    name = file_name(text)
    assert 0 < len(name) <= 128
    assert "/" not in name
    assert not name.startswith(".")
    assert name.isascii()


def test_every_cpe_of_a_component():
    assert Found("zlib").cpes == ()
    assert Found("zlib", cpe="a", more_cpes=("b",)).cpes == ("a", "b")
