"""Duties to report over the API, from an incident to its last report."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from village import Village

from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SAID = {"title": "Keys", "products": ["cam-1"], "what": "Taken.", "why_severe": "All.", "how": "A log."}


@pytest.fixture
def made(api: TestClient, world: World, tmp_path: Path) -> str:
    Village(world, tmp_path).declare()
    answer = api.post("/obligations", json=SAID)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_there_are_none(api: TestClient) -> None:
    assert api.get("/obligations").json() == []


def test_from_an_incident_to_its_last_report(api: TestClient, made: str) -> None:
    (one,) = api.get("/obligations").json()
    assert (one["id"], one["open"], one["late"]) == (made, True, False)
    assert one["next_due"] == one["clocks"][0]["due"]
    draft = api.get(f"/obligations/{made}/drafts/early-warning").json()
    assert "Whether unlawful or malicious acts are suspected" in draft["gaps"]
    for report in ("early-warning", "notification", "final"):
        answer = api.post(f"/obligations/{made}/submitted", json={"report": report, "reference": "R"})
    assert answer.json()["open"] is False
    assert len(answer.json()["entries"]) == 4


def test_awareness_and_measures(api: TestClient, made: str) -> None:
    first = api.get(f"/obligations/{made}").json()["aware_at"]
    later = api.post(f"/obligations/{made}/aware", json={"how": "Again."}).json()
    assert later["aware_at"] == first
    earlier = api.post(f"/obligations/{made}/aware", json={"how": "Before.", "at": "2026-11-01T00:00:00Z"}).json()
    assert earlier["aware_at"] == "2026-11-01T00:00:00Z"
    assert api.post(f"/obligations/{made}/measures", json={"what": "Closed."}).json()["measure_at"]
    assert api.post(f"/obligations/{made}/dismiss", json={"reason": "None."}).json()["open"] is False


def test_a_rehearsal_stands_apart(api: TestClient, made: str) -> None:
    one = api.post("/obligations/drills", json={"kind": "exploited", "products": ["cam-1"]}).json()
    assert one["drill"] is True
    assert [each["id"] for each in api.get("/obligations").json()] == [made]
    assert [each["id"] for each in api.get("/obligations?drills=true").json()] == [one["id"]]


@pytest.mark.parametrize(
    "change",
    [{"products": []}, {"title": ""}, {"at": "2026-11-01T00:00:00"}, {"at": "2099-01-01T00:00:00Z"}, {"who": "me"}],
)
def test_malformed(api: TestClient, made: str, change: dict[str, object]) -> None:
    assert api.post("/obligations", json=SAID | change).status_code == 400


def test_what_is_not_there(api: TestClient, made: str) -> None:
    assert api.get("/obligations/nothing").status_code == 404
    assert api.get(f"/obligations/{made}/drafts/monthly").status_code == 404
    assert api.post("/obligations", json=SAID | {"products": ["toaster"]}).status_code == 404
