"""Reading, ending and receipts over the API."""

from pathlib import Path

from fastapi.testclient import TestClient
from household import make_house

from careful.kernel.actors import Actor
from careful.kernel.work import World


def test_readings_reads_and_the_end(api: TestClient, world: World, staff: Actor, tmp_path: Path) -> None:
    house = make_house(world, staff, tmp_path)
    house.say("up/clip", zone="hall", seconds=4)
    where = "/data/readings/cam-1-001"
    assert api.post(where, json={}).status_code == 400  # for which purpose?
    assert api.post(where, json={"purpose": "sell it"}).status_code == 409
    found = api.post(where, json={"purpose": "help the owner", "stream": "up/clip"}).json()
    assert [one["values"] for one in found["readings"]] == [{"zone": "hall", "seconds": 4}]
    assert [one["purpose"] for one in api.get("/data/reads").json()] == ["help the owner"]
    assert api.get("/data/unread").json() == []
    made = api.post("/data/ended/cam-1-001", json={"why": "asked"})
    assert (made.status_code, made.json()["why"]) == (201, "asked")
    assert api.post("/data/ended/cam-1-001", json={"why": "transfer"}).status_code == 201
    assert api.post("/data/ended/cam-1-001", json={"why": "retired"}).status_code == 400
    listed = api.get("/data/receipts", params={"device": "cam-1-001"}).json()
    assert len(listed) == 2
    signed = api.get(f"/data/receipts/{made.json()['id']}").json()
    assert "the customer asked for it" in signed["note"]
    assert signed["key"].startswith("careful/receipt+")
    assert api.get("/data/receipts/none").status_code == 404
