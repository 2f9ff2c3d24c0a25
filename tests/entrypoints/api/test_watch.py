"""Alerts over the API."""

import pytest

from careful import devices, monitoring, products
from careful.monitoring import Detection, Seen

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def alert(world, staff):
    text = b"schema: product/1\nproduct: {id: cam-9, name: Test Cam, models: [TC-9]}\n"
    products.declare(world, staff, text)
    names = [f"cam-9-{one}" for one in range(8)]
    devices.make_tokens(world, staff, "cam-9", names, "rev-a")
    found = [
        Seen(
            Detection("flood", name, 1e6, 900, 20, "declaration", "Much.", "flood|cam-9|messages", "quarantine"),
            "cam-9",
            "1.0.0",
        )
        for name in names
    ]
    monitoring.raise_alerts(world, found)
    monitoring.cut_due(world)
    return monitoring.alerts(world)[0].id


def test_there_are_none(api):
    assert api.get("/watch/alerts").json() == []
    assert {"flood", "silence"} <= {one["id"] for one in api.get("/watch/rules").json()}


def test_an_alert_from_list_to_judgement(api, world, alert):
    [one] = api.get("/watch/alerts?state=open&product=cam-9").json()
    assert (one["title"], one["devices"], one["cut"], one["held"]) == ("Flood", 8, 5, 3)
    detail = api.get(f"/watch/alerts/{alert}").json()
    assert detail["rule"]["words"]
    assert len(detail["devices"]) == 8
    assert api.post(f"/watch/alerts/{alert}/cut", json={"reason": "All bots."}).json() == {"devices": 3}
    said = {"verdict": "expected", "reason": "A load test.", "scope": "device", "value": "cam-9-1", "days": 3}
    assert api.post(f"/watch/alerts/{alert}/judge", json=said).json()["state"] == "expected"
    assert api.post(f"/watch/alerts/{alert}/judge", json=said).status_code == 409
    [word] = api.get("/watch/expectations").json()
    assert (word["scope"], word["value"]) == ("device", "cam-9-1")
    assert api.delete(f"/watch/expectations/{word['id']}").status_code == 204
    assert api.get("/watch/expectations").json() == []


@pytest.mark.parametrize(
    "change", [{"verdict": "maybe"}, {"reason": ""}, {"scope": "world"}, {"days": 0}, {"who": "me"}]
)
def test_malformed(api, alert, change):
    said = {"verdict": "expected", "reason": "Because."} | change
    assert api.post(f"/watch/alerts/{alert}/judge", json=said).status_code == 400


def test_a_chain_begins_anew(api, world):
    assert api.post("/watch/chains/cam-9-1/reset", json={"reason": "Restored."}).status_code == 404
    monitoring.hand_out(world, "cam-9-1", None)
    assert api.post("/watch/chains/cam-9-1/reset", json={"reason": "Restored."}).status_code == 204


def test_no_such_alert(api):
    assert api.get("/watch/alerts/nope").status_code == 404
