import json

import pytest
from click.testing import CliRunner
from collected import Collected

from careful.entrypoints.cli.data import command
from careful.kernel.errors import Invalid


@pytest.fixture
def run(world, staff):
    Collected(world, staff).declare()

    class Parts:
        def world(self):
            return world

    def typed(*arguments):
        done = CliRunner().invoke(command, ["consent", *arguments], obj=Parts())
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    return typed


def test_a_parent_agrees_and_takes_it_back(run):
    assert "careful data consent give toy-1-001" in run("list", "toy-1-001")
    with pytest.raises(Invalid):
        run("give", "toy-1-001", "voice")
    assert "parental consent to voice holds" in run("give", "toy-1-001", "voice", "--method", "card-check")
    (kept,) = json.loads(run("list", "toy-1-001", "--json"))
    assert (kept["item"], kept["kind"], kept["method"], kept["ended_at"]) == ("voice", "parental", "card-check", None)
    assert "withdrawn" in run("withdraw", "toy-1-001", "voice")
    assert "no consent" in run("withdraw", "toy-1-001", "voice")
    assert json.loads(run("withdraw", "toy-1-001", "voice", "--json")) == []
    assert json.loads(run("give", "toy-1-001", "voice", "--method", "paper", "--json"))["method"] == "paper"
    assert "withdrawn" in run("list", "toy-1-001")
