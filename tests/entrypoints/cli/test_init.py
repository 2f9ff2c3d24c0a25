"""`careful init` as typed: questions, options, and the file it leaves."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from careful.entrypoints.cli import check, init
from careful.kernel.errors import Refused
from careful.products import parse

OPTIONS = (
    "--name", "Porch Bell", "--category", "camera", "--markets", "us,us-ca EU", "--internet", "direct",
    "--support-until", "2031-12-31",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, given: str = "") -> Result:
    done = CliRunner().invoke(init.command, arguments, input=given, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done


def checked(name: str = "product.yaml") -> tuple[int, dict[str, int]]:
    done = CliRunner().invoke(check.command, [name, "--json"], standalone_mode=False)
    return done.return_value, json.loads(done.stdout)


def test_options_write_a_file_that_has_only_notes():
    done = run(*OPTIONS)
    assert "Wrote product.yaml for the product porch-bell" in done.stdout
    assert "?" not in done.stdout
    code, told = checked()
    assert code == 0
    assert told["notes"] > 0
    declaration = parse(Path("product.yaml").read_bytes())
    assert declaration.markets == ("US", "US-CA", "EU")


def test_five_questions_are_asked():
    done = run(given="Porch Bell\ncamera\nUS EU\ndirect\n2031-12-31\n")
    assert [number for number in range(1, 7) if f"{number}. " in done.stdout] == [1, 2, 3, 4, 5]
    assert checked()[0] == 0


def test_an_answer_that_does_not_fit_is_asked_for_again():
    done = run(given="Bell\nphone\ncamera\nEurope\nEU\nmaybe\nvia_hub\nsoon\n2031-02-30\n2031-12-31\n")
    assert done.stdout.count("does not fit") == 2
    assert "is no market" in done.stdout
    assert done.stdout.count("is no date") == 2
    declaration = parse(Path("product.yaml").read_bytes())
    assert declaration.product.category == "camera"
    assert declaration.connectivity is not None
    assert declaration.connectivity.internet == "via_hub"


def test_enter_leaves_a_field_blank():
    run(given="Bell\n\n\n\n\n")
    declaration = parse(Path("product.yaml").read_bytes())
    assert declaration.markets is None
    assert declaration.product.category is None
    assert checked()[0] == 1  # the support end


def test_only_what_is_not_given_is_asked():
    done = run("--name", "Bell", "--category", "lock", "--markets", "", "--internet", "none", given="2031-12-31\n")
    assert "5. Until which day" in done.stdout
    assert "1. " not in done.stdout


def test_json_asks_nothing():
    done = run("bell.yaml", "--name", "Bell", "--json")
    assert json.loads(done.stdout) == {"file": "bell.yaml", "product": "bell"}


def test_a_file_is_not_written_over_unless_asked():
    Path("product.yaml").write_text("mine")
    with pytest.raises(Refused, match="exists already"):
        run(*OPTIONS)
    assert Path("product.yaml").read_text() == "mine"
    run(*OPTIONS, "--force")
    assert Path("product.yaml").read_text() != "mine"


BAD = [
    pytest.param(["--name", ""], id="no name"),
    pytest.param(["--name", "a\nb"], id="two lines"),
    pytest.param(["--category", "phone"], id="category"),
    pytest.param(["--markets", "Mars"], id="market"),
    pytest.param(["--internet", "sometimes"], id="internet"),
    pytest.param(["--support-until", "2031"], id="date"),
    pytest.param(["--id", "Big Bell"], id="id"),
]


@pytest.mark.parametrize("options", BAD)
def test_a_bad_option_writes_nothing(options: list[str]):
    with pytest.raises(click.BadParameter):
        run(*OPTIONS, *options)
    assert not Path("product.yaml").exists()


@pytest.mark.parametrize("name", ["x\x85y", "a\ufffe", "half \ud800"])
def test_a_name_that_yaml_cannot_hold_is_refused(name: str):
    with pytest.raises(click.BadParameter):
        run(*OPTIONS, "--name", name)
    assert not Path("product.yaml").exists()


def test_an_id_of_your_own():
    assert "for the product bell-2" in run(*OPTIONS, "--id", "bell-2").stdout
    assert parse(Path("product.yaml").read_bytes()).id == "bell-2"
