"""Suppliers over the API; a supplier's token reaches its own items alone."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from careful import people, suppliers
from careful.entrypoints.api.app import create_api
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.work import World
from careful.people import store

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
FORM = {"kind": "certificate", "title": "ISO", "until": "2027-06-01"}
FILE = {"file": ("iso.pdf", b"%PDF", "application/pdf")}


def test_the_record_from_end_to_end(caller: Any) -> None:
    api = caller("suppliers:read", "suppliers:change", "suppliers:ask")
    assert api.put("/suppliers/acme", json={"name": "Acme", "delivers": "chips"}).json()["name"] == "Acme"
    evidence = api.post("/suppliers/acme/evidence", data=FORM, files=FILE).json()["id"]
    assert api.post(f"/suppliers/evidence/{evidence}/accept").status_code == 204
    got = api.get(f"/suppliers/evidence/{evidence}/file")
    assert (got.content, got.headers["content-type"]) == (b"%PDF", "application/octet-stream")
    signed = {"signed": "2026-01-01", "until": "2027-01-01", "clauses": ["encrypt", "notify=24"]}
    assert api.post("/suppliers/acme/contract", json=signed).json() == {"id": "1"}
    assert api.post("/suppliers/acme/contract", json={**signed, "clauses": ["notify"]}).status_code == 400
    item = api.post("/suppliers/acme/items", json={"asks": "SBOM?", "due": "2027-01-01"}).json()["id"]
    assert api.post(f"/suppliers/items/{item}/close").status_code == 204
    kept = api.get("/suppliers/acme").json()
    assert kept["contracts"][0]["clauses"] == {"encrypt": None, "notify": 24}
    assert [one["id"] for one in api.get("/suppliers").json()] == ["acme"]
    assert api.post(f"/suppliers/evidence/{evidence}/withdraw", json={"reason": "forged"}).status_code == 204
    assert api.post("/suppliers/acme/end", json={"reason": "done"}).status_code == 204
    assert api.get("/suppliers/nobody").status_code == 404
    big = {"file": ("x", b"x" * (suppliers.MOST_FILE_BYTES + 1))}
    api.put("/suppliers/more", json={"name": "More"})
    assert api.post("/suppliers/more/evidence", data=FORM, files=big).status_code == 413


def test_a_suppliers_token_is_for_its_own(caller: Callable[..., TestClient], world: World) -> None:
    mine = {}
    for one in ("first", "second"):
        suppliers.record(world, OPERATOR, one, name=one.capitalize())
        with world.change(OPERATOR) as work:
            store.add(work.connection, store.accounts, {
                "id": one, "name": one, "email": f"{one}@example.org", "roles": ["supplier"], "state": "active",
                "handle": one.encode(), "created_at": work.now, "totp_step": 0,
            })  # fmt: skip
        suppliers.bind(world, OPERATOR, one, one)
        mine[one] = suppliers.ask(world, OPERATOR, one, "SBOM?", date(2027, 1, 1))
    token = people.issue_token(world, Actor("staff", "first"), "own", ["own-items:read", "own-items:answer"], 1)
    client = TestClient(create_api(world), raise_server_exceptions=False)
    client.headers["authorization"] = f"Bearer {token}"
    assert client.get("/own-items").json()["id"] == "first"
    assert client.post(f"/own-items/{mine['second']}/answer", json={"answer": "x"}).status_code == 404
    assert client.post(f"/own-items/{mine['first']}/answer", json={"answer": "x"}).status_code == 204
    evidence = client.post("/own-items/evidence", data=FORM, files=FILE).json()["id"]
    assert client.get(f"/own-items/evidence/{evidence}/file").content == b"%PDF"
    assert client.get("/suppliers/first").status_code == 403
    assert caller("own-items:read").get("/own-items").status_code == 403  # the server's operator is no supplier
