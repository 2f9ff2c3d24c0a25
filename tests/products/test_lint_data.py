import pytest

from careful.products.lint_data import look_at_data
from careful.products.parsing import parse

HEAD = "schema: product/1\nproduct: {id: a}\n"
GOOD = "id: clip, fields: [x], feature: f, recipients: [], purpose: [p], retention: {days: 3}"
CASES = [
    pytest.param(f"data: [{{{GOOD}}}]", set(), id="in order"),
    pytest.param("data: []", set(), id="no data"),
    pytest.param("data: [{id: a, fields: [x], recipients: []}]", {"data-without-feature"}, id="an orphan"),
    pytest.param("data: [{id: a, fields: [x], feature: f}]", {"data-without-recipients"}, id="nobody is named"),
    pytest.param("data: [{id: a, feature: f, recipients: []}]", {"data-without-fields"}, id="a stream without fields"),
    pytest.param("data: [{id: a, fields: [], feature: f, recipients: []}]", {"data-without-fields"}, id="no fields"),
    pytest.param(
        "ecosystem: [{id: app}]\ndata: [{id: a, feature: f, recipients: [], from: app}]", set(), id="the app's data"
    ),
    pytest.param(
        f"journeys: [{{id: unbox, features: [g]}}]\ndata: [{{{GOOD}}}]",
        {"data-of-unknown-feature"},
        id="nobody meets it",
    ),
    pytest.param(f"connectivity: {{works_offline: [f]}}\ndata: [{{{GOOD}}}]", set(), id="named in works_offline"),
    pytest.param(
        f"data: [{{{GOOD.replace(', retention: {days: 3}', '')}, personal: true}}]",
        {"personal-without-retention"},
        id="kept without end",
    ),
    pytest.param(
        f"data: [{{{GOOD.replace('days: 3', 'days: ')}, personal: true}}]",
        {"personal-without-retention"},
        id="blank number of days",
    ),
    pytest.param(f"data: [{{{GOOD.replace('days: 3', 'days: 0')}, personal: true}}]", set(), id="not kept at all"),
    pytest.param(
        f"data: [{{{GOOD.replace('[p]', '[]')}, personal: true}}]", {"personal-without-purpose"}, id="no purpose"
    ),
    pytest.param(f"data: [{{{GOOD}, personal: true, at_rest: None}}]", {"personal-in-the-clear"}, id="clear at rest"),
    pytest.param(
        f"data: [{{{GOOD}, personal: true, in_transit: HTTP}}]", {"personal-in-the-clear"}, id="clear in transit"
    ),
    pytest.param(f"data: [{{{GOOD}, personal: false, in_transit: none}}]", set(), id="not personal"),
    pytest.param(
        f"data: [{{{GOOD}, personal: true, class: child, consent: opt_in}}]",
        {"child-without-parent"},
        id="a child's data",
    ),
    pytest.param(
        f"audience: {{actual_knowledge_child: true}}\ndata: [{{{GOOD}, personal: true, consent: none}}]",
        {"child-without-parent"},
        id="children use it",
    ),
    pytest.param(
        f"audience: {{child_directed: true}}\ndata: [{{{GOOD}, personal: true, consent: parental}}]", set(), id="asked"
    ),
    pytest.param(f"data: [{{{GOOD}, to: [moon]}}]", {"edge-to-nowhere"}, id="to nowhere"),
    pytest.param(f"data: [{{{GOOD}, from: moon}}]", {"edge-to-nowhere"}, id="from nowhere"),
    pytest.param("ecosystem: [{id: device, edges: [{to: moon}]}]", {"edge-to-nowhere"}, id="an edge to nowhere"),
    pytest.param(
        "data: []\necosystem: [{id: device, edges: [{to: device, data: [ghost]}]}]",
        {"edge-to-nowhere"},
        id="unknown data",
    ),
    pytest.param("ecosystem: [{id: device, edges: [{data: [ghost]}]}]", set(), id="data is blank, so nobody knows"),
    pytest.param(
        "suppliers: [{id: s, data: [x]}]", {"supplier-without-contract", "supplier-without-evidence"}, id="supplier"
    ),
    pytest.param("suppliers: [{id: s}]", set(), id="a supplier without data"),
    pytest.param(
        "suppliers: [{id: s, data: [x], contract: {signed: 2026-01-01}, evidence: [{kind: audit}]}]", set(), id="signed"
    ),
]


@pytest.mark.parametrize(("lines", "rules"), CASES)
def test_what_is_said_about_data(lines: str, rules: set[str]):
    assert {hit.rule for hit in look_at_data(parse((HEAD + lines + "\n").encode()))} == rules
