"""CycloneDX VEX: parts of the document, of another by BOM-Link, versions with their status."""

import pytest
from vex_shapes import (
    BOM,
    SERIAL,
    bom_link,
    bom_link_by_reference,
    content,
    dependency_track,
    versions,
    without_affects,
)

from careful.vulnerabilities.statements import read_statements

LIBRARY = {"type": "library", "bom-ref": "a", "name": "curl", "version": "8.3.0", "purl": "pkg:generic/curl@8.3.0"}


def document(state="not_affected", affects=({"ref": "a"},), flaw=None, **more):
    one = {"id": "CVE-1", "analysis": {"state": state, "justification": "code_not_present"}, "affects": list(affects)}
    raw = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [LIBRARY],
        "vulnerabilities": [one | (flaw or {})],
    }
    return raw | more


def read(raw, *boms):
    return read_statements(content(lambda: raw), boms).said


@pytest.mark.parametrize(
    ("shape", "ids"),
    [
        (bom_link, ("pkg:generic/curl@8.3.0",)),
        (bom_link_by_reference, ("pkg:generic/curl@8.3.0",)),
        (without_affects, ("pkg:generic/test@1.0",)),
        (versions, ("cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*",)),
    ],
)
def test_what_it_is_about(shape, ids):
    (one,) = read(shape(), BOM)
    assert ([each.product.ids for each in one.about], one.why_not) == ([ids], "")


def test_a_product_without_purl_goes_by_name_and_version():
    (one,) = read(dependency_track())
    assert (one.about[0].product.title, one.about[0].product.versions) == ("test", ("1.0",))


@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ("b", "there is no 'b' in it"),
        ("urn:cdx:0/1#b", "it points into another BOM, which is not here: urn:cdx:0/1#b"),
    ],
)
def test_what_leads_nowhere_is_refused(ref, why):
    (one,) = read(document(affects=[{"ref": ref}]))
    assert why in one.why_not


@pytest.mark.parametrize(
    "ref",
    [
        f"urn:cdx:{SERIAL}/1#a",
        f"urn:cdx:{SERIAL}/1#pkg:generic/curl@8.3.0",
        f"URN:CDX:{SERIAL.upper()}/1#a",
        f"urn:cdx:{SERIAL}/1#pkg%3Ageneric%2Fcurl%408.3.0",
    ],
)
def test_links_into_itself_and_to_names(ref):
    (one,) = read(document(affects=[{"ref": ref}], serialNumber=f"urn:uuid:{SERIAL}", version=1))
    assert one.about[0].product.ids == ("pkg:generic/curl@8.3.0",)


@pytest.mark.parametrize(
    ("state", "meant"),
    [
        ("exploitable", ("1", "vers:generic/<3")),
        ("not_affected", ("2", "1", "vers:generic/<3")),
        ("resolved", ("2",)),
        ("in_triage", ("1", "vers:generic/<3", "4")),
    ],
)
def test_which_versions_are_meant(state, meant):
    told = [
        {"version": "1"},
        {"range": "vers:generic/<3", "status": "affected"},
        {"version": "2", "status": "unaffected"},
        {"version": "4", "status": "unknown"},
    ]
    (one,) = read(document(state, [{"ref": "a", "versions": told}]))
    assert one.about[0].product.versions == meant


def test_a_state_that_fits_no_version_is_about_nothing():
    (one,) = read(document("exploitable", [{"ref": "a", "versions": [{"version": "1", "status": "unaffected"}]}]))
    assert one.why_not == "it names no product by purl, CPE or hash"


@pytest.mark.parametrize(
    ("flaw", "status", "justification", "why"),
    [
        ({"analysis": {"state": "false_positive"}}, "not_affected", "vulnerable_code_not_present", ""),
        ({"analysis": {"state": "not_affected"}}, "not_affected", "", "it says not affected and not why"),
        ({"analysis": {}}, "under_investigation", "", "it lists a flaw and does not say"),
        ({"analysis": None}, "under_investigation", "", "it lists a flaw and does not say"),
        (
            {"properties": [{"name": "careful:justification", "value": "component_not_present"}]},
            "not_affected",
            "component_not_present",
            "",
        ),
    ],
)
def test_what_is_said(flaw, status, justification, why):
    (one,) = read(document(flaw=flaw))
    assert (one.status, one.justification) == (status, justification)
    assert one.why_not.startswith(why)
    assert bool(one.why_not) is bool(why)


def test_the_label_of_1_7():
    raw = document(metadata={"distributionConstraints": {"tlp": "AMBER"}, "authors": [{"name": "Ann"}]})
    found = read_statements(content(lambda: raw))
    assert (found.tlp, found.author, found.restricted) == ("AMBER", "Ann", True)
