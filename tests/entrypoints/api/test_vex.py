"""VEX over the API: what suppliers say comes in with a line for every statement; what was decided goes out."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from flaws_sample import osv, purls
from makers import Maker

from careful import releases

FLAW = "CVE-2024-0001"


@pytest.fixture
def case(api: TestClient, maker: Maker) -> str:
    """A flaw in the camera's release 1.0.0."""
    maker.declare()
    image = maker.folder / "cam-1.img"
    image.write_bytes(b"an image")
    releases.add(maker.world, maker.staff, "cam-1", "1.0.0", image, purls("pillow==10.0.0"), ("rev-a",))
    api.post("/feeds", files={"feed": ("osv.json", json.dumps(osv("GHSA-1", aliases=[FLAW])))})
    api.post("/feeds/match")
    return str(api.get("/cases").json()[0]["id"])


def said(status: str, flaw: str = FLAW, **more: str) -> dict[str, Any]:
    return {
        "vulnerability": {"name": flaw},
        "products": [{"@id": "pkg:pypi/pillow@10.0.0"}],
        "status": status,
        **more,
    }


def vex(*statements: dict[str, Any]) -> dict[str, tuple[str, str]]:
    document = {"@context": "https://openvex.dev/ns/v0.2.0", "author": "Pillow", "statements": statements}
    return {"statements": ("vex.json", json.dumps(document))}


def test_every_statement_has_its_line(api: TestClient, case: str) -> None:
    before = said("affected", timestamp="2026-10-01T00:00:00Z")
    files = vex(said("fixed", timestamp="2026-10-02T00:00:00Z"), before, said("fixed", "CVE-1"), said("not_affected"))
    dry = api.post("/vex/cam-1", files=files, data={"dry_run": "true"})
    assert (dry.status_code, api.get(f"/cases/{case}").json()["status"]) == (200, None)
    done = api.post("/vex/cam-1", files=files).json()
    assert done == dry.json()
    assert [one["outcome"] for one in done] == ["applied", "refused", "unmatched", "refused"]
    assert api.get(f"/cases/{case}").json()["status"] == "not_affected"


@pytest.mark.parametrize(
    ("path", "files", "status"),
    [
        pytest.param("/vex/nothing", vex(), 404, id="no such product"),
        pytest.param("/vex/cam-1", {"statements": ("vex.json", "{")}, 400, id="no JSON"),
        pytest.param("/vex/cam-1", {"statements": ("vex.json", "{}")}, 400, id="no VEX"),
        pytest.param("/vex/cam-1", {"statement": ("vex.json", "{}")}, 400, id="no such field"),
        pytest.param("/vex/cam-1", {"statements": ("../vex.json", "{}")}, 400, id="a name that leads elsewhere"),
    ],
)
def test_what_cannot_be_taken_in(api: TestClient, case: str, path: str, files: Any, status: int) -> None:
    assert api.post(path, files=files).status_code == status


@pytest.mark.parametrize(
    ("form", "media", "name"),
    [
        ("openvex", "application/json", "cam-1.openvex.json"),
        ("cyclonedx", "application/vnd.cyclonedx+json", "cam-1.cdx.json"),
        ("csv", "text/csv; charset=utf-8", "cam-1.csv"),
    ],
)
def test_what_was_decided_goes_out(api: TestClient, case: str, form: str, media: str, name: str) -> None:
    api.post(f"/cases/{case}/judge", json={"status": "affected", "action": "Update."})
    made = api.get("/vex/cam-1", params={"form": form})
    assert (made.status_code, made.headers["content-type"]) == (200, media)
    assert name in made.headers["content-disposition"]
    assert FLAW in made.text
    assert api.get("/vex/nothing", params={"form": form}).status_code == 404
    assert api.get("/vex/cam-1", params={"form": "pdf"}).status_code == 400


def test_what_goes_out_comes_in_again(api: TestClient, case: str) -> None:
    api.post(f"/cases/{case}/judge", json={"status": "affected", "action": "Update."})
    for form in ("openvex", "cyclonedx"):
        text = api.get("/vex/cam-1", params={"form": form}).text
        (line,) = api.post("/vex/cam-1", files={"statements": ("vex.json", text)}).json()
        assert line["outcome"] == "applied", line


def csaf() -> str:
    helper = {"purl": "pkg:pypi/pillow@10.0.0"}
    product = {"product_id": "P1", "name": "Pillow", "product_identification_helper": helper}
    flaw = {
        "cve": FLAW,
        "product_status": {"known_not_affected": ["P1"]},
        "flags": [{"label": "vulnerable_code_not_present", "product_ids": ["P1"]}],
    }
    about = {
        "csaf_version": "2.0",
        "category": "csaf_vex",
        "publisher": {"name": "Pillow"},
        "tracking": {"id": "P-1", "current_release_date": "2026-11-01T00:00:00Z"},
    }
    document = {"document": about, "product_tree": {"full_product_names": [product]}, "vulnerabilities": [flaw]}
    return json.dumps(document)


def cyclonedx() -> str:
    analysis = {"state": "not_affected", "justification": "code_not_present"}
    flaw = {"id": FLAW, "analysis": analysis, "affects": [{"ref": "pkg:pypi/pillow@10.0.0"}]}
    part = {"type": "library", "bom-ref": "pkg:pypi/pillow@10.0.0", "name": "pillow", "purl": "pkg:pypi/pillow@10.0.0"}
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [part], "vulnerabilities": [flaw]})


@pytest.mark.parametrize("document", [csaf, cyclonedx])
def test_every_form_is_taken_in(api: TestClient, case: str, document: Any) -> None:
    (line,) = api.post("/vex/cam-1", files={"statements": ("vex.json", document())}).json()
    assert line["outcome"] == "applied", line
    decided = api.get(f"/cases/{case}").json()
    assert (decided["status"], decided["justification"]) == ("not_affected", "vulnerable_code_not_present")
