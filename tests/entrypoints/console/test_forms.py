"""Forms: the token, and everything that is no form."""

from typing import Any

import pytest

from careful.entrypoints.console import forms

OURS = {"origin": "http://localhost:8080", "sec-fetch-site": "same-origin"}
TARGET = "/settings/sessions/others/end"

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def post(browser: Any, **given: Any) -> int:
    given["headers"] = OURS | given.get("headers", {})
    status: int = browser.client.post(TARGET, **given).status_code
    return status


def test_the_right_token_passes_in_a_field_or_a_header(browser: Any, secret: bytes) -> None:
    browser.open("/settings")
    assert post(browser, data={"csrf": browser.csrf}) == 303
    assert post(browser, files={"csrf": (None, browser.csrf)}) == 303
    assert post(browser, json={}, headers={"x-csrf-token": browser.csrf}) == 303


@pytest.mark.parametrize("token", ["", "0" * 64, "é", "x" * 10_000])
def test_a_wrong_token_does_not(browser: Any, secret: bytes, token: str) -> None:
    assert post(browser, data={"csrf": token}) == 403


def test_another_sessions_token_does_not(browser: Any, secret: bytes, stranger: Any) -> None:
    stranger.sign_in(secret)
    stranger.open("/settings")
    assert post(browser, data={"csrf": stranger.csrf}) == 403


def test_a_token_does_not_outlive_its_session(browser: Any, secret: bytes, stranger: Any) -> None:
    stranger.open("/sign-in")
    before = stranger.csrf
    stranger.sign_in(secret)
    assert post(stranger, data={"csrf": before}) == 403


def test_a_file_in_the_place_of_a_token_does_not(browser: Any, secret: bytes) -> None:
    browser.open("/settings")
    assert post(browser, files={"csrf": ("x.txt", browser.csrf)}) == 403


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        pytest.param(b"--x\r\nbroken", "multipart/form-data; boundary=x", 403, id="multipart without an end"),
        pytest.param(b"", "multipart/form-data", 400, id="no boundary"),
        pytest.param(b"&".join(b"a=1" for _ in range(500)), "application/x-www-form-urlencoded", 400, id="many fields"),
        pytest.param(b"\xff\xfe", "application/json", 403, id="no JSON, no token"),
        pytest.param(b"", "nonsense", 403, id="nonsense"),
    ],
)
def test_what_is_no_form_is_refused(browser: Any, secret: bytes, content: bytes, kind: str, status: int) -> None:
    assert post(browser, content=content, headers={"content-type": kind}) == status


def test_fields_have_a_limit(browser: Any, secret: bytes, stranger: Any) -> None:
    stranger.open("/sign-in")
    answer = stranger.send("/sign-in", email="x" * (forms._TEXT_LIMIT + 1), password="x", code="1")
    assert answer.status_code == 400


@pytest.mark.parametrize("body", [b"[]", b"{", b"1", b"[" * 100_000])
def test_scripts_send_objects(browser: Any, secret: bytes, body: bytes) -> None:
    browser.open("/settings")
    headers = OURS | {"x-csrf-token": browser.csrf, "content-type": "application/json", "accept": "application/json"}
    answer = browser.client.post("/prove/passkey", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["what"]
