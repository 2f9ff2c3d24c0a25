import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.products.parsing import parse
from careful.products.permit import FAULTS_MOST, KINDS, Checked, Denied, consent_word, permit

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
    assert set(PERMIT.events) == {"offline", "update", "reset", "connections", "motion", "bare"}
    assert PERMIT.shapes["offline"].check({"reason": "power"}) == Checked({"reason": "power"})
    nothing = permit(parse(b"schema: product/1\nproduct: {id: a}\n"))
    assert nothing.events.keys() == {"offline", "update", "reset", "connections"}


MESSAGES = [
    pytest.param("telemetry", {"t": 20.5, "n": 3}, None, id="declared"),
    pytest.param("telemetry", {}, None, id="nothing"),
    pytest.param("telemetry", {"free": "x"}, None, id="no type given"),
    pytest.param("telemetry", {"free": None}, None, id="no type, no value"),
    pytest.param("telemetry", {"free": [1, ["a"]]}, None, id="no type, a list"),
    pytest.param("telemetry", {"free": {"w": 1}}, Denied("undeclared-field", "telemetry.free.w"), id="hidden"),
    pytest.param("telemetry", {"free": {}}, Denied("undeclared-field", "telemetry.free.{}"), id="hidden, empty"),
    pytest.param("telemetry", {"free": b"x"}, Denied("wrong-type", "telemetry.free"), id="bytes"),
    pytest.param("telemetry", {"l": [{"v": 1}]}, Denied("undeclared-field", "telemetry.l[].v"), id="in a list"),
    pytest.param("telemetry", {"o": {"a": [{"b": 1}]}}, None, id="an object holds what it likes"),
    pytest.param("telemetry", {"o": [1]}, Denied("wrong-type", "telemetry.o"), id="a list is no object"),
    pytest.param(
        "telemetry", {"ann@example.com": 1}, Denied("undeclared-field", "telemetry.(no field's name)"), id="a value?"
    ),
    pytest.param("telemetry", {"t": 21}, None, id="a whole number is a number"),
    pytest.param("telemetry", {"b": True, "l": [1], "o": {}, "s": "x"}, None, id="all types"),
    pytest.param("telemetry", {"ssid": "x"}, Denied("undeclared-field", "telemetry.ssid"), id="unknown field"),
    pytest.param("telemetry", {"t": 1, "z": 1, "a": 1}, Denied("undeclared-field", "telemetry.a"), id="first by name"),
    pytest.param("telemetry", {"T": 1}, Denied("undeclared-field", "telemetry.T"), id="capitals differ"),
    pytest.param("telemetry", {"t": "hot"}, Denied("wrong-type", "telemetry.t"), id="text for a number"),
    pytest.param("telemetry", {"t": True}, Denied("wrong-type", "telemetry.t"), id="true is no number"),
    pytest.param("telemetry", {"n": True}, Denied("wrong-type", "telemetry.n"), id="true is no integer"),
    pytest.param("telemetry", {"n": 1.5}, Denied("wrong-type", "telemetry.n"), id="a fraction is no integer"),
    pytest.param("telemetry", {"s": None}, Denied("wrong-type", "telemetry.s"), id="null is no text"),
    pytest.param("telemetry", {"b": 1}, Denied("wrong-type", "telemetry.b"), id="one is not true"),
    pytest.param("empty", {"x": 1}, Denied("undeclared-field", "empty.x"), id="a stream without fields"),
    pytest.param("telemetry", {"y" * 500: 1}, Denied("undeclared-field", f"telemetry.{'y' * 64}"), id="a long field"),
]


@pytest.mark.parametrize(("stream", "message", "denied"), MESSAGES)
def test_messages(stream, message, denied):
    assert PERMIT.streams[stream].check(message) == (Checked(message) if denied is None else Checked(None, (), denied))


EVENTS = [
    pytest.param("motion", {"zone": "door", "score": 0.5}, None, id="declared"),
    pytest.param("motion", {"score": "high"}, Denied("wrong-type", "motion.score"), id="type"),
    pytest.param("motion", {"who": "x"}, Denied("undeclared-field", "motion.who"), id="field"),
    pytest.param("bare", {}, None, id="no fields"),
]


@pytest.mark.parametrize(("name", "message", "denied"), EVENTS)
def test_events(name, message, denied):
    assert PERMIT.shapes[name].check(message) == (Checked(message) if denied is None else Checked(None, (), denied))


@given(
    st.sampled_from(sorted(PERMIT.streams)),
    st.dictionaries(st.text(max_size=80), st.none() | st.integers() | st.text(), max_size=5),
)
def test_only_declared_names_ever_pass(stream, message):
    checked = PERMIT.streams[stream].check(message)
    if checked.denied is None:
        assert set(message) <= PERMIT.streams[stream].fields
    else:
        assert checked.denied.kind in KINDS


DETAILED = b"""\
schema: product/1
product: {id: cam-9}
data:
  - id: record
    fields: [t, n, level, label, marks, free, note]
    types: {t: number, n: integer, label: text, marks: list}
    details:
      t: {min: -40.5, max: 85, unit: Cel}
      n: {min: 0}
      level: {max: 100}
      label: {max_length: 3}
      marks: {max_length: 2}
      note: {max_length: 2}
  - id: field
    refusal: field
    fields: [t, n, zone]
    types: {n: integer}
    details: {t: {min: 0, max: 10}, zone: {consent: opt_in, personal: true}}
    personal: false
  - id: clip
    consent: parental
    fields: [sound, battery]
    details: {battery: {consent: none}}
  - id: mixed
    consent: opt_in
    refusal: field
    fields: [a, b]
"""
JUDGED = permit(parse(DETAILED), 7)
LIMITS = [
    pytest.param({"t": -40.5, "n": 0, "level": 100, "label": "abc", "marks": [1, 2], "note": "ab"}, None, id="edges"),
    pytest.param({"t": 85}, None, id="a whole number in a range"),
    pytest.param({"t": 85.1}, ("out-of-range", "t"), id="too hot"),
    pytest.param({"t": -41}, ("out-of-range", "t"), id="too cold"),
    pytest.param({"t": "20"}, ("wrong-type", "t"), id="a text in a range"),
    pytest.param({"t": True}, ("wrong-type", "t"), id="true in a range"),
    pytest.param({"t": float("nan")}, ("out-of-range", "t"), id="no number"),
    pytest.param({"t": float("inf")}, ("out-of-range", "t"), id="endless"),
    pytest.param({"n": 1.0}, ("wrong-type", "n"), id="a fraction in an integer's range"),
    pytest.param({"n": 10**30}, None, id="no upper end"),
    pytest.param({"n": -1}, ("out-of-range", "n"), id="below the only end"),
    pytest.param({"level": 101}, ("out-of-range", "level"), id="above the only end"),
    pytest.param({"level": "9"}, ("wrong-type", "level"), id="a range makes it a number"),
    pytest.param({"level": None}, ("wrong-type", "level"), id="null in a range"),
    pytest.param({"label": "abcd"}, ("too-long", "label"), id="a long text"),
    pytest.param({"label": "äöü"}, None, id="characters, not bytes"),
    pytest.param({"label": ["a"]}, ("wrong-type", "label"), id="a list for a text"),
    pytest.param({"marks": [1, 2, 3]}, ("too-long", "marks"), id="a long list"),
    pytest.param({"marks": "ab"}, ("wrong-type", "marks"), id="a text for a list"),
    pytest.param({"marks": [{"x": 1}]}, ("undeclared-field", "marks[].x"), id="hidden in a list with a length"),
    pytest.param({"note": [1, 2, 3]}, ("too-long", "note"), id="a length fits both"),
    pytest.param({"note": 5}, ("wrong-type", "note"), id="a length makes it a text or a list"),
    pytest.param({"t": 99, "label": "long"}, ("too-long", "label"), id="the first by name"),
    pytest.param({"t": 99, "zz": 1}, ("undeclared-field", "zz"), id="the undeclared one first"),
]


@pytest.mark.parametrize(("message", "fault"), LIMITS)
def test_limits(message, fault):
    expected = Checked(message) if fault is None else Checked(None, (), Denied(fault[0], f"record.{fault[1]}"))
    assert JUDGED.streams["record"].check(message) == expected


OPT_IN, PARENTAL = consent_word("field", "opt_in"), consent_word("clip", "parental")
POLICIES = [
    pytest.param("field", {"t": 5, "n": 1}, set(), ["t", "n"], [], None, id="nothing at fault"),
    pytest.param("field", {"t": 50, "n": 1}, set(), ["n"], ["out-of-range"], None, id="one left out"),
    pytest.param(
        "field", {"t": 50, "n": 1, "x": 1}, set(), ["n"], ["undeclared-field", "out-of-range"], None, id="two left out"
    ),
    pytest.param("field", {"t": 50, "x": 1}, set(), None, [], "undeclared-field", id="nothing left"),
    pytest.param("field", {"n": 1, "zone": "a"}, set(), ["n"], ["missing-consent"], None, id="without consent"),
    pytest.param("field", {"n": 1, "zone": "a"}, {OPT_IN}, ["n", "zone"], [], None, id="with consent"),
    pytest.param("field", {}, set(), [], [], None, id="an empty record shows nothing"),
    pytest.param("clip", {"sound": "x"}, set(), None, [], "missing-consent", id="the item waits"),
    pytest.param("clip", {"sound": "x"}, {"clip:opt_in"}, None, [], "missing-consent", id="not this consent"),
    pytest.param("clip", {"sound": "x"}, {"mixed:parental"}, None, [], "missing-consent", id="consent to another"),
    pytest.param("clip", {"sound": "x"}, {PARENTAL}, ["sound"], [], None, id="a parent agreed"),
    pytest.param("clip", {"battery": 3}, set(), ["battery"], [], None, id="a field that waits for nobody"),
    pytest.param("clip", {"battery": 3, "sound": "x"}, set(), None, [], "missing-consent", id="the whole record"),
    pytest.param("clip", {}, set(), None, [], "missing-consent", id="even an empty record shows that there was one"),
    pytest.param("clip", {}, {PARENTAL}, [], [], None, id="an empty record with consent"),
    pytest.param("mixed", {"a": 1}, set(), None, [], "missing-consent", id="all left out is refused"),
]


@pytest.mark.parametrize(("stream", "message", "consents", "passed", "dropped", "denied"), POLICIES)
def test_policies_and_consents(stream, message, consents, passed, dropped, denied):
    checked = JUDGED.streams[stream].check(message, consents)
    assert checked.fields == (None if passed is None else {name: message[name] for name in passed})
    assert [one.kind for one in checked.dropped] == dropped
    assert (checked.denied.kind if checked.denied else None) == denied


def test_a_message_of_very_many_names_is_refused_whole():
    few = {"n": 1} | {f"x{number}": number for number in range(FAULTS_MOST)}
    assert len(JUDGED.streams["field"].check(few).dropped) == FAULTS_MOST
    many = {"n": 1} | {f"x{number}": number for number in range(10_000)}
    assert JUDGED.streams["field"].check(many) == Checked(None, (), Denied("undeclared-field", "field.x0"))


def test_an_event_may_wait_for_a_consent():
    waiting = permit(parse(b"schema: product/1\nproduct: {id: a}\nevents: [{name: m, fields: [z], consent: opt_in}]\n"))
    word = consent_word("m", "opt_in")
    for message, detail in (({"z": 1}, "m.z"), ({}, "m")):
        assert waiting.shapes["m"].check(message) == Checked(None, (), Denied("missing-consent", detail))
        assert waiting.shapes["m"].check(message, {word}) == Checked(message)
    assert waiting.shapes["m"].noted
    assert not waiting.shapes["offline"].noted


def test_a_field_may_differ_from_its_item():
    field, clip = JUDGED.streams["field"], JUDGED.streams["clip"]
    assert field.personal == {"zone"}
    assert (field.rules["zone"].consent, clip.rules["battery"].consent, clip.rules["sound"].consent) == (
        "opt_in",
        "none",
        "parental",
    )
    assert {one.version for one in (*JUDGED.streams.values(), *JUDGED.shapes.values())} == {7}


@given(
    st.dictionaries(st.sampled_from(["t", "n", "zone", "x"]), st.integers(-20, 20) | st.text(max_size=2) | st.none()),
    st.sets(st.sampled_from([OPT_IN, PARENTAL])),
)
def test_what_is_left_passes_again_and_nothing_is_made_up(message, consents):
    checked = JUDGED.streams["field"].check(message, consents)
    if checked.fields is None:
        assert checked.denied is not None
    else:
        assert checked.fields.items() <= message.items()
        assert len(checked.fields) + len(checked.dropped) == len(message)
        assert JUDGED.streams["field"].check(checked.fields, consents) == Checked(checked.fields)


def test_an_event_called_reset_that_the_product_declares_is_its_own():
    head = b"schema: product/1\nproduct: {id: cam, name: C}\n"
    assert permit(parse(head)).resets
    assert not permit(parse(head + b"events: [{name: reset, fields: [why], personal: false}]\n")).resets
