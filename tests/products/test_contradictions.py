import pytest

from careful.kernel.errors import Invalid
from careful.products.parsing import parse

HEAD = "schema: product/1\nproduct: {id: a}\n"
WRONG = [
    pytest.param("id: a, fields: [x], details: {y: {min: 0}}", "details.y", id="a field that is not listed"),
    pytest.param("id: a, details: {y: {min: 0}}", "details.y", id="no fields at all"),
    pytest.param("id: a, fields: [x], details: {x: {min: 5, max: 4.5}}", "details.x.max", id="upside down"),
    pytest.param("id: a, fields: [x], details: {x: {min: 5, max_length: 4}}", "details.x.max_length", id="both"),
    pytest.param("id: a, fields: [x], types: {x: text}, details: {x: {min: 5}}", "details.x.min", id="a text's range"),
    pytest.param("id: a, fields: [x], types: {x: list}, details: {x: {max: 5}}", "details.x.max", id="a list's range"),
    pytest.param(
        "id: a, fields: [x], types: {x: number}, details: {x: {max_length: 5}}", "details.x.max_length", id="length"
    ),
    pytest.param("id: a, fields: [x], types: {x: integer}, details: {x: {max: 0.5}}", "details.x.max", id="fraction"),
    pytest.param("id: a, fields: [x], types: {x: boolean}, details: {x: {unit: s}}", "details.x.unit", id="unit"),
    pytest.param("id: a, fields: [x], types: {x: object}, details: {x: {unit: s}}", "details.x.unit", id="object"),
    pytest.param("id: a, rate: {messages: 5}", "rate", id="a rate without a time"),
    pytest.param("id: a, rate: {per: hour}", "rate", id="a rate without a number"),
    pytest.param("id: a, fields: [x], time: at", "time", id="a time that is not listed"),
    pytest.param("id: a, fields: [x], types: {x: boolean}, time: x", "time", id="a time that is none"),
]
RIGHT = [
    pytest.param("id: a, fields: [x], details: {x: {min: 5, max: 5}}", id="one value"),
    pytest.param("id: a, fields: [x], details: {x: {min: -0.5}}", id="one end"),
    pytest.param("id: a, fields: [x], details: {x: {unit: Cel}}", id="a unit without a type"),
    pytest.param("id: a, fields: [x], types: {x: list}, details: {x: {unit: Cel, max_length: 3}}", id="measured list"),
    pytest.param("id: a, fields: [x], types: {x: integer}, details: {x: {max: 5.0}}", id="no fraction"),
    pytest.param("id: a, fields: [x], details: {x: {}}", id="nothing said"),
    pytest.param("id: a, rate: {messages: 5, bytes: 10, per: day}", id="a rate"),
    pytest.param("id: a, rate: {}", id="no rate yet"),
    pytest.param("id: a, fields: [x], types: {x: text}, time: x", id="a time"),
]


@pytest.mark.parametrize(("item", "where"), WRONG)
def test_what_cannot_be_meant_is_no_declaration(item, where):
    with pytest.raises(Invalid) as refused:
        parse(f"{HEAD}data: [{{{item}}}]\n".encode())
    (problem,) = refused.value.problems
    assert problem.where == f"product.yaml: data[0].{where}"
    assert problem.line == 3
    assert problem.do


@pytest.mark.parametrize("item", RIGHT)
def test_what_may_be_meant(item):
    assert parse(f"{HEAD}data: [{{{item}}}]\n".encode()).data


@pytest.mark.parametrize(
    "value", ["true", "[1]", "{}", "1e5", "0x10", ".5", "5.", "NaN", "inf", "9999999999999999", "'5 '", "5°"]
)
def test_what_is_no_number(value):
    with pytest.raises(Invalid) as refused:
        parse(f"{HEAD}data: [{{id: a, fields: [x], details: {{x: {{min: {value}}}}}}}]\n".encode())
    assert refused.value.problems[0].expected == "a number"
