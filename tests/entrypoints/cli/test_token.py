"""`careful token` as typed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from careful import people
from careful.entrypoints.cli.token import command
from careful.kernel.errors import Invalid, NotFound
from careful.kernel.work import World

Run = Callable[..., Result]


@pytest.fixture
def run(world: World) -> Run:
    class Parts:
        def world(self) -> World:
            return world

    def typed(*arguments: str) -> Result:
        done = CliRunner().invoke(command, arguments, obj=Parts())
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return typed


def test_a_token_is_printed_alone_and_works(run: Run, world: World) -> None:
    token = run("new", "CI", "--scope", "cases:read", "--days", "7").output.strip()
    assert people.actor_of_token(world, token, ("cases", "read"))
    told = json.loads(run("new", "CI", "--scope", "notices:*", "--json").output)
    assert people.actor_of_token(world, told["token"], ("notices", "tell"))


def test_listing_and_revoking(run: Run, world: World) -> None:
    assert "careful token new" in run("list").output
    token = run("new", "CI", "--scope", "cases:read").output.strip()
    (told,) = json.loads(run("list", "--json").output)
    assert token not in run("list").output
    assert "no longer works" in run("revoke", told["id"]).output
    assert "revoked" in run("list").output
    with pytest.raises(NotFound):
        run("revoke", "nothing")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("CI",), 2),
        (("CI", "--scope", "cases:read", "--days", "0"), 2),
        (("CI", "--scope", "cases:read", "--days", "91"), 2),
    ],
)
def test_a_token_needs_scope_and_end(run: Run, arguments: tuple[str, ...], code: int) -> None:
    assert run("new", *arguments).exit_code == code


def test_an_unknown_scope_names_examples(run: Run) -> None:
    with pytest.raises(Invalid, match="no scope") as refused:
        run("new", "CI", "--scope", "everything")
    assert "cases:read" in refused.value.do


def test_every_scope_is_listed(run: Run) -> None:
    assert set(run("scopes").output.split()) == people.all_scopes()
    assert set(json.loads(run("scopes", "--json").output)) == people.all_scopes()


def test_it_warns_before_the_end(run: Run, world: World) -> None:
    run("new", "CI", "--scope", "cases:read", "--days", "14")
    run("new", "other", "--scope", "cases:read", "--days", "90")
    told = run("list")
    assert "CI ends in 14 days" in told.stderr
    assert "other ends" not in told.stderr


def test_leaked_ones_are_found(run: Run, tmp_path: Path) -> None:
    token = run("new", "CI", "--scope", "cases:read").output.strip()
    looks_like_one = token[:-1] + ("a" if token[-1] != "a" else "b")
    log = tmp_path / "log"
    log.write_text(f"nothing\nexport CAREFUL_TOKEN={token};\n{looks_like_one}\n")
    found = run("scan", str(log))
    assert (found.exit_code, found.output.split()[:2]) == (1, ["line", "2:"])
    assert token not in found.output
    log.write_text("nothing")
    assert run("scan", str(log)).exit_code == 0


def test_an_exchange_needs_to_know_where(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAREFUL_SERVER", raising=False)
    with pytest.raises(Invalid, match="Where is Careful"):
        run("exchange")
