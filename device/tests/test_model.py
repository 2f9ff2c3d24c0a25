import json
from dataclasses import replace

import pytest

from careful_device.conditions import Conditions
from careful_device.model import Job, Order, Step, Target

ORDER = Order(action="7", href="h", version="2", filename="f", size=1, download="d", target_path="2/f")
TARGET = Target(
    path="2/f", length=1, sha256="0" * 64, product="p", hardware=("r", "s"), version="2", security_version=1
)


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(Job(action="7", href="h"), id="new"),
        pytest.param(
            Job(
                action="7",
                href="h",
                step=Step.PROVE,
                order=ORDER,
                target=TARGET,
                told=True,
                tries=2,
                due=1.5,
                outcome="x",
            ),
            id="under way",
        ),
        pytest.param(
            Job(
                action="7",
                href="h",
                step=Step.FETCH,
                order=replace(ORDER, conditions=Conditions(min_battery=50, mains=True, window="22:00-04:00 UTC")),
                held="power",
                waiting="not plugged in",
                wait_told=3.5,
            ),
            id="waiting for power",
        ),
    ],
)
def test_a_job_is_the_same_after_the_journal(job):
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job


@pytest.mark.parametrize(
    "plain",
    [
        pytest.param({}, id="empty"),
        pytest.param({"action": "7", "href": "h", "step": "dance"}, id="unknown step"),
        pytest.param({"action": "7", "href": "h", "step": "read", "more": 1}, id="unknown field"),
        pytest.param({"action": "7", "href": "h", "step": "read", "order": {"action": "7"}}, id="half an order"),
        pytest.param({"action": "7", "href": "h", "step": "read", "target": "x"}, id="a target that is none"),
    ],
)
def test_an_unreadable_journal_is_none(plain):
    assert Job.from_json(plain) is None
