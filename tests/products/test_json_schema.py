import json
from pathlib import Path

import jsonschema_rs
import pytest

from careful.products.json_schema import make_schema, make_text, published
from careful.products.parsing import validate
from careful.products.reading import read

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "products").glob("*/product.yaml"))
HEAD = "schema: product/1\nproduct: {id: a}\n"


def test_the_published_schema_is_the_code_s():
    assert published() == make_text(), "call careful.products.json_schema.write()"
    jsonschema_rs.meta.validate(json.loads(published()))


@pytest.mark.parametrize("file", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
def test_the_examples_fit_it(file: Path):
    value = read(file.read_bytes(), file.name).value
    assert jsonschema_rs.validator_for(make_schema(), validate_formats=True).is_valid(value)


CASES = [
    pytest.param("", True, id="nothing more"),
    pytest.param("markets:\nsupport: {until: }\n", True, id="blanks"),
    pytest.param("markets: [us]\n", False, id="a market in small letters"),
    pytest.param("suport: {}\n", False, id="an unknown section"),
    pytest.param("support: {restart: yes}\n", False, id="yes"),
    pytest.param("support: {until: 2031-02-30}\n", False, id="no such day"),
    pytest.param("data: [{id: a, class: video_home}]\n", True, id="a data item"),
    pytest.param("data: [{id: a, data_class: video_home}]\n", False, id="the code's own name"),
    pytest.param("data: [{class: audio}]\n", False, id="no id"),
]


@pytest.mark.parametrize(("lines", "fits"), CASES)
def test_an_editor_and_the_check_agree(lines: str, fits: bool):
    document = read((HEAD + lines).encode(), "p.yaml")
    in_editor = jsonschema_rs.validator_for(make_schema(), validate_formats=True).is_valid(document.value)
    declaration, _ = validate(document)
    assert (in_editor, declaration is not None) == (fits, fits)
