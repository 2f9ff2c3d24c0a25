"""VEX documents of every form: each statement is read, or refused with its place."""

import contextlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import CarefulError, Invalid, TooLarge
from careful.vulnerabilities import statements as module
from careful.vulnerabilities.statements import read_statements

CURL = "pkg:generic/curl@8.3.0"
IMAGE = "pkg:generic/cam-1@1.0.0"
DATA = Path(os.environ.get("CAREFUL_TEST_DATA", "../shared/data")) / "csaf" / "cisa-csaf-300.tar.zst"


def openvex(**more):
    one = {
        "vulnerability": {"name": "CVE-1", "aliases": ["GHSA-1"]},
        "products": [{"@id": CURL}],
        "status": "not_affected",
        "justification": "component_not_present",
        "impact_statement": "Not built in.",
    } | more
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://curl.example/vex/1",
        "author": "curl",
        "timestamp": "2026-11-01T00:00:00Z",
        "statements": [one],
    }


def csaf(status="known_not_affected", **more):
    one = {
        "cve": "CVE-1",
        "product_status": {status: ["CURL"]},
        "flags": [{"label": "component_not_present", "product_ids": ["CURL"]}],
        "threats": [{"category": "impact", "details": "Not built in.", "product_ids": ["CURL"]}],
    } | more
    product = {"name": "curl", "product_id": "CURL", "product_identification_helper": {"purl": CURL}}
    image = {"name": "cam", "product_id": "CAM", "product_identification_helper": {"purl": IMAGE}}
    both = {"name": "curl in cam", "product_id": "CURL-IN-CAM"}
    return {
        "document": {
            "csaf_version": "2.0",
            "publisher": {"name": "curl"},
            "tracking": {"id": "1", "current_release_date": "2026-11-01T00:00:00Z"},
        },
        "product_tree": {
            "branches": [{"category": "vendor", "branches": [{"category": "product_name", "product": product}]}],
            "full_product_names": [image],
            "relationships": [
                {"full_product_name": both, "product_reference": "CURL", "relates_to_product_reference": "CAM"}
            ],
        },
        "vulnerabilities": [one],
    }


def cyclonedx(**more):
    analysis = {"state": "not_affected", "justification": "code_not_reachable", "detail": "Not built in."} | more
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:1",
        "metadata": {"supplier": {"name": "curl"}, "timestamp": "2026-11-01T00:00:00Z"},
        "components": [{"type": "library", "name": "curl", "bom-ref": "a", "purl": CURL}],
        "vulnerabilities": [{"id": "CVE-1", "analysis": analysis, "affects": [{"ref": "a"}]}, {"id": "CVE-2"}],
    }


def read(raw):
    return read_statements(json.dumps(raw).encode())


@pytest.mark.parametrize(
    ("raw", "form", "justification"),
    [
        (openvex(), "OpenVEX", "component_not_present"),
        (csaf(), "CSAF", "component_not_present"),
        (cyclonedx(), "CycloneDX", "vulnerable_code_not_in_execute_path"),
    ],
    ids=["OpenVEX", "CSAF", "CycloneDX"],
)
def test_the_same_words_in_each_form(raw, form, justification):
    found = read(raw)
    assert (found.form, found.author, found.at.isoformat()) == (form, "curl", "2026-11-01T00:00:00+00:00")
    one, *silent = found.said
    assert [said.why_not for said in silent] == ["it lists a flaw and does not say what it means for the product"] * (
        form == "CycloneDX"
    )
    assert (one.names[0], [each.product.ids for each in one.about], one.why_not) == ("CVE-1", [(CURL,)], "")
    assert (one.status, one.justification, one.detail) == ("not_affected", justification, "Not built in.")


def test_a_component_in_a_product():
    (one,) = read(openvex(products=[{"@id": IMAGE, "subcomponents": [{"@id": CURL}]}])).said
    (about,) = one.about
    assert (about.product.ids, about.part.ids) == ((IMAGE,), (CURL,))
    (one,) = read(csaf(product_status={"fixed": ["CURL-IN-CAM"]})).said
    (about,) = one.about
    assert (about.product.ids, about.part.ids, one.status) == ((IMAGE,), (CURL,), "fixed")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        pytest.param(openvex(vulnerability=None), "names no flaw", id="no flaw"),
        pytest.param(openvex(status="fine"), "its status is 'fine'", id="another status"),
        pytest.param(openvex(products=[]), "names no product", id="no product"),
        pytest.param(openvex(justification=None, impact_statement=None), "not why", id="no reason"),
        pytest.param(csaf(flags=[], threats=[]), "not why", id="no flag and no impact"),
        pytest.param(csaf(product_status={"fixed": ["OTHER"]}), "names no product", id="an unknown product"),
        pytest.param(cyclonedx(state="unheard"), "its status is 'unheard'", id="another state"),
    ],
)
def test_what_cannot_be_used_says_why(raw, why):
    assert why in read(raw).said[0].why_not


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"{", "no JSON"), (b"[]", "no VEX"), (b"{}", "no VEX document that is read"), (b"[" * 100_000, "no JSON")],
)
def test_what_is_no_document(content, why):
    with pytest.raises(Invalid, match=why):
        read_statements(content)


def test_limits(monkeypatch):
    monkeypatch.setattr(module, "MOST_STATEMENTS", 1)
    with pytest.raises(TooLarge, match="1 statements"):
        read(openvex() | {"statements": openvex()["statements"] * 2})
    monkeypatch.setattr(module, "MOST_BYTES", 1)
    with pytest.raises(TooLarge, match="MiB"):
        read(openvex())


FIELDS = st.sampled_from(
    [
        "@context",
        "statements",
        "vulnerability",
        "products",
        "status",
        "document",
        "csaf_version",
        "product_tree",
        "vulnerabilities",
        "bomFormat",
        "components",
        "affects",
        "analysis",
        "product_status",
        "branches",
        "relationships",
    ]
)


@given(
    st.recursive(
        st.none() | st.integers() | st.sampled_from(["openvex", "CycloneDX", "2.0", "affected"]),
        lambda part: st.lists(part, max_size=3) | st.dictionaries(FIELDS, part, max_size=4),
    )
)
def test_anything_is_read_or_refused(raw):
    with contextlib.suppress(CarefulError):
        read(raw)


def test_real_advisories(tmp_path):
    if not DATA.exists():
        pytest.skip(f"{DATA} is not there: set CAREFUL_TEST_DATA")
    subprocess.run(["tar", "--zstd", "-xf", DATA, "-C", tmp_path], check=True)
    said = [one for path in tmp_path.rglob("*.json") for one in read_statements(path.read_bytes()).said]
    assert len(said) > 1000
    assert {one.status for one in said} == {"affected", "not_affected"}
