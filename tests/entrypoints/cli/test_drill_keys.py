import json

import pytest
from click.testing import CliRunner
from makers import Maker

from careful.entrypoints.cli.drill import command
from careful.kernel.clock import SystemClock
from careful.kernel.errors import Refused


@pytest.fixture
def clock():
    return SystemClock()


@pytest.fixture
def run(world):
    parts = type("Parts", (), {"world": lambda _: world})()

    def typed(*arguments):
        done = CliRunner().invoke(command, [str(one) for one in arguments], obj=parts)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return typed


def test_the_loss_of_a_key_is_rehearsed_for_every_product(run, world, staff, tmp_path):
    maker = Maker(world, staff, tmp_path)
    maker.release("1.0.0")
    maker.release("1.0.0", "lock-1")
    done = run("lost-key", "targets")
    assert done.exit_code == 0
    assert "cam-1, targets key, real keys:" in done.output
    assert "What the old key signs is refused" in done.output
    assert done.output.count("It held.") == 2


def test_one_product_as_json(run, world, staff, tmp_path):
    Maker(world, staff, tmp_path).release("1.0.0")
    [found] = json.loads(run("lost-key", "snapshot", "--product", "cam-1", "--json").output)
    assert (found["product"], found["role"], found["failed"]) == ("cam-1", "snapshot", "")


def test_nothing_to_rehearse(run):
    with pytest.raises(Refused, match="No product has an update repository"):
        run("lost-key", "root")
