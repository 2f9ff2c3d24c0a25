import pytest

from careful.products.lint_data import look_at_data
from careful.products.parsing import parse

HEAD = "schema: product/1\nproduct: {id: a}\n"
ITEM = "id: clip, fields: [x], feature: f, recipients: [us], purpose: [p], retention: {days: 7}"
CHILDREN = "audience: {child_directed: true}\n"
CASES = [
    pytest.param("", "details: {x: {min: 1, max: 5, unit: Cel}}", set(), id="in order"),
    pytest.param("", "details: {x: {retention: {days: 8}}}", {"field-against-its-item"}, id="kept longer"),
    pytest.param("", "details: {x: {retention: {days: 7}, recipients: [us], purpose: [p]}}", set(), id="the same"),
    pytest.param("", "details: {x: {recipients: []}}", set(), id="fewer"),
    pytest.param("", "details: {x: {recipients: [them]}}", {"field-against-its-item"}, id="more recipients"),
    pytest.param("", "details: {x: {purpose: [ads]}}", {"field-against-its-item"}, id="more purposes"),
    pytest.param("", "details: {x: {unit: K, min: -1}}", {"range-beyond-unit"}, id="below absolute zero"),
    pytest.param("", "details: {x: {unit: '%RH', max: 101}}", {"range-beyond-unit"}, id="more than wet"),
    pytest.param("", "details: {x: {unit: furlong, min: -1}}", set(), id="a unit of your own"),
    pytest.param("", "details: {x: {sensitive: true, personal: false}}", {"sensitive-not-personal"}, id="a field"),
    pytest.param("", "sensitive: true, personal: false", {"sensitive-not-personal"}, id="an item"),
    pytest.param("", "sensitive: true", set(), id="blank is personal"),
    pytest.param("", "rate: {bytes: 1, per: day}", {"rate-without-room"}, id="no room"),
    pytest.param("", "rate: {bytes: 2, per: day}", set(), id="room for {}"),
    pytest.param("", "access_roles: [support, firmware-engineer]", set(), id="roles"),
    pytest.param("", "access_roles: [support, engineer]", {"reader-without-role"}, id="a role's former name"),
    pytest.param("", "access_roles: [king]", {"reader-without-role"}, id="no role"),
    pytest.param(
        CHILDREN,
        "personal: true, consent: parental, details: {x: {consent: none}}",
        {"child-without-parent"},
        id="past the parent",
    ),
    pytest.param(
        CHILDREN, "personal: true, consent: parental, details: {x: {consent: none, personal: false}}", set(), id="fine"
    ),
    pytest.param("", "personal: false, details: {x: {personal: true}}", set(), id="a personal field of another item"),
]


@pytest.mark.parametrize(("before", "more", "rules"), CASES)
def test_fields(before, more, rules):
    found = list(look_at_data(parse(f"{HEAD}{before}data: [{{{ITEM}, {more}}}]\n".encode())))
    assert {one.rule for one in found} == rules
    assert all(one.says and one.expected and one.found and one.do for one in found)


def test_a_field_that_is_personal_by_itself_needs_an_end_and_a_purpose():
    item = "id: c, fields: [x], feature: f, recipients: [], personal: false, details: {x: {personal: true}}"
    found = {one.rule for one in look_at_data(parse(f"{HEAD}data: [{{{item}}}]\n".encode()))}
    assert found == {"personal-without-retention", "personal-without-purpose"}
