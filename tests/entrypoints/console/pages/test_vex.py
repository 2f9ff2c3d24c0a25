"""VEX on the console: a document taken over with a line for every statement, and files for others."""

import json
from typing import Any

import pytest
from village import FLAW, OLD, Village

from careful import people
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
OTHER = "CVE-2023-50447"


@pytest.fixture
def found(village: Village) -> Village:
    """Flaws in a camera's release, one of them exploited."""
    village.declare()
    village.ship(OLD, "pillow==10.0.0")
    village.hear()
    village.found()
    return village


def vex(*flaws: str) -> bytes:
    said = [
        {"vulnerability": {"name": one}, "products": [{"@id": "pkg:pypi/pillow@10.0.0"}], "status": "fixed"}
        for one in flaws
    ]
    return json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "author": "<b>P", "statements": said}).encode()


def upload(browser: Any, content: bytes | None, **fields: str) -> Any:
    browser.open("/vulnerabilities/import?product=cam-1")
    headers = {"origin": "http://localhost:8080", "sec-fetch-site": "same-origin"}
    files = {"file": ("<vex>.json", content)} if content is not None else {"file": ("", b"")}
    given = {"csrf": browser.csrf, "product": "cam-1"} | fields
    return browser.client.post("/vulnerabilities/import", data=given, files=files, headers=headers)


def test_every_statement_is_reported(browser: Any, secret: bytes, found: Village) -> None:
    dry = upload(browser, vex(OTHER, FLAW, "CVE-1"), dry_run="yes").text
    assert "Nothing was changed" in dry
    assert found.case(OTHER).status is None
    page = upload(browser, vex(OTHER, FLAW, "CVE-1")).text
    assert all(f"1 {outcome}" in page for outcome in ("applied", "refused", "unmatched"))
    assert "it is exploited in the wild: a person must decide" in page
    assert "<vex>" not in page
    assert (found.case(OTHER).status, found.case().status) == ("not_affected", None)


@pytest.mark.parametrize(
    ("content", "fields", "status"),
    [
        pytest.param(b"{", {}, 400, id="no JSON"),
        pytest.param(None, {}, 400, id="no file"),
        pytest.param(b"{}", {"product": "nothing"}, 404, id="no such product"),
        pytest.param(b" " * ((16 << 20) + 1), {}, 413, id="too large"),
        pytest.param(b"{}", {"csrf": "0" * 64}, 403, id="not from our page"),
    ],
)
def test_what_cannot_be_taken_over(
    browser: Any, secret: bytes, found: Village, content: bytes | None, fields: dict[str, str], status: int
) -> None:
    assert upload(browser, content, **fields).status_code == status


def test_files_for_others(browser: Any, secret: bytes, found: Village) -> None:
    page = browser.open("/vulnerabilities").text
    for form, name in (("openvex", "openvex.json"), ("cyclonedx", "cdx.json"), ("csv", "csv")):
        assert f'href="/vulnerabilities/export/cam-1/{form}"' in page
        made = browser.open(f"/vulnerabilities/export/cam-1/{form}")
        assert made.status_code == 200
        assert FLAW in made.text
        assert f"cam-1.{name}" in made.headers["content-disposition"]
    assert browser.open("/vulnerabilities/export/cam-1/pdf").status_code == 404
    assert browser.open("/vulnerabilities/export/nothing/csv").status_code == 404


def test_an_auditor_reads_and_takes_nothing_over(browser: Any, secret: bytes, stranger: Any, found: Village) -> None:
    stranger.enrol(people.invite(found.world, OPERATOR, ("auditor",)), "bob@example.org", "Bob")
    assert stranger.open("/vulnerabilities/export/cam-1/csv").status_code == 200
    assert stranger.open("/vulnerabilities/import").status_code == 403


def test_a_file_is_for_those_who_signed_in(stranger: Any, found: Village) -> None:
    assert FLAW not in stranger.open("/vulnerabilities/export/cam-1/csv").text
