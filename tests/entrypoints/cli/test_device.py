"""`careful device` as typed: what it prints for people, for programs and for a pipe."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from village import Village

from careful import devices, products, updates
from careful.entrypoints.cli.device import command
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import World

Run = Callable[..., Result]


@pytest.fixture
def world(world: World, staff: Actor) -> World:
    """An installation whose maker has declared a camera and a lock."""
    for product in ("cam-1", "lock-1"):
        text = f"schema: product/1\nproduct: {{id: {product}, name: Test, models: [{product}]}}\n"
        products.declare(world, staff, text.encode())
    return world


@pytest.fixture
def run(world: World) -> Run:
    class Parts:
        def world(self) -> World:
            return world

    def typed(*arguments: str) -> Result:
        done = CliRunner().invoke(command, arguments, obj=Parts(), catch_exceptions=True)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return typed


@pytest.fixture
def village(world: World, tmp_path: Path) -> Village:
    return Village(world, tmp_path)


@pytest.fixture
def one(world: World) -> str:
    devices.make_tokens(world, SYSTEM, "cam-1", ["cam-1-001"], "rev-a")
    return "cam-1-001"


def read(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_tokens_for_named_devices_and_for_a_batch(run: Run, world: World) -> None:
    made = read(run("token", "--product", "cam-1", "--hardware", "rev-a", "--id", "a", "--id", "b", "--json"))
    assert [one["device"] for one in made] == ["a", "b"]
    assert all(len(one["token"]) == 32 and one["expires"].endswith("+00:00") for one in made)
    batch = read(run("token", "--product", "cam-1", "--hardware", "rev-a", "--count", "3", "--json"))
    assert [one["device"] for one in batch] == ["", "", ""]
    assert [device.id for device in devices.list_devices(world)] == ["a", "b"]


@pytest.mark.parametrize("more", [(), ("--count", "2", "--id", "a")])
def test_a_token_needs_to_know_for_whom(run: Run, more: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match="how many tokens or for which devices"):
        run("token", "--product", "cam-1", "--hardware", "rev-a", *more)


def test_lists_for_people_pipes_and_programs(run: Run, one: str) -> None:
    assert read(run("list", "--json"))[0]["id"] == one
    piped = run("list").stdout.splitlines()
    assert piped[0].split("\t")[0] == "Device"
    assert piped[1].split("\t")[:4] == [one, "cam-1", "rev-a", "made"]
    assert read(run("list", "--state", "retired", "--json")) == []


def test_an_empty_list_names_the_command_that_fills_it(run: Run) -> None:
    assert "careful device token" in run("list").stdout
    assert "Nothing was refused" in run("refusals").stdout


def test_a_life_on_the_command_line(run: Run, one: str) -> None:
    states = [
        read(run(verb, one, "--reason", "as rehearsed", "--json"))["state"]
        for verb in ("quarantine", "restore", "revoke", "retire")
    ]
    assert states == ["quarantined", "made", "made", "retired"]
    with pytest.raises(Refused):
        run("restore", one, "--reason", "too late")


def test_the_way_back_is_printed(run: Run, one: str) -> None:
    assert f"careful device restore {one}" in run("quarantine", one, "--reason", "odd").stdout


@pytest.mark.parametrize("verb", ["quarantine", "restore", "revoke", "retire"])
def test_a_verb_needs_a_reason(run: Run, one: str, verb: str) -> None:
    done = run(verb, one)
    assert done.exit_code == 2
    assert "--reason" in done.output


def test_one_device_with_what_it_was_refused(run: Run, world: World, one: str) -> None:
    devices.record_refusals(world, [devices.Refusal(one, "topic", "[bold]d/x", 4, world.clock.now())])
    shown = read(run("show", one, "--json"))
    assert (shown["id"], shown["certificates"], shown["refusals"][0]["count"]) == (one, [], 4)
    text = run("show", one).stdout
    assert "[bold]d/x" in text
    with pytest.raises(NotFound):
        run("show", "missing")


def test_one_device_with_its_whole_story(run: Run, village: Village) -> None:
    village.declare()
    village.ship("1.0.0")
    village.ship("1.0.1")
    village.run("1.0.0", "cam-1-007")
    rollout = updates.start_rollout(village.world, SYSTEM, "cam-1", "1.0.1", waves=["100%"])
    village.work()
    village.later(minutes=1)
    done = updates.Report(execution="closed", finished="success")
    updates.feedback(village.world, "cam-1-007", updates.orders(village.world, device="cam-1-007")[0].id, done)
    devices.report_version(village.world, "cam-1-007", "1.0.1", "ddi")
    village.work()
    history = read(run("show", "cam-1-007", "--json"))["history"]
    assert [one["what"] for one in history][:3] == [
        "updates.device_updated",
        "devices.version_reported",
        "updates.offered",
    ]
    assert f"rollout {rollout}; version 1.0.1" in run("show", "cam-1-007").stdout
    assert "updates.offered" in run("show", "cam-1-007").stdout


def test_an_owner_is_set_and_forgotten(run: Run, world: World, one: str) -> None:
    assert read(run("owner", one, "--email", "kim@example.com", "--json"))["owner"]
    assert devices.owner_contacts(world, [one])
    assert read(run("owner", one, "--forget", "--json"))["forgotten"] is True
    assert "no owner's address" in run("owner", one, "--forget").stdout
    with pytest.raises(Invalid):
        run("owner", one)
    with pytest.raises(NotFound):
        run("owner", "missing", "--forget")


def test_a_target_token_opens_the_door(run: Run, world: World, one: str) -> None:
    token = run("target-token", one).stdout.strip()
    assert devices.identify_by_token(world, one, token).device == one


def test_the_fleet_in_numbers(run: Run, one: str) -> None:
    assert read(run("summary", "--json"))["by_product"]["cam-1"]["made"] == 1
    assert "Devices: 1;" in run("summary").stdout


def test_the_root_key_goes_and_comes_back(run: Run, world: World, tmp_path: Path) -> None:
    file = tmp_path / "root.pem"
    assert read(run("authority", "show", "--json"))["root_key_here"] is True
    assert "Keep it offline" in run("authority", "export-root", str(file)).stdout
    assert "root key here  False" in run("authority", "show").stdout
    assert read(run("authority", "import-root", str(file), "--json")) == {"imported": str(file)}
    assert devices.authority_status(world).root_key_here
