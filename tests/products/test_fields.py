import pytest

from careful.products.fields import FieldRule, rules_of, shown
from careful.products.flows import EventItem
from careful.products.parsing import parse

TEXT = b"""\
schema: product/1
product: {id: a}
data:
  - id: clip
    fields: [sound, battery]
    types: {battery: number}
    details:
      battery: {min: 0.5, max: 100, unit: "%", personal: false, retention: {days: 400}, recipients: [], purpose: [care]}
    personal: true
    sensitive: true
    purpose: [hear]
    recipients: [us]
    consent: opt_in
    retention: {days: 7}
"""


def test_what_a_field_does_not_say_its_item_says():
    assert rules_of(parse(TEXT).data[0]) == {
        "sound": FieldRule(
            name="sound", sensitive=True, purpose=("hear",), retention_days=7, recipients=("us",), consent="opt_in"
        ),
        "battery": FieldRule(
            name="battery",
            type="number",
            unit="%",
            low=0.5,
            high=100,
            personal=False,
            sensitive=True,
            purpose=("care",),
            retention_days=400,
            recipients=(),
            consent="opt_in",
        ),
    }


def test_the_fields_of_an_event_have_a_type_and_may_be_personal():
    event = EventItem(name="motion", fields=("zone",), types={"zone": "text"}, personal=False)
    assert rules_of(event) == {"zone": FieldRule(name="zone", type="text", personal=False)}
    assert rules_of(EventItem(name="bare")) == {}


NESTED = [
    pytest.param([[[[1]]]], None, id="four levels"),
    pytest.param([[[[[1]]]]], ("undeclared-field", "[][][][] (nested too deep)"), id="five levels"),
    pytest.param([1, {"ann@example.com": 1}], ("undeclared-field", "[].(no field's name)"), id="a made-up name"),
    pytest.param([{}], ("undeclared-field", "[].{}"), id="an empty object"),
]


@pytest.mark.parametrize(("value", "fault"), NESTED)
def test_what_hides_in_a_list(value, fault):
    assert FieldRule(name="l", type="list").test(value) == fault


def test_an_object_may_be_as_deep_as_a_list():
    rule = FieldRule(name="o", type="object")
    assert rule.test({"a": {"b": {"c": {"d": 1}}}}) is None
    assert rule.test({"a": {"b": {"c": {"d": {}}}}}) == ("undeclared-field", ".a.b.c.d (nested too deep)")


def test_only_what_could_be_a_name_is_shown():
    assert shown("celsius_2.raw") == "celsius_2.raw"
    assert shown("x" * 80) == "x" * 64
    assert shown("Ann Smith") == shown("") == shown("a\nb") == "(no field's name)"


MAY = [
    pytest.param("{}", "any plain value", id="nothing said"),
    pytest.param("{min: -40.5, max: 85, unit: Cel}", "number, -40.5 to 85 Cel", id="range"),
    pytest.param("{min: 1}", "number, 1 or more", id="from"),
    pytest.param("{max: 9, unit: s}", "number, 9 s or less", id="up to"),
    pytest.param("{max_length: 2000}", "text or list, at most 2,000 long", id="length"),
    pytest.param("{unit: s}", "any plain value, s", id="unit"),
]


@pytest.mark.parametrize(("detail", "says"), MAY)
def test_what_a_field_may_be(detail, says):
    text = f"schema: product/1\nproduct: {{id: a}}\ndata: [{{id: a, fields: [x], details: {{x: {detail}}}}}]\n"
    assert rules_of(parse(text.encode()).data[0])["x"].may_be == says
