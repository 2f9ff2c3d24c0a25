"""The command line as a whole: every command is there, nothing is imported in vain, refusals are sentences."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from careful.assemble import Parts
from careful.entrypoints import cli

ABOVE = {"demo": "careful.demo.command"}


def run(*arguments: str) -> int:
    return cli.run(Parts(), ABOVE, arguments)


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]):
    assert run(name, "--help") == 0
    assert f"Usage: careful {name}" in capsys.readouterr().out


def test_help_lists_every_command_and_imports_none():
    code = (
        "import sys\nfrom careful.entrypoints import cli\n"
        "cli.run(None, {}, ['--help'])\n"
        "print([name for name in sys.modules if name.startswith('careful.entrypoints.cli.') or name == 'sqlalchemy'])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.endswith("[]\n")
    assert all(f"  {name} " in told for name in cli.COMMANDS)


def test_a_refusal_is_a_sentence_with_the_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("--data", str(tmp_path), "product", "show", "nope") == 1
    told = capsys.readouterr().err
    assert told.startswith("careful: There is no product 'nope'")
    assert "Traceback" not in told


def test_a_refusal_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("--data", str(tmp_path), "product", "show", "nope", "--json") == 1
    assert "nope" in json.loads(capsys.readouterr().err)["error"]["what"]


def test_unreadable_input_exits_2_with_the_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "p.yaml"
    file.write_text("schema: product/1\nproduct: {id: A}\n")
    assert run("--data", str(tmp_path / "data"), "product", "declare", str(file)) == 2
    assert ":2" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("nope",), ("product", "nope"), ("product", "show"), ("--nope",)])
def test_what_nobody_understands(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    assert run(*arguments) == 2
    assert "Usage: careful" in capsys.readouterr().err


def test_stopped_by_hand(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def stopped(**_: object) -> None:
        raise click.Abort

    monkeypatch.setattr(cli.cli, "main", stopped)
    assert run() == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_an_exit_code_is_handed_on(tmp_path: Path):
    assert run("--data", str(tmp_path), "doctor") == 1  # nothing runs here


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(("--data", "/proc/none", "doctor"), "installation  Cannot be opened. /proc/none", id="doctor"),
        pytest.param(("--data", "/proc/none", "staff", "list"), "careful: /proc/none: No such file", id="no folder"),
        pytest.param(("backup", "/proc/b.tar.gz"), "No such file or directory. See: ls -ld /proc", id="backup"),
        pytest.param(("evidence", "export", "/proc/b"), "careful: /proc/b: No such file", id="export"),
    ],
)
def test_what_cannot_be_written_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
):
    given = arguments if "--data" in arguments else ("--data", str(tmp_path), *arguments)
    assert run(*given) == 1
    shown = capsys.readouterr()
    assert told in shown.err + shown.out


def test_a_full_disk_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("careful.kernel.audit.export", full)
    assert run("--data", str(tmp_path), "evidence", "export", str(tmp_path / "b")) == 1
    assert "The disk is full" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        pytest.param("CONSOLE_PORT", "99999", "CAREFUL_CONSOLE_PORT (or console_port in careful.toml)", id="a port"),
        pytest.param("HOST", "0.0.0.0", "console_url, public_url and device_url set", id="all addresses"),  # noqa: S104
        pytest.param("TLS_NAMES", "x", "The settings cannot be read", id="no list"),
        pytest.param("DATABASE", "mysql://x", "begin with postgresql+psycopg://", id="another database"),
        pytest.param("DATABASE", "postgresql+psycopg://a@:x/", "no address of a database", id="no URL"),
        pytest.param("DATA", __file__, "data to name a folder", id="a file"),
    ],
)
def test_wrong_settings_are_a_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    told: str,
):
    monkeypatch.setenv("CAREFUL_DATA", str(tmp_path))
    monkeypatch.setenv(f"CAREFUL_{name}", value)
    assert run("staff", "list") == 2
    assert told in capsys.readouterr().err
