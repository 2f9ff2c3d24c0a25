"""Gateway tokens over the API."""

from fastapi.testclient import TestClient
from makers import Maker


def test_made_shown_once_listed_and_ended(api: TestClient, maker: Maker) -> None:
    maker.declare()
    body = {"name": "old fleet", "product": "cam-1", "hardware": "rev-a", "room": 5}
    made = api.post("/gateway-tokens", json=body)
    assert made.status_code == 201
    [kept] = api.get("/gateway-tokens").json()
    assert (kept["id"], kept["room"], kept["revoked_at"]) == (made.json()["id"], 5, None)
    assert made.json()["gateway_token"] not in str(kept)
    assert api.delete(f"/gateway-tokens/{kept['id']}").status_code == 204
    assert api.delete(f"/gateway-tokens/{kept['id']}").status_code == 404
    assert api.post("/gateway-tokens", json={"name": "x", "room": 5}).status_code == 400
    assert api.post("/gateway-tokens", json={"name": "x", "product": "no-such"}).status_code == 404
