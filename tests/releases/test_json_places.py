"""Wrong JSON is refused with the number of the wrong element; a bound on depth."""

import json
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid, TooLarge
from careful.releases import json_places


class Leaf(msgspec.Struct):
    name: str
    leaves: list["Leaf"] = []


def test_what_fits_is_decoded():
    assert json_places.decode(b'{"name": "a"}', Leaf, "a tree").name == "a"


@pytest.mark.parametrize(
    ("content", "where", "expected", "found"),
    [
        pytest.param(b"[]", "$", "`object`", "`array`", id="a list"),
        pytest.param(b'{"name": 1}', "$.name", "`str`", "`int`", id="a number"),
        pytest.param(
            b'{"name": "a", "leaves": [{"name": "b"}, {"name": "c", "leaves": [{"name": "d"}, {}]}]}',
            "$.leaves[1].leaves[1]",
            "the field `name`",
            "none",
            id="a leaf without a name, deep inside",
        ),
    ],
)
def test_the_place_is_named(content, where, expected, found):
    with pytest.raises(Invalid, match="not valid a tree") as refused:
        json_places.decode(content, Leaf, "a tree")
    (problem,) = refused.value.problems
    assert (problem.where, problem.expected, problem.found) == (where, expected, found)


@pytest.mark.parametrize(
    ("content", "where", "says"),
    [
        pytest.param(b"", "line 1", "truncated", id="nothing"),
        pytest.param(b'{\n"name": "a"', "line 2", "truncated", id="cut off"),
        pytest.param(b'{\n"name":\n,}', "line 3", "(byte 10)", id="malformed"),
        pytest.param(b'{"x": 1,\n "name": "\xff"}', "line 2", "0xff is no UTF-8 (byte 19)", id="not UTF-8"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line(content, where, says):
    with pytest.raises(Invalid, match="not JSON") as refused:
        json_places.decode(content, Leaf, "a tree", do="Write JSON.")
    assert refused.value.where == where
    assert says in refused.value.what


@pytest.mark.parametrize(
    ("written", "name"),
    [
        pytest.param(rb"\udce9t\u00e9", "\ufffdté", id="a byte of a file name that is no text, as Python writes it"),
        pytest.param(rb"\ud83d", "\ufffd", id="the first half of a pair"),
        pytest.param(rb"\uD83D\uDE00\ud83d", "\U0001f600\ufffd", id="a pair, then half of one"),
        pytest.param(rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600", id="half of one, then a pair"),
        pytest.param(rb"\\ud83d\ud83d", r"\ud83d" + "\ufffd", id="a backslash before letters"),
    ],
)
def test_half_a_surrogate_is_no_reason_to_refuse(written, name):
    assert json_places.decode(b'{"name": "' + written + b'"}', Leaf, "a tree").name == name


def test_nesting_has_an_end():
    with pytest.raises(TooLarge, match="deep"):
        json_places.decode(b'{"name":"a","leaves":[' * 5000 + b"]}" * 5000, Leaf, "a tree")


def test_what_is_wrong_in_another_way_is_said_in_the_decoders_words():
    class Few(msgspec.Struct):
        names: Annotated[list[str], msgspec.Meta(max_length=1)]

    with pytest.raises(Invalid) as refused:
        json_places.decode(b'{"names": ["a", "b"]}', Few, "a few")
    assert refused.value.problems[0].expected in {"`array` of length <= 1", "valid a few"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"a": 1, "b": 2}', None),
        ('{"a": [1, {"a": 2}], "b": {"a": 3}}', None),
        ('{"a": 1, "a": 2}', "a"),
        ('{"a": 1, "b": 2, "a": 1}', "a"),
        ('{"a": 1, "\\u0061": 2}', "a"),
        (' {\n "a" : "x\\"y" ,\t"b":[] }', None),
        ("{}", None),
        ('{"": 1, "": 1}', ""),
    ],
)
def test_a_name_that_stands_twice(text, name):
    assert json_places.doubled(text.encode()) == name


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.lists(st.none()), max_size=6))
def test_names_that_stand_once(document):
    assert json_places.doubled(json.dumps(document).encode()) is None


def test_a_name_that_is_no_utf8_is_refused():
    with pytest.raises(Invalid, match="0xc7 is no UTF-8"):
        json_places.doubled(b'{"a": 1, "\xc7": 2}')
