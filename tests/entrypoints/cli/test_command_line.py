"""The command line as a whole: every command is there, nothing is imported in vain, refusals are sentences."""

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
