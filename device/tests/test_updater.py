from dataclasses import replace

import pytest

from careful_device import seen
from careful_device.errors import AgentError, AnswerError, Refusal, SlotError
from careful_device.model import Job, Order, Step, Target
from careful_device.updater import facts_of

ORDER = Order(action="7", href="h", version="2", filename="f", size=1, download="d", target_path="2/f")
TARGET = Target(
    path="2/f", length=1, sha256="0" * 64, product="cam-1", hardware=("rev-a",), version="2", security_version=4
)


@pytest.fixture
def updater(device):
    device.settle()
    return device.agent.updater


@pytest.mark.parametrize(
    ("raised", "step", "tries", "expected"),
    [
        pytest.param(Refusal("expired", "x"), Step.CHECK, 1, seen.Refused("expired", "x"), id="a refusal"),
        pytest.param(SlotError("full"), Step.INSTALL, 1, seen.Broken("full"), id="a slot that gives up"),
        pytest.param(SlotError("busy"), Step.ROLLBACK, 1, seen.Failed("busy"), id="going back is tried again"),
        pytest.param(
            AnswerError("gone", status=404), Step.FETCH, 1, seen.Failed("gone"), id="gone, maybe for a moment"
        ),
        pytest.param(AnswerError("gone", status=404), Step.FETCH, 3, seen.Broken("gone"), id="gone for good"),
        pytest.param(AnswerError("busy", status=503), Step.FETCH, 9, seen.Failed("busy"), id="a server out of order"),
        pytest.param(AgentError("no wire"), Step.FETCH, 9, seen.Failed("no wire"), id="no network"),
        pytest.param(OSError("disk"), Step.CONFIRM, 1, seen.Failed("disk"), id="a failing disk"),
    ],
)
def test_what_a_failure_means(updater, monkeypatch, raised, step, tries, expected):
    def fails(_job):
        raise raised

    monkeypatch.setattr(updater, "_step", fails)
    assert updater.do(Job(action="7", href="h", step=step, tries=tries)) == expected


@pytest.mark.parametrize("step", [Step.CHECK, Step.FETCH, Step.INSTALL, Step.ACTIVATE])
def test_a_step_whose_forerunner_was_lost_is_refused(updater, step):
    order = None if step is Step.CHECK else ORDER
    assert updater.do(Job(action="7", href="h", step=step, order=order)).kind == "unsigned"


def test_floors_only_rise(device, home, maker):
    maker.release("1.0.0", security_version=3)
    maker.order("1.0.0")
    device.ask()
    facts = facts_of(device.agent.settings, device.agent.slots)
    assert (facts.version, facts.security_floor, facts.version_floor) == ("1.0.0", 3, "1.0.0")
    assert len(facts.sha256) == 64
    (home / "installed.json").write_text('{"security_floor": "x", "version": "other", "sha256": "y"}')
    facts = facts_of(device.agent.settings, device.agent.slots)
    assert (facts.security_floor, facts.sha256, facts.version) == (0, "", "1.0.0")


def test_an_image_longer_than_the_device_takes(device, maker):
    device.settle()
    updater = device.agent.updater
    updater.config = replace(updater.config, updates=replace(updater.config.updates, image_bytes=10))
    maker.release("1.0.0")
    maker.order("1.0.0")
    device.ask()
    assert "more than this device takes" in maker.finals()[-1][2]
