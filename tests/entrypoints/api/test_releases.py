"""Releases over the API: a real multipart upload, its report, its signature."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from makers import Maker

SBOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "components": [
        {"type": "library", "name": "aiohttp", "version": "3.8.4", "purl": "pkg:pypi/aiohttp@3.8.4"},
        {"type": "library", "name": "home-made"},
    ],
}


def add(api: TestClient, *, version: str = "1.0.0", name: str = "cam-1.img", sbom: Any = None, **more: Any) -> Any:
    return api.post(
        "/releases",
        data={
            "product": "cam-1",
            "version": version,
            "hardware": ["rev-a", "rev-b"],
            "fixes": ["CVE-2023-4863"],
            **more,
        },
        files={
            "image": (name, b"an image" * 1000),
            "sbom": ("sbom.json", json.dumps(SBOM).encode() if sbom is None else sbom),
        },
    )


@pytest.fixture
def release(api: TestClient, maker: Maker) -> str:
    maker.declare()
    return str(add(api).json()["release"]["id"])


def test_adding_says_what_became_of_every_component(api: TestClient, maker: Maker) -> None:
    maker.declare()
    added = add(api)
    assert added.status_code == 201, added.text
    release, report = added.json()["release"], added.json()["report"]
    assert (release["version"], release["hardware"], release["state"]) == ("1.0.0", ["rev-a", "rev-b"], "draft")
    assert (release["fixes"], release["artifact"]["filename"]) == (["CVE-2023-4863"], "cam-1.img")
    assert {row["outcome"] for row in report["rows"]} == {"taken", "unmatchable"}
    assert api.get(f"/releases/{release['id']}/sbom").json() == SBOM
    assert len(api.get(f"/releases/{release['id']}/components").json()) == 2
    assert len(api.get(f"/releases/{release['id']}/report").json()["rows"]) == 2
    assert [one["id"] for one in api.get("/releases", params={"product": "cam-1"}).json()] == [release["id"]]


def test_signing_and_publishing(api: TestClient, release: str) -> None:
    assert api.post(f"/releases/{release}/publish").status_code == 409
    assert api.post(f"/releases/{release}/sign").json()["state"] == "signed"
    assert api.post(f"/releases/{release}/publish").status_code == 200
    assert api.post(f"/releases/{release}/withdraw", json={"reason": "bricks rev-b"}).json()["state"] == "withdrawn"


def test_without_an_approved_declaration_there_is_no_release(api: TestClient) -> None:
    refused = add(api)
    assert refused.status_code == 409
    assert "declaration" in refused.json()["detail"]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param({"name": "../../etc/passwd"}, id="a path for a name"),
        pytest.param({"name": "a b.img"}, id="spaces in the name"),
        pytest.param({"sbom": b"{"}, id="broken SBOM"),
        pytest.param({"sbom": b"[" * 100_000}, id="deep SBOM"),
        pytest.param({"version": "../1"}, id="a path for a version"),
        pytest.param({"hardware": []}, id="no hardware"),
        pytest.param({"fixes": ["x" * 5000]}, id="a long fix"),
    ],
)
def test_bad_uploads_are_refused_and_leave_nothing(api: TestClient, maker: Maker, spoil: dict[str, Any]) -> None:
    maker.declare()
    assert add(api, **spoil).status_code == 400
    assert api.get("/releases").json() == []
    assert not list(maker.world.home.glob("upload-*"))


def test_parts_that_are_missing(api: TestClient) -> None:
    refused = api.post("/releases", data={"product": "cam-1"})
    assert refused.status_code == 400
    assert {problem["where"] for problem in refused.json()["problems"]} >= {"body.sbom", "body.version"}


def test_further_files(api: TestClient, release: str) -> None:
    def send(data: dict[str, str], name: str = "app.bin", content: bytes = b"app") -> Any:
        return api.post(f"/releases/{release}/parts", data=data, files={"file": (name, content)})

    done = send({"part": "bApp", "name": "player", "version": "7.1"})
    assert done.status_code == 200, done.text
    assert [(one["part"], one["name"], one["version"]) for one in done.json()["parts"]] == [("bApp", "player", "7.1")]
    assert send({"part": "bApp", "name": "player", "version": "7.1"}).json() == done.json()
    assert send({"part": "a b"}).status_code == 400
    assert send({"part": "os"}, "app.swu").status_code == 400  # no bundle
    assert send({"part": "os", "colour": "red"}).status_code == 400
    assert api.post(f"/releases/{release}/parts", data={"part": "os"}).status_code == 400
    assert api.post("/releases/nothing/parts", data={"part": "os"}, files={"file": ("a", b"a")}).status_code == 404
    api.post(f"/releases/{release}/sign")
    assert send({"part": "os"}, "late.bin").status_code == 409
