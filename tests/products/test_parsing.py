import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid
from careful.products.parsing import MAX_PROBLEMS, known_fields, parse, validate
from careful.products.reading import Unreadable, read

EXAMPLES = Path(__file__).parents[2] / "examples" / "products"
HEAD = "schema: product/1\nproduct: {id: cam-1}\n"

WRONG = [
    pytest.param("", "the file", 1, "a mapping that starts with `schema: product/1`", "nothing", id="empty"),
    pytest.param("- a\n", "the file", 1, "a mapping", "a list", id="a list"),
    pytest.param("hello", "the file", 1, "a mapping", "a text", id="a text"),
    pytest.param("product: {id: a}", "schema", 1, "a value", "nothing", id="no schema"),
    pytest.param("schema: product/2\nproduct: {id: a}", "schema", 1, "one of product/1", "'product/2'", id="edition"),
    pytest.param("schema: product/1", "product", 1, "a value", "nothing", id="no product"),
    pytest.param(HEAD.replace("cam-1", "Cam_1"), "product.id", 2, "small letters", "'Cam_1'", id="product id"),
    pytest.param(HEAD.replace("cam-1", "c" * 33), "product.id", 2, "1 to 32", "'ccc", id="long product id"),
    pytest.param(HEAD + "supprt: {}\n", "supprt", 3, "a field that we know", "`supprt`", id="unknown section"),
    pytest.param(HEAD + "support: {untill: x}\n", "support.untill", 3, "a field that we know", "", id="unknown field"),
    pytest.param(HEAD + "support: {until: 2031-02-30}\n", "support.until", 3, "a date", "'2031-02-30'", id="no day"),
    pytest.param(HEAD + "support: {until: 2031}\n", "support.until", 3, "a date", "2031", id="a year is no day"),
    pytest.param(HEAD + "support: {until: 1970-01-01}\n", "support.until", 3, "at least 1990-01-01", "", id="too old"),
    pytest.param(HEAD + "support: {restart: yes}\n", "support.restart", 3, "true, false", "'yes'", id="yes"),
    pytest.param(HEAD + "support: {restart: 1}\n", "support.restart", 3, "true, false", "1", id="one is not true"),
    pytest.param(
        HEAD + "support: []\n", "support", 3, "a section with named fields", "a list", id="a list for a section"
    ),
    pytest.param(
        HEAD + "support: {cadence_days: 30 days}\n", "support.cadence_days", 3, "a whole", "'30 d", id="a unit"
    ),
    pytest.param(HEAD + "support: {cadence_days: -1}\n", "support.cadence_days", 3, "at least 0", "-1", id="negative"),
    pytest.param(HEAD + "markets: US\n", "markets", 3, "a list", "'US'", id="one market without a list"),
    pytest.param(HEAD + "markets: [USA]\n", "markets[0]", 3, "a market such as", "'USA'", id="three letters"),
    pytest.param(HEAD + "markets: [us]\n", "markets[0]", 3, "a market such as", "'us'", id="small letters"),
    pytest.param(HEAD + "contact: {security: 112}\n", "contact.security", 3, "text", "112", id="a number for a text"),
    pytest.param(HEAD + 'contact: {security: ""}\n', "contact.security", 3, "text", "''", id="an empty text"),
    pytest.param(HEAD + 'contact: {security: "a\\nBcc: b"}\n', "contact.security", 3, "one line", "", id="two lines"),
    pytest.param(HEAD + "data: [{id: a b}]\n", "data[0].id", 3, "1 to 64 letters", "'a b'", id="data id"),
    pytest.param(HEAD + "data: [{id: a/b}]\n", "data[0].id", 3, "1 to 64 letters", "'a/b'", id="a slash in a topic"),
    pytest.param(HEAD + "data: [{id: '#'}]\n", "data[0].id", 3, "1 to 64 letters", "'#'", id="an MQTT wildcard"),
    pytest.param(HEAD + "data: [{fields: [x]}]\n", "data[0].id", 3, "a value", "nothing", id="no data id"),
    pytest.param(
        HEAD + "data: [{id: a, class: vido}]\n", "data[0].class", 3, "one of video_home", "'vido'", id="class"
    ),
    pytest.param(HEAD + "data: [{id: a}, {id: a}]\n", "data[1].id", 3, "an id of its own", "a again", id="an id twice"),
    pytest.param(
        HEAD + "data: [{id: a, fields: [x], types: {y: number}}]\n",
        "data[0].types.y",
        3,
        "listed in `fields`",
        "y",
        id="type",
    ),
    pytest.param(
        HEAD + "data: [{id: a, fields: [x], types: {x: float}}]\n",
        "data[0].types.x",
        3,
        "one of integer",
        "",
        id="no type",
    ),
    pytest.param(
        HEAD + "data: [{id: a, retention: indefinite}]\n",
        "data[0].retention",
        3,
        "a number of days",
        "",
        id="indefinite",
    ),
    pytest.param(
        HEAD + "data: [{id: a, retention: {days: Forever}}]\n",
        "data[0].retention.days",
        3,
        "a number",
        "",
        id="forever",
    ),
    pytest.param(
        HEAD + "events: [{name: offline}]\n", "events[0].name", 3, "a name of your own", "offline", id="built in"
    ),
    pytest.param(
        HEAD + "ecosystem: [{id: c, hosts: ['https://x.example']}]\n",
        "ecosystem[0].hosts[0]",
        3,
        "a host name",
        "",
        id="URL",
    ),
]


@pytest.mark.parametrize(("text", "where", "line", "expected", "found"), WRONG)
def test_each_problem_names_file_line_field_expected_found_and_remedy(text, where, line, expected, found):
    with pytest.raises(Invalid) as refused:
        parse(text.encode(), "p.yaml")
    assert not isinstance(refused.value, Unreadable)
    problem = next(one for one in refused.value.problems if one.where == f"p.yaml: {where}")
    assert problem.line == line
    assert expected in problem.expected
    assert found in problem.found
    assert problem.do


def test_near_misses_are_named():
    with pytest.raises(Invalid) as refused:
        parse((HEAD + "support: {untill: x}\naudience: {consumr: true}\nhardware: {ram: ddrr}\n").encode())
    assert [one.do for one in refused.value.problems] == [
        "Did you mean `consumer`?",
        "Did you mean `until`?",
        "Did you mean `ddr`?",
    ]


def test_problems_are_listed_up_to_a_limit():
    text = HEAD + "".join(f"x{number}: 1\n" for number in range(500))
    with pytest.raises(Invalid) as refused:
        parse(text.encode())
    assert len(refused.value.problems) == MAX_PROBLEMS


def test_long_values_are_cut_where_they_are_shown():
    with pytest.raises(Invalid) as refused:
        parse((HEAD + f"markets: [{'x' * 5000}]\n").encode())
    assert len(refused.value.problems[0].found) <= 60


def test_lists_have_an_end():
    with pytest.raises(Invalid, match="one problem") as refused:
        parse((HEAD + f"markets: [{', '.join(['US'] * 501)}]\n").encode())
    assert refused.value.problems[0].expected == "at most 500 entries"


def test_blank_is_unknown_and_an_empty_list_is_none():
    declaration = parse((HEAD + "markets: []\nclaims:\nsupport: {until: , restart: false}\n").encode())
    assert declaration.markets == ()
    assert declaration.claims is None
    assert declaration.support is not None
    assert (declaration.support.until, declaration.support.restart) == (None, False)
    assert declaration.audience is None


def test_norway_is_a_market():
    assert parse((HEAD + "markets: [NO]\n").encode()).markets == ("NO",)


@pytest.mark.parametrize("product", ["cam-1", "lock-1", "plug-1"])
def test_the_examples_are_declarations(product: str):
    declaration = parse((EXAMPLES / product / "product.yaml").read_bytes())
    assert declaration.id == product
    assert declaration.support is not None
    assert declaration.support.until is not None
    assert declaration.support.until > date(2031, 1, 1)


@pytest.mark.parametrize(
    ("path", "has"),
    [
        pytest.param((), "schema", id="the file"),
        pytest.param(("data", 0), "class", id="a data item, by the names in the file"),
        pytest.param(("interfaces", 3, "auth"), "lockout", id="a section in a list"),
    ],
)
def test_known_fields(path, has):
    assert has in known_fields(path)


def test_no_fields_are_known_below_a_text():
    assert known_fields(("product", "id", "x", "y")) == []


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["id", "data", "fields", "class", "support", "until", "x"]), inner, max_size=4
            )
        ),
        max_leaves=20,
    )
)
def test_any_shape_is_taken_or_explained(value: object):
    text = HEAD + "data: " + json.dumps(value) + "\n"
    found, problems = validate(read(text.encode(), "p.yaml"))
    assert (found is None) == bool(problems)
    assert all(one.line == 3 for one in problems)
