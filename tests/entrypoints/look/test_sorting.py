"""Tables are sorted by what their reader asks for, and by nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.entrypoints.look.sorting import Column, arrange

COLUMNS: tuple[Column[Any], ...] = (
    Column("Name", "name", lambda one: one[0]),
    Column("Number", "number", lambda one: one[1], num=True, down_first=True),
    Column("Why"),
)
ROWS = [("b", 2), ("a", None), ("c", 1)]


@pytest.mark.parametrize(
    ("sort", "names", "states"),
    [
        pytest.param("", "bac", ("", "", ""), id="as they are"),
        pytest.param("name", "abc", ("ascending", "", ""), id="upwards"),
        pytest.param("-name", "cba", ("descending", "", ""), id="downwards"),
        pytest.param("number", "cba", ("", "ascending", ""), id="no value last, upwards"),
        pytest.param("-number", "bca", ("", "descending", ""), id="no value last, downwards"),
        pytest.param("why", "bac", ("", "", ""), id="a column without order"),
        pytest.param("'; drop", "bac", ("", "", ""), id="nonsense"),
        pytest.param("--name", "bac", ("", "", ""), id="twice down"),
    ],
)
def test_rows_and_heads(sort: str, names: str, states: tuple[str, ...]) -> None:
    table = arrange(ROWS, COLUMNS, "/x", {"sort": sort})
    assert "".join(name for name, _ in table.rows) == names
    assert tuple(one.sorted for one in table.heads) == states


@pytest.mark.parametrize(
    ("sort", "leads_to"),
    [
        pytest.param("", ("name", "-number"), id="each its own first way"),
        pytest.param("name", ("-name", "-number"), id="the one in force turns"),
        pytest.param("-number", ("name", "number"), id="also back up"),
    ],
)
def test_heads_lead_on_and_keep_the_filters(sort: str, leads_to: tuple[str, str]) -> None:
    asked = {"product": "cam-1", "sort": sort}
    name, number, why = arrange(ROWS, COLUMNS, "/x", asked).heads
    assert (name.href, number.href) == tuple(f"/x?product=cam-1&sort={one}" for one in leads_to)
    assert why.href == ""


def test_two_tables_on_one_page_keep_each_others_order() -> None:
    asked = {"sort": "name", "rollouts": "-number"}
    table = arrange(ROWS, COLUMNS, "/x", asked, name="rollouts")
    assert table.rows[0] == ("b", 2)
    assert table.heads[0].href == "/x?sort=name&rollouts=name"


@given(st.lists(st.tuples(st.text(max_size=3), st.none() | st.integers())), st.sampled_from(["number", "-number"]))
def test_sorting_loses_and_invents_no_row(rows: list[tuple[str, int | None]], sort: str) -> None:
    table = arrange(rows, COLUMNS, "/x", {"sort": sort})
    assert sorted(map(repr, table.rows)) == sorted(map(repr, rows))
    known = [number for _, number in table.rows if number is not None]
    assert known == sorted(known, reverse=sort.startswith("-"))
    assert all(number is None for _, number in table.rows[len(known) :])
