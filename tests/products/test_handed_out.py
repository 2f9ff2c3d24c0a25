"""What a declaration hands to others, and the obligations that it takes."""

import pytest

from careful.products.handed_out import handed_out
from careful.products.parsing import parse

HEAD = "schema: product/1\nproduct: {id: cam-1}\n"
PARTNER = "ecosystem: [{id: device, edges: [{to: p, data: %s}]}, {id: p, kind: partner, owner: Acme}]\n"
ALWAYS = {"encrypt", "delete", "sub_processors", "notify"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("data: [{id: a, recipients: []}]", [], id="nobody gets it"),
        pytest.param("data: [{id: a, recipients: [Acme, Acme]}]", [("Handing a to Acme", "Acme", 72)], id="once"),
        pytest.param(
            "data: [{id: a, class: video_home, recipients: [Acme]}]", [("Handing a to Acme", "Acme", 24)], id="intimate"
        ),
        pytest.param(
            "data: [{id: a, fields: [x], recipients: [], details: {x: {recipients: [Acme]}}}]",
            [("Handing a to Acme", "Acme", 72)],
            id="one field of it",
        ),
        pytest.param(PARTNER % "[]", [], id="an edge that carries nothing"),
        pytest.param(PARTNER % "[a]" + "data: [{id: a}]", [("The edge device to p", "Acme", 72)], id="an edge"),
        pytest.param(PARTNER % "", [("The edge device to p", "Acme", 24)], id="what it carries is blank"),
        pytest.param(
            "ecosystem: [{id: p, kind: partner, edges: [{to: device, data: [a]}]}]\ndata: [{id: a}]",
            [("The edge p to device", "p", 72)],
            id="from the other side, without an owner",
        ),
        pytest.param(
            "ecosystem: [{id: c, kind: cloud, owner: acme}]\nsuppliers: [{id: Acme}]\ndata: [{id: a, to: [c]}]",
            [("Sending a to c", "acme", 72)],
            id="a cloud that a supplier owns",
        ),
        pytest.param(
            "ecosystem: [{id: c, kind: cloud, owner: us}]\ndata: [{id: a, to: [c]}]", [], id="a cloud of our own"
        ),
        pytest.param(
            "suppliers: [{id: acme, data: [a, b]}, {id: chips, provides: the radio}]\ndata: [{id: a}, {id: b}]",
            [("Handing a, b to acme", "acme", 72)],
            id="a supplier with data, and one with parts",
        ),
    ],
)
def test_what_goes_to_whom(text: str, found: list[tuple[str, str, int]]) -> None:
    needs = handed_out(parse((HEAD + text).encode()))
    assert [(one.what, one.who, one.clauses["notify"]) for one in needs] == found
    assert all(set(one.clauses) >= ALWAYS for one in needs)


def test_what_was_de_identified_must_stay_so() -> None:
    text = HEAD + "data: [{id: a, recipients: [Acme], deidentified: {method: rounding, k: 5}}]"
    assert "no_reidentify" in handed_out(parse(text.encode()))[0].clauses
