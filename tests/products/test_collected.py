import pytest

from careful.products.collected import STAGES, collected
from careful.products.parsing import parse

HEAD = "schema: product/1\nproduct: {id: a}\n"
FULL = (
    "id: clip, fields: [x], in_transit: TLS 1.3, at_rest: AES-256, access_roles: [support], purpose: [p],"
    " retention: {days: 3}, personal: true"
)


def look(text):
    return collected(parse((HEAD + text).encode()))


def test_a_full_item_lacks_nothing_and_an_empty_one_everything():
    assert look(f"data: [{{{FULL}}}]").lacking == ()
    assert look("data: [{id: clip}]").lacking == tuple(f"clip.{stage}" for stage in STAGES)
    app = look("ecosystem: [{id: app}]\ndata: [{id: mail, from: app}]")
    assert "mail.collection" not in app.lacking
    assert (app.items, app.streams) == (("mail",), 0)
    assert look("data: []").items == look("").items == ()


CHILDREN = [
    pytest.param("audience: {child_directed: true}", "yes", id="directed"),
    pytest.param("audience: {child_directed: false, actual_knowledge_child: true}", "yes", id="known"),
    pytest.param("audience: {child_directed: false, actual_knowledge_child: false}", "no", id="no"),
    pytest.param("audience: {child_directed: false}", "unknown", id="one blank"),
    pytest.param("", "unknown", id="all blank"),
]


@pytest.mark.parametrize(("text", "answer"), CHILDREN)
def test_children(text, answer):
    assert look(text).children == answer


OPEN = [
    pytest.param("id: v, fields: [a], consent: parental", (), id="guarded"),
    pytest.param("id: v, fields: [a]", ("v",), id="blank is personal, and no consent"),
    pytest.param("id: v, fields: [a], consent: opt_in", ("v",), id="a child's own consent"),
    pytest.param("id: v, fields: [a], personal: false", (), id="not personal"),
    pytest.param("id: v, fields: [a, b], consent: parental, details: {b: {consent: none}}", ("v.b",), id="one field"),
    pytest.param(
        "id: v, fields: [a, b], consent: parental, details: {b: {consent: none, personal: false}}", (), id="harmless"
    ),
    pytest.param("id: v, fields: [a, b], personal: false, details: {b: {personal: true}}", ("v",), id="all that is"),
    pytest.param("id: v, from: app", ("v",), id="of the app"),
]


@pytest.mark.parametrize(("item", "found"), OPEN)
def test_what_waits_for_no_parent(item, found):
    text = f"audience: {{child_directed: true}}\necosystem: [{{id: app}}]\ndata: [{{{item}}}]"
    assert look(text).unguarded == found
    assert look(text.replace("true", "false", 1)).unguarded == ()


EVENTS = "audience: {child_directed: true}\nevents: [{name: motion, fields: [zone]MORE}, {name: bare}]"


def test_events_count_where_they_say_something():
    assert look(EVENTS.replace("MORE", "")).unguarded == ("event/motion",)
    assert look(EVENTS.replace("MORE", ", personal: false")).unguarded == ()
    guarded = look(EVENTS.replace("MORE", ", consent: parental, retention: {days: 3}"))
    assert (guarded.unguarded, guarded.unbounded) == ((), ())
    assert look(EVENTS.replace("MORE", "")).unbounded == ("event/motion",)


def test_personal_data_without_an_end():
    assert look(f"data: [{{{FULL}}}, {{id: b}}, {{id: c, personal: false}}]").unbounded == ("b",)
