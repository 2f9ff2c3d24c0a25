"""`careful product` as typed: from file to sale, and what people and programs are told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from careful.entrypoints.cli.product import command
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import World

EXAMPLES = Path(__file__).parents[3] / "examples" / "products"
CAMERA = str(EXAMPLES / "cam-1" / "product.yaml")
Run = Callable[..., Result]


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


def test_from_file_to_sale(run: Run):
    assert "cam-1: version 1 is declared" in run("declare", CAMERA).stdout
    assert "version 1 is in force. 7 laws apply, 2 streams." in run("approve", "cam-1").stdout
    with pytest.raises(Refused, match="no support end date published") as refused:
        run("on-sale", "cam-1")
    assert refused.value.do.endswith("careful product publish cam-1")
    assert run("publish", "cam-1").stdout == "cam-1: support until 2032-12-31 is published.\n"
    assert run("on-sale", "cam-1").stdout == "cam-1 is on sale.\n"
    assert "on sale" in run("list").stdout


def test_every_answer_as_json(run: Run):
    def told(*arguments: str) -> Any:
        return json.loads(run(*arguments, "--json").stdout)

    made = told("declare", CAMERA)
    assert (made["product"], made["version"], len(made["digest"])) == ("cam-1", 1, 64)
    assert told("approve", "cam-1")["laws_unknown"] == []
    assert told("publish", "cam-1") == {"product": "cam-1", "support_until": "2032-12-31"}
    assert told("on-sale", "cam-1") == {"product": "cam-1", "stage": "on sale"}
    (listed,) = told("list")
    assert (listed["id"], listed["stage"], listed["models"], listed["pending"]) == (
        "cam-1",
        "on sale",
        ["HC-100"],
        None,
    )
    shown = told("show", "cam-1", "--derived")
    assert {"laws", "streams", "retention", "tests", "ways", "table"} <= set(shown["derived"])
    assert "derived" not in told("show", "cam-1")


def test_what_follows_is_shown_in_words(run: Run):
    run("declare", CAMERA)
    shown = run("show", "cam-1", "--derived").stdout
    for words in (
        "Hearth Cam 1 (cam-1), model HC-100",
        "UK product security regime: applies.",
        "14 days from: a corrective or mitigating measure is available",
        "telemetry: frames_dropped, rssi_dbm, temperature_c, uptime_s",
        "motion_clip: deleted after 14 days",
        "update-no-rollback:",
        "Not legal advice",
    ):
        assert words in shown


def test_what_is_unknown_is_shown_with_its_reasons(run: Run, tmp_path: Path):
    file = tmp_path / "p.yaml"
    file.write_text("schema: product/1\nproduct: {id: a}\n")
    run("declare", str(file))
    shown = run("show", "a", "--derived").stdout
    assert "cannot tell, because markets is blank" in shown
    assert "support until unknown, updates unknown" in shown
    assert "unknown: no edge of `device` has hosts" in shown
    assert "cannot tell" in run("approve", "a").stdout


def test_a_version_that_waits_is_shown(run: Run, tmp_path: Path):
    file = tmp_path / "p.yaml"
    file.write_text("schema: product/1\nproduct: {id: a}\n")
    run("declare", str(file))
    run("approve", "a")
    file.write_text("schema: product/1\nproduct: {id: a, name: New}\n")
    run("declare", str(file))
    assert "version 2 waits for approval" in run("show", "a").stdout


def test_an_empty_list_names_the_command_that_fills_it(run: Run):
    assert "careful init" in run("list").stdout
    assert json.loads(run("list", "--json").stdout) == []


@pytest.mark.parametrize("verb", ["approve", "publish", "on-sale", "show"])
def test_a_product_that_nobody_declared(run: Run, verb: str):
    with pytest.raises(NotFound, match="no product 'nope'"):
        run(verb, "nope")


def test_a_file_that_is_not_there_and_one_that_is_no_declaration(run: Run, tmp_path: Path):
    with pytest.raises(NotFound, match="cannot be read"):
        run("declare", str(tmp_path / "nope.yaml"))
    file = tmp_path / "p.yaml"
    file.write_text("schema: product/1\nproduct: {id: A}\n")
    with pytest.raises(Invalid) as refused:
        run("declare", str(file))
    assert refused.value.problems[0].line == 2
    assert run("list").stdout.startswith("No product")


def test_the_schema_is_printed():
    done = CliRunner().invoke(command, ["schema"])
    assert json.loads(done.stdout)["title"] == "Careful product declaration"


def test_the_network_profile_names_its_own_address(run: Run, tmp_path: Path):
    run("declare", CAMERA)
    made = json.loads(run("mud", "cam-1", "--url", "https://hearth.example/cam-1.json").stdout)
    assert made["ietf-mud:mud"]["mud-url"] == "https://hearth.example/cam-1.json"
    file = tmp_path / "p.yaml"
    file.write_text("schema: product/1\nproduct: {id: a}\n")
    run("declare", str(file))
    with pytest.raises(Refused, match="No network profile follows from a"):
        run("mud", "a", "--url", "https://hearth.example/a.json")
