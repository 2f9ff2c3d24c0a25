from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from careful.updates.fitting import PATIENCE, circumstance, hindrance, latest, objection, power
from careful.updates.model import URGENCIES, Candidate, Offer, Policy

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OFFER = Offer(product="cam-1", version="1.0.1", hardware=("rev-a",), security_version=3)
DEVICE = Candidate(device="d", product="cam-1", hardware="rev-a", state="active", version="1.0.0", security_version=2)


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        pytest.param(DEVICE, "", id="fits"),
        pytest.param(replace(DEVICE, version=None), "", id="has not said what it runs"),
        pytest.param(replace(DEVICE, product="lock-1"), "it is a lock-1", id="another model"),
        pytest.param(replace(DEVICE, hardware="rev-b"), "not made for hardware rev-b", id="other hardware"),
        pytest.param(replace(DEVICE, version="1.0.1"), "runs it already", id="runs it"),
        pytest.param(replace(DEVICE, version="1.1.0"), "runs 1.1.0, which is not older", id="runs newer"),
        pytest.param(replace(DEVICE, version="beta"), "runs beta, which is not older", id="runs what has no order"),
        pytest.param(
            replace(DEVICE, security_version=4), "runs security version 4, which is higher", id="security falls"
        ),
        pytest.param(replace(DEVICE, state="retired"), "retired", id="retired"),
    ],
)
def test_objection(device, expected):
    assert objection(device, OFFER) == expected


@pytest.mark.parametrize(
    ("state", "hindered"), [("active", False), ("enrolled", False), ("quarantined", True), ("retired", True)]
)
def test_a_device_that_may_not_connect_is_held(state, hindered):
    assert bool(hindrance(replace(DEVICE, state=state))) is hindered


DOWN = replace(OFFER, version="0.9.0", security_version=2, downgrade=True)


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        pytest.param(DEVICE, "", id="runs newer"),
        pytest.param(replace(DEVICE, version="0.8.0"), "runs 0.8.0, which is not newer", id="runs older"),
        pytest.param(replace(DEVICE, version="0.9.0"), "runs it already", id="runs it"),
        pytest.param(replace(DEVICE, version=None), "runs None, which is not newer", id="has not said"),
        pytest.param(replace(DEVICE, security_version=3), "", id="two people answer for the security version"),
    ],
)
def test_objection_to_a_downgrade(device, expected):
    assert objection(device, DOWN) == expected


@pytest.mark.parametrize(
    ("device", "policy", "expected"),
    [
        pytest.param({}, {}, "", id="nothing"),
        pytest.param({"consent": "declined"}, {}, "its owner wants no updates", id="declined"),
        pytest.param({"consent": "ask"}, {}, "", id="who is asked gets an order that asks"),
        pytest.param(
            {"postponed_until": NOW + timedelta(hours=1)},
            {},
            "its owner postponed it until 2026-11-02 10:00 UTC",
            id="postponed",
        ),
        pytest.param({"postponed_until": NOW}, {}, "", id="postponed until now"),
        pytest.param({"battery": 20}, {"min_battery": 50}, "its battery is at 20 %, and 50 % are needed", id="low"),
        pytest.param({"battery": 20, "mains": True}, {"min_battery": 50}, "", id="low, but plugged in"),
        pytest.param({"battery": 50}, {"min_battery": 50}, "", id="just enough"),
        pytest.param({}, {"min_battery": 50, "mains": True}, "", id="what it never said is for it to decide"),
        pytest.param({"mains": False}, {"mains": True}, "it is not plugged in", id="not plugged in"),
    ],
)
def test_circumstance(device, policy, expected):
    assert circumstance(replace(DEVICE, **device), Policy(**policy), NOW) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (None, None)),
        ({"battery": "80"}, (80, None)),
        ({"battery": "80 %", "power": "battery"}, (80, False)),
        ({"battery": "low", "power": "mains"}, (None, True)),
        ({"battery": "101"}, (None, None)),
        ({"battery": "٣"}, (None, None)),
    ],
)
def test_power_as_devices_tell_it(said, expected):
    assert power(said) == expected


def test_the_limit_shrinks_with_urgency():
    limits = [latest(NOW, urgency) for urgency in URGENCIES]
    assert limits == sorted(limits, reverse=True)
    assert len(set(limits)) == len(PATIENCE)
