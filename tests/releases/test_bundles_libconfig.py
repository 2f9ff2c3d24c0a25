"""libconfig as SWUpdate's descriptions use it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid
from careful.releases.bundles_libconfig import read


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("", {}),
        ('a = "x";', {"a": "x"}),
        (
            "a = 1; b: 0x1F, c = -2L\nd = 1.5; e = TRUE; f = false;",
            {"a": 1, "b": 31, "c": -2, "d": 1.5, "e": True, "f": False},
        ),
        ('# one\n// two\n/* three\n */ a = "x" "y"\n  "z";', {"a": "xyz"}),
        (r'a = "q\"\\\n\x41";', {"a": 'q"\\\nA'}),
        ('g = { h = ( { a = 1; }, 2, "x" ); i: [ 1, 2 ]; };', {"g": {"h": [{"a": 1}, 2, "x"], "i": [1, 2]}}),
        ("a = (); b = []; c = {}", {"a": [], "b": [], "c": {}}),
        ('hardware-compatibility: [ "1.0", "#RE:^1" ];', {"hardware-compatibility": ["1.0", "#RE:^1"]}),
    ],
)
def test_what_is_read(source, found):
    assert read(source) == found


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a", 1),
        ("a =", 1),
        ("\n\na = ;", 3),
        ("a = 1; a = 2;", 1),
        ("g = { a = 1;", 1),
        ("g = ( 1 2 );", 1),
        ('a = "never ends', 1),
        ('@include "/etc/passwd"', 1),
        ("}", 1),
    ],
)
def test_what_is_wrong_is_said_with_its_line(source, line):
    with pytest.raises(Invalid, match=f"line {line}: expected"):
        read(source)


def test_depth_is_limited():
    with pytest.raises(Invalid, match="nested deeper"):
        read("a = " + "(" * 100 + ")" * 100)


@given(st.text(alphabet='ab={}()[],;:"\\#/* \n0x.1', max_size=60))
def test_any_text_ends_in_settings_or_in_words(source):
    try:
        read(source)
    except Invalid as refusal:
        assert "sw-description" in refusal.what  # noqa: PT017 (both ends are right)
