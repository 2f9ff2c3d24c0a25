"""DDI as a device sees it, through the real application; the certificate is put where TLS would put it."""

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import cbor2
import ddi_device
import pytest
from ddi_device import Device
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import Maker

from careful import devices, updates
from careful.entrypoints.gateway.https.ddi import Ddi
from careful.entrypoints.gateway.https.ddi_desk import Desk
from careful.kernel import ledger
from careful.kernel.clock import ManualClock
from careful.kernel.work import World

CONTENT = bytes(range(256)) * 200


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 11, 2, 9, tzinfo=UTC))


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.0")
    made.release("1.0.1", content=CONTENT)
    made.device("cam-1-001")
    made.device("cam-1-002")
    return made


@pytest.fixture
def fresh():
    return 0.0


@pytest.fixture
def http(world: World, fresh):
    with ddi_device.http(world, fresh=fresh) as client:
        yield client


@pytest.fixture
def cam(http, maker):
    return ddi_device.certified(http, maker, "cam-1-001")


@pytest.fixture
def other(http, maker):
    return ddi_device.certified(http, maker, "cam-1-002")


@pytest.fixture
def rollout(world, staff, maker):
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    return started


def events(world, *names):
    with world.look() as connection:
        return [dict(one.data) for one in ledger.read(connection, names=names)]


def test_a_poll_with_nothing_to_do(cam, world):
    before = events(world)
    answer = cam.get()
    assert re.fullmatch(r"00:0[45]:[0-5][0-9]", answer.json()["config"]["polling"]["sleep"])  # each device its own
    assert list(answer.json()["_links"]) == ["configData"]
    assert answer.headers["content-type"] == "application/json"
    assert cam.get(headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert cam.get(headers={"accept": "application/hal+json"}).headers["content-type"] == "application/hal+json"
    assert cam.get(headers={"accept": "text/html"}).status_code == 406
    assert events(world) == before


def test_an_order_from_poll_to_success(cam, world, rollout):
    poll = cam.get().json()["_links"]
    assert poll["deploymentBase"]["href"].startswith(
        "https://testserver/default/controller/v1/cam-1-001/deploymentBase/"
    )
    order = cam.order()
    [chunk] = order["deployment"]["chunks"]
    [artifact] = chunk["artifacts"]
    assert (order["deployment"]["download"], order["deployment"]["update"]) == ("forced", "forced")
    assert (chunk["part"], chunk["version"]) == ("os", "1.0.1")
    assert {pair["key"]: pair["value"] for pair in chunk["metadata"]} == {
        "tuf-target-path": "1.0.1/cam-1-1.0.1.img",
        "product": "cam-1",
    }
    assert artifact["size"] == len(CONTENT)
    assert artifact["hashes"] == {
        "sha1": hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest(),
        "md5": hashlib.md5(CONTENT, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    assert artifact["_links"]["download"] == artifact["_links"]["download-http"]
    assert cam.get(artifact["_links"]["download"]["href"]).content == CONTENT
    md5 = artifact["hashes"]["md5"]
    assert cam.get(artifact["_links"]["md5sum"]["href"]).text == f"{md5}  cam-1-1.0.1.img\n"
    listed = cam.get(f"/softwaremodules/{order['id']}/artifacts").json()
    assert listed == [artifact]
    for execution in ("download", "downloaded", "proceeding", "scheduled", "resumed", "rejected"):
        assert cam.tell(order["id"], execution, "none", ["step"]).status_code == 200
    assert cam.tell(order["id"], details=["running 1.0.1"]).status_code == 200
    links = cam.get().json()["_links"]
    assert sorted(links) == ["configData", "installedBase"]
    assert cam.get(links["installedBase"]["href"]).json() == order
    assert cam.get(f"/deploymentBase/{order['id']}").status_code == 404
    assert events(world, "updates.device_updated") == []  # its word alone is no proof
    assert cam.put("/configData", json={"mode": "merge", "data": {"version": "1.0.0"}}).status_code == 200
    assert "configData" in cam.get().json()["_links"]  # it may not have restarted yet: it is asked again
    assert cam.put("/configData", json={"mode": "merge", "data": {"version": "1.0.1"}}).status_code == 200
    assert "configData" not in cam.get().json()["_links"]
    updates.advance(world)
    assert events(world, "updates.device_updated") == [{"rollout": rollout, "device": "cam-1-001", "version": "1.0.1"}]
    assert devices.get(world, "cam-1-001").version == "1.0.1"


def test_a_closed_order_is_gone_and_what_comes_late_changes_nothing(cam, world, rollout):
    action = cam.order()["id"]
    assert cam.tell(action, finished="none").status_code == 200
    late = cam.tell(action, finished="failure", details=["after all not"])
    assert (late.status_code, late.json()["exceptionClass"]) == (410, "Gone")
    assert updates.order(world, int(action)).state == "succeeded"
    assert events(world, "updates.device_failed") == []


def test_the_same_report_again_is_kept_once(cam, world, rollout):
    action = cam.order()["id"]
    for _ in range(3):
        cam.tell(action, "proceeding", "none", ["half"])
    assert len(updates.statuses(world, int(action))) == 1
    answer = cam.get(f"/deploymentBase/{action}", params={"actionHistory": "-1"}).json()
    assert answer["actionHistory"] == {"status": "RUNNING", "messages": ["half", "proceeding"]}


def test_a_failure_says_why(cam, world, rollout):
    action = cam.order()["id"]
    details = ["trying", "rolled back: the camera \x07did not see", "the end"]
    assert cam.tell(action, finished="failure", details=details).status_code == 200
    [failed] = events(world, "updates.device_failed")
    assert (failed["reason"], failed["rolled_back"]) == ("rolled back: the camera  did not see", True)
    assert "configData" in cam.get().json()["_links"]  # what it runs now is not what we think


def test_a_cancelled_order(cam, world, staff, rollout):
    action = cam.order()["id"]
    assert cam.tell(action, kind="cancelAction").status_code == 405
    updates.halt(world, staff, rollout, "found a fault")
    assert list(cam.get().json()["_links"]) == ["cancelAction", "configData"]
    assert cam.get(f"/deploymentBase/{action}").status_code == 404
    assert cam.get(cam.link("cancelAction")).json() == {"id": action, "cancelAction": {"stopId": action}}
    assert cam.tell(action, "rejected", "failure", kind="cancelAction").status_code == 200
    assert "deploymentBase" in cam.get().json()["_links"]
    assert cam.get(f"/cancelAction/{action}").status_code == 404


def test_a_device_that_drops_its_order(cam, world, staff, rollout):
    action = cam.order()["id"]
    updates.halt(world, staff, rollout, "found a fault")
    assert cam.tell(action, "proceeding", "none", kind="cancelAction").status_code == 200
    assert cam.tell(action, kind="cancelAction").status_code == 200
    assert cam.tell(action, kind="cancelAction").status_code == 410
    assert list(cam.get().json()["_links"]) == ["configData"]


@pytest.mark.parametrize("fresh", [pytest.param(1e9, id="memory is never brought up to date")])
class TestADeviceSeesAtOnceWhatItDidItself:
    @pytest.mark.usefixtures("rollout")
    def test_after_its_order_ended(self, cam):
        cam.tell(cam.order()["id"])
        assert "deploymentBase" not in cam.get().json()["_links"]

    @pytest.mark.parametrize(
        ("execution", "then"),
        [pytest.param("rejected", "deploymentBase", id="refused"), pytest.param("closed", None, id="agreed")],
    )
    def test_after_its_answer_to_a_cancel(self, cam, world, staff, rollout, execution, then):
        action = cam.order()["id"]
        updates.halt(world, staff, rollout, "found a fault")
        assert cam.link("cancelAction")
        cam.tell(action, execution, kind="cancelAction")
        assert {"cancelAction", "deploymentBase"} & set(cam.get().json()["_links"]) == ({then} if then else set())

    def test_after_it_said_what_it_is(self, cam):
        assert cam.link("configData")
        cam.put("/configData", json={"mode": "merge", "data": {"version": "1.0.0"}})
        assert "configData" not in cam.get().json().get("_links", {})


def test_what_a_device_says_about_itself(cam, world):
    assert cam.put("/configData", json={"id": "", "data": {"version": "1.0.0", "slot": "a"}}).status_code == 200
    assert "configData" not in cam.get().json()["_links"]
    assert updates.attributes(world, "cam-1-001") == {"version": "1.0.0", "slot": "a"}
    cam.put("/configData", json={"mode": "merge", "data": {"slot": "b", "n": 1}})
    cam.put("/configData", json={"mode": "remove", "data": {"version": ""}})
    assert updates.attributes(world, "cam-1-001") == {"slot": "b", "n": "1"}
    cam.put("/configData", json={"mode": "replace", "data": {"version": "1.0.9"}})
    assert updates.attributes(world, "cam-1-001") == {"version": "1.0.9"}
    assert devices.get(world, "cam-1-001").version == "1.0.9"
    assert cam.put("/configData", json={"data": {f"k{n}": "v" for n in range(101)}}).status_code == 429
    assert cam.put("/installedBase", json={"name": "os", "version": "1.0.9"}).status_code == 200
    assert cam.put("/installedBase", json={"name": "os", "version": "1.1.0"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "where"),
    [
        pytest.param({}, "status", id="nothing"),
        pytest.param({"status": []}, "status", id="a list"),
        pytest.param({"status": {"execution": "exploded"}}, "status.execution", id="no such execution"),
        pytest.param({"status": {"execution": ["closed"]}}, "status.execution", id="a list of executions"),
        pytest.param({"status": {"execution": {}}}, "status.execution", id="an object for an execution"),
        pytest.param({"status": {"execution": "closed"}}, "result", id="no result"),
        pytest.param({"status": {"execution": "closed", "result": {}}}, "finished", id="no end"),
        pytest.param(
            {"status": {"execution": "closed", "result": {"finished": "none"}, "details": [1]}}, "details", id="details"
        ),
        pytest.param(
            {"status": {"execution": "closed", "result": {"finished": "none"}, "code": "x"}}, "code", id="code"
        ),
    ],
)
def test_a_malformed_report_is_refused_and_changes_nothing(cam, world, rollout, body, where):
    action = cam.order()["id"]
    answer = cam.post(f"/deploymentBase/{action}/feedback", json=body)
    assert answer.status_code == 400
    assert where in answer.json()["message"]
    assert updates.statuses(world, int(action)) == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        pytest.param(b"{", "application/json", 400, id="no JSON"),
        pytest.param(b"[1]", "application/json", 400, id="a list"),
        pytest.param(b"[" * 60_000, "application/json", 400, id="deep"),
        pytest.param(b"\xff\xfe", "application/json", 400, id="no text"),
        pytest.param(b"{}", "text/plain", 415, id="another type"),
        pytest.param(b"{}", "", 415, id="no type"),
        pytest.param(b" " * 70_000, "application/json", 413, id="too long"),
    ],
)
def test_a_malformed_body(cam, content, kind, status):
    answer = cam.put("/configData", content=content, headers={"content-type": kind})
    assert answer.status_code == status
    assert set(answer.json()) == {"exceptionClass", "errorCode", "message", "info"}


@pytest.mark.parametrize(
    ("method", "path", "use"),
    [("post", "", "GET, HEAD"), ("get", "/configData", "PUT"), ("delete", "/deploymentBase/7", "GET, HEAD"),
     ("get", "/deploymentBase/7/feedback", "POST"), ("put", "/confirmationBase", "GET, HEAD")],
)  # fmt: skip
def test_the_wrong_method_is_told_the_right_one(cam, method, path, use):
    answer = getattr(cam, method)(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, use)
    assert answer.json()["info"]["do"] == f"Use {use}."


def test_contradictions_and_a_wrong_clock_change_nothing(cam, world, rollout):
    action = cam.order()["id"]
    said = {"timestamp": 99999999999999999, "time": "19700101T000000"}
    assert cam.tell(action, "proceeding", "none", ["50 %"], **said).status_code == 200
    assert cam.tell(action, "closed", "failure", ["no space left"], **said).status_code == 200
    for execution, finished in (("closed", "failure"), ("closed", "success"), ("proceeding", "none")):
        assert cam.tell(action, execution, finished).status_code == 410
    assert cam.tell(action, kind="cancelAction").status_code == 410
    assert updates.order(world, int(action)).state == "failed"
    assert [one.late for one in updates.statuses(world, int(action))] == [True] * 4 + [False] * 2
    assert all(abs((one.at - world.clock.now()).total_seconds()) < 60 for one in updates.statuses(world, int(action)))
    assert devices.get(world, "cam-1-001").version == "1.0.0"


@pytest.mark.parametrize(("asked", "lines"), [("0", None), ("-1", 6), ("2", 4), ("99", 6)])
def test_as_much_history_as_is_asked_for(cam, rollout, asked, lines):
    action = cam.order()["id"]
    for number in range(3):
        cam.tell(action, "proceeding", "none", [f"step {number}"])
    history = cam.get(f"/deploymentBase/{action}?actionHistory={asked}").json().get("actionHistory")
    assert (history and len(history["messages"])) == lines
    if history:
        assert (history["status"], history["messages"][0]) == ("RUNNING", "step 2")
    assert cam.get(f"/deploymentBase/{action}?actionHistory=some").status_code == 400


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
STATUS = st.fixed_dictionaries(
    {
        "execution": ANY | st.sampled_from(["closed", "proceeding", "canceled", "rejected"]),
        "result": ANY | st.fixed_dictionaries({"finished": ANY | st.sampled_from(["success", "failure", "none"])}),
    },
    optional={"details": ANY, "code": ANY},
)
BODIES = (
    ANY
    | st.fixed_dictionaries({"status": ANY | STATUS}, optional={"id": ANY, "timestamp": ANY})
    | st.fixed_dictionaries({"data": ANY, "mode": ANY | st.sampled_from(["merge", "replace", "remove"])})
    | st.fixed_dictionaries({"confirmation": ANY | st.sampled_from(["confirmed", "denied"])}, optional={"details": ANY})
    | st.fixed_dictionaries({"version": ANY})
)
PLACES = ("post /deploymentBase/{}/feedback", "post /cancelAction/{}/feedback", "post /confirmationBase/{}/feedback",
          "put /configData", "put /installedBase", "post /confirmationBase/activateAutoConfirm")  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), body=BODIES, cbor=st.booleans())
def test_whatever_is_sent_is_answered(cam, rollout, place, body, cbor):
    method, path = place.format(1).split(" ")
    content = cbor2.dumps(body) if cbor else json.dumps(body).encode()
    kind = {"content-type": "application/cbor" if cbor else "application/json"}
    answer = getattr(cam, method)(path, content=content, headers=kind)
    assert answer.status_code in {200, 201, 400, 404, 405, 409, 410, 413, 429}, answer.text
    assert len({"deploymentBase", "cancelAction", "confirmationBase"} & set(cam.get().json()["_links"])) <= 1


@pytest.mark.parametrize("name", ["a%00b", "%0a", "a%7fb"])
def test_a_name_that_can_be_none_is_refused(http, maker, name):
    answer = http.get(f"/default/controller/v1/{name}", headers={"authorization": "TargetToken x"})
    assert answer.status_code == 400
    assert http.get(f"/rauc/{name}", headers={"authorization": "TargetToken x"}).status_code == 400


@pytest.mark.parametrize("key", ["", "k" * 129, "a\nb"])
def test_a_malformed_attribute(cam, key):
    assert cam.put("/configData", json={"data": {key: "v"}}).status_code == 400


def test_too_many_messages(cam, rollout):
    answer = cam.tell(cam.order()["id"], "proceeding", "none", ["x"] * 51)
    assert (answer.status_code, "retry-after" in answer.headers) == (429, True)


@pytest.mark.parametrize("action", ["0", "10", "99999", "-1", "x", "7;", "٣", "99999999999", "2147483648"])
def test_no_such_action(cam, action):
    for path in (f"/deploymentBase/{action}", f"/installedBase/{action}", f"/softwaremodules/{action}/artifacts/x"):
        assert cam.get(path).status_code == 404


def test_a_device_sees_only_its_own(cam, other, world, rollout):
    mine = other.order()
    action = mine["id"]
    name = mine["deployment"]["chunks"][0]["artifacts"][0]["filename"]
    for path in (f"/deploymentBase/{action}", f"/softwaremodules/{action}/artifacts/{name}"):
        assert cam.get(path).status_code == 404
    assert cam.tell(action).status_code == 404
    assert cam.get(other.base).status_code == 403
    assert cam.put(f"{other.base}/configData", json={"data": {"version": "9"}}).status_code == 403
    assert updates.order(world, int(action)).is_open
    assert [one.kind for one in devices.refusals(world, "cam-1-001")] == ["other-device"]


def test_nobody_gets_nothing(http, maker):
    nobody = Device(http, "cam-1-001")
    for headers in ({}, *({"authorization": f"{kind} wrong"} for kind in ("TargetToken", "GatewayToken", "Basic"))):
        for name in ("cam-1-001", "cam-9"):
            answer = Device(http, name, **headers).get()
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "TargetToken, GatewayToken"
            assert answer.json()["exceptionClass"] == "Unauthenticated"
            assert "Token" in answer.json()["info"]["do"]  # what would be right
    assert nobody.get().json()["message"] == "No client certificate was shown."


def test_a_target_token_stands_in_for_a_certificate(http, maker, world, staff, rollout):
    token = devices.set_target_token(world, staff, "cam-1-001")
    cam = Device(http, "cam-1-001", authorization=f"TargetToken {token}")
    assert cam.tell(cam.order()["id"]).status_code == 200
    assert Device(http, "cam-1-002", authorization=f"TargetToken {token}").get().status_code == 401


def test_a_quarantined_device_is_refused_at_once(cam, world, staff, rollout):
    assert cam.get().status_code == 200
    devices.quarantine(world, staff, "cam-1-001", "odd")
    assert cam.get().status_code == 403


@pytest.mark.parametrize("tenant", ["default", "DEFAULT"])
def test_links_stay_with_the_tenant_and_the_host(cam, rollout, tenant):
    answer = cam.get(f"/{tenant}/controller/v1/cam-1-001", headers={"host": "10.0.0.7:8444"})
    assert answer.json()["_links"]["deploymentBase"]["href"].startswith(
        f"https://10.0.0.7:8444/{tenant}/controller/v1/"
    )


def test_a_host_that_is_none_leads_nowhere(cam, world, rollout):
    answer = cam.get(headers={"host": 'x"},{'})
    assert answer.json()["_links"]["configData"]["href"].startswith(world.settings.device_url + "/default/")


def test_a_wrong_tenant_is_told_the_right_path(http):
    answer = http.get("/acme/controller/v1/cam-1-001")
    assert answer.status_code == 404
    assert answer.json()["info"]["do"] == "Use /default/controller/v1/cam-1-001"
    assert http.get("/default/controller/v1/cam-1-001/nothing").status_code == 404
    assert http.get("/default/controller/v1/" + "x" * 300).status_code == 400


RANGES = [
    pytest.param("bytes=0-9", CONTENT[:10], id="the beginning"),
    pytest.param("bytes=51000-", CONTENT[51000:], id="the rest"),
    pytest.param("bytes=-7", CONTENT[-7:], id="the end"),
]


@pytest.fixture
def link(cam, rollout):
    return cam.order()["deployment"]["chunks"][0]["artifacts"][0]["_links"]["download"]["href"]


@pytest.mark.parametrize(("asked", "expected"), RANGES)
def test_a_download_goes_on_where_it_stopped(cam, link, asked, expected):
    answer = cam.get(link, headers={"range": asked})
    assert (answer.status_code, answer.content) == (206, expected)
    assert answer.headers["content-range"].endswith(f"/{len(CONTENT)}")


def test_conditions_on_a_download(cam, link):
    whole = cam.head(link)
    sha1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()
    assert (whole.status_code, whole.content, whole.headers["content-length"]) == (200, b"", str(len(CONTENT)))
    assert whole.headers["etag"] == f'"{sha1}"'
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-disposition"].startswith("attachment")
    assert cam.get(link, headers={"range": "bytes=0-3", "if-range": f'"{sha1}"'}).status_code == 206
    assert cam.get(link, headers={"range": "bytes=0-3", "if-range": '"other"'}).status_code == 200
    assert cam.get(link, headers={"if-none-match": f'"{sha1}"'}).status_code == 304
    assert cam.get(link, headers={"if-match": '"other"'}).status_code == 412
    beyond = cam.get(link, headers={"range": f"bytes={len(CONTENT)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")
    several = cam.get(link, headers={"range": "bytes=0-3,10-13"})
    assert several.headers["content-type"].startswith("multipart/byteranges")
    assert cam.get(link + "x").status_code == 404


def test_a_withdrawn_order_gives_no_bytes(cam, world, staff, rollout, link):
    updates.halt(world, staff, rollout, "found a fault")
    cam.tell(link.split("/softwaremodules/")[1].split("/")[0], kind="cancelAction")
    assert cam.get(link).status_code == 404


def test_polls_are_noted_in_batches(world, maker, clock):
    board = updates.Board(world, fresh=0)
    assert board.heard("cam-1-001")
    assert not board.heard("cam-1-002")
    clock.advance(timedelta(minutes=1))
    assert board.flush() == 2
    assert devices.get(world, "cam-1-001").last_seen is not None
    assert board.flush() == 0


def test_a_tampered_drill_serves_other_bytes_of_the_same_length(cam, world, staff):
    updates.drill(world, staff, "cam-1-001", "tampered")
    order = cam.order()
    [artifact] = order["deployment"]["chunks"][0]["artifacts"]
    got = cam.get(artifact["_links"]["download"]["href"], headers={"range": "bytes=5-"})
    assert (got.status_code, len(got.content)) == (200, len(CONTENT))
    assert artifact["hashes"]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert hashlib.sha256(got.content).hexdigest() != artifact["hashes"]["sha256"]
    cam.tell(order["id"], finished="failure", details=["refused: tampered: other bytes arrived than were signed"])
    assert events(world, "updates.drill_held")[0]["kind"] == "tampered"
    assert cam.get(artifact["_links"]["download"]["href"]).status_code == 404


def test_the_director_signs_an_order_for_its_device_alone(cam, other, rollout):
    action = cam.order()["id"]
    answer = cam.get(f"/deploymentBase/{action}/assignment")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["signed"]["assignment"] == {"device": "cam-1-001", "product": "cam-1", "action": int(action)}
    assert other.get(f"/deploymentBase/{action}/assignment").status_code == 404
    cam.tell(action)
    assert cam.get(f"/deploymentBase/{action}/assignment").status_code == 404


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_of_several_processes_each_has_its_share_of_the_polls(world):
    four = {"polls_per_second": 300, "device_processes": 4, "poll_seconds": 60}
    ddi = Ddi(Desk(replace(world, settings=world.settings.model_copy(update=four)), fresh=1.0))
    for _ in range(140):
        ddi._pace.polled()
    assert ddi._pace.usual() == 60
    for _ in range(140):
        ddi._pace.polled()
    assert ddi._pace.usual() > 60
