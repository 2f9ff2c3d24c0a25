"""Rollouts over the API."""

import pytest
from fastapi.testclient import TestClient
from makers import Maker

from careful import devices, updates


@pytest.fixture
def rollout(api: TestClient, maker: Maker) -> str:
    """A rollout of 1.0.1 to four cameras that run 1.0.0."""
    maker.release("1.0.0")
    maker.fleet(4)
    maker.release("1.0.1")
    started = api.post("/rollouts", json={"product": "cam-1", "version": "1.0.1", "waves": ["1", "100%"]})
    assert started.status_code == 201, started.text
    updates.advance(maker.world)
    return str(started.json()["rollout"])


def test_start_watch_halt_resume(api: TestClient, rollout: str) -> None:
    shown = api.get(f"/rollouts/{rollout}").json()
    assert (shown["rollout"]["state"], len(shown["members"])) == ("running", 4)
    assert [one["id"] for one in api.get("/rollouts", params={"product": "cam-1"}).json()] == [rollout]
    assert len(api.get("/rollouts/orders", params={"drills": False}).json()) == 1
    assert api.get("/rollouts/uptake", params={"product": "cam-1", "version": "1.0.1"}).json()["total"] == 4
    halted = api.post(f"/rollouts/{rollout}/halt", json={"reason": "a doubt"}).json()
    assert (halted["rollout"]["state"], halted["rollout"]["reason"]) == ("halted", "a doubt")
    resumed = api.post(f"/rollouts/{rollout}/resume", json={"reason": "it was nothing"}).json()
    assert resumed["rollout"]["state"] == "running"


def test_a_rehearsal(api: TestClient, maker: Maker) -> None:
    maker.release("1.0.0")
    device = maker.device("cam-1-001")
    done = api.post("/rollouts/drills", json={"device": device, "kind": "tampered"})
    assert done.status_code == 201, done.text
    (order,) = api.get("/rollouts/orders", params={"device": device, "drills": True}).json()
    assert (order["id"], order["drill"]) == (done.json()["action"], "tampered")


@pytest.mark.parametrize(
    "spoil",
    [
        {"waves": ["x"]},
        {"waves": []},
        {"max_failures_percent": 101},
        {"deadline_minutes": 0},
        {"attempts": 0},
        {"min_failures": 0},
        {"waves": ["1"] * 21},
    ],
    ids=str,
)
def test_malformed_rollouts(api: TestClient, maker: Maker, spoil: dict[str, object]) -> None:
    maker.release("1.0.0")
    maker.fleet(1, None)
    assert api.post("/rollouts", json={"product": "cam-1", "version": "1.0.0"} | spoil).status_code == 400


def test_one_that_nobody_started(api: TestClient) -> None:
    assert api.get("/rollouts/nothing").status_code == 404
    for act in ("halt", "resume", "devices/cam-1-001/account"):
        assert api.post(f"/rollouts/nothing/{act}", json={"reason": "x"}).status_code == 404
    assert api.post("/rollouts/drills", json={"device": "x", "kind": "explode"}).status_code == 400


def test_a_preview_changes_nothing(api: TestClient, maker: Maker) -> None:
    maker.release("1.0.0")
    maker.release("1.0.1")
    maker.fleet(2)
    body = {"product": "cam-1", "version": "1.0.1", "waves": ["100%"], "group": "device=cam-1-001"}
    shown = api.post("/rollouts/preview", json=body)
    assert shown.status_code == 200, shown.text
    assert shown.json()["waves"] == [{"number": 1, "asked": "100%", "devices": ["cam-1-001"]}]
    assert shown.json()["left_out"] == [["cam-1-002", "not device=cam-1-001"]]
    assert api.get("/rollouts").json() == []


def test_monitoring_halts(api: TestClient, rollout: str) -> None:
    body = {"product": "cam-1", "reason": "The cameras are hot."}
    assert api.post("/rollouts/alarms", json=body).json() == {"halted": [rollout]}
    assert api.post("/rollouts/alarms", json=body).json() == {"halted": []}
    assert api.get(f"/rollouts/{rollout}").json()["rollout"]["reason"] == "Monitoring: The cameras are hot."


def test_going_back_waits_for_two_people(api: TestClient, maker: Maker, rollout: str) -> None:
    for name in maker.keys:
        devices.report_version(maker.world, name, "1.0.1", "ddi")
    made = api.post(f"/rollouts/{rollout}/roll-back", json={"to": "1.0.0", "reason": "It is hot."})
    assert (made.status_code, made.json()["state"]) == (201, "proposed")
    dropped = api.post(f"/rollouts/{made.json()['rollout']}/withdraw", json={"reason": "It was the sun."})
    assert dropped.json()["rollout"]["state"] == "superseded"


def test_the_truth_of_a_fleet(api: TestClient, maker: Maker, rollout: str) -> None:
    found = api.get("/rollouts/currency/cam-1").json()
    assert (found["current"], found["behind"]) == (0, 4)
    assert sum(one["count"] for one in found["causes"]) == 4
    fates = api.get(f"/rollouts/{rollout}/fates").json()
    assert sorted(one["fate"] for one in fates) == ["assigned", "waiting", "waiting", "waiting"]
    assert api.get("/rollouts/currency/cam-9").status_code == 404
    assert api.get("/rollouts/uptake/CVE-2026-1").status_code == 404
