"""The pages of suppliers, as staff and as suppliers themselves see them."""

import re
from datetime import date
from typing import Any

import pytest
from sites import faults

from careful import people, products, suppliers
from careful.kernel.actors import OPERATOR, Actor

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CLIP = b"""schema: product/1
product: {id: cam-9, name: Camera}
data: [{id: clip, class: video_home, fields: [x], recipients: [transcribe.io]}]
"""
EVIDENCE = {"kind": "certificate", "title": "ISO <b>27001</b>", "until": "2027-06-01", "reference": ""}
SIGNED = {
    "signed": "2026-01-01", "until": "2027-12-31", "clause": ["encrypt", "notify", "delete", "sub_processors"],
    "limit-notify": "24", "limit-delete": "30", "reference": "shelf 3",
}  # fmt: skip


def upload(browser: Any, path: str, **fields: str) -> Any:
    browser.page = browser.client.post(
        path,
        data={"csrf": browser.csrf, **fields},
        files={"file": ('x"\r\n.html', b"<script>alert(1)</script>", "text/html")},
        headers={"origin": "http://localhost:8080", "sec-fetch-site": "same-origin"},
    )
    return browser.page


def test_from_refused_to_approved(browser: Any, secret: bytes, staff: Actor) -> None:
    world = browser.world
    products.declare(world, staff, CLIP)
    assert "careful supplier record" in browser.open("/suppliers").text
    assert "Handing clip to transcribe.io" in browser.text
    assert "evidence or obligations are missing" in browser.open("/").text
    browser.open("/products/cam-9")
    assert browser.send("/products/cam-9/approve").status_code == 409
    assert "transcribe.io is on record as no supplier" in browser.text

    browser.open("/suppliers")
    browser.send(
        "/suppliers", id="transcribe-io", name="transcribe.io", contact="psirt@t.example", delivers="<i>text</i>"
    )
    assert upload(browser, "/suppliers/evidence", supplier="transcribe-io", **EVIDENCE).status_code == 303
    browser.open("/suppliers/transcribe-io")
    assert browser.send("/suppliers/transcribe-io/contract", **SIGNED).status_code == 303
    assert "notify=24" in browser.text
    assert faults(browser.page.text) == []
    assert "<b>27001" not in browser.page.text
    browser.open("/products/cam-9")
    assert browser.send("/products/cam-9/approve").status_code == 303
    assert "Missing before" not in browser.open("/suppliers?sort=-evidence").text
    assert faults(browser.page.text) == []

    (evidence,) = suppliers.get(world, "transcribe-io").evidence
    file = browser.client.get(f"/suppliers/evidence/{evidence.id}")
    assert file.content == b"<script>alert(1)</script>"
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["x-content-type-options"] == "nosniff"
    browser.open("/suppliers/transcribe-io")
    assert browser.send(
        f"/suppliers/evidence/{evidence.id}/withdraw", supplier="transcribe-io", reason="forged"
    ).status_code == 303  # fmt: skip
    assert "no evidence is on file" in browser.open("/suppliers").text.lower()
    browser.open("/suppliers/transcribe-io")
    assert browser.send("/suppliers/transcribe-io/end", reason="done").status_code == 303
    assert "No longer suppliers" in browser.text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/suppliers", {"id": "a b", "name": "x"}),
        ("/suppliers", {"id": "a", "name": ""}),
        ("/suppliers/one/contract", {**SIGNED, "signed": "soon"}),
        ("/suppliers/one/contract", {**SIGNED, "limit-notify": "x"}),
        ("/suppliers/one/contract", {**SIGNED, "limit-encrypt": "1"}),
        ("/suppliers/one/ask", {"asks": "", "due": "2027-01-01"}),
        ("/suppliers/evidence", {**EVIDENCE, "supplier": "one"}),
        ("/suppliers/one/end", {"reason": ""}),
    ],
)
def test_bad_input_changes_nothing(
    browser: Any, secret: bytes, staff: Actor, path: str, fields: dict[str, Any]
) -> None:
    suppliers.record(browser.world, staff, "one", name="One")
    before = suppliers.list_all(browser.world)
    browser.open("/suppliers")
    assert browser.send(path, **fields).status_code == 400
    assert suppliers.list_all(browser.world) == before


def enter(browser: Any, supplier: str) -> None:
    email = f"{supplier}@example.org"
    browser.enrol(people.invite(browser.world, OPERATOR, ("supplier",)), email, supplier.capitalize())
    suppliers.record(browser.world, OPERATOR, supplier, name=f"{supplier} company")
    suppliers.bind(browser.world, OPERATOR, people.account_of(browser.world, email).id, supplier)


def test_two_suppliers_each_see_and_answer_only_their_own(
    app: Any, browser: Any, secret: bytes, stranger: Any, world: Any, clock: Any
) -> None:
    other = type(browser)(app, world, clock)
    enter(stranger, "first")
    enter(other, "second")
    mine, theirs = (
        suppliers.ask(world, OPERATOR, one, f"SBOM of {one}?", date(2027, 1, 1)) for one in ("first", "second")
    )
    secret_file = suppliers.give_evidence(
        world, OPERATOR, "second", kind="audit-report", title="weaknesses", until=date(2027, 1, 1), content=b"secret"
    )
    assert str(stranger.open("/").url).endswith("/own-items")
    assert "SBOM of first?" in stranger.text
    assert "second" not in stranger.text
    assert 'href="/products"' not in stranger.text
    assert faults(stranger.page.text) == []
    assert stranger.client.get(f"/own-items/evidence/{secret_file}").status_code == 404
    assert stranger.send(f"/own-items/{theirs}/answer", answer="ours").status_code == 404
    stranger.open("/own-items")
    assert stranger.send(f"/own-items/{mine}/answer", answer="<b>here</b>").status_code == 303
    assert upload(stranger, "/own-items/evidence", supplier="second", **EVIDENCE).status_code == 303
    assert [len(suppliers.get(world, one).evidence) for one in ("first", "second")] == [1, 1]
    stranger.open("/own-items")
    assert "waits to be accepted" in stranger.text
    (own,) = suppliers.get(world, "first").evidence
    assert stranger.client.get(f"/own-items/evidence/{own.id}").content == b"<script>alert(1)</script>"
    for path in ("/suppliers", "/suppliers/first", "/suppliers/second", f"/suppliers/evidence/{secret_file}",
                 "/products", "/devices", "/data", "/evidence", "/settings/tokens", "/releases"):  # fmt: skip
        assert stranger.client.get(path).status_code == 403, path
    for path in (
        f"/suppliers/evidence/{own.id}/accept",
        "/suppliers",
        "/suppliers/first/ask",
        f"/suppliers/items/{mine}/close",
    ):
        stranger.open("/own-items")
        assert stranger.send(path, supplier="first", id="first", name="x").status_code == 403, path

    browser.open("/suppliers/first")
    assert "<b>here" not in browser.page.text
    accept = re.search(r"/suppliers/evidence/(\w+)/accept", browser.text)
    assert accept
    assert browser.send(f"/suppliers/evidence/{accept[1]}/accept", supplier="first").status_code == 303
    assert browser.send(f"/suppliers/items/{mine}/close", supplier="first").status_code == 303
    account = people.account_of(world, "first@example.org").id
    browser.open("/suppliers/first")
    assert browser.send(f"/suppliers/first/people/{account}/unbind").status_code == 303
    assert stranger.open("/own-items").status_code == 403
    browser.open("/suppliers/first")
    assert browser.send("/suppliers/first/people", account=account).status_code == 303
    assert stranger.open("/own-items").status_code == 200
    browser.open("/suppliers/second")
    assert browser.send("/suppliers/second/end", reason="the contract ended").status_code == 303
    assert other.open("/own-items").status_code == 403
