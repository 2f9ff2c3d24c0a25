import pytest

from careful.products.page import UNKNOWN, public_rows
from careful.products.parsing import parse

HEAD = "schema: product/1\nproduct: {id: a}\n"


def test_a_whole_row_reads_as_words():
    text = HEAD + (
        "data: [{id: clip, fields: [zone], class: video_home, personal: true, purpose: [show what moved, count],\n"
        "  recipients: [CloudCo], at_rest: AES, in_transit: TLS 1.3, retention: {days: 14}}]\n"
    )
    (row,) = public_rows(parse(text.encode()))
    assert row.as_dict() == {
        "id": "clip",
        "about": "pictures of your home",
        "fields": ["zone"],
        "why": "show what moved, count",
        "about_you": "yes",
        "who": "CloudCo",
        "kept": "14 days",
        "protected": "stored: AES; sent: TLS 1.3",
    }


def test_what_is_blank_is_not_stated():
    (row,) = public_rows(parse((HEAD + "data: [{id: x}]\n").encode()))
    assert {row.about, row.why, row.about_you, row.who, row.kept, row.protected} == {UNKNOWN}


@pytest.mark.parametrize(
    ("days", "words"),
    [pytest.param(0, "not kept", id="zero"), pytest.param(1, "1 day", id="one"), pytest.param(2, "2 days", id="two")],
)
def test_how_long(days: int, words: str):
    (row,) = public_rows(parse(f"{HEAD}data: [{{id: x, retention: {{days: {days}}}, recipients: []}}]\n".encode()))
    assert (row.kept, row.who) == (words, "nobody else")


def test_no_data_no_rows():
    assert public_rows(parse(HEAD.encode())) == ()


def test_a_field_that_is_personal_by_itself_is_told():
    item = "id: x, fields: [a, b], personal: false, details: {b: {personal: true}, a: {min: 0}}"
    (row,) = public_rows(parse(f"{HEAD}data: [{{{item}}}]\n".encode()))
    assert row.about_you == "in part: b"
