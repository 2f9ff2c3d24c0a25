"""CSAF 2.0: valid against OASIS' own schema, one product id per version, honest remedies."""

import dataclasses
import hashlib
import json
import os
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import pytest
import zstandard
from notices_sample import ADVISORY

from careful import vulnerabilities
from careful.notices.csaf import document, encode

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def made(**change):
    advisory = dataclasses.replace(ADVISORY, **change)
    return document(
        advisory, maker="Hearth", namespace="https://hearth.example", at=AT, url="https://hearth.example/a.json"
    )


@pytest.fixture(scope="module")
def schema():
    data = (
        Path(os.environ.get("CAREFUL_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
        / "csaf"
        / "oasis-csaf-2.0-tests.tar.zst"
    )
    if not data.exists():
        pytest.skip(f"OASIS' CSAF schema is not in {data} (set CAREFUL_TEST_DATA)")
    with (
        data.open("rb") as packed,
        zstandard.ZstdDecompressor().stream_reader(packed) as plain,
        tarfile.open(fileobj=plain, mode="r|") as tar,
    ):
        for member in tar:
            if member.name.endswith("csaf_json_schema.json"):
                return json.load(tar.extractfile(member))
    pytest.skip("no CSAF schema in the archive")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="fixed and exploited"),
        pytest.param({"fixed_in": None, "exploited": False}, id="no fix yet"),
        pytest.param({"flaw": "GHSA-j7hp-h8jx-5ppr"}, id="no CVE number"),
        pytest.param({"severity": "unknown", "affected": ("1.0.0", "0.9.0")}, id="severity unknown"),
    ],
)
def test_valid_against_the_schema(schema, change):
    own = dict(schema.items())
    text = json.dumps(made(**change))
    # The schema refers to FIRST's CVSS schemas by address; we carry no scores, so they are never reached.
    own["properties"] = json.loads(json.dumps(own["properties"]))
    own["properties"]["vulnerabilities"]["items"]["properties"].pop("scores", None)
    assert list(jsonschema_rs.iter_errors(own, json.loads(text))) == []


def test_every_named_product_is_in_the_tree():
    found = made()
    versions = found["product_tree"]["branches"][0]["branches"][0]["branches"]
    ids = {one["product"]["product_id"] for one in versions}
    status = found["vulnerabilities"][0]["product_status"]
    assert {item for group in status.values() for item in group} <= ids
    assert status["known_affected"] == ["cam-1-1.0.0"]
    assert status["fixed"] == ["cam-1-1.0.1"]
    assert found["vulnerabilities"][0]["remediations"][0]["category"] == "vendor_fix"


def test_without_a_fix_none_is_promised():
    flaw = made(fixed_in=None)["vulnerabilities"][0]
    assert flaw["remediations"][0]["category"] == "none_available"
    assert "fixed" not in flaw["product_status"]


def test_of_an_accepted_risk_no_fix_is_promised():
    advisory = dataclasses.replace(ADVISORY, fixed_in=None)
    made = document(advisory, maker="H", namespace="https://h.example", at=AT, url="https://h.example/a", planned=False)
    assert made["vulnerabilities"][0]["remediations"][0]["category"] == "no_fix_planned"


def test_our_own_reader_takes_it_in_line_by_line():
    found = vulnerabilities.read_statements(encode(made(affected=("1.0.0", "1.0+b 1"))))
    assert sorted((one.status, one.about[0].product.ids, one.why_not) for one in found.said) == [
        ("affected", ("pkg:generic/cam-1@1.0%2Bb%201",), ""),
        ("affected", ("pkg:generic/cam-1@1.0.0",), ""),
        ("fixed", ("pkg:generic/cam-1@1.0.1",), ""),
        ("fixed", ("pkg:generic/cam-1@1.0.1",), ""),
    ]


def test_same_advisory_same_bytes():
    assert hashlib.sha256(encode(made())).digest() == hashlib.sha256(encode(made())).digest()
