import json
from datetime import date

import jsonschema_rs
import pytest

from careful.products.lint import check
from careful.products.lint_table import RULES
from careful.products.sarif import sarif

TEXT = {"type": "object", "required": ["text"], "additionalProperties": False, "properties": {"text": {"minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}


def closed(required: list[str], **properties: object) -> dict[str, object]:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


# The part of the SARIF 2.1.0 grammar (OASIS, sections 3.13 to 3.49) that we write, with no room for anything else.
GRAMMAR = closed(
    ["version", "runs"],
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "items": closed(
            ["tool", "results"],
            tool=closed(
                ["driver"],
                driver=closed(
                    ["name"],
                    name={"type": "string"},
                    version={"type": "string"},
                    semanticVersion={"pattern": r"^\d+\.\d+\.\d+"},
                    rules={
                        "type": "array",
                        "uniqueItems": True,
                        "items": closed(
                            ["id"],
                            id={"type": "string"},
                            shortDescription=TEXT,
                            defaultConfiguration=closed([], level=LEVEL),
                            properties=closed([], tags={"type": "array", "items": {"type": "string"}}),
                        ),
                    },
                ),
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results={
                "type": "array",
                "items": closed(
                    ["message"],
                    ruleId={"type": "string"},
                    ruleIndex={"type": "integer", "minimum": -1},
                    level=LEVEL,
                    message=TEXT,
                    locations={
                        "type": "array",
                        "items": closed(
                            [],
                            physicalLocation=closed(
                                ["artifactLocation"],
                                artifactLocation=closed(["uri"], uri={"type": "string", "format": "uri-reference"}),
                                region=closed(
                                    [],
                                    startLine={"type": "integer", "minimum": 1},
                                    startColumn={"type": "integer", "minimum": 1},
                                ),
                            ),
                            logicalLocations={
                                "type": "array",
                                "items": closed([], fullyQualifiedName={"type": "string"}),
                            },
                        ),
                    },
                ),
            },
        ),
    },
)
FILES = [
    pytest.param(b"schema: product/1\nproduct: {id: a}\n", id="findings and notes"),
    pytest.param(b"schema: product/1\nproduct: {id: A}\n", id="broken schema"),
    pytest.param(b"a: b: c", id="no YAML"),
    pytest.param(b"", id="empty"),
]


@pytest.mark.parametrize("text", FILES)
def test_the_log_fits_the_grammar(text: bytes):
    log = sarif(check(text, "products/cam 1/product.yaml", date(2026, 11, 22)))
    checker = jsonschema_rs.validator_for(GRAMMAR, validate_formats=True)
    assert [str(one) for one in checker.iter_errors(log)] == []
    assert json.loads(json.dumps(log)) == log


def test_a_result_points_at_its_rule_and_line():
    log = sarif(check(b"schema: product/1\nproduct:\n  id: Bad\n", "./a b.yaml", None))
    (result,) = log["runs"][0]["results"]
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "schema"
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "a%20b.yaml"}, "region": {"startLine": 3, "startColumn": 1}}
    assert "product.id" in result["message"]["text"]
    assert len(rules) == len(RULES)


def test_a_colon_in_a_file_name_is_no_scheme():
    log = sarif(check(b"", "C:\\maker\\product.yaml", None))
    uri = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "C%3A/maker/product.yaml"
