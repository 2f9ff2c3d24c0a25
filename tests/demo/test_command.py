"""What `careful demo` decides before it starts anything; the whole of it is walked door to door elsewhere."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from careful.assemble import Parts
from careful.demo import command, story
from careful.kernel.settings import Settings


@given(st.integers(min_value=12, max_value=200))
def test_counts_add_up_and_every_named_device_is_there(number: int):
    counts = command._counts(number)
    assert sum(counts.values()) == number
    assert list(counts) == list(story.PRODUCTS)
    named = [story.SICK, story.SILENT, story.LURED, story.ROGUE, story.VICTIM, *story.DRILL.values()]
    for device in named:
        product, _, place = device.rpartition("-")
        assert int(place) <= counts[product]


def test_fifty_devices():
    assert command._counts(50) == {"cam-1": 24, "lock-1": 13, "plug-1": 13}


def ports_of(given: dict[str, object]) -> list[object]:
    return [given[name] for name in command._PORTS]


def test_the_ports_of_the_first_run_hold_for_the_next(tmp_path: Path):
    assert ports_of(command._given(tmp_path, None)) == [8080, 8081, 8444, 8883, 1025]
    assert ports_of(command._given(tmp_path, 20000)) == [20000, 20001, 20002, 20003, 20004]
    again = command._given(tmp_path, None)
    assert ports_of(again) == [20000, 20001, 20002, 20003, 20004]
    assert json.loads((tmp_path / "ports.json").read_text()) == {name: again[name] for name in command._PORTS}


def test_given_settings_are_settings(tmp_path: Path):
    settings = Settings(**command._given(tmp_path, 20000))
    assert (settings.data, settings.smtp_port) == (tmp_path / "data", 20004)


def test_what_is_given_reaches_the_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = Settings(**command._given(tmp_path, 20000))
    for name, value in command._environment(settings).items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_is_up_wants_the_lock_and_every_port(tmp_path: Path):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
    numbers = [one.getsockname()[1] for one in held]
    names = ("console_port", "public_port", "device_port", "mqtt_port")
    settings = Settings(data=tmp_path, **dict(zip(names, numbers, strict=True)))
    assert not command._is_up(settings)
    (tmp_path / "up.lock").touch()
    assert command._is_up(settings)
    held[3].close()
    assert not command._is_up(settings)
    for one in held[:3]:
        one.close()


@pytest.mark.parametrize("arguments", [("--devices", "11"), ("--devices", "201"), ("--ports", "80"), ("--nope",)])
def test_what_it_does_not_take(arguments: tuple[str, ...], tmp_path: Path):
    done = CliRunner().invoke(command.command, ["--dir", str(tmp_path / "demo"), *arguments], obj=Parts())
    assert done.exit_code == 2
    assert not (tmp_path / "demo").exists()


def test_it_is_a_command_of_careful():
    done = subprocess.run(
        [sys.executable, "-m", "careful.assemble", "demo", "--help"], capture_output=True, text=True, check=True
    )
    assert "--once" in done.stdout
