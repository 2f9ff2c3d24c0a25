"""CycloneDX VEX as XML says what its JSON would say; what XML could do beside that is refused."""

import pytest
from vex_shapes import CYCLONEDX_XML

from careful.kernel.errors import CarefulError, Invalid, Refused, TooLarge
from careful.vulnerabilities.said import cyclonedx_xml
from careful.vulnerabilities.said.cyclonedx_xml import as_json
from careful.vulnerabilities.statements import read_statements


def test_it_is_read_as_json_would_be():
    found = as_json(CYCLONEDX_XML)
    assert (found["bomFormat"], found["version"]) == ("CycloneDX", 1)
    assert found["components"] == [
        {
            "bom-ref": "a",
            "name": "curl",
            "version": "8.3.0",
            "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
            "purl": "pkg:generic/curl@8.3.0",
        }
    ]
    document = read_statements(CYCLONEDX_XML)
    (one,) = document.said
    assert (document.author, one.names, one.detail) == ("curl", ("CVE-2024-0001", "GHSA-0001"), "Not built in.")
    assert one.about[0].product.versions == ("8.3.0",)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(b"<bom", Invalid, id="cut off"),
        pytest.param(b"<html/>", Invalid, id="another document"),
        pytest.param(b'<bom xmlns="http://example.com"/>', Invalid, id="another namespace"),
        pytest.param(b'<!DOCTYPE bom [<!ENTITY a "b">]><bom/>', Refused, id="a document type"),
        pytest.param(b'<?xml version="1.0" encoding="x-none"?><bom/>', Invalid, id="no encoding"),
        pytest.param(
            b'<bom xmlns="http://cyclonedx.org/schema/bom/1.4">' + b"<a>" * 300, TooLarge, id="nested without end"
        ),
    ],
)
def test_what_is_refused(content, error):
    with pytest.raises(error):
        as_json(content)


def test_limits(monkeypatch):
    monkeypatch.setattr(cyclonedx_xml, "_ELEMENTS", 1)
    with pytest.raises(TooLarge, match="1 elements"):
        as_json(CYCLONEDX_XML)


@pytest.mark.parametrize("cut", range(0, len(CYCLONEDX_XML) - 10, 97))
def test_a_cut_file_is_refused(cut):
    with pytest.raises(CarefulError):
        read_statements(CYCLONEDX_XML[:cut])
