import pytest
from town import free_port, until

from careful import devices
from careful.demo import rogue
from careful.demo.fleet import make
from careful.demo.simulated import SharedImages, Simulated
from careful_device.hub import Hub


@pytest.fixture
def device(town, tmp_path):
    make(tmp_path, town.servers(), town.making("cam-1", 2))
    hub = Hub()
    made = Simulated(tmp_path / "cam-1-001", hub, SharedImages(tmp_path / ".images"), 5.0, lambda: None)
    until(lambda: (made.step(), made.agent.state.connected)[1])
    yield made
    made.close()
    hub.close()


def test_both_are_refused_by_the_real_gateway_and_counted(device, town):
    device.behave({"name": "rogue", "victim": "cam-1-002"})
    until(lambda: (device.step(), device.behaviour.get("done"))[1])
    assert device.behaviour["result"] == {
        "other_name": "refused: never acknowledged, what came after it was",
        "undeclared_field": "refused: never acknowledged, what came after it was",
    }
    until(lambda: len(devices.refusals(town.world, "cam-1-001")) == 2)
    counted = {one.kind: one.detail for one in devices.refusals(town.world, "cam-1-001")}
    assert counted == {"foreign-topic": "d/cam-1-002/up/telemetry", "undeclared-field": "telemetry.owner_email"}
    until(lambda: (device.step(), device.agent.state.connected)[1])


def test_a_gateway_that_is_not_there_proves_nothing(device):
    context, _path = device.agent.client.context()
    found = rogue.attempt(context, ("localhost", free_port()), "cam-1-001", "cam-1-002", {})
    assert all(said.startswith("unknown: ") for said in found.values())
