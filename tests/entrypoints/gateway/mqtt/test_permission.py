"""Who may say and hear what: the name in the certificate and the declaration decide, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful import products
from careful.entrypoints.gateway.mqtt.permission import (
    Denied,
    Route,
    check,
    covers,
    may_hear,
    route,
    taken,
)

PERMIT = products.permit(
    products.parse(
        b"""\
schema: product/1
product: {id: cam-1, name: Test Cam, models: [TC-1]}
data:
  - {id: climate, fields: [celsius, n], types: {celsius: number}, personal: false}
  - {id: place, fields: [position, tags], types: {position: object}, personal: true}
events:
  - {name: motion, fields: [zone], personal: true}
"""
    )
)
ME = "cam-1-001"

PERMITTED = [
    pytest.param("d/cam-1-001/up/climate", b'{"celsius": 20.5, "n": 1}', id="declared stream"),
    pytest.param("d/cam-1-001/up/climate", b"{}", id="no fields"),
    pytest.param(
        "d/cam-1-001/up/place", b'{"position": {"lat": 1.0, "of": {"x": [1]}}, "tags": [1, "a"]}', id="object"
    ),
    pytest.param("d/cam-1-001/event/motion", b'{"zone": "door"}', id="declared event"),
    pytest.param("d/cam-1-001/event/offline", b"", id="built-in event, empty"),
    pytest.param("d/cam-1-001/event/offline", b'{"reason": "asleep"}', id="built-in event"),
    pytest.param("d/cam-1-001/state/reported", b'{"version": "1.0.0"}', id="reported state"),
]
REFUSED = [
    pytest.param("d/cam-1-002/up/climate", b"{}", "foreign-topic", "d/cam-1-002/up/climate", id="another device"),
    pytest.param("d/cam-1-00/up/climate", b"{}", "foreign-topic", "d/cam-1-00/", id="a prefix of the name"),
    pytest.param("d/cam-1-0011/up/climate", b"{}", "foreign-topic", "", id="a longer name"),
    pytest.param("d/CAM-1-001/up/climate", b"{}", "foreign-topic", "", id="another case"),
    pytest.param("/d/cam-1-001/up/climate", b"{}", "foreign-topic", "", id="leading slash"),
    pytest.param("$SYS/broker", b"{}", "foreign-topic", "", id="$SYS"),
    pytest.param("cam-1-001", b"{}", "foreign-topic", "", id="no level"),
    pytest.param("d/cam-1-001", b"{}", "unknown-topic", "", id="own name alone"),
    pytest.param("d/cam-1-001/", b"{}", "unknown-topic", "", id="empty level"),
    pytest.param("d/cam-1-001/down/reboot", b"{}", "unknown-topic", "", id="speaking downward"),
    pytest.param("d/cam-1-001/state/desired", b"{}", "unknown-topic", "", id="setting its own desired state"),
    pytest.param("d/cam-1-001/up/climate/x", b"{}", "unknown-topic", "", id="one level too many"),
    pytest.param("d/cam-1-001/up/../../x/up/climate", b"{}", "unknown-topic", "", id="dots mean nothing"),
    pytest.param("d/cam-1-001/up/" + "x/" * 20, b"{}", "topic-too-long", "", id="too deep"),
    pytest.param("d/cam-1-001/up/" + "x" * 300, b"{}", "topic-too-long", "", id="too long"),
    pytest.param("d/cam-1-001/up/sound", b"{}", "undeclared-stream", "sound", id="undeclared stream"),
    pytest.param("d/cam-1-001/event/boom", b"{}", "undeclared-event", "boom", id="undeclared event"),
    pytest.param("d/cam-1-001/up/climate", b'{"voice": 1}', "undeclared-field", "climate.voice", id="undeclared field"),
    pytest.param("d/cam-1-001/event/motion", b'{"who": 1}', "undeclared-field", "motion.who", id="field of an event"),
    pytest.param("d/cam-1-001/event/offline", b'{"who": 1}', "undeclared-field", "offline.who", id="field of offline"),
    pytest.param("d/cam-1-001/state/reported", b'{"ssid": 1}', "undeclared-field", "reported.ssid", id="state field"),
    pytest.param("d/cam-1-001/up/climate", b'{"celsius": "hot"}', "wrong-type", "climate.celsius", id="wrong type"),
    pytest.param("d/cam-1-001/up/climate", b'{"n": {"voice": 1}}', "undeclared-field", "climate.n.voice", id="hidden"),
    pytest.param("d/cam-1-001/up/climate", b'{"n": [{"v": 1}]}', "undeclared-field", "climate.n[].v", id="in a list"),
    pytest.param("d/cam-1-001/up/place", b'{"tags": [[{"v":1}]]}', "undeclared-field", "place.tags[][].v", id="deeper"),
    pytest.param(
        "d/cam-1-001/state/reported", b'{"health": {"a":1}}', "undeclared-field", "reported.health.a", id="st"
    ),
    pytest.param(
        "d/cam-1-001/up/place", b'{"position": [[[[[1]]]]]}', "wrong-type", "place.position", id="list for obj"
    ),
    pytest.param(
        "d/cam-1-001/up/place", b'{"position": {"a":{"a":{"a":{"a":{}}}}}}', "undeclared-field", "too deep", id="nested"
    ),
    pytest.param("d/cam-1-001/up/climate", b"[1]", "malformed-payload", "no JSON object", id="no object"),
    pytest.param("d/cam-1-001/up/climate", b"", "malformed-payload", "climate: neither", id="empty reading"),
    pytest.param("d/cam-1-001/up/climate", b"{", "malformed-payload", "climate: no JSON", id="cut short"),
    pytest.param("d/cam-1-001/up/climate", b'{"n": "\xff"}', "payload-encoding", "UTF-8", id="not UTF-8"),
    pytest.param("d/cam-1-001/up/climate", b'{"n": NaN}', "payload-number", "NaN", id="NaN"),
    pytest.param("d/cam-1-001/up/climate", b'{"n":' + b"[" * 60_000, "payload-depth", "within each other", id="a hole"),
]


def decide(topic, payload):
    to = route(PERMIT, ME, topic)
    return to if isinstance(to, Denied) else check(to, payload).denied


@pytest.mark.parametrize(("topic", "payload"), PERMITTED)
def test_permitted(topic, payload):
    assert decide(topic, payload) is None
    assert f"d/{ME}/{route(PERMIT, ME, topic).topic}" == topic


@pytest.mark.parametrize(("topic", "payload", "kind", "detail"), REFUSED)
def test_refused(topic, payload, kind, detail):
    denied = decide(topic, payload)
    assert denied is not None
    assert denied.kind == kind
    assert detail in denied.detail
    assert len(denied.detail) <= 80 + len("place: more than 8 objects or lists within each other")


def test_what_is_left_out_is_not_stored():
    narrow = products.parse(
        b"schema: product/1\nproduct: {id: cam-1}\n"
        b"data: [{id: climate, fields: [celsius, n], types: {celsius: number}, refusal: field}]"
    )
    to = route(products.permit(narrow), ME, f"d/{ME}/up/climate")
    payload = b'{"celsius": 20.5, "n": 1}'
    assert taken(check(to, payload), payload) == payload
    payload = b'{"celsius": "hot", "n": 1, "voice": "x"}'
    checked = check(to, payload)
    assert taken(checked, payload) == b'{"n":1}'
    assert [one.detail for one in checked.dropped] == ["climate.voice", "climate.celsius"]


def test_an_empty_event_waits_for_its_consent_too():
    file = b"schema: product/1\nproduct: {id: cam-1}\nevents: [{name: motion, fields: [zone], consent: opt_in}]"
    to = route(products.permit(products.parse(file)), ME, f"d/{ME}/event/motion")
    assert check(to, b"").denied == Denied("missing-consent", "motion")
    assert check(to, b"", {"motion:opt_in"}).denied is None


@given(st.text(max_size=80))
def test_only_the_own_name_leads_anywhere(topic):
    if isinstance(route(PERMIT, ME, topic), Route):
        assert topic.startswith(f"d/{ME}/")


@given(st.binary(max_size=200))
def test_any_payload_gets_an_answer(payload):
    to = route(PERMIT, ME, f"d/{ME}/up/climate")
    if check(to, payload).denied is None:
        assert set(json.loads(payload)) <= {"celsius", "n"}


@given(st.dictionaries(st.sampled_from(["celsius", "n", "voice"]), st.recursive(
    st.none() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=8,
)))  # fmt: skip
def test_no_undeclared_name_passes_at_any_depth(said):
    to = route(PERMIT, ME, f"d/{ME}/up/climate")
    try:
        payload = json.dumps(said).encode()
        payload.decode()
    except UnicodeEncodeError:
        return
    if check(to, payload).denied is None:
        assert set(said) <= {"celsius", "n"}
        assert not _has_object(said.values())


def _has_object(values):
    return any(isinstance(one, dict) or (isinstance(one, list) and _has_object(one)) for one in values)


HEARD = [
    pytest.param("d/cam-1-001/down/reboot", True, id="one name"),
    pytest.param("d/cam-1-001/down/+", True, id="any name"),
    pytest.param("d/cam-1-001/down/#", True, id="all down"),
    pytest.param("d/cam-1-001/#", True, id="all its own"),
    pytest.param("d/cam-1-001/+/+", True, id="two levels"),
    pytest.param("d/cam-1-001/state/desired", True, id="desired"),
    pytest.param("d/cam-1-001/state/+", True, id="desired by wildcard"),
    pytest.param("d/cam-1-001/+/desired", True, id="desired by its name"),
    pytest.param("d/cam-1-002/down/#", False, id="another device"),
    pytest.param("d/+/down/#", False, id="any device"),
    pytest.param("+/cam-1-001/down/#", False, id="any root"),
    pytest.param("#", False, id="everything"),
    pytest.param("d/#", False, id="all devices"),
    pytest.param("$SYS/#", False, id="$SYS"),
    pytest.param("$share/g/d/cam-1-001/down/#", False, id="shared"),
    pytest.param("d/cam-1-001", False, id="the name alone"),
    pytest.param("d/cam-1-001/up/climate", False, id="upward"),
    pytest.param("d/cam-1-001/up/#", False, id="all upward"),
    pytest.param("d/cam-1-001/state/reported", False, id="reported"),
    pytest.param("d/cam-1-001/down", False, id="no name"),
    pytest.param("d/cam-1-001/down/a/b", False, id="deeper than there is"),
    pytest.param("d/cam-1-001/" + "+/" * 10 + "#", False, id="too deep"),
]


@pytest.mark.parametrize(("pattern", "heard"), HEARD)
def test_what_a_device_may_hear(pattern, heard):
    assert may_hear(ME, pattern) is heard


COVERS = [
    pytest.param("a/b", "a/b", True, id="itself"),
    pytest.param("a/+", "a/b", True, id="one level"),
    pytest.param("a/#", "a/b/c", True, id="many levels"),
    pytest.param("#", "a", True, id="all"),
    pytest.param("a/+", "a/b/c", False, id="too short"),
    pytest.param("a/b/c", "a/b", False, id="too long"),
    pytest.param("a/b", "a/c", False, id="another"),
]


@pytest.mark.parametrize(("pattern", "topic", "does"), COVERS)
def test_covers(pattern, topic, does):
    assert covers(pattern, topic) is does
