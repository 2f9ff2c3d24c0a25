"""What people, pipes and programs are shown."""

import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from careful.entrypoints.cli import output

MOMENT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Pair:
    left: object
    right: object = None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(Pair(1, Pair("x")), {"left": 1, "right": {"left": "x", "right": None}}, id="dataclasses"),
        pytest.param({1: (MOMENT,)}, {"1": ["2026-11-02T09:00:00+00:00"]}, id="moments in a tuple"),
        pytest.param(date(2031, 1, 2), "2031-01-02", id="a day"),
        pytest.param(frozenset({"a"}), ["a"], id="a set"),
        pytest.param(Path("a/b"), "a/b", id="a path"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_values_become_json(value: object, shown: object):
    assert output.plain(value) == shown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_what_is_json_already_stays_as_it_is(value: object):
    assert output.plain(value) == value
    assert json.loads(json.dumps(output.plain(value))) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "\u2013"), (MOMENT, "2026-11-02 09:00:00Z"), (("a", 1), "a, 1"), ([], ""), (True, "True"), ("", "")],
)
def test_cells(value: object, shown: str):
    assert output.cell(value) == shown


def said(capsys: pytest.CaptureFixture[str], rows: list[tuple[object, ...]]) -> str:
    output.say_table("Things", ["a", "b"], rows, empty="Nothing. Run: careful x")
    return capsys.readouterr().out


def test_a_pipe_gets_tabs_and_an_empty_list_its_sentence(capsys: pytest.CaptureFixture[str]):
    assert said(capsys, [("x", None), (1, MOMENT)]) == "a\tb\nx\t\u2013\n1\t2026-11-02 09:00:00Z\n"
    assert said(capsys, []) == "Nothing. Run: careful x\n"


def test_a_terminal_gets_a_table_in_which_markup_is_mere_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    screen = io.StringIO()
    monkeypatch.setattr(
        output, "Console", lambda: Console(file=screen, force_terminal=True, width=60, color_system=None)
    )
    said(capsys, [("[bold]d/x[/]", 1)])
    assert "Things" in screen.getvalue()
    assert "[bold]d/x[/]" in screen.getvalue()


def test_the_json_option_is_a_flag():
    @click.command()
    @output.json_option
    def command(as_json: bool) -> None:
        output.say_json({"as_json": as_json, "name": "Grüße"})

    done = CliRunner().invoke(command, ["--json"])
    assert json.loads(done.stdout) == {"as_json": True, "name": "Grüße"}
    assert "Grüße" in done.stdout
