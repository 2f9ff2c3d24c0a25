import json
import time

import pytest
from simulated_gateway import Gateway

from careful_device import mqtt, seen
from careful_device.agent import Agent
from careful_device.config import load
from careful_device.errors import WireError
from careful_device.hub import Hub


def until(done, seconds=15.0):
    end = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)
    return found


@pytest.fixture
def gateway(maker):
    made = Gateway(maker)
    yield made
    made.close()


@pytest.fixture
def hub():
    made = Hub()
    yield made
    made.close()


@pytest.fixture
def agent(home, gateway, hub):
    """An enrolled agent with a gateway, not yet connected."""
    with (home / "config.toml").open("a") as stream:
        stream.write(f'mqtt_host = "127.0.0.1"\nmqtt_port = {gateway.port}\n')
    made = Agent(load(home), hub=hub, sources={})
    made.step()
    yield made
    made.close()


@pytest.fixture
def heard(agent):
    """What the messenger told the loop."""
    told = []
    agent.messenger._notice = told.append
    return told


def up(gateway):
    return [json.loads(payload).get("n") for topic, payload in gateway.published if topic == "d/cam-1-001/up/telemetry"]


def send(agent, *numbers):
    for number in numbers:
        agent.messenger.send("up/telemetry", {"n": number})


def test_it_connects_as_itself_with_a_will_and_hears_only_its_own(agent, gateway, heard):
    agent.messenger.connect()
    until(lambda: heard and len(gateway.subscribed) == 2)
    assert gateway.connects == [("cam-1-001", False, "d/cam-1-001/event/offline")]
    assert gateway.subscribed == ["d/cam-1-001/state/desired", "d/cam-1-001/down/#"]
    assert isinstance(heard[0], seen.Connected)


def test_what_was_said_offline_comes_in_order_once_connected(agent, gateway):
    send(agent, *range(40))
    assert agent.backlog.counts()["waiting"] == 40
    agent.messenger.connect()
    until(lambda: agent.backlog.counts()["waiting"] == 0)
    assert up(gateway) == list(range(40))


def test_what_was_not_acknowledged_is_said_again(agent, gateway, heard):
    gateway.mute = True
    agent.messenger.connect()
    until(lambda: heard)
    send(agent, 1, 2)
    until(lambda: gateway.arrived == 2)
    gateway.cut()
    until(lambda: any(isinstance(one, seen.Disconnected) for one in heard))
    assert agent.backlog.counts()["waiting"] == 2
    gateway.mute = False
    agent.messenger.connect()
    until(lambda: agent.backlog.counts()["waiting"] == 0)
    assert up(gateway) == [1, 2]


def test_what_is_said_again_after_a_restart_is_all_of_it(agent, gateway, hub, home, heard):
    gateway.mute = True
    agent.messenger.connect()
    until(lambda: heard)
    send(agent, 1, 2, 3)
    until(lambda: gateway.arrived == 3)
    agent.close()
    gateway.mute = False
    other = Agent(load(home), hub=hub, sources={})
    other.messenger.connect()
    until(lambda: other.backlog.counts()["waiting"] == 0)
    other.close()
    assert up(gateway) == [1, 2, 3]


def test_a_message_that_closes_the_connection_is_given_up_after_a_while(agent, gateway, heard):
    gateway.closes = b'"n":13'
    send(agent, 13, 14)
    for round_number in range(1, mqtt._TRIES + 1):
        agent.messenger.connect()
        until(lambda n=round_number: sum(isinstance(one, seen.Disconnected) for one in heard) == n)
    agent.messenger.connect()
    until(lambda: agent.backlog.counts()["waiting"] == 0)
    assert up(gateway) == [14]
    assert agent.backlog.counts()["refused"] == 1


def test_a_message_that_the_server_passes_over_is_given_up(agent, gateway, heard, monkeypatch):
    monkeypatch.setattr(mqtt, "_OVERTAKEN_SECONDS", 0.0)
    gateway.refuses = b'"n":13'
    agent.messenger.connect()
    until(lambda: heard)
    send(agent, 13)
    send(agent, 14)
    until(lambda: up(gateway) == [14])
    until(lambda: (agent.messenger.pump(), agent.backlog.counts()["refused"])[1])
    agent.messenger.connect()
    send(agent, 15)
    until(lambda: agent.backlog.counts()["waiting"] == 0)
    assert up(gateway) == [14, 15]


def test_a_nudge_from_the_server_is_passed_on(agent, gateway, heard):
    agent.messenger.connect()
    until(lambda: gateway.subscribed)
    gateway.send("d/cam-1-001/down/poll", b"{}")
    gateway.send("d/cam-1-001/state/desired", b"{}")
    until(lambda: any(isinstance(one, seen.Nudged) for one in heard))


def test_who_goes_politely_leaves_no_will_and_who_vanishes_does(agent, gateway, heard):
    agent.messenger.connect()
    until(lambda: heard)
    agent.messenger.cut()
    until(lambda: gateway.wills == ["d/cam-1-001/event/offline"])
    until(lambda: isinstance(heard[-1], seen.Disconnected))
    agent.messenger.connect()
    until(lambda: isinstance(heard[-1], seen.Connected))
    agent.messenger.drop()
    until(lambda: isinstance(heard[-1], seen.Disconnected))
    assert len(gateway.wills) == 1


def test_a_refused_connection_is_told(agent, gateway, heard):
    gateway.refuse_connect = 5
    agent.messenger.connect()
    until(lambda: heard)
    assert isinstance(heard[0], seen.Disconnected)
    assert "Not authorized" in heard[0].reason


def test_nobody_there_is_a_wire_error(agent, gateway):
    gateway.close()
    with pytest.raises(WireError, match="cannot be reached"):
        agent.messenger.connect()


def test_how_it_is_now_is_never_kept(agent, gateway, heard):
    agent.messenger.report({"version": "1.0.0"})
    agent.messenger.connect()
    until(lambda: heard)
    agent.messenger.report({"version": "1.0.1"})
    until(lambda: gateway.published)
    assert gateway.published == [("d/cam-1-001/state/reported", b'{"version":"1.0.1"}')]
    assert agent.backlog.counts()["waiting"] == 0


def test_a_renewed_certificate_is_used_at_the_next_connection(agent, gateway, heard):
    agent.messenger.connect()
    until(lambda: heard)
    send(agent, 1)
    until(lambda: up(gateway) == [1])
    before = agent.identity.path()
    agent._certify(first=False)
    until(lambda: isinstance(heard[-1], seen.Disconnected))
    assert agent.identity.path() != before
    agent.messenger.connect()
    until(lambda: isinstance(heard[-1], seen.Connected))
    send(agent, 2)
    until(lambda: up(gateway) == [1, 2])


def test_an_agent_tells_what_runs_and_how_an_order_went(agent, gateway, maker):
    maker.release("1.0.0")
    maker.order("1.0.0")
    until(lambda: (agent.step(), ("d/cam-1-001/state/reported", b'{"version":"1.0.0"}') in gateway.published)[1])
    until(lambda: (agent.step(), [one for one in gateway.published if one[0].endswith("event/update")])[1])
    told = next(json.loads(payload) for topic, payload in gateway.published if topic.endswith("event/update"))
    assert (told["version"], told["state"], told["reason"]) == ("1.0.0", "succeeded", "running 1.0.0")
