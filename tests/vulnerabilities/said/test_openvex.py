"""OpenVEX in every shape: whose word, since when, and of what."""

import pytest
from vex_shapes import attestation, content, kubescape, version_0_0_1, wolfi, yocto

from careful.vulnerabilities.said.model import Thing
from careful.vulnerabilities.said.openvex import thing
from careful.vulnerabilities.statements import read_statements


def test_a_statement_has_its_own_date_or_that_of_its_document():
    found = read_statements(content(wolfi))
    assert [one.at.isoformat()[:10] for one in found.said] == ["2026-10-01", "2026-10-03"]
    assert (found.author, found.version, found.tlp) == ("Wolfi J Inkinson", "1", "")


@pytest.mark.parametrize(
    ("shape", "products", "parts"),
    [
        (version_0_0_1, [("pkg:generic/test@1.0",)], [("pkg:generic/curl@8.3.0",)]),
        (kubescape, [()], [("pkg:generic/curl@8.3.0",)]),
        (yocto, [("cpe:2.3:*:*:curl:8.3.0:*:*:*:*:*:*:*",)], [None]),
        (attestation, [()], [None]),
    ],
)
def test_what_it_is_about(shape, products, parts):
    (one,) = read_statements(content(shape)).said
    assert [each.product.ids for each in one.about] == products
    assert [each.part and each.part.ids for each in one.about] == parts


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("pkg:pypi/a", Thing(("pkg:pypi/a",))),
        ("nginx:1", Thing(title="nginx:1")),
        ({"@id": "pkg:pypi/a", "identifiers": {"purl": "pkg:pypi/a", "cpe23": 7}}, Thing(("pkg:pypi/a",))),
        ({"hashes": {"sha-256": "AB"}}, Thing(hashes=(("sha256", "ab"),))),
        ({"hashes": []}, None),
        ({}, None),
        ("", None),
        (7, None),
    ],
)
def test_a_thing(raw, found):
    assert thing(raw) == found
