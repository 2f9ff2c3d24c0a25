"""What is collected, refused and agreed to, over the API."""

from collected import Collected
from fastapi.testclient import TestClient

from careful.kernel.actors import Actor
from careful.kernel.work import World


def test_items_refusals_and_consents(api: TestClient, world: World, staff: Actor) -> None:
    made = Collected(world, staff)
    made.declare()
    made.take()
    made.refuse()
    items = {one["item"]: one for one in api.get("/data/items", params={"product": "toy-1"}).json()}
    assert (items["climate"]["records"], items["climate"]["refused"]) == (40, 6)
    assert [one["name"] for one in items["voice"]["fields"]] == ["clip", "seconds"]
    [refused] = api.get("/data/refused").json()
    assert (refused["item"], refused["field"], refused["devices"]) == ("climate", "ssid", 2)
    where = "/data/consents/toy-1-001"
    assert api.put(f"{where}/climate", json={}).status_code == 409
    assert api.put(f"{where}/voice", json={}).status_code == 400
    assert api.put(f"{where}/voice", json={"method": "paper", "who": "Ann"}).status_code == 400
    given = api.put(f"{where}/voice", json={"method": "paper"})
    assert (given.status_code, given.json()["kind"]) == (200, "parental")
    assert [one["item"] for one in api.get(where).json()] == ["voice"]
    assert [one["item"] for one in api.delete(f"{where}/voice").json()] == ["voice"]
    assert api.delete(f"{where}/voice").json() == []
    assert api.get("/data/items", params={"product": "no-such"}).status_code == 404
