"""Feeds over the API."""

import json

from fastapi.testclient import TestClient

OSV = {
    "schema_version": "1.6.0",
    "id": "CVE-2024-0001",
    "modified": "2026-11-01T00:00:00Z",
    "published": "2026-10-01T00:00:00Z",
    "summary": "A flaw in a make-believe parser",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "parsnip", "purl": "pkg:pypi/parsnip"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}],
        }
    ],
}


def test_taking_a_feed_in(api: TestClient) -> None:
    taken = api.post("/feeds", files={"feed": ("osv.json", json.dumps(OSV).encode())})
    assert (taken.status_code, taken.json()["feed"], taken.json()["taken"]) == (201, "osv", 1)
    assert [(one["feed"], one["source"]) for one in api.get("/feeds").json()] == [("osv", "osv.json")]
    assert api.post("/feeds/match").json() == {"matched": 0}


def test_what_is_no_feed_is_refused_and_changes_nothing(api: TestClient) -> None:
    for content in (b"", b"{", b"[]", b'{"a": 1}'):
        assert api.post("/feeds", files={"feed": ("osv.json", content)}).status_code == 400
    assert api.post("/feeds", files={"feed": ("osv.json", b"{}")}, data={"kind": "rss"}).status_code == 400
    assert api.get("/feeds").json() == []
