"""The real servers and a real agent: an order that both repositories agree on, and what the agent refuses.

The device's own tests bend a simulated maker in every way; here the maker is Careful itself, broken into.
"""

import json
import sys
import time
from pathlib import Path

import pytest
from makers import SBOM
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata
from tuf.api.serialization.json import JSONSerializer

sys.path.insert(0, str(Path(__file__).parents[1] / "demo"))
from test_simulated import image
from town import STAFF, Town

from careful import devices, releases, updates
from careful.demo.firmware import HARDWARE
from careful.demo.fleet import make
from careful.kernel import ledger
from careful.updates import director, publishing
from careful_device.agent import Agent
from careful_device.config import load


class House:
    """A maker with running servers, and two devices of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.town = Town(folder / "home", ("cam-1",))
        self.world = self.town.world
        make(folder / "devices", self.town.servers(), self.town.making("cam-1", 2))
        names = ("cam-1-001", "cam-1-002")
        self.agents = {name: Agent(load(folder / "devices" / name), sources={}) for name in names}
        for agent in self.agents.values():
            self.run(agent, lambda one: bool(one.state.certified))

    def close(self) -> None:
        for agent in self.agents.values():
            agent.close()
        self.town.close()

    def run(self, agent: Agent, done, seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not done(agent):
            assert time.monotonic() < end, f"it did not come about: {agent.state}"
            time.sleep(min(agent.step(), 0.1))

    def release(self, version: str, *, publish: bool = True) -> releases.Release:
        path = image(self.folder, f"cam-1-{version}.tar.gz", version)
        bom = json.dumps(SBOM | {"version": 1, "components": [{"name": version, "version": version}]}).encode()
        one = releases.add(self.world, STAFF, "cam-1", version, path, bom, (HARDWARE,)).release
        if publish:
            updates.sign_release(self.world, STAFF, one.id)
            updates.publish(self.world, STAFF, one.id)
        return one

    def rollout(self, version: str) -> None:
        for one in updates.rollouts(self.world):
            if one.state == "running":
                updates.halt(self.world, STAFF, one.id, "A newer one comes.")
        updates.start_rollout(self.world, STAFF, "cam-1", version, waves=["100%"], max_failures_percent=100.0)
        updates.advance(self.world)

    def answer(self, name: str) -> str:
        """Let a device carry out its order, and return how it closed it."""
        order = updates.order_for(self.world, name)
        assert order is not None
        self.run(self.agents[name], lambda _: not updates.order(self.world, order.id).is_open)
        return " ".join(updates.statuses(self.world, order.id)[0].report.details)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = House(tmp_path_factory.mktemp("house"))
    yield made
    made.close()


def test_1_an_order_that_both_repositories_agree_on(house):
    house.release("1.0.0")
    house.rollout("1.0.0")
    assert house.answer("cam-1-001") == "running 1.0.0"
    assert house.answer("cam-1-002") == "running 1.0.0"


def test_2_a_broken_gateway_cannot_give_one_device_what_is_meant_for_another(house, monkeypatch):
    house.release("1.0.1")
    house.rollout("1.0.1")
    real, other = director.assignment, updates.order_for(house.world, "cam-1-002").id
    monkeypatch.setattr(updates, "assignment", lambda world, _device, _action: real(world, "cam-1-002", other))
    assert house.answer("cam-1-001").startswith("refused: wrong-device: the order is signed for cam-1-002")
    monkeypatch.undo()
    assert house.answer("cam-1-002") == "running 1.0.1"


def test_3_a_broken_gateway_cannot_give_out_an_assignment_of_its_own(house, monkeypatch):
    thief = CryptoSigner.generate_ed25519()
    real = director.assignment

    def forged(world, device, action):
        said = Metadata.from_bytes(real(world, device, action))
        said.signatures.clear()
        said.sign(thief)
        return said.to_bytes(JSONSerializer(compact=True))

    house.release("1.0.2")
    house.rollout("1.0.2")
    monkeypatch.setattr(updates, "assignment", forged)
    assert house.answer("cam-1-001").startswith("refused: unsigned: the assignment is not the director's word")


def test_4_the_old_release_key_counts_no_more_and_the_device_follows_the_new_one(house):
    """Someone has a copy of the release key and write access to the repository's folder; the maker replaced the key."""
    keys = house.world.keys
    stolen = {name: keys.load(name) for name in keys.names() if name in {"tuf.cam-1.release", "tuf.cam-1.build"}}
    assert len(stolen) == 2
    updates.replace_key(house.world, STAFF, "cam-1", "release", "It was stolen.")
    house.release("1.0.3")
    repository = publishing.ensure_repository(house.world, "cam-1")
    path = repository.metadata / f"{repository.in_force()['releases']}.releases.json"
    genuine = path.read_bytes()
    forged = Metadata.from_bytes(genuine)
    forged.signatures.clear()
    for key in stolen.values():
        forged.sign(CryptoSigner(key), append=True)
    path.write_bytes(forged.to_bytes(JSONSerializer(compact=True)))
    house.rollout("1.0.3")
    assert updates.order_for(house.world, "cam-1-002") is not None
    assert house.answer("cam-1-002").startswith("refused: unsigned: ")
    path.write_bytes(genuine)
    house.rollout("1.0.3")
    assert house.answer("cam-1-002") == "running 1.0.3"


def test_5_a_real_agent_refuses_a_rehearsed_order_for_another_device(house):
    for one in updates.rollouts(house.world):
        if one.state == "running":
            updates.halt(house.world, STAFF, one.id, "A rehearsal comes.")
    devices.report_version(house.world, "cam-1-002", "1.0.3", "ddi")
    action = updates.drill(house.world, STAFF, "cam-1-002", "wrong_device")
    assert updates.order_for(house.world, "cam-1-002").id == action
    assert house.answer("cam-1-002").startswith("refused: wrong-device: the order is signed for another.device")
    with house.world.look() as connection:
        assert ledger.read(connection, names=["updates.drill_held"])[-1].data["kind"] == "wrong_device"
