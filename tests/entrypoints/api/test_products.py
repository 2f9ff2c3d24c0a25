"""Products over the API: the three products of the examples, from file to sale."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from makers import Maker

from careful import products

EXAMPLES = Path(__file__).parents[3] / "examples" / "products"
YAML = {"content-type": "application/yaml"}


@pytest.mark.parametrize("product", ["cam-1", "lock-1", "plug-1"])
def test_declare_approve_publish_sell(api: TestClient, product: str) -> None:
    text = (EXAMPLES / product / "product.yaml").read_bytes()
    declared = api.post("/products", content=text, headers=YAML)
    assert (declared.status_code, declared.json()["version"]) == (201, 1)
    assert api.get(f"/products/{product}/declaration").content == text
    assert api.post(f"/products/{product}/approve").json()["stage"] == "approved"
    assert api.post(f"/products/{product}/publish-page").json()["page_published_at"]
    assert api.post(f"/products/{product}/on-sale").json()["stage"] == "on sale"
    assert [one["id"] for one in api.get("/products").json()] == [product]
    derived = api.get(f"/products/{product}/derived", params={"on": "2026-11-02"}).json()
    assert derived["product"] == product
    assert derived["laws"]
    assert derived["streams"]


def test_a_malformed_file_names_every_place(api: TestClient) -> None:
    refused = api.post("/products", content=b"schema: product/1\nproduct: {id: 7}\nnonsense: 1\n", headers=YAML)
    assert refused.status_code == 400
    assert {problem["line"] for problem in refused.json()["problems"]} >= {2, 3}
    assert api.get("/products").json() == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        pytest.param(b"x" * ((1 << 20) + 1), "application/yaml", 413, id="too large"),
        pytest.param(b"\xff\xfe\x00", "application/yaml", 400, id="no text"),
        pytest.param(b"{}", "application/json", 400, id="JSON in its place"),
        pytest.param(b"", "application/yaml", 400, id="nothing"),
    ],
)
def test_what_is_no_product_file(api: TestClient, content: bytes, kind: str, status: int) -> None:
    assert api.post("/products", content=content, headers={"content-type": kind}).status_code == status


def test_a_product_that_nobody_declared(api: TestClient) -> None:
    for method, path in (("GET", ""), ("GET", "/derived"), ("GET", "/declaration"), ("POST", "/approve")):
        assert api.request(method, f"/products/nothing{path}").status_code == 404


def test_selling_before_approval_is_refused(api: TestClient) -> None:
    api.post("/products", content=(EXAMPLES / "cam-1" / "product.yaml").read_bytes(), headers=YAML)
    refused = api.post("/products/cam-1/on-sale")
    assert refused.status_code == 409
    assert refused.json()["do"]


def test_the_end_of_support(api: TestClient, maker: Maker) -> None:
    world, staff = maker.world, maker.staff
    products.declare(
        world,
        staff,
        b"schema: product/1\nproduct: {id: cam-1, name: Cam, models: [C]}\nsupport: {until: 2027-01-31, "
        b"automatic_updates: true}\ndata: []\n",
    )
    products.approve(world, staff, "cam-1")
    products.publish_page(world, staff, "cam-1")
    maker.release("1.0.1")
    assert api.get("/products/cam-1/end").json()[0]["state"] == "now"
    body = {"last_version": "1.0.1", "keeps_working": "Pictures.", "stops_working": "Alerts."}
    done = api.post("/products/cam-1/end", json=body)
    assert (done.status_code, done.json()[0]["state"]) == (200, "done")
    assert api.get("/products/past-support").json() == []
    assert api.get("/products/cam-1/end/vex").status_code == 404
