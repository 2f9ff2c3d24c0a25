"""Evidence over the API: verdicts that follow from entries, and a checkpoint that an auditor can verify."""

from fastapi.testclient import TestClient
from makers import Maker

from careful.kernel import audit
from careful.kernel.checkpoint import open_note, parse_verifier_key


def test_verdicts(api: TestClient, maker: Maker) -> None:
    listed = api.get("/evidence/verdicts").json()
    assert {"D1", "P11", "A1", "R2", "R4", "R6", "R7", "R9", "C6", "C9", "C12", "C13"} <= {one["id"] for one in listed}
    assert {one["verdict"] for one in listed} <= {"met", "not met", "not applicable", "unknown"}
    one = api.get("/evidence/verdicts/d1").json()
    assert (one["id"], one["events"]) == ("D1", [])
    maker.release("1.0.0")
    assert api.get("/evidence/verdicts/D1").json()["events"]
    assert api.get("/evidence/verdicts/Z9").status_code == 404


def test_a_checkpoint_verifies_with_its_key(api: TestClient, maker: Maker) -> None:
    maker.declare()
    audit.seal(maker.world)
    shown = api.get("/evidence/checkpoint").json()
    name, key = parse_verifier_key(shown["verifier_key"])
    opened = open_note(shown["note"], key)
    assert name == audit.ORIGIN
    assert 0 < opened.size <= shown["size"]


def test_entries_page_by_page(api: TestClient, maker: Maker) -> None:
    maker.declare()
    first = api.get("/evidence/entries", params={"limit": 2}).json()
    rest = api.get("/evidence/entries", params={"after": first[-1]["seq"]}).json()
    assert [one["seq"] for one in first + rest] == list(range(len(first) + len(rest)))
    products = api.get("/evidence/entries", params={"subject": "product/cam-1"}).json()
    assert {one["name"] for one in products} == {
        "products.declared",
        "products.approved",
        "products.data_declared",
        "products.suppliers_relied_on",
    }
    assert api.get("/evidence/entries", params={"limit": 1001}).status_code == 400
    assert api.get("/evidence/entries", params={"after": 10**20}).status_code == 400
