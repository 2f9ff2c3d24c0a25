"""Where real parts meet: a folder becomes an installation, and each process of it starts, answers and ends."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from careful import assemble, workflows
from careful.entrypoints.cli.listening import ports
from careful.entrypoints.cli.supervise import Tree, take_lock
from careful.kernel import migrate
from careful.kernel.reconcile import settle
from careful.kernel.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
    numbers = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    names = ("console_port", "public_port", "device_port", "mqtt_port")
    return Settings(data=tmp_path / "data", **dict(zip(names, numbers, strict=True)))


def test_a_new_folder_becomes_an_installation(settings: Settings):
    world = assemble.open_world(settings)
    assert settings.data.stat().st_mode & 0o777 == 0o700
    assert migrate.at(world.database) == migrate.newest()
    world.database.close()
    again = assemble.open_world(settings)
    assert again.home == settings.data
    again.database.close()


def test_parts_open_the_world_once_and_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CAREFUL_CONSOLE_PORT", "9001")
    parts = assemble.Parts()
    parts.use(data=tmp_path / "data")
    parts.use(public_port=9002)
    found = parts.settings()
    assert (found.data, found.console_port, found.public_port) == (tmp_path / "data", 9001, 9002)
    assert not found.data.exists()
    world = parts.world()
    assert parts.world() is world
    world.database.close()


def test_what_is_typed_goes_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CAREFUL_DATA", str(tmp_path / "environment"))
    parts = assemble.Parts()
    assert parts.settings().data == tmp_path / "environment"
    parts.use(data=tmp_path / "typed")
    assert parts.settings().data == tmp_path / "typed"


def test_every_step_of_every_workflow_is_a_chore():
    names = [chore.name for chore in assemble.chores()]
    assert len(names) == len(set(names))
    steps = {f"{flow.name}.{step.name}" for flow in workflows.ALL for step in flow.steps if step.advance}
    own = {
        "seal",
        "renew",
        "deliver",
        "sweep",
        "sweep_owners",
        "tell_glass",
        "tell_refusals",
        "forget_remembered",
        "sweep_tokens",
        "lapse",
        "box_auditors",
        "tell_intake",
        "tell_reads",
        "tell_overdue",
        "seal_planted",
        "use",
        "epochs",
        "retired",
        "sweep_ended",
        "retention",
        "days",
        "remove_exports",
        "bring_home",
        "tell_attempts",
        "feeds",
        "deltas",
        "publish_deltas",
        "bucket",
    }
    assert own == set(names) - steps
    assert steps <= set(names)


def test_chores_settle_in_an_empty_installation(settings: Settings):
    world = assemble.open_world(settings)
    listed = assemble.chores()
    settle(world, listed)
    assert settle(world, listed) == 0
    assert [chore.name for chore in listed if chore.failures] == []
    world.database.close()


def test_each_process_has_a_runner_and_a_command():
    assert set(assemble.RUNNERS) == {*assemble.PROCESSES, "devices"}
    for name, command in assemble.Parts().processes().items():
        assert command == [sys.executable, "-m", "careful.assemble", name]


def test_more_gateways_are_more_processes(tmp_path: Path):
    parts = assemble.Parts()
    parts.use(data=tmp_path, gateways=3, device_processes=2)
    commands = parts.processes()
    assert sorted(commands) == ["devices-2", "gateway", "gateway-2", "gateway-3", "web", "worker"]
    assert commands["devices-2"] == [sys.executable, "-m", "careful.assemble", "devices"]
    assert commands["gateway-3"] == [sys.executable, "-m", "careful.assemble", "gateway"]


def test_all_doors_open_and_everything_ends_together(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in os.environ if name.startswith("CAREFUL_")]:
        monkeypatch.delenv(name)
    assemble.open_world(settings).database.close()
    tree = Tree(assemble.Parts().processes(), settings, take_lock(settings.data))
    tree.start()
    running = dict(tree._running)
    try:
        assert set(running) == set(assemble.PROCESSES)
        for number in ports(settings).values():
            socket.create_connection((settings.host, number), timeout=5).close()
    finally:
        tree.stop()
    assert {name: one.returncode for name, one in running.items() if name != "worker"} == {"web": 0, "gateway": 0}
    assert running["worker"].returncode in {0, -signal.SIGTERM}


def test_it_is_the_command_line_too():
    done = subprocess.run(
        [sys.executable, "-m", "careful.assemble", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("careful ")


def test_logs_stay_off_stdout_where_json_answers():
    code = (
        "import structlog\nfrom careful import assemble\nassemble._log_to_stderr()\n"
        "structlog.get_logger().warning('seen')\nstructlog.get_logger().debug('not seen')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.count("seen") == 1
