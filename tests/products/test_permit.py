import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.products.parsing import parse
from careful.products.permit import KINDS, Denied, permit

TEXT = b"""\
schema: product/1
product: {id: cam-9}
data:
  - {id: telemetry, fields: [t, n, s, b, l, o, free],
     types: {t: number, n: integer, s: text, b: boolean, l: list, o: object}, personal: false}
  - {id: clip, fields: [zone], personal: true}
  - {id: maybe, fields: [x]}
  - {id: empty}
  - {id: account, fields: [email], from: app}
  - {id: mine, fields: [y], from: device, personal: false}
events:
  - {name: motion, fields: [zone, score], types: {score: number}}
  - {name: bare}
"""
PERMIT = permit(parse(TEXT))


def test_streams_are_the_data_that_arises_on_the_device():
    assert set(PERMIT.streams) == {"telemetry", "clip", "maybe", "empty", "mine"}


def test_what_may_be_personal_is_protected():
    personal = {name: one.personal for name, one in PERMIT.streams.items()}
    assert personal["clip"] == {"zone"}
    assert personal["maybe"] == {"x"}
    assert personal["telemetry"] == personal["mine"] == frozenset()


def test_every_device_may_say_that_it_went_and_what_became_of_an_update():
    assert set(PERMIT.events) == {"offline", "update", "motion", "bare"}
    assert PERMIT.denies_event("offline", {"reason": "power"}) is None
    assert permit(parse(b"schema: product/1\nproduct: {id: a}\n")).events.keys() == {"offline", "update"}


MESSAGES = [
    pytest.param("telemetry", {"t": 20.5, "n": 3}, None, id="declared"),
    pytest.param("telemetry", {}, None, id="nothing"),
    pytest.param("telemetry", {"free": {"any": "thing"}}, None, id="no type given"),
    pytest.param("telemetry", {"t": 21}, None, id="a whole number is a number"),
    pytest.param("telemetry", {"b": True, "l": [1], "o": {}, "s": "x"}, None, id="all types"),
    pytest.param("telemetry", {"ssid": "x"}, Denied("undeclared_field", "telemetry.ssid"), id="unknown field"),
    pytest.param("telemetry", {"t": 1, "z": 1, "a": 1}, Denied("undeclared_field", "telemetry.a"), id="first by name"),
    pytest.param("telemetry", {"T": 1}, Denied("undeclared_field", "telemetry.T"), id="capitals differ"),
    pytest.param("telemetry", {"t": "hot"}, Denied("wrong_type", "telemetry.t"), id="text for a number"),
    pytest.param("telemetry", {"t": True}, Denied("wrong_type", "telemetry.t"), id="true is no number"),
    pytest.param("telemetry", {"n": True}, Denied("wrong_type", "telemetry.n"), id="true is no integer"),
    pytest.param("telemetry", {"n": 1.5}, Denied("wrong_type", "telemetry.n"), id="a fraction is no integer"),
    pytest.param("telemetry", {"s": None}, Denied("wrong_type", "telemetry.s"), id="null is no text"),
    pytest.param("telemetry", {"b": 1}, Denied("wrong_type", "telemetry.b"), id="one is not true"),
    pytest.param("empty", {"x": 1}, Denied("undeclared_field", "empty.x"), id="a stream without fields"),
    pytest.param("account", {"email": "x"}, Denied("undeclared_stream", "account"), id="data of the app"),
    pytest.param("nope", {}, Denied("undeclared_stream", "nope"), id="unknown stream"),
    pytest.param("x" * 500, {}, Denied("undeclared_stream", "x" * 64), id="a long name is cut"),
    pytest.param("telemetry", {"y" * 500: 1}, Denied("undeclared_field", f"telemetry.{'y' * 64}"), id="a long field"),
]


@pytest.mark.parametrize(("stream", "message", "denied"), MESSAGES)
def test_messages(stream, message, denied):
    assert PERMIT.denies_up(stream, message) == denied


EVENTS = [
    pytest.param("motion", {"zone": "door", "score": 0.5}, None, id="declared"),
    pytest.param("motion", {"score": "high"}, Denied("wrong_type", "motion.score"), id="type"),
    pytest.param("motion", {"who": "x"}, Denied("undeclared_field", "motion.who"), id="field"),
    pytest.param("bare", {}, None, id="no fields"),
    pytest.param("telemetry", {}, Denied("undeclared_event", "telemetry"), id="a stream is no event"),
]


@pytest.mark.parametrize(("name", "message", "denied"), EVENTS)
def test_events(name, message, denied):
    assert PERMIT.denies_event(name, message) == denied


@given(st.text(max_size=80), st.dictionaries(st.text(max_size=80), st.none() | st.integers() | st.text(), max_size=5))
def test_only_declared_names_ever_pass(stream, message):
    denied = PERMIT.denies_up(stream, message)
    if denied is None:
        assert set(message) <= PERMIT.streams[stream].fields
    else:
        assert denied.kind in KINDS
