"""The owner's word as a device tells it, through the real application."""

from datetime import UTC, datetime, timedelta

import cbor2
import ddi_device
import pytest
from makers import Maker

from careful import updates
from careful.kernel.clock import ManualClock
from careful.updates import store
from careful.updates.model import action_number

CBOR = {"accept": "application/cbor", "content-type": "application/cbor"}


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 11, 2, 9, tzinfo=UTC))


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.device("cam-1-001")
    return made


@pytest.fixture
def cam(world, maker):
    with ddi_device.http(world) as client:
        yield ddi_device.certified(client, maker, "cam-1-001")


@pytest.fixture
def offer(world, staff, maker):
    """Make an order on the terms given."""
    release = maker.release("1.0.1")

    def make(**more):
        with world.change(staff) as work:
            action = action_number(store.next_number(work.connection, "action"))
            row = {"id": action, "device": "cam-1-001", "product": "cam-1", "release": release.id, "version": "1.0.1"}
            row |= {"rollout": "", "drill": "", "made_at": work.now, "deadline": work.now + timedelta(days=1)}
            store.add_orders(work.connection, [row | more])
        return action

    return make


def links(cam):
    return cam.get().json()["_links"]


def say(cam, action, word, **more):
    return cam.post(f"/confirmationBase/{action}/feedback", json={"confirmation": word, **more})


def test_an_order_waits_for_the_owner_and_then_goes_its_way(cam, offer, world):
    action = offer(needs_confirmation=True)
    assert "deploymentBase" not in links(cam)
    waiting = cam.get(links(cam)["confirmationBase"]["href"] + "&actionHistory=-1").json()
    assert waiting["id"] == str(action)
    assert waiting["confirmation"]["chunks"][0]["version"] == "1.0.1"
    assert waiting["actionHistory"] == {"status": "WAIT_FOR_CONFIRMATION", "messages": []}
    link = waiting["confirmation"]["chunks"][0]["artifacts"][0]["_links"]["download"]["href"]
    for refused in (cam.get(f"/deploymentBase/{action}"), cam.tell(action), cam.get(link)):
        assert refused.status_code == 404
    assert say(cam, action, "denied", code=3, details=["not now"]).status_code == 200
    assert "confirmationBase" in links(cam)
    assert say(cam, action, "confirmed").status_code == 200
    assert cam.get(f"/confirmationBase/{action}").status_code == 404
    assert cam.get(links(cam)["deploymentBase"]["href"]).json()["id"] == str(action)
    assert cam.get(link).status_code == 200
    assert cam.tell(action).status_code == 200
    assert say(cam, action, "denied").status_code == 410
    assert updates.order(world, action).state == "succeeded"


@pytest.mark.parametrize(
    "body",
    [{}, {"confirmation": "yes"}, {"confirmation": None}, {"confirmation": "confirmed", "code": "x"},
     {"confirmation": "confirmed", "details": [1]}],
)  # fmt: skip
def test_a_malformed_word(cam, offer, world, body):
    action = offer(needs_confirmation=True)
    answer = cam.post(f"/confirmationBase/{action}/feedback", json=body)
    assert (answer.status_code, answer.json()["exceptionClass"]) == (400, "Invalid")
    assert updates.order(world, action).consent == "asked"


def test_a_word_that_nobody_asked_for(cam, offer):
    action = offer()
    assert say(cam, action, "confirmed").status_code == 404
    assert say(cam, 77777, "confirmed").status_code == 404


def test_a_device_agrees_by_itself(cam, offer, world):
    assert cam.get("/confirmationBase").json()["autoConfirm"] == {"active": False}
    waiting = offer(needs_confirmation=True)
    said = cam.get("/confirmationBase").json()["_links"]
    assert said["confirmationBase"]["href"].endswith(f"/confirmationBase/{waiting}")
    asked = {"initiator": "owner", "remark": "at night"}
    assert cam.post(said["activateAutoConfirm"]["href"], json=asked).status_code == 200
    assert cam.post("/confirmationBase/activateAutoConfirm").status_code == 409
    state = cam.get("/confirmationBase").json()
    at = int(world.clock.now().timestamp() * 1000)
    assert state["autoConfirm"] == {"active": True, "activatedAt": at, **asked}
    assert set(state["_links"]) == {"deactivateAutoConfirm"}
    assert "deploymentBase" in links(cam)
    assert cam.tell(waiting).status_code == 200
    assert updates.order(world, offer(needs_confirmation=True)).consent == "given"
    assert cam.post("/confirmationBase/deactivateAutoConfirm").status_code == 200
    assert cam.get("/confirmationBase").json()["autoConfirm"] == {"active": False}
    assert cam.post("/confirmationBase/activateAutoConfirm", json={"initiator": 7}).status_code == 400
    assert cam.post("/confirmationBase/activateAutoConfirm").status_code == 200


def test_a_soft_order_is_forced_from_its_moment_on(cam, offer, clock):
    action = offer(forced_from=clock.now() + timedelta(hours=1))
    first = links(cam)["deploymentBase"]["href"]
    assert cam.get(first).json()["deployment"]["update"] == "attempt"
    assert links(cam)["deploymentBase"]["href"] != ""
    clock.advance(timedelta(hours=1))
    assert links(cam)["deploymentBase"]["href"] != first  # so that the device reads it anew
    deployment = cam.get(f"/deploymentBase/{action}").json()["deployment"]
    assert (deployment["download"], deployment["update"]) == ("forced", "forced")


def test_an_order_is_held_back_until_its_window_opens(cam, offer, clock):
    action = offer(window="10:00-12:00")
    assert "deploymentBase" not in links(cam)
    assert cam.get(f"/deploymentBase/{action}").status_code == 404
    clock.advance(timedelta(hours=1))
    deployment = cam.get(links(cam)["deploymentBase"]["href"]).json()["deployment"]
    assert (deployment["update"], deployment["maintenanceWindow"]) == ("forced", "available")
    assert {"key": "window", "value": "10:00-12:00"} in deployment["chunks"][0]["metadata"]
    clock.advance(timedelta(hours=3))  # it has begun: SWUpdate finds its order by this link to report its end
    assert "deploymentBase" in links(cam)
    assert cam.tell(action).status_code == 200


def test_never_begun_in_its_window_is_told_no_more(cam, offer, clock):
    offer(window="08:00-10:00")
    assert "deploymentBase" in links(cam)
    clock.advance(timedelta(hours=2))
    assert "deploymentBase" not in links(cam)


def test_all_of_it_in_cbor(cam, offer, world):
    action = offer(needs_confirmation=True)

    def get(path):
        answer = cam.get(path, headers=CBOR)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/cbor")
        return cbor2.loads(answer.content)

    def send(verb, path, plain):
        return getattr(cam, verb)(path, content=cbor2.dumps(plain), headers=CBOR)

    assert get("")["config"]["polling"]["sleep"].startswith("00:0")
    assert send("put", "/configData", {"mode": "merge", "data": {"serial": "7"}}).status_code == 200
    assert get("/confirmationBase")["autoConfirm"] == {"active": False}
    assert get(f"/confirmationBase/{action}")["id"] == str(action)
    assert send("post", f"/confirmationBase/{action}/feedback", {"confirmation": "confirmed"}).status_code == 200
    chunk = get(f"/deploymentBase/{action}")["deployment"]["chunks"][0]
    assert get(f"/softwaremodules/{action}/artifacts") == chunk["artifacts"]
    status = {"execution": "closed", "result": {"finished": "success"}, "details": ["done"]}
    assert send("post", f"/deploymentBase/{action}/feedback", {"status": status}).status_code == 200
    assert get(f"/installedBase/{action}")["id"] == str(action)
    refused = send("post", f"/deploymentBase/{action}/feedback", {"status": status})
    assert cbor2.loads(refused.content)["errorCode"] == "careful.410"
    assert updates.attributes(world, "cam-1-001") == {"serial": "7"}
