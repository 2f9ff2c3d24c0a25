"""Cases over the API, and the notice that follows: from a feed to a closed case, as the demo does it."""

import json

import pytest
from fastapi.testclient import TestClient
from makers import Maker

from careful import obligations, releases, vulnerabilities

FLAW = "CVE-2024-0001"


def osv() -> bytes:
    affected = {
        "package": {"ecosystem": "PyPI", "name": "parsnip", "purl": "pkg:pypi/parsnip"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}],
    }
    record = {
        "schema_version": "1.6.0",
        "id": FLAW,
        "modified": "2026-11-01T00:00:00Z",
        "published": "2026-10-01T00:00:00Z",
        "summary": "A flaw in a make-believe parser",
        "affected": [affected],
    }
    return json.dumps(record).encode()


def sbom(version: str) -> bytes:
    part = {"type": "library", "name": "parsnip", "version": version, "purl": f"pkg:pypi/parsnip@{version}"}
    home_made = {"type": "library", "name": "home-made"}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [part, home_made]}
    return json.dumps(bom).encode()


@pytest.fixture
def case(api: TestClient, maker: Maker) -> str:
    """A flaw in the camera's release 1.0.0, which two cameras run."""
    maker.declare()
    image = maker.folder / "cam-1.img"
    image.write_bytes(b"an image")
    releases.add(maker.world, maker.staff, "cam-1", "1.0.0", image, sbom("1.0.0"), ("rev-a",))
    maker.fleet(2)
    assert api.post("/feeds", files={"feed": ("osv.json", osv())}).status_code == 201
    assert api.post("/feeds/match").json() == {"matched": 1}
    vulnerabilities.note_exposure(maker.world)
    (one,) = api.get("/cases", params={"state": "open"}).json()
    assert (one["flaw"], one["product"], one["releases"]) == (FLAW, "cam-1", ["1.0.0"])
    return str(one["id"])


def test_located_and_exposed(api: TestClient, case: str) -> None:
    exposure = api.get(f"/cases/{case}/exposure").json()
    assert exposure["devices"] == exposure["unaccounted"] == ["cam-1-001", "cam-1-002"]
    (finding,) = api.get("/findings", params={"flaw": FLAW}).json()
    assert (finding["name"], finding["version"]) == ("parsnip", "1.0.0")
    (left,) = api.get(f"/releases/{finding['release']}/unmatched").json()
    assert left["component"]["name"] == "home-made"
    assert left["reason"]


def test_the_list_says_why_and_in_which_order(api: TestClient, maker: Maker, case: str) -> None:
    answer = api.get("/cases")
    (one,) = answer.json()
    assert (one["report"], one["said"]) == (None, None)
    assert one["why"].startswith("EPSS not known; attacker's needs not known;")
    assert answer.headers["careful-known"] == "not-known"  # the feed is of yesterday
    obligations.aware(maker.world, maker.staff, case, "A customer's logs")
    (one,) = api.get("/cases").json()
    assert (one["report"]["title"], one["report"]["state"]) == ("Early warning", "due")
    assert "says staff:ann" in one["why"]
    assert any("says staff:ann" in reason for reason in api.get(f"/cases/{case}/urgency").json())


def test_whom_a_case_concerns(api: TestClient, case: str) -> None:
    api.put("/devices/cam-1-001/owner", json={"email": "owner@example.org"})
    answer = api.get(f"/cases/{case}/affected")
    told = answer.json()
    assert told["now"] == {"1.0.0": ["cam-1-001", "cam-1-002"]}
    assert (told["owners"], told["reachable"], told["nobody"], told["mend"]) == (1, 1, 1, None)
    assert "owner@example.org" not in answer.text
    assert api.get("/cases/none/affected").status_code == 404


def test_judged_told_and_closed(api: TestClient, case: str) -> None:
    assert api.post(f"/cases/{case}/close").status_code == 409
    judged = api.post(f"/cases/{case}/judge", json={"status": "affected", "action": "Update to 1.0.1"})
    assert (judged.status_code, judged.json()["status"]) == (200, "affected")
    for device in ("cam-1-001", "cam-1-002"):
        said = api.post(f"/cases/{case}/account-for", json={"device": device, "reason": "in our laboratory"})
        assert said.json()["accounted"][device] == "in our laboratory"
    assert api.post(f"/cases/{case}/close").json()["state"] == "closed"


def test_not_affected_needs_a_justification(api: TestClient, case: str) -> None:
    assert api.post(f"/cases/{case}/judge", json={"status": "not_affected"}).status_code == 409
    reason = "vulnerable_code_not_in_execute_path"
    judged = api.post(f"/cases/{case}/judge", json={"status": "not_affected", "justification": reason})
    assert judged.json()["justification"] == reason


@pytest.mark.parametrize("body", [{}, {"status": "fine"}, {"status": "affected", "action": "x" * 4001}])
def test_malformed_judgements(api: TestClient, case: str, body: dict[str, str]) -> None:
    assert api.post(f"/cases/{case}/judge", json=body).status_code == 400


def test_a_notice_from_draft_to_owners(api: TestClient, case: str) -> None:
    assert api.post("/notices", json={"case": case}).status_code == 409  # not judged yet
    api.post(f"/cases/{case}/judge", json={"status": "affected", "action": "Update to 1.0.1"})
    api.put("/devices/cam-1-001/owner", json={"email": "owner@example.org"})
    drafted = api.post("/notices", json={"case": case})
    assert drafted.status_code == 201, drafted.text
    notice = drafted.json()["id"]
    assert api.get(f"/notices/{notice}/csaf").status_code == 404
    assert api.post(f"/notices/{notice}/tell").status_code == 409
    published = api.post(f"/notices/{notice}/publish")
    assert published.status_code == 200, published.text
    assert api.get(f"/notices/{notice}/csaf").json()["document"]["tracking"]["id"] == notice
    assert api.post(f"/notices/{notice}/tell").json() == {"told": 1, "unreachable": 1}
    assert [one["id"] for one in api.get("/notices", params={"product": "cam-1"}).json()] == [notice]


REASON = "vulnerable_code_not_in_execute_path"


def test_an_accepted_risk(api: TestClient, case: str) -> None:
    said = {"status": "affected", "statement": "In a locked room.", "accept_until": "2026-12-24T00:00:00Z"}
    judged = api.post(f"/cases/{case}/judge", json=said).json()
    assert (judged["accepted_until"], judged["action"]) == ("2026-12-24T00:00:00Z", "No update is planned.")
    late = api.post(f"/cases/{case}/judge", json=said | {"accept_until": "2036-12-24T00:00:00Z"})
    assert (late.status_code, "within a year" in late.text) == (400, True)


def test_many_at_once_with_a_preview(api: TestClient, case: str) -> None:
    said = {"status": "not_affected", "justification": REASON, "which": {"component": "parsnip"}}
    seen = api.post("/cases/judge", json=said | {"dry_run": True}).json()
    assert [(one["case"], one["outcome"]) for one in seen["cases"]] == [(case, "decided")]
    assert seen["cases"][0]["says"] == "nothing decided -> not affected"
    assert api.get(f"/cases/{case}").json()["status"] is None
    assert api.post("/cases/judge", json=said | {"expect": "f" * 32}).status_code == 409
    done = api.post("/cases/judge", json=said | {"expect": seen["fingerprint"]}).json()
    assert done["cases"] == seen["cases"]
    assert api.get(f"/cases/{case}").json()["status"] == "not_affected"
    named = {"status": "under_investigation", "cases": [case]}
    assert api.post("/cases/judge", json=named).json()["cases"][0]["outcome"] == "decided"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        pytest.param({}, 400, id="no cases"),
        pytest.param({"cases": [], "which": {}}, 400, id="cases and a filter"),
        pytest.param({"cases": ["nowhere"]}, 404, id="no such case"),
        pytest.param({"which": {"severities": ["awful"]}}, 400, id="no such severity"),
        pytest.param({"which": {"severity": ["high"]}}, 400, id="no such field"),
    ],
)
def test_bulk_decisions_that_cannot_be(api: TestClient, case: str, more: dict[str, object], status: int) -> None:
    said = {"status": "not_affected", "justification": REASON, **more}
    assert api.post("/cases/judge", json=said).status_code == status


def test_a_token_only_proposes_what_waves_an_exploited_flaw_through(api: TestClient, case: str) -> None:
    entry = {"cveID": FLAW, "dateAdded": "2026-11-01"}
    kev = {"catalogVersion": "1", "dateReleased": "2026-11-01T00:00:00Z", "count": 1, "vulnerabilities": [entry]}
    assert api.post("/feeds", files={"feed": ("kev.json", json.dumps(kev))}).status_code == 201
    api.post("/feeds/match")
    one = api.post(f"/cases/{case}/judge", json={"status": "not_affected", "justification": REASON}).json()
    assert (one["status"], one["state"], one["proposal"]["people"]) == (None, "open", [])


def test_what_was_compiled_into_a_kernel(api: TestClient, case: str) -> None:
    release = api.get("/releases").json()[0]["id"]
    put = f"/releases/{release}/kernel-files"
    said = {"content-type": "text/plain"}
    assert api.put(put, content="net/tun.o\n", headers=said).json() == {"files": 1}
    assert api.put(put, content="nothing", headers=said).status_code == 400
    assert api.put("/releases/nowhere/kernel-files", content="a/b.o", headers=said).status_code == 404
