"""Messages over HTTPS by curl: taken when on disk, all of a request or nothing, and a refusal says what and why."""

import json
from datetime import timedelta

import cbor2
import pytest

from careful import devices, products
from careful.entrypoints.gateway.https import ingest
from careful.kernel import inbox
from careful.kernel.database import Database, metadata

FILE = b"""\
schema: product/1
product: {id: cam-1, name: Test, models: [cam-1]}
data:
  - id: climate
    fields: [celsius, n]
    types: {celsius: number}
    details: {celsius: {min: -40, max: 85}}
    personal: false
  - {id: loose, fields: [a, b], types: {a: integer}, refusal: field, personal: false}
  - {id: place, fields: [room], personal: true}
  - {id: rare, fields: [n], personal: false, rate: {messages: 2, per: hour}}
  - {id: asked, fields: [n], personal: false, consent: opt_in}
  - {id: timed, fields: [at, n], time: at, personal: false, retention: {days: 10}}
events:
  - {name: motion, fields: [zone], personal: false}
"""


@pytest.fixture
def database(tmp_path):
    """SQLite alone: what this asks of the database is tested on both where it lives."""
    made = Database("", tmp_path / "home")
    metadata.create_all(made.engine)
    yield made
    made.close()


@pytest.fixture
def world(world, staff):
    products.declare(world, staff, FILE)
    products.approve(world, staff, "cam-1")
    return world


@pytest.fixture
def say(client, enrolled):
    """Post as cam-1-001."""

    def say(where, content, *options, kind="application/json", device="cam-1-001"):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        path = f"/d/{device}/{where}"
        return client.post(path, body, "-H", f"Content-Type: {kind}", *client.with_certificate(), *options)

    return say


@pytest.fixture
def kept(world):
    def kept(topic="up/climate"):
        found = inbox.recent(world.home, "cam-1-001", topic=topic, limit=1000)
        return [json.loads(one.payload) for one in reversed(found)]

    return kept


def problem(answer):
    assert "content-type: application/problem+json" in answer.headers.lower()
    found = json.loads(answer.body)
    assert found["status"] == answer.status
    return found


def test_a_reading_is_on_disk_when_it_is_answered(say, kept):
    answer = say("up/climate", {"celsius": 21.5})
    assert (answer.status, json.loads(answer.body)) == (202, {"taken": 1, "left_out": []})
    assert kept() == [{"celsius": 21.5}]


BATCHES = {
    "a list": ([{"n": 1}, {"n": 2}], "application/json"),
    "lines": (b'{"n":1}\n{"n":2}\n', "application/x-ndjson"),
    "CBOR": (cbor2.dumps([{"n": 1}, {"n": 2}]), "application/cbor"),
    "JSON that nobody called so": (b'[{"n":1},\n{"n":2}]', "application/cbor"),
}


@pytest.mark.parametrize(("content", "kind"), BATCHES.values(), ids=BATCHES)
def test_batches(say, kept, content, kind):
    answer = say("up/climate", content, kind=kind)
    assert json.loads(answer.body)["taken"] == 2
    assert kept() == [{"n": 1}, {"n": 2}]


def test_one_record_in_cbor_is_kept_as_json(say, kept):
    assert say("up/climate", cbor2.dumps({"n": 1}), kind="application/cbor").status == 202
    assert kept() == [{"n": 1}]


def test_events_and_states(say, kept, world, eventually):
    assert say("event/motion", {"zone": 3}).status == 202
    assert say("event/offline", b"").status == 202
    assert say("state/reported", {"version": "1.2.0", "crashes": 1}).status == 202
    assert kept("event/motion") == [{"zone": 3}]
    assert eventually(lambda: devices.get(world, "cam-1-001").version) == "1.2.0"
    assert devices.get(world, "cam-1-001").last_seen is not None


REFUSED = {
    "NaN": ("up/climate", b'{"n": NaN}', 400, "payload-number", "up/climate"),
    "a name twice": ("up/climate", b'{"n": 1, "n": 2}', 400, "payload-duplicate", "up/climate"),
    "no object": ("up/climate", b"7", 400, "malformed-payload", "up/climate"),
    "nothing": ("up/climate", b"", 400, "malformed-payload", "up/climate"),
    "deep": ("up/climate", b'{"n":' + b"[" * 20_000, 400, "payload-depth", "up/climate"),
    "a bomb": ("up/climate", bytes.fromhex("a1616e9bffffffffffffffff"), 400, "malformed-payload", "up/climate"),
    "undeclared field": ("up/climate", b'{"voice": 1}', 422, "undeclared-field", "climate.voice"),
    "wrong type": ("up/climate", b'{"celsius": "hot"}', 422, "wrong-type", "climate.celsius"),
    "out of range": ("up/climate", b'{"celsius": 900}', 422, "out-of-range", "climate.celsius"),
    "undeclared stream": ("up/sound", b"{}", 404, "undeclared-stream", "sound"),
    "undeclared event": ("event/boom", b"{}", 404, "undeclared-event", "boom"),
    "no such topic": ("down/reboot", b"{}", 404, "unknown-topic", "d/cam-1-001/down/reboot"),
    "without consent": ("up/asked", b'{"n": 1}', 403, "missing-consent", "asked"),
}


@pytest.mark.parametrize(("where", "content", "status", "rule", "place"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_names_the_rule_and_the_field(say, world, refused, where, content, status, rule, place):
    answer = say(where, content)
    found = problem(answer)
    assert (answer.status, found["rule"], found["record"]) == (status, rule, 0)
    assert place in found["where"]
    assert inbox.count(world.home) == 0
    assert refused("cam-1-001", rule).count == 1


def test_a_refusal_says_what_to_do(say):
    assert "careful data consent give" in problem(say("up/asked", {"n": 1}))["do"]
    assert "product file" in problem(say("up/climate", {"voice": 1}))["do"]


def test_of_a_batch_with_one_fault_nothing_is_taken(say, world):
    found = problem(say("up/climate", [{"n": 1}, {"n": 2}, {"celsius": "hot"}, {"n": 4}]))
    assert (found["record"], found["where"]) == (2, "climate.celsius")
    assert inbox.count(world.home) == 0


def test_a_field_at_fault_is_left_out_where_the_declaration_says_so(say, kept):
    answer = say("up/loose", [{"a": "x", "b": 1}, {"a": 2, "b": 3}])
    assert json.loads(answer.body) == {"taken": 2, "left_out": [{"rule": "wrong-type", "where": "loose.a"}]}
    assert kept("up/loose") == [{"b": 1}, {"a": 2, "b": 3}]


def test_more_than_the_declared_rate(say, kept):
    found = say("up/rare", [{"n": 1}, {"n": 2}, {"n": 3}])
    assert (found.status, problem(found)["rule"]) == (429, "over-rate")
    assert "retry-after: 60" in found.headers.lower()
    assert say("up/rare", [{"n": 1}, {"n": 2}]).status == 202
    assert say("up/rare", {"n": 3}).status == 429
    assert kept("up/rare") == [{"n": 1}, {"n": 2}]


def test_what_is_sent_again_under_its_key_is_stored_once(say, kept):
    again = ("-H", "Idempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324")
    for _ in range(3):
        assert say("up/climate", [{"n": 1}, {"n": 1}], *again).status == 202
    assert kept() == [{"n": 1}, {"n": 1}]
    assert say("up/climate", {"n": 1}, "-H", "Idempotency-Key: another").status == 202
    assert say("up/climate", {"n": 1}).status == 202
    assert kept() == [{"n": 1}] * 4
    assert problem(say("up/climate", {"n": 1}, "-H", "Idempotency-Key: " + "x" * 300))["where"] == "idempotency-key"


def test_personal_fields_lie_nowhere_in_the_clear(say, world):
    secret = "canary-4f1c"
    assert say("up/place", {"room": secret}).status == 202
    assert inbox.count(world.home) == 1
    lying = b"".join(path.read_bytes() for path in world.home.rglob("*") if path.is_file())
    assert secret.encode() not in lying


def test_nobody_speaks_for_another(say, world, refused):
    answer = say("up/climate", {"n": 1}, device="cam-1-002")
    assert problem(answer)["status"] == 403
    assert inbox.count(world.home) == 0
    assert refused("cam-1-001", "other-device")


def test_without_a_certificate(client, server, world):
    answer = client.post("/d/cam-1-001/up/climate", b"{}", "-H", "Content-Type: application/json")
    assert problem(answer)["status"] == 401


def test_who_is_cut_off_is_refused(say, world, staff, eventually):
    assert say("up/climate", {"n": 1}).status == 202
    devices.quarantine(world, staff, "cam-1-001", "it behaves badly")
    assert eventually(lambda: say("up/climate", {"n": 2}).status == 403)


def test_another_declaration_comes_into_force(say, world, staff, eventually):
    assert say("up/climate", {"humidity": 1}).status == 422
    products.declare(world, staff, FILE.replace(b"[celsius, n]", b"[celsius, n, humidity]"))
    products.approve(world, staff, "cam-1")
    assert eventually(lambda: say("up/climate", {"humidity": 1}).status == 202)


@pytest.mark.parametrize(
    ("options", "content", "status"),
    [
        pytest.param((), b"x" * (65 * 1024), 413, id="too large"),
        pytest.param(("-H", "Content-Type: text/csv"), b"1,2", 415, id="another type"),
        pytest.param((), [{"n": 1}] * 501, 400, id="too many records"),
    ],
)
def test_what_is_too_much(client, enrolled, say, options, content, status):
    answer = client.post("/d/cam-1-001/up/climate", content, *client.with_certificate(), *options) if options else say(
        "up/climate", content
    )  # fmt: skip
    assert problem(answer)["status"] == status


def test_one_device_asks_no_more_often_than_its_share(say, monkeypatch):
    monkeypatch.setattr(ingest.Buckets, "take", lambda *_: (_ for _ in ()).throw(ingest.TooMany("x", retry_after=7)))
    answer = say("up/climate", {"n": 1})
    assert (problem(answer)["status"], problem(answer)["detail"]) == (429, "Too many requests of this device.")
    assert "retry-after: 7" in answer.headers.lower()


def test_a_disk_that_does_not_answer(say, world, monkeypatch, kept):
    def full(*_):
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(inbox.SqliteInbox, "_store", full)
        answer = say("up/climate", {"n": 1}, "-H", "Idempotency-Key: a")
        assert problem(answer)["status"] == 503
        assert "retry-after: 5" in answer.headers.lower()
    assert say("up/climate", {"n": 1}, "-H", "Idempotency-Key: a").status == 202
    assert kept() == [{"n": 1}]


def test_a_record_with_a_time_of_its_own(say, kept, clock):
    def record(**ago):
        return {"at": (clock.now() - timedelta(**ago)).isoformat(), "n": 1}

    assert problem(say("up/timed", record(minutes=-6)))["rule"] == "future-time"
    assert problem(say("up/timed", [record(), record(days=11)]))["record"] == 1
    assert say("up/timed", [record(), record(), record(hours=1)]).status == 202
    assert say("up/timed", record(hours=1)).status == 202
    assert kept("up/timed") == [record(), record(hours=1)]
