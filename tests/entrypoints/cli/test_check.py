"""`careful check` as typed: exit codes, and what people and programs are told."""

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from careful.entrypoints.cli.check import command, read_file
from careful.products import MAX_BYTES

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "products").glob("*/product.yaml"))


def run(*arguments: str, given: bytes = b"") -> Result:
    # As the real command line does: no standalone mode, the command returns its exit code.
    done = CliRunner().invoke(command, arguments, input=given, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done


@pytest.mark.parametrize("file", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
def test_the_examples_are_in_order(file: Path):
    done = run(str(file))
    assert (done.return_value, done.stdout) == (0, f"{file} is in order.\n")


def test_notes_leave_a_file_in_order(tmp_path: Path):
    file = tmp_path / "p.yaml"
    file.write_text("schema: product/1\nproduct: {id: a}\nsupport: {until: 2031-12-31}\n")
    done = run(str(file))
    assert done.return_value == 0
    assert f"{file}:1: note: markets: Cannot tell whether" in done.stdout
    assert "things unknown." in done.stdout.splitlines()[-1]


def test_findings_are_told_with_place_and_remedy(tmp_path: Path):
    file = tmp_path / "p.yaml"
    file.write_text("schema: product/1\nproduct: {id: a}\ninterfaces:\n  - {id: i, auth: {preset: shared}}\n")
    done = run(str(file))
    assert done.return_value == 1
    assert f"{file}:4: error: interfaces[0].auth.preset: `i` leaves the factory with one password" in done.stdout
    assert "[D7]" in done.stdout
    assert "    expected unique or user_set, found shared. Give each unit its own" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(f"{file}: 1 error, 1 warning.")


UNREADABLE = [
    pytest.param(b"a: b: c", id="no YAML"),
    pytest.param(b"\xff", id="not UTF-8"),
    pytest.param(b"x" * 5_000_000, id="too big"),
    pytest.param(b"[" * 100_000, id="too deep"),
]


@pytest.mark.parametrize("text", UNREADABLE)
@pytest.mark.parametrize("style", ["text", "json", "sarif"])
def test_what_cannot_be_read_exits_with_two(tmp_path: Path, text: bytes, style: str):
    file = tmp_path / "p.yaml"
    file.write_bytes(text)
    done = run(str(file), "--format", style)
    assert done.return_value == 2
    assert "unreadable" in done.stdout or "error: " in done.stdout


def test_a_broken_schema_exits_with_one(tmp_path: Path):
    file = tmp_path / "p.yaml"
    file.write_text("schema: product/1\nproduct: {id: A}\n")
    done = run(str(file))
    assert done.return_value == 1
    assert "Expected 1 to 32 small letters, digits or hyphens, found 'A'." in done.stdout


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        pytest.param("missing.yaml", "Write one: careful init", id="missing"),
        pytest.param(".", "Name the file in it: careful check", id="a folder"),
    ],
)
def test_no_file_exits_with_two_and_is_reported_like_a_finding(tmp_path: Path, name: str, way_out: str):
    done = run(str(tmp_path / name))
    assert done.return_value == 2
    assert "expected a file that can be read" in done.stdout.lower()
    assert way_out in done.stdout
    told = run(str(tmp_path / name), "--format", "json")
    assert (told.return_value, json.loads(told.stdout)["readable"]) == (2, False)
    sarif = json.loads(run(str(tmp_path / name), "--format", "sarif").stdout)
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]] == ["unreadable"]


def test_standard_input_is_read_where_asked():
    done = run("-", given=b"schema: product/1\nproduct: {id: a}\n")
    assert done.return_value == 1
    assert done.stdout.startswith("standard input:")


def test_json_says_the_same(tmp_path: Path):
    file = tmp_path / "p.yaml"
    file.write_text("schema: product/1\nproduct: {id: a}\n")
    told = json.loads(run(str(file), "--json").stdout)
    assert (told["product"], told["readable"], told["in_order"]) == ("a", True, False)
    assert told["warnings"] == 1
    assert told["findings"][0]["rule"] == "no-support-end"
    assert told == json.loads(run(str(file), "--format", "json").stdout)


def test_sarif_names_the_file(tmp_path: Path):
    file = tmp_path / "p.yaml"
    file.write_text("schema: product/1\nproduct: {id: a}\n")
    told = json.loads(run(str(file), "--format", "sarif").stdout)
    assert told["version"] == "2.1.0"
    results = told["runs"][0]["results"]
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("/p.yaml")


def test_never_more_is_read_than_a_declaration_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "big"
    with file.open("wb") as stream:
        stream.truncate(50_000_000)
    assert len(read_file(file)) == MAX_BYTES + 1
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x" * 2_000_000)))
    assert len(read_file(Path("-"))) == MAX_BYTES + 1
