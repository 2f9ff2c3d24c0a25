from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.products.lint import check
from careful.products.parsing import known_fields, parse
from careful.products.reading import read
from careful.products.template import Answers, slug, write

ON = date(2026, 11, 22)


def test_the_file_has_only_notes():
    answers = Answers("Porch Bell", "camera", ("US", "US-CA", "EU"), "direct", date(2032, 1, 31))
    report = check(write(answers).encode(), "product.yaml", ON)
    assert report.findings
    assert {one.rule.level for one in report.findings} == {"note"}
    declaration = report.declaration
    assert declaration is not None
    assert (declaration.id, declaration.name, declaration.markets) == (
        "porch-bell",
        "Porch Bell",
        ("US", "US-CA", "EU"),
    )


def test_without_a_support_end_there_is_one_thing_to_mend():
    report = check(write(Answers("x")).encode(), "product.yaml", ON)
    assert [one.rule.id for one in report.findings if one.rule.level != "note"] == ["no-support-end"]


def test_every_section_is_there_and_blank():
    value = read(write(Answers("x")).encode(), "p.yaml").value
    assert set(value) == set(known_fields(()))
    assert parse(write(Answers("x")).encode()).data is None


def test_what_is_commented_out_works_when_the_marks_are_taken_away():
    lines = write(Answers("x")).splitlines()
    text = "\n".join(line[1:] if line.startswith("#  ") else line for line in lines)
    declaration = parse(text.encode())
    assert declaration.data is not None
    assert declaration.data[0].id == "telemetry"
    assert declaration.interfaces is not None
    assert declaration.ecosystem is not None
    assert declaration.events is not None


SLUGS = [
    pytest.param("Hearth Cam 1", "hearth-cam-1", id="words"),
    pytest.param("  Ünï!! ", "n", id="other letters"),
    pytest.param("摄像头", "product", id="no latin letter"),
    pytest.param("a" * 50, "a" * 32, id="long"),
    pytest.param("x" * 31 + " y", "x" * 31, id="no hyphen at the end"),
]


@pytest.mark.parametrize(("name", "wanted"), SLUGS)
def test_slugs(name: str, wanted: str):
    assert slug(name) == wanted


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=200))
def test_any_printable_name_survives(name: str):
    assert parse(write(Answers(name)).encode()).name == name
