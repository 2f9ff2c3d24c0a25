"""Requests over the API, as a maker's app makes them."""

import base64
import io
import zipfile
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi.testclient import TestClient
from household import make_house

from careful.kernel.actors import Actor
from careful.kernel.work import World


def test_from_the_first_word_to_the_file(api: TestClient, world: World, staff: Actor, tmp_path: Path) -> None:
    house = make_house(world, staff, tmp_path)
    at = world.clock.now()
    house.say("up/clip", zone="hall", seconds=4)
    assert api.post("/data/requests", json={"device": "cam-1-001", "kind": "all"}).status_code == 400
    one = api.post("/data/requests", json={"device": "cam-1-001", "kind": "export"}).json()["id"]
    where = f"/data/requests/{one}"
    assert api.post(f"{where}/answer").status_code == 409
    assert api.post(f"{where}/code", json={"to": "mail"}).status_code == 409
    assert api.post(f"{where}/code", json={}).status_code == 202
    assert api.post(f"{where}/proof/code", json={"code": "nonsense"}).status_code == 403
    key = house.maker.keys["cam-1-001"]
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = key.sign(f"careful customer request {one}".encode(), ec.ECDSA(hashes.SHA256()))
    shown = {"key": base64.b64encode(der).decode(), "signature": base64.b64encode(signed).decode()}
    assert api.post(f"{where}/proof/signature", json=shown).json()["proof"] == "signature"
    assert api.post(f"{where}/file").status_code == 404
    assert api.post(f"{where}/answer").json()["records"] == 1
    found = api.post(f"{where}/file")
    assert found.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(found.content)) as archive:
        assert b"hall" in archive.read("readings.jsonl")
    assert "signature by the device's own key" in api.get(f"{where}/receipt").json()["note"]
    right = api.post("/data/requests", json={"device": "cam-1-001", "kind": "correct"}).json()["id"]
    assert api.post(f"/data/requests/{right}/proof/staff", json={"reason": "known"}).status_code == 200
    body = {"stream": "up/clip", "at": at.isoformat(), "field": "zone", "value": "kitchen"}
    assert api.post(f"/data/requests/{right}/correction", json=body).json()["outcome"] == "answered"
    gone = api.post("/data/requests", json={"device": "cam-1-001", "kind": "delete"}).json()["id"]
    assert api.post(f"/data/requests/{gone}/extension", json={"reason": "long"}).status_code == 200
    assert api.post(f"/data/requests/{gone}/proof/staff", json={"reason": "known"}).status_code == 200
    assert api.post(f"/data/requests/{gone}/answer").json()["receipt"]
    assert api.post(f"/data/requests/{gone}/refusal", json={"reason": "no"}).status_code == 409
    assert len(api.get("/data/requests", params={"device": "cam-1-001"}).json()) == 3
    assert api.get(where).json()["outcome"] == "answered"
    assert api.post(f"{where}/file").status_code == 409  # the customer's time has ended


def test_who_only_reads_hands_nothing_out(caller, world: World, staff: Actor, tmp_path: Path) -> None:
    make_house(world, staff, tmp_path)
    reader = caller("data:read")
    assert reader.get("/data/requests").status_code == 200
    assert reader.post("/data/requests", json={"device": "cam-1-001", "kind": "export"}).status_code == 403
    assert reader.post("/data/requests/x/file").status_code == 403
