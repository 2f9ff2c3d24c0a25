import json
import threading

import pytest
from click.testing import CliRunner
from makers import Maker

from careful import updates
from careful.entrypoints.cli.drill import command


@pytest.fixture
def cam(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.0")
    made.release("1.0.1")
    made.release("1.0.0", "lock-1")
    return made.device("cam-1-001", "1.0.1")


@pytest.fixture
def run(world, cam):
    parts = type("Parts", (), {"world": lambda _: world})()

    def typed(*arguments, code=0):
        done = CliRunner().invoke(command, ["update", "--device", cam, *arguments], obj=parts)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.output

    return typed


class Answering:
    """A device that closes each order as it is told to."""

    def __init__(self, world, device, say):
        self.world, self.device, self.say = world, device, say
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._live)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def _live(self):
        while not self.over.wait(0.05):
            order = updates.order_for(self.world, self.device)
            if order is not None:
                updates.feedback(self.world, self.device, order.id, self.say(order))


def refuses(order):
    kind = order.drill.replace("_", "-")
    return updates.Report(execution="closed", finished="failure", details=(f"refused: {kind}: as it must",))


def accepts(_order):
    return updates.Report(execution="closed", finished="success")


def test_a_device_that_refuses_all_three(run, world, cam):
    with Answering(world, cam, refuses):
        results = json.loads(run("--json"))
    assert [(one["kind"], one["result"]) for one in results] == [
        ("tampered", "held"),
        ("rollback", "held"),
        ("wrong_model", "held"),
    ]


def test_a_device_that_accepts_fails_the_command(run, world, cam):
    with Answering(world, cam, accepts):
        said = run("--kind", "rollback", code=1)
    assert said.split()[:2] == ["failed", "rollback"]


def test_a_device_that_does_not_answer(run):
    assert "waiting" in run("--kind", "tampered", "--wait", "1", code=1)


def test_without_waiting(run):
    assert json.loads(run("--kind", "tampered", "--wait", "0", "--json"))[0]["result"] == "ordered"


def test_the_access_drill_stands_beside_it():
    assert {"access", "lost-key", "report", "update", "watch"} <= set(command.commands)
