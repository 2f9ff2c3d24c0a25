"""`careful notice` as typed: from draft to owners, for people and for programs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from village import FLAW, NEW, OLD, Village

from careful.entrypoints.cli.notice import command
from careful.kernel.errors import NotFound, Refused
from careful.kernel.work import World

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


def read(done: Result) -> Any:
    return json.loads(done.stdout)


def test_from_draft_to_owners(run: Run, village: Village, tmp_path: Path):
    case = village.affected()
    village.ship(NEW, "pillow==10.0.1")
    village.found()
    drafted = run("draft", case.id).stdout
    assert f"It updates itself to version {NEW}." in drafted
    assert drafted.endswith("Publish it: careful notice publish CAREFUL-2026-0001\n")
    assert "(a draft)" in run("show", "CAREFUL-2026-0001").stdout
    assert run("publish", "CAREFUL-2026-0001").stdout == (
        f"CAREFUL-2026-0001 is public: {village.world.settings.public_url}/advisories/CAREFUL-2026-0001\n"
    )
    assert "(public since 2026-11-02 09:00Z)" in run("show", "careful-2026-0001").stdout
    assert run("tell", "CAREFUL-2026-0001").stdout == "Owners of 2 devices told; 1 devices have no known owner.\n"
    row = run("list").stdout.splitlines()[1].split("\t")
    assert row[:5] == ["CAREFUL-2026-0001", FLAW, "cam-1", OLD, NEW]
    printed = run("show", "CAREFUL-2026-0001", "--csaf").stdout
    file = tmp_path / "a.json"
    run("show", "CAREFUL-2026-0001", "--output", str(file))
    assert file.read_text() == printed
    assert json.loads(printed)["document"]["csaf_version"] == "2.0"
    assert run("answer", "HC-100", OLD).stdout.endswith(f"It updates itself to version {NEW}.\n")


def test_every_answer_as_json(run: Run, village: Village):
    case = village.affected()
    drafted = read(run("draft", case.id, "--title", "Mine", "--json"))
    assert (drafted["advisory"]["title"], drafted["reading"]["problems"]) == ("Mine", [])
    name = drafted["advisory"]["id"]
    assert read(run("show", name, "--json"))["published_at"] is None
    assert read(run("publish", name, "--json"))["published_at"] == "2026-11-02T09:00:00+00:00"
    assert read(run("tell", name, "--json")) == {"told": 2, "unreachable": 1}
    assert [one["id"] for one in read(run("list", "--json"))] == [name]
    assert read(run("answer", "HC-100", OLD, "--json"))["state"] == "act"


def test_what_owners_could_not_read_is_named_at_once(run: Run, village: Village):
    case = village.affected()
    drafted = run("draft", case.id, "--summary", "A heap overflow.", "--action", "Update.").stdout
    assert "To mend: 'heap' is not for customers; say 'memory'." in drafted
    with pytest.raises(Refused, match="not plain enough"):
        run("publish", "CAREFUL-2026-0001")


def test_an_empty_list_names_the_command_that_fills_it(run: Run):
    assert "careful notice draft CASE" in run("list").stdout
    assert read(run("list", "--json")) == []


@pytest.mark.parametrize(
    "arguments",
    [("draft", "nope"), ("publish", "nope"), ("tell", "nope"), ("show", "nope"), ("show", "nope", "--csaf")],
)
def test_one_that_is_not_there(run: Run, arguments: tuple[str, ...]):
    with pytest.raises(NotFound):
        run(*arguments)
