"""Devices over the API."""

import pytest
from fastapi.testclient import TestClient
from makers import Maker

from careful import devices, updates
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR
from careful.kernel.work import World


def test_tokens_by_name_and_by_number(api: TestClient, maker: Maker) -> None:
    maker.declare()
    named = api.post("/devices/tokens", json={"product": "cam-1", "hardware": "rev-a", "devices": ["cam-1-001"]})
    assert (named.status_code, named.json()[0]["device"]) == (201, "cam-1-001")
    blank = api.post("/devices/tokens", json={"product": "cam-1", "hardware": "rev-a", "devices": 3})
    assert len({one["token"] for one in blank.json()}) == 3


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(devices.TOKENS_AT_ONCE + 1, id="number"),
        pytest.param([f"cam-1-{number:04d}" for number in range(devices.TOKENS_AT_ONCE + 1)], id="names"),
        pytest.param(0, id="none"),
    ],
)
def test_as_many_tokens_at_once_as_the_registry_makes(api: TestClient, maker: Maker, wanted: object) -> None:
    maker.declare()
    body = {"product": "cam-1", "hardware": "rev-a", "devices": wanted}
    refused = api.post("/devices/tokens", json=body)
    assert refused.status_code == 400
    assert refused.json()["problems"]
    most = api.post("/devices/tokens", json=body | {"devices": devices.TOKENS_AT_ONCE})
    assert (most.status_code, len(most.json())) == (201, devices.TOKENS_AT_ONCE)


def test_pages_of_devices(api: TestClient, maker: Maker) -> None:
    maker.fleet(5)
    first = api.get("/devices", params={"limit": 2}).json()
    rest = api.get("/devices", params={"after": first[-1]["id"], "state": "active", "version": "1.0.0"}).json()
    assert [one["id"] for one in first + rest] == [f"cam-1-00{number}" for number in range(1, 6)]
    for wrong in ({"limit": 0}, {"limit": 1001}, {"state": "lost"}):
        assert api.get("/devices", params=wrong).status_code == 400


def test_a_life(api: TestClient, maker: Maker) -> None:
    device = maker.device("cam-1-001")
    for act, state in (("quarantine", "quarantined"), ("restore", "active"), ("revoke", "made"), ("retire", "retired")):
        done = api.post(f"/devices/{device}/{act}", json={"reason": "a test"})
        assert (done.status_code, done.json()["state"]) == (200, state), act
    assert api.post(f"/devices/{device}/restore", json={"reason": "too late"}).status_code == 409


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 501}, {"reason": 1}])
def test_a_reason_is_needed(api: TestClient, maker: Maker, body: dict[str, object]) -> None:
    assert api.post(f"/devices/{maker.device('cam-1-001')}/quarantine", json=body).status_code == 400


def test_whom_to_tell(api: TestClient, maker: Maker) -> None:
    device = maker.device("cam-1-001")
    assert api.put(f"/devices/{device}/owner", json={"email": "owner@example.org"}).status_code == 204
    assert api.get(f"/devices/{device}").json()["owner_ref"]
    assert "owner@example.org" not in api.get(f"/devices/{device}").text
    assert api.delete(f"/devices/{device}/owner").status_code == 204
    assert api.get(f"/devices/{device}").json()["owner_ref"] is None


def test_nothing_was_refused_yet(api: TestClient) -> None:
    assert api.get("/devices/refusals").json() == []
    assert api.get("/devices/nobody").status_code == 404


def test_traits_and_putting_off(api: TestClient, maker: Maker) -> None:
    device = maker.device("cam-1-001")
    done = api.patch(f"/devices/{device}/traits", json={"region": "eu", "tag": ["beta"], "consent": "ask"})
    assert done.json() == {"region": "eu", "zone": "", "consent": "ask", "tags": ["beta"]}
    assert api.get(f"/devices/{device}/traits").json() == done.json()
    assert [one["id"] for one in api.get("/devices", params={"tag": "beta"}).json()] == [device]
    assert api.get("/devices", params={"region": "us"}).json() == []
    assert api.patch(f"/devices/{device}/traits", json={"zone": "Mars/Base"}).status_code == 400
    assert api.post(f"/devices/{device}/postpone", json={"until": "2027-01-01T00:00:00Z"}).status_code == 409
    assert api.post(f"/devices/{device}/postpone", json={"until": "2027-01-01T00:00:00"}).status_code == 400


def test_the_owners_word_over_the_api(api: TestClient, maker: Maker, world: World) -> None:
    maker.release("1.0.1")
    device = maker.device("cam-1-001", None)
    assert api.post(f"/devices/{device}/answer", json={"agreed": True, "reason": "x"}).status_code == 404
    api.patch(f"/devices/{device}/traits", json={"consent": "ask"})
    updates.start_rollout(world, OPERATOR, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    assert api.post(f"/devices/{device}/answer", json={"agreed": True, "reason": ""}).status_code == 400
    done = api.post(f"/devices/{device}/answer", json={"agreed": True, "reason": "ticket 4711"})
    assert (done.status_code, done.json()["version"]) == (200, "1.0.1")
    with world.look() as connection:
        [entry] = ledger.read(connection, names=["updates.owner_agreed"])
    assert entry.data["by"] == str(entry.actor)
