"""Through whom a copy came: by marks, by addresses, or by values as far as these can tell. Named cases, and a law."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.customer_data import planted
from careful.customer_data.planted import Made, counted, made_of, match, read_file


def rows(**how_often):
    return [{"zone": zone, "n": 1} for zone, times in how_often.items() for _ in range(times)]


def a_set(tag, planted_rows, **how_often):
    return Made(
        [{"record": f"{tag}-r{n}", **one} for n, one in enumerate(planted_rows)], counted(rows(**how_often)), tag
    )


X = a_set("aaaaaaaaaa", rows(hall=1), hall=4, attic=3)
Y = a_set("bbbbbbbbbb", rows(attic=1), hall=3, attic=4)
Z = a_set("cccccccccc", rows(hall=1), hall=4, attic=3)  # by its values the same as X


def lines(some):
    return "".join(json.dumps(one) + "\n" for one in some).encode()


CASES = {
    "its ids": ([X, Y], lines([{"record": "bbbbbbbbbb-r0"}]), [None, "mark"]),
    "an address in mail": ([X, Y], b"To: aaaaaaaaaa0123456789ab@trap.example\n", ["address", None]),
    "all rows, no ids": ([X, Y], lines(rows(hall=4, attic=3)), ["whole", None]),
    "all rows as a table, shuffled": ([X, Y], b"n,zone\n" + b"1,attic\n1,hall\n" * 3 + b"1,hall\n", ["whole", None]),
    "all rows, one column": ([X, Y], b"zone\n" + b"attic\nhall\n" * 3 + b"attic\n", [None, "whole"]),
    "a column more": ([X, Y], lines([one | {"seen": 1} for one in rows(hall=4, attic=3)]), ["whole", None]),
    "all rows of two sets": ([X, Y, Z], lines(rows(hall=4, attic=3)), ["possible", None, "possible"]),
    "a part that only one can hold": ([X, Y], lines(rows(attic=4)), [None, "only"]),
    "a part that both can hold": ([X, Y], lines(rows(attic=2)), ["possible", "possible"]),
    "rows beside others of no set": ([X, Y], lines(rows(hall=2, cellar=1)), ["hint", None]),
    "nothing of ours": ([X, Y], lines(rows(cellar=1)), [None, None]),
    "other fields": ([X, Y], b'{"name": "hall"}\n', [None, None]),
    "nonsense": ([X, Y], b"\xff\x00,\n[1]\n7\n", [None, None]),
    "nothing": ([X, Y], b"", [None, None]),
}


@pytest.mark.parametrize(("sets", "content", "sure"), CASES.values(), ids=CASES)
def test_how_sure(sets, content, sure):
    assert [one and one.sure for one in match(read_file(content), sets)] == sure


def test_too_many_kinds_leave_marks_and_planted_rows(monkeypatch):
    monkeypatch.setattr(planted, "KINDS_MOST", 1)
    made = a_set("aaaaaaaaaa", rows(hall=1), hall=4, attic=3)
    assert made.counts is None
    assert [one and one.sure for one in match(read_file(lines(rows(hall=1))), [made])] == ["hint"]


@given(st.lists(st.sampled_from([{"a": 1, "b": "x"}, {"a": None, "b": "y"}, {"a": 2.5}]), min_size=1), st.data())
def test_whatever_part_was_taken_its_set_is_never_ruled_out(some, data):
    made = made_of(json.loads(json.dumps(Made([], counted(some), "").kept())))
    assert made.counts == Counter(map(planted.values_of, some))
    part = data.draw(st.lists(st.sampled_from(range(len(some))), unique=True, min_size=1))
    (found,) = match(read_file(lines(some[n] for n in part)), [made])
    assert found is not None
    assert found.sure in {"whole", "only"}
