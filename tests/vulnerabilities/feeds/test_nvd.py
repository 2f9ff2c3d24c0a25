"""NVD 2.0 records: configurations with AND, bounds of every kind, and places named when malformed."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.feeds.nvd import parse
from careful.vulnerabilities.feeds.record import Malformed
from careful.vulnerabilities.ranges import Range

EXAMPLES = Path(__file__).parents[3] / "examples" / "feeds"
LIBWEBP = "cpe:2.3:a:webmproject:libwebp:*:*:*:*:*:*:*:*"


def record(*nodes, operator=None, **more):
    configuration = {"nodes": list(nodes)} | ({"operator": operator} if operator else {})
    return {"cve": {"id": "CVE-1", "configurations": [configuration]} | more}


def node(*matches, **more):
    return {"operator": "OR", "negate": False, "cpeMatch": list(matches)} | more


def match(criteria=LIBWEBP, *, vulnerable=True, **bounds):
    return {"vulnerable": vulnerable, "criteria": criteria} | bounds


def affected(*nodes, **more):
    (one,) = parse(record(*nodes, **more)).affected
    return one


@pytest.mark.parametrize(
    ("bounds", "span"),
    [
        pytest.param({"versionEndExcluding": "1.3.2"}, Range(fixed="1.3.2"), id="before"),
        pytest.param({"versionEndIncluding": "1.3.1"}, Range(last="1.3.1"), id="up to"),
        pytest.param(
            {"versionStartIncluding": "0.5.0", "versionEndExcluding": "1.3.2"}, Range("0.5.0", fixed="1.3.2"), id="from"
        ),
        pytest.param({"versionStartExcluding": "0.5.0"}, Range(after="0.5.0"), id="after"),
        pytest.param({}, Range(), id="every version"),
    ],
)
def test_bounds(bounds, span):
    one = affected(node(match(**bounds)))
    assert (one.key, one.ranges, one.versions, one.condition) == ("libwebp", (span,), (), "")


@pytest.mark.parametrize(
    ("version", "listed", "condition"),
    [
        pytest.param("1.3.1:*", ("1.3.1",), "", id="one version"),
        pytest.param("1.0.2:beta1", ("1.0.2beta1",), "", id="version and update"),
        pytest.param("1.2.*:*", (), "its version has a wildcard: 1.2.*", id="a wildcard inside"),
        pytest.param("-:*", (), "the feed names no version", id="no version"),
    ],
)
def test_versions_in_the_name(version, listed, condition):
    one = affected(node(match(f"cpe:2.3:a:v:p:{version}:*:*:*:*:*:*")))
    assert (one.versions, one.condition) == (listed, condition)


def test_openssl_is_ordered_by_its_letters():
    assert affected(node(match("cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*"))).scheme == "openssl"


@pytest.mark.parametrize(
    ("nodes", "more", "condition"),
    [
        pytest.param(
            [node(match()), node(match("cpe:2.3:o:linux:linux_kernel:-:*:*:*:*:*:*:*", vulnerable=False))],
            {"operator": "AND"},
            "only together with linux linux_kernel",
            id="AND with a platform",
        ),
        pytest.param([node(match(), negate=True)], {}, "its configuration is negated", id="negated"),
        pytest.param(
            [node(match(), match(vulnerable=False), operator="AND")],
            {},
            "only together with the other products of its configuration",
            id="AND within a node",
        ),
    ],
)
def test_conditions_are_for_a_person(nodes, more, condition):
    assert affected(*nodes, **more).condition == condition


def test_what_is_negated_is_that_node_alone():
    first, second = parse(record(node(match(), negate=True), node(match()))).affected
    assert (first.condition, second.condition) == ("its configuration is negated", "")


def test_children_are_read():
    assert affected({"operator": "AND", "children": [node(match())]}).key == "libwebp"


def test_what_else_a_record_says():
    found = parse(
        record(
            descriptions=[{"lang": "es", "value": "x"}, {"lang": "en", "value": "about"}],
            metrics={
                "cvssMetricV31": [{"cvssData": {"baseScore": 8.8}}],
                "cvssMetricV2": [{"cvssData": {"baseScore": 2}}],
            },
            lastModified="2026-01-01T00:00:00.000",
        )
    )
    assert (found.summary, found.severity, found.withdrawn) == ("about", "high", False)
    assert parse(record(vulnStatus="Rejected")).withdrawn


def test_overrides_carry_the_number_beside_the_record():
    assert parse({"_annotation": {"cve_id": "CVE-7"}, "cve": {"configurations": []}}).id == "CVE-7"


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        pytest.param([], "$.cve.id", id="a list"),
        pytest.param({"cve": {}}, "$.cve.id", id="no number"),
        pytest.param({"cve": {"id": "CVE-1", "configurations": {"nodes": []}}}, "$.cve.configurations", id="no list"),
        pytest.param({"cve": {"id": "CVE-1", "configurations": [{}]}}, "$.cve.configurations[0].nodes", id="no nodes"),
        pytest.param(record(node(match("libwebp"))), "$.cve.configurations[0].cpeMatch.criteria", id="no CPE"),
        pytest.param(record(node("x")), "$.cve.configurations[0].nodes.cpeMatch", id="a text for a match"),
    ],
)
def test_the_malformed_place_is_named(raw, place):
    with pytest.raises(Malformed) as refused:
        parse(raw)
    assert str(refused.value).startswith(place)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("modified", ["", "soon", 20261001])
def test_a_date_that_is_none(modified):
    with pytest.raises(Malformed, match=r"^\$\.cve\.lastModified: expected a date$"):
        parse({"cve": {"id": "CVE-1", "lastModified": modified}})


FIELDS = ("id", "descriptions", "metrics", "configurations", "lastModified", "vulnStatus")


@given(fields=st.dictionaries(st.sampled_from(FIELDS), JSON), nodes=JSON, matches=JSON)
def test_any_json_is_a_record_or_malformed(fields, nodes, matches):
    for raw in (
        fields,
        {"cve": {"id": "CVE-1"} | fields},
        {"cve": {"id": "CVE-1", "configurations": [{"nodes": nodes}]}},
        {"cve": {"id": "CVE-1", "configurations": [{"nodes": [{"cpeMatch": matches}]}]}},
        {"cve": {"id": "CVE-1", "metrics": {"cvssMetricV31": matches}}},
    ):
        with contextlib.suppress(Malformed):
            parse(raw)


def test_the_example_page():
    page = json.loads((EXAMPLES / "nvd.json").read_text())
    found = {one.id: one for one in map(parse, page["vulnerabilities"])}
    assert found["CVE-2023-4863"].affected[0].ranges == (Range("0.5.0", fixed="1.3.2"),)
    assert found["CVE-2023-38545"].severity == "critical"


def test_an_override_is_a_correction_with_the_date_of_its_note():
    raw = {"_annotation": {"cve_id": "CVE-1", "modified": "2026-10-01T00:00:00Z"}, **record(node(match()))}
    found = parse(raw)
    assert (found.modified.isoformat(), found.affected[0].source) == ("2026-10-01T00:00:00+00:00", "override")
    assert parse({"_annotation": {"cve_id": "CVE-1"}, "cve": {}}).modified is None
    with pytest.raises(Malformed, match="lastModified"):
        parse({"_annotation": {"cve_id": "CVE-1", "modified": "soon"}, "cve": {}})
