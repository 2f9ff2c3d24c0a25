"""Sets without persons over the API."""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from household import make_house

from careful import products
from careful.kernel.actors import Actor
from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_handed_out_and_refused(api: TestClient, world: World, staff: Actor, tmp_path: Path) -> None:
    house = make_house(world, staff, tmp_path)
    where, wanted = "/data/deidentified/cam-1/clip", {"recipient": "vendor-x", "rules": ["zone=keep"]}
    assert api.post(where, json=wanted).status_code == 409  # no k is declared
    text = (
        products.text_of(world, "cam-1", 1)
        .decode()
        .replace("{days: 14}", "{days: 14}, deidentified: {method: m, k: 1}")
    )
    products.declare(world, staff, text.encode())
    products.approve(world, staff, "cam-1")
    house.say("up/clip", version=2, zone="hall", seconds=4)
    made = api.post(where, json=wanted)
    head, *lines = map(json.loads, made.text.splitlines())
    assert (made.status_code, head["recipient"], len(lines)) == (200, "vendor-x", 4)
    assert api.post(where, json=wanted | {"rules": ["zone=nonsense"]}).status_code == 400
    assert api.post(where, json=wanted | {"k": 1}).status_code == 400
