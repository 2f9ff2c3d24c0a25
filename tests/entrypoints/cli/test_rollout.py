import json

import pytest
from click.testing import CliRunner
from makers import Maker

from careful import devices, updates
from careful.entrypoints.cli.rollout import command, seconds_of
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.1")
    made.fleet(3)
    return made


@pytest.fixture
def run(world, maker):
    parts = type("Parts", (), {"world": lambda _: world})()

    def typed(*arguments, code=0):
        done = CliRunner().invoke(command, arguments, obj=parts)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.output

    return typed


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("7d", 604_800)])
def test_spans_of_time(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "1w", "-1s", "1.5h"])
def test_what_is_no_span_of_time(text):
    with pytest.raises(Invalid):
        seconds_of(text)


def test_a_rollout_from_start_to_end(run, world):
    assert "No rollout yet" in run("list")
    said = run("start", "cam-1", "1.0.1", "--wave", "1", "--wave", "100%", "--first", "cam-1-003", "--deadline", "60s")
    rollout = said.split()[1].rstrip(":")
    assert "to 3 devices, in waves of 1, 2." in said
    updates.advance(world)
    assert updates.order_for(world, "cam-1-003") is not None
    assert "halted" in run("halt", rollout, "--reason", "A doubt.")
    assert "resume" in run("watch", rollout, code=1)
    assert "A doubt." in run("show", rollout)
    assert json.loads(run("resume", rollout, "--reason", "No doubt.", "--json"))["state"] == "running"
    for _ in range(2):
        updates.advance(world)
        for number in (1, 2, 3):
            order = updates.order_for(world, f"cam-1-00{number}")
            if order:
                report = updates.Report(execution="closed", finished="success")
                updates.feedback(world, order.device, order.id, report)
                devices.report_version(world, order.device, order.version, "ddi")
    updates.advance(world)
    assert json.loads(run("watch", rollout, "--json"))["confirmed"] == 3
    [listed] = json.loads(run("list", "--json"))
    assert (listed["state"], listed["product"]) == ("finished", "cam-1")
    assert len(json.loads(run("show", rollout, "--json"))["members"]) == 3


def test_accounting_for_a_device(run, world, clock):
    rollout = json.loads(run("start", "cam-1", "1.0.1", "--attempts", "1", "--wave", "all", "--json"))["id"]
    updates.advance(world)
    order = updates.order_for(world, "cam-1-001")
    failed = updates.Report(execution="closed", finished="failure", details=("no space left",))
    updates.feedback(world, "cam-1-001", order.id, failed)
    shown = run("show", rollout)
    assert "no space left" in shown
    assert f"careful rollout account {rollout} cam-1-001 --reason TEXT" in shown
    assert "1 accounted" in run("account", rollout, "cam-1-001", "--reason", "Its disk is full.")


def test_what_is_not_there(run):
    with pytest.raises(NotFound):
        run("show", "nothing")


def test_a_dry_run_shows_who_and_why_not_and_starts_nothing(run, world):
    devices.set_traits(world, Actor("staff", "ann"), "cam-1-001", region="eu", consent="ask")
    said = run("start", "cam-1", "1.0.1", "--group", "region=eu", "--dry-run")
    assert "would reach 1 devices. Nothing was changed." in said
    assert "its owner is asked first" in said
    assert "not region=eu" in said
    found = json.loads(run("start", "cam-1", "1.0.1", "--group", "region=eu", "--dry-run", "--json"))
    assert found["waves"][0]["devices"] == ["cam-1-001"]
    assert len(found["left_out"]) == 2
    assert updates.rollouts(world) == []


def test_going_back_is_proposed(run, world, maker):
    maker.release("1.0.2")
    rollout = run("start", "cam-1", "1.0.2", "--wave", "100%").split()[1].rstrip(":")
    for name in ("cam-1-001", "cam-1-002", "cam-1-003"):
        devices.report_version(world, name, "1.0.2", "ddi")
    said = run("roll-back", rollout, "--to", "1.0.1", "--reason", "It is loud.")
    assert "two people must agree" in said
    [_, proposed] = updates.rollouts(world)
    assert proposed.state == "proposed"
    assert "superseded" in run("withdraw", proposed.id, "--reason", "Found it.")
    assert "must agree" in run("start", "cam-1", "1.0.1", "--downgrade", "--reason", "It is loud.")


def test_monitoring_halts_by_the_command_line(run, world):
    assert "No rollout" in run("alarm", "cam-1", "--reason", "smoke")
    rollout = run("start", "cam-1", "1.0.1").split()[1].rstrip(":")
    assert json.loads(run("alarm", "cam-1", "--reason", "smoke", "--json")) == {"halted": [rollout]}
