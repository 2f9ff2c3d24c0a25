"""What follows from an alert: who is cut off, which rollout halts, what a person is asked."""

import persons
import pytest
from makers import Maker
from sqlalchemy import select

from careful import devices, monitoring, notices, people, updates
from careful.kernel import ledger, outbox
from careful.kernel.errors import NotFound
from careful.monitoring import Detection, Seen
from careful.workflows import watch_response as flow

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def maker(world, staff, tmp_path):
    return Maker(world, staff, tmp_path)


def seen(device, release="1.0.1", rule="flood", action="alert"):
    found = Detection(rule, device, 1e6, 900, 20, "declaration", "Much was sent.", f"{rule}|cam-1|x", action)
    return Seen(found, "cam-1", release)


def rolling(maker):
    maker.release("1.0.0")
    maker.fleet(4)
    maker.release("1.0.1")
    return updates.start_rollout(maker.world, maker.staff, "cam-1", "1.0.1")


def state(world):
    return updates.rollouts(world)[0].state


def test_a_release_whose_devices_share_an_alert_is_halted(maker, world):
    rolling(maker)
    monitoring.raise_alerts(world, [seen("cam-1-001")])
    assert flow.halt_rollouts(world) == 0
    assert state(world) == "running"
    monitoring.raise_alerts(world, [seen("cam-1-002")])
    assert flow.halt_rollouts(world) == 1
    assert flow.halt_rollouts(world) == 0
    assert state(world) == "halted"
    assert "flood on 2 devices that run 1.0.1" in updates.rollouts(world)[0].reason
    [alert] = monitoring.alerts(world)
    assert dict(flow.progress(world, alert.id))["Rollout halted"].says.endswith("was halted for it.")


@pytest.mark.parametrize("case", ["another release", "what strangers do", "a drill"])
def test_other_alerts_halt_nothing(case, maker, world):
    rolling(maker)
    release = "1.0.0" if case == "another release" else "1.0.1"
    rule = "refused_logins" if case == "what strangers do" else "flood"
    for name in ("cam-1-001", "cam-1-002"):
        one = seen(name, release, rule)
        monitoring.raise_alerts(world, [Seen(one.detection, "cam-1", release, drill=case == "a drill")])
    assert flow.halt_rollouts(world) == 0
    assert state(world) == "running"


def test_who_was_to_be_cut_off_when_the_gateway_ended_is_cut_off(maker, world, staff):
    maker.device("cam-1-001")
    monitoring.raise_alerts(world, [seen("cam-1-001", action="quarantine")])
    [alert] = monitoring.alerts(world)
    assert flow.cut_off(world) == 1
    assert devices.get(world, "cam-1-001").state == "quarantined"
    states = [status.state for _, status in flow.progress(world, alert.id)]
    assert states == ["done", "done", "done", "done", "now"]
    monitoring.judge(world, staff, alert.id, "confirmed", "It was a bot.")
    assert dict(flow.progress(world, alert.id))["Judged"].says == "It was trouble: It was a bot."


def test_who_may_judge_is_written_to_once(maker, world, clock):
    persons.enrol(world, clock, people.first_link(world))
    maker.device("cam-1-001")
    monitoring.raise_alerts(world, [seen("cam-1-001")])
    assert flow.tell_staff(world) == 0
    monitoring.raise_alerts(world, [seen("cam-1-001", action="quarantine")])
    flow.cut_off(world)
    assert flow.tell_staff(world) == 1
    assert flow.tell_staff(world) == 0
    [alert] = monitoring.alerts(world)
    with world.look() as connection:
        posted = [row.payload for row in connection.execute(select(outbox.messages)) if row.kind == notices.STAFF_MAIL]
        told = ledger.read(connection, names=("monitoring.staff_told",))
    assert [(one["to"], one["subject"]) for one in posted] == [("ann@example.org", "Careful: Flood in cam-1")]
    assert f"/detections/{alert.id}" in posted[0]["body"]
    assert "@" not in str(told[0].data)


def test_no_such_alert(world):
    with pytest.raises(NotFound):
        flow.progress(world, "nope")
