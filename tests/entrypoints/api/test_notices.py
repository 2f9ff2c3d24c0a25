"""Notices over the API, where there are none; the way from case to owners is in test_cases.py."""

import pytest
from fastapi.testclient import TestClient


def test_there_are_none(api: TestClient) -> None:
    assert api.get("/notices").json() == []


@pytest.mark.parametrize("act", ["", "/csaf"])
def test_one_that_nobody_wrote(api: TestClient, act: str) -> None:
    assert api.get(f"/notices/CAREFUL-2026-9999{act}").status_code == 404


@pytest.mark.parametrize("act", ["publish", "tell"])
def test_acts_on_one_that_nobody_wrote(api: TestClient, act: str) -> None:
    assert api.post(f"/notices/CAREFUL-2026-9999/{act}").status_code == 404


@pytest.mark.parametrize("body", [{}, {"case": "x" * 65}, {"case": "c", "title": "x" * 4001}])
def test_malformed_drafts(api: TestClient, body: dict[str, str]) -> None:
    assert api.post("/notices", json=body).status_code == 400
