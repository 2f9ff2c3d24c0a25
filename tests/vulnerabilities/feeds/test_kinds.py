"""A feed is known by its content."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.feeds.kinds import FEEDS, LICENCES, Kind, kind_of, licence_of


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ({"id": "GHSA-1", "modified": ""}, "osv"),
        ([{"id": "GHSA-1", "affected": []}], "osv"),
        ({"cve": {"id": "CVE-1"}}, "nvd"),
        ({"format": "NVD_CVE", "vulnerabilities": []}, "nvd"),
        ({"vulnerabilities": [{"cve": {}}]}, "nvd"),
        ({"id": "CVE-1", "sourceIdentifier": "x", "vulnStatus": "Deferred", "lastModified": ""}, "nvd"),
        ({"feed_name": "CVE-2024", "cve_items": [{"id": "CVE-1"}]}, "nvd"),
        ({"_annotation": {"cve_id": "CVE-1"}, "cve": {}}, "override"),
        ({"dataType": "CVE_RECORD", "containers": {}}, "cve5"),
        ({"vulnerabilities": [{"cveID": "CVE-1"}]}, "kev"),
        ({"catalogVersion": "1", "vulnerabilities": []}, "kev"),
        ("#model_version:v1,score_date:2026-01-01\ncve,epss,percentile", "epss"),
        ("cve,epss,percentile", "epss"),
        ({"document": {"csaf_version": "2.0"}, "vulnerabilities": [{"cve": "CVE-1"}]}, "csaf"),
        ({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "statements": []}, "openvex"),
        ('"cveID","vendorProject","product"', "kev"),
        ("cveID,vendorProject,product,vulnerabilityName,dateAdded", "kev"),
        ({"reponame": "main", "distroversion": "v3.20", "packages": []}, "secdb"),
        ({"packages": [{"pkg": {"name": "curl", "secfixes": {}}}]}, "secdb"),
        ({"curl": {"CVE-2024-1": {"releases": {"bookworm": {"status": "open"}}}}}, "debian"),
        ({"a": {"b": {"c": {}}}}, None),
        ("hello", None),
        ({"hello": "world"}, None),
        ([], None),
        (7, None),
    ],
)
def test_kinds(raw, kind):
    assert kind_of(raw) == kind


@given(
    st.recursive(st.none() | st.text(max_size=3), lambda one: st.lists(one) | st.dictionaries(st.text(max_size=3), one))
)
def test_anything_is_of_a_kind_or_none(raw):
    assert kind_of(raw) in {None, *get_args(Kind)}


@pytest.mark.parametrize(
    ("feed", "record", "licence"),
    [
        ("osv", "GHSA-j7hp-h8jx-5ppr", "CC-BY-4.0"),
        ("osv", "BIT-apache-2024-1", "Apache-2.0"),
        ("osv", "OSV-2020-111", "CC-BY-4.0"),
        ("osv", "CURL-CVE-2024-7264", "per record; see the source"),
        ("kev", "CVE-2024-1", "CC0-1.0"),
        ("mine", "X-1", ""),
    ],
)
def test_every_record_has_its_licence(feed, record, licence):
    assert licence_of(feed, record) == licence


def test_every_kind_has_a_name_and_a_licence():
    assert set(FEEDS) == set(get_args(Kind))
    assert set(LICENCES) == set(FEEDS.values())
