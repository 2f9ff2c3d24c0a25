"""What waits for a second person, over the API: asked for with 202, listed, refused, and never agreed to by a token."""

from typing import Any

import persons
import pytest

from careful import people
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_a_token_asks_and_never_agrees(world: Any, clock: Any, api: Any, maker: Any) -> None:
    with persons.cheap_hashing():
        first = people.first_link(world)
        second = people.invite(world, OPERATOR, ("executive",))
        persons.enrol(world, clock, first)
        persons.enrol(world, clock, second, "ben@example.org", "Ben")
    maker.declare()
    maker.device("cam-1-001", None)
    ask = {"why": "asked"}
    assert api.post("/data/ended/cam-1-001", json=ask).status_code == 400
    asked = api.post("/data/ended/cam-1-001", json=ask | {"reason": "They asked."})
    assert asked.status_code == 202
    told = asked.json()
    assert asked.headers["location"].endswith(told["approval"])
    assert told["state"] == "waiting"
    assert [one["id"] for one in api.get("/approvals").json()] == [told["approval"]]
    shown = api.get(f"/approvals/{told['approval']}").json()
    assert shown["act"]["asked_by"].startswith("token:")
    assert {"name": "Device", "value": "cam-1-001 (cam-1)"} in shown["lines"]
    refused = api.post(f"/approvals/{told['approval']}/approve")
    assert (refused.status_code, "signed in" in refused.json()["detail"]) == (403, True)
    done = api.post(f"/approvals/{told['approval']}/refuse", json={"reason": "A mistake."})
    assert done.json()["state"] == "refused"
    assert api.get("/approvals").json() == []
    assert len(api.get("/approvals", params={"every": True}).json()) == 1
    assert api.get("/approvals/none").status_code == 404
