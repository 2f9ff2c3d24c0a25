"""`careful obligation` as typed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from village import Village

from careful.entrypoints.cli.obligation import command
from careful.kernel.errors import Invalid
from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
Run = Callable[..., Result]


@pytest.fixture
def village(world: World, tmp_path: Path) -> Village:
    folder = tmp_path / "given"
    folder.mkdir()
    return Village(world, folder)


@pytest.fixture
def run(world: World) -> Run:
    class Parts:
        def world(self) -> World:
            return world

    def typed(*arguments: str) -> Result:
        done = CliRunner().invoke(command, arguments, obj=Parts(), standalone_mode=False)
        if done.exception is not None:
            raise done.exception
        return done

    return typed


def test_nothing_to_report(run: Run) -> None:
    assert "Nothing is to be reported" in run("list").output
    assert json.loads(run("list", "--json").output) == []


def test_from_hearing_to_the_reports(run: Run, village: Village, tmp_path: Path) -> None:
    case = village.affected()
    assert "Early warning" in run("list").output
    assert "awareness" in run("show", case.id).output
    text = tmp_path / "report.txt"
    said = run("draft", case.id, "early-warning", "--output", str(text))
    assert "Careful submits nothing" in said.stderr
    assert "CVE-2023-4863" in text.read_text()
    assert json.loads(run("draft", case.id, "notification", "--json").stdout)["gaps"]
    done = run("submitted", case.id, "early-warning", "--reference", "SRP-1", "--text", str(text), "--json")
    assert json.loads(done.stdout)["clocks"][0]["state"] == "done"
    run("measure", case.id, "--what", "The port was closed in the cloud.")
    shown = run("show", case.id).output
    assert "reference SRP-1" in shown
    assert "The port was closed" in shown
    village.later(hours=100)
    assert "LATE" in run("show", case.id).output
    assert "late" in run("list").output


def test_an_incident_with_a_moment(run: Run, village: Village) -> None:
    village.declare()
    given = ("--product", "cam-1", "--what", "Keys taken.", "--why-severe", "All.", "--how", "A log.", "--json")
    made = json.loads(run("incident", "Keys", "--at", "2026-11-02T07:00", *given).stdout)
    assert made["aware_at"] == "2026-11-02T07:00:00+00:00"
    said = run("aware", made["id"], "--how", "Seen earlier.", "--at", "2026-11-02T06:00Z", "--json")
    assert json.loads(said.stdout)["aware_at"] == "2026-11-02T06:00:00+00:00"
    run("dismiss", made["id"], "--reason", "A rehearsal gone wild.")
    assert made["id"] not in run("list").output
    assert made["id"] in run("list", "--all").output


def test_malformed(run: Run, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no moment"):
        run("aware", "x", "--how", "y", "--at", "yesterday")
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"\xff")
    with pytest.raises(Invalid, match="UTF-8"):
        run("submitted", "x", "final", "--reference", "1", "--text", str(bad))
