from datetime import date
from pathlib import Path

import pytest

from careful.products.lint import check, lint
from careful.products.reading import MAX_BYTES

ON = date(2026, 11, 22)
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "products").glob("*/product.yaml"))
BAD = b"""\
schema: product/1
product: {id: cam-1, category: camera}
support: {automatic_updates: false}
hardware: {camera: true}
interfaces:
  - id: api
    reach: internet
    auth: {kind: account, mfa: none, preset: shared}
data:
  - id: clip
    fields: [x]
    personal: true
"""


@pytest.mark.parametrize("file", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
def test_the_examples_have_nothing_to_mend_and_nothing_unknown(file: Path):
    report = check(file.read_bytes(), file.name, ON)
    assert report.findings == ()
    assert report.in_order


def test_findings_come_by_level_and_then_by_line():
    report = check(BAD, "p.yaml", ON)
    ranks = [({"error": 0, "warning": 1, "note": 2}[one.rule.level], one.problem.line) for one in report.findings]
    assert ranks == sorted(ranks)
    assert not report.in_order
    assert report.count("error") == 2


def test_a_finding_stands_at_the_line_of_its_field():
    found = {one.rule.id: one for one in check(BAD, "p.yaml", None).findings}
    assert found["shared-password"].problem.line == 8
    assert found["watching-without-second-factor"].problem.where == "p.yaml: interfaces[0].auth.mfa"
    assert found["personal-without-retention"].problem.line == 10
    assert found["no-support-end"].problem.line == 3


def test_a_broken_schema_is_all_that_is_said():
    report = check(b"schema: product/1\nproduct: {id: A}\n", "p.yaml", ON)
    assert [one.rule.id for one in report.findings] == ["schema"]
    assert report.declaration is None
    assert report.readable


@pytest.mark.parametrize(
    "text", [pytest.param(b"a: b: c", id="no YAML"), pytest.param(b"x" * (MAX_BYTES + 1), id="big")]
)
def test_what_cannot_be_read_is_one_finding(text: bytes):
    report = check(text, "p.yaml", ON)
    assert [one.rule.id for one in report.findings] == ["unreadable"]
    assert not report.readable
    assert not report.in_order


def test_lint_leaves_notes_out(small: bytes):
    problems = lint(small, "p.yaml")
    assert [one.where for one in problems] == ["p.yaml: support.until"]


def test_the_same_file_gives_the_same_report():
    assert check(BAD, "p.yaml", ON) == check(BAD, "p.yaml", ON)


def test_a_finding_as_json_values():
    (first, *_) = check(BAD, "p.yaml", ON).findings
    assert set(first.as_dict()) == {
        "rule", "level", "recommendation", "says", "where", "line", "column", "expected", "found", "do",
    }  # fmt: skip
