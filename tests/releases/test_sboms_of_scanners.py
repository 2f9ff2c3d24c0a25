"""SBOMs in the shapes in which scanners and registries really write them, each small and written here."""

import json

import pytest

from careful.releases import sbom


def read(document):
    return sbom.read(document if isinstance(document, bytes) else json.dumps(document).encode())


def rows(document):
    return [(row.name, row.outcome, row.reason) for row in read(document).report.rows]


def cyclonedx(*components, version="1.6", **more):
    return {"bomFormat": "CycloneDX", "specVersion": version, "components": list(components)} | more


def of_syft(name, kind, *more_cpes, **more):
    purl = f"pkg:{kind}/{name}@1.0"
    guesses = [{"name": "syft:cpe23", "value": cpe} for cpe in more_cpes]
    return {
        "bom-ref": f"{purl}?package-id={len(more_cpes)}",
        "type": "library", "name": name, "version": "1.0", "purl": purl,
        "cpe": f"cpe:2.3:a:{name}:{name}:1.0:*:*:*:*:*:*:*",
        "properties": [{"name": "syft:package:foundBy", "value": "x"}, *guesses],
    } | more  # fmt: skip


def test_syft():
    """One package found by two cataloguers, guesses at its CPE, single files, and the distribution itself."""
    document = cyclonedx(
        of_syft("requests", "pypi", "cpe:2.3:a:python:requests:1.0:*:*:*:*:*:*:*"),
        of_syft("requests", "pypi", "cpe:2.3:a:python-requests:requests:1.0:*:*:*:*:*:*:*"),
        of_syft("requests", "deb/debian"),
        {"bom-ref": "0", "type": "file", "name": "/usr/bin/curl", "hashes": [{"alg": "SHA-1", "content": "00"}]},
        {
            "bom-ref": "os:debian@12", "type": "operating-system", "name": "debian", "version": "12",
            "cpe": "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*",
        },
    )  # fmt: skip
    assert rows(document) == [
        ("requests", "taken", ""),
        ("requests", "merged", "listed before, at $.components[0]"),
        ("requests", "taken", ""),
        ("/usr/bin/curl", "unmatchable", "a single file: known flaws are listed by package"),
        ("debian", "taken", ""),
    ]
    assert [cpe.split(":")[3] for cpe in read(document).components[0].cpes] == ["requests", "python", "python-requests"]


def test_cdxgen():
    """Groups, evidence of identity, what is only for development, the same package twice."""
    left_pad = {
        "group": "@scope", "name": "left-pad", "version": "1.3.0", "purl": "pkg:npm/%40scope/left-pad@1.3.0",
        "type": "library", "bom-ref": "pkg:npm/@scope/left-pad@1.3.0", "scope": "required",
        "evidence": {"identity": [{"field": "purl", "concludedValue": "pkg:npm/%40scope/left-pad@1.3.0"}]},
    }  # fmt: skip
    document = cyclonedx(left_pad, left_pad | {"bom-ref": "again"}, left_pad | {"name": "mocha", "scope": "excluded"})
    assert [row[:2] for row in rows(document)] == [
        ("@scope/left-pad", "taken"), ("@scope/left-pad", "merged"), ("@scope/mocha", "left out"),
    ]  # fmt: skip


def test_a_scanner_of_containers():
    """SPDX with the image as root, the distribution and lock files as packages without a name in any list."""

    def package(name, version="", purl="", purpose="LIBRARY"):
        references = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]
        return {
            "name": name, "SPDXID": f"SPDXRef-{name}", "versionInfo": version, "primaryPackagePurpose": purpose,
            "externalRefs": references if purl else [], "supplier": "NOASSERTION",
        }  # fmt: skip

    document = {
        "spdxVersion": "SPDX-2.3",
        "packages": [
            package("image", purl="pkg:oci/image@sha256:00", purpose="CONTAINER"),
            package("debian", "12", purpose="OPERATING-SYSTEM"),
            package("curl", "8.3.0", "pkg:deb/debian/curl@8.3.0?distro=debian-12"),
        ],
        "relationships": [
            {"spdxElementId": first, "relationshipType": kind, "relatedSpdxElement": second}
            for first, kind, second in (
                ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image"),
                ("SPDXRef-image", "CONTAINS", "SPDXRef-debian"),
                ("SPDXRef-debian", "CONTAINS", "SPDXRef-curl"),
            )
        ],
    }
    assert rows(document) == [
        ("image", "left out", "the image itself: what is in it is listed"),
        ("debian", "unmatchable", "no purl and no CPE"),
        ("curl", "taken", ""),
    ]


SYFT_XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.7" serialNumber="urn:uuid:1" version="1">
  <metadata>
    <timestamp>2026-01-01T00:00:00Z</timestamp>
    <tools><components><component type="application">
      <author>anchore</author><name>syft</name><version>v1.30</version>
    </component></components></tools>
    <component bom-ref="r" type="container"><name>image</name><version>sha256:00</version></component>
  </metadata>
  <components>
    <component bom-ref="a" type="library">
      <name>package-1</name><version>1.0.1</version>
      <licenses><license><id>MIT</id></license></licenses>
      <cpe>cpe:2.3:*:some:package:1:*:*:*:*:*:*:*</cpe>
      <purl>a-purl-1</purl>
      <properties>
        <property name="syft:package:language">python</property>
        <property name="syft:cpe23">cpe:2.3:a:other:package:1:*:*:*:*:*:*:*</property>
      </properties>
    </component>
    <component bom-ref="b" type="library">
      <name>package-2</name><version>2.0.1</version><purl>pkg:deb/debian/package-2@2.0.1</purl>
    </component>
    <component bom-ref="os:debian@12" type="operating-system">
      <name>debian</name><version>12</version><swid tagId="debian" name="debian" version="12"></swid>
    </component>
  </components>
</bom>"""


def test_syft_xml():
    found = read(SYFT_XML)
    assert rows(SYFT_XML) == [
        ("package-1", "taken", ""),
        ("package-2", "taken", ""),
        ("debian", "unmatchable", "no purl and no CPE"),
    ]
    assert [cpe.split(":")[3] for cpe in found.components[0].cpes] == ["some", "other"]
    assert found.report.format == "CycloneDX 1.7 XML"


def test_syft_spdx_3():
    """The image is the root of an SBOM inside the document; a purl that is none stands beside a CPE that is one."""

    def element(kind, name, **more):
        return {"type": kind, "spdxId": f"SPDXRef:{name}", "name": name, "creationInfo": "_:CreationInfo-1"} | more

    cpe = {"externalIdentifierType": "cpe23", "identifier": "cpe:2.3:*:some:package:1:*:*:*:*:*:*:*"}
    document = {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            element("Organization", "Anchore, Inc"),
            element("Tool", "syft-v1"),
            {"@id": "_:CreationInfo-1", "type": "CreationInfo", "created": "2026-01-01T00:00:00Z",
             "createdBy": ["SPDXRef:Anchore, Inc"], "createdUsing": ["SPDXRef:syft-v1"], "specVersion": "3.0.1"},
            element("software_Package", "image", externalIdentifier=[], software_primaryPurpose="container",
                    software_packageUrl="pkg:oci/image@sha256%3A00?arch=", software_packageVersion="sha256:00"),
            element("software_Package", "package-1", externalIdentifier=[cpe], software_packageUrl="a-purl-1",
                    software_packageVersion="1.0.1"),
            element("software_Package", "package-2", software_packageUrl="pkg:deb/debian/package-2@2.0.1",
                    software_packageVersion="2.0.1"),
            element("Relationship", "r1", **{"from": "SPDXRef:image"}, relationshipType="contains",
                    to=["SPDXRef:package-1", "SPDXRef:package-2"]),
            element("software_Sbom", "SBOM-1", rootElement=["SPDXRef:image"]),
            element("SpdxDocument", "document", rootElement=["SPDXRef:SBOM-1"]),
        ],
    }  # fmt: skip
    assert rows(document) == [
        ("image", "left out", "the image itself: what is in it is listed"),
        ("package-1", "taken", ""),
        ("package-2", "taken", ""),
    ]
    stated = {one.name: one.stated for one in read(document).report.elements}
    assert (stated["author"], stated["tool"], stated["timestamp"]) == (1, 1, 1)


SYFT_TAGS = b"""SPDXVersion: SPDX-2.3
SPDXID: SPDXRef-DOCUMENT
DocumentName: image
DocumentNamespace: https://example.org/image
Creator: Organization: Anchore, Inc
Creator: Tool: syft-v1.30

##### Unpackaged files

FileName: a1/f6
SPDXID: SPDXRef-File-a1-f6
FileType: OTHER
FileChecksum: SHA1: 0000000000000000000000000000000000000000
LicenseConcluded: NOASSERTION

##### Package: image

PackageName: image
SPDXID: SPDXRef-DocumentRoot-Image-image
PackageVersion: sha256:27
PrimaryPackagePurpose: CONTAINER
ExternalRef: PACKAGE-MANAGER purl pkg:oci/image@sha256%3A27?arch=

##### Package: package-2

PackageName: package-2
SPDXID: SPDXRef-Package-deb-package-2
PackageVersion: 2.0.1
PackageSupplier: NOASSERTION
PackageSourceInfo: acquired package info from DPKG DB: /somefile-2.txt
ExternalRef: SECURITY cpe23Type cpe:2.3:*:some:package:2:*:*:*:*:*:*:*
ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/package-2@2.0.1

##### Relationships

Relationship: SPDXRef-DocumentRoot-Image-image CONTAINS SPDXRef-Package-deb-package-2
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-DocumentRoot-Image-image
"""


def test_syft_tag_value():
    found = read(SYFT_TAGS)
    assert rows(SYFT_TAGS) == [
        ("image", "left out", "the image itself: what is in it is listed"),
        ("package-2", "taken", ""),
    ]
    assert [one.says for one in found.report.remarks] == [
        "1 single files are not looked up: known flaws are listed by package"
    ]
    assert found.components[0].purl == "pkg:deb/debian/package-2@2.0.1"


def of_trivy(name, version, purl, **source):
    properties = [{"name": f"aquasecurity:trivy:{key}", "value": value} for key, value in source.items()]
    return {
        "bom-ref": purl,
        "type": "library",
        "name": name,
        "version": version,
        "purl": purl,
        "properties": properties,
    }


BSDUTILS = "pkg:deb/debian/bsdutils@2.33.1-0.1?arch=amd64&distro=debian-10.2&epoch=1"


def test_trivy():
    """Debian lists flaws by source package, which trivy names in properties; lock files are no packages."""
    document = cyclonedx(
        {"bom-ref": "1", "type": "operating-system", "name": "debian", "version": "10.2", "properties": []},
        {"bom-ref": "2", "type": "application", "name": "Gemfile.lock"},
        of_trivy("bsdutils", "1:2.33.1-0.1", BSDUTILS, SrcName="util-linux", SrcVersion="2.33.1", SrcRelease="0.1"),
        of_trivy("bash", "5.0-4", "pkg:deb/debian/bash@5.0-4", SrcName="bash", SrcVersion="5.0", SrcRelease="4"),
        of_trivy("libgcc1", "1:8.3.0-6", "pkg:deb/debian/libgcc1@8.3.0-6?epoch=1", SrcName="gcc-8", SrcVersion="8.3.1"),
        of_trivy("rake", "13.0", "pkg:gem/rake@13.0", FilePath="rake.gemspec"),
        metadata={"component": {"type": "container", "name": "image.tar.gz"}},
    )
    assert [row[1] for row in rows(document)] == ["unmatchable", "unmatchable", "taken", "taken", "taken", "taken"]
    assert [one.purl for one in read(document).components[2:]] == [
        f"{BSDUTILS}&upstream=util-linux",
        "pkg:deb/debian/bash@5.0-4",
        "pkg:deb/debian/libgcc1@8.3.0-6?epoch=1&upstream=gcc-8%408.3.1",
        "pkg:gem/rake@13.0",
    ]


def test_trivy_spdx():
    """The same in words: `built package from: util-linux 2.33.1-0.1`."""
    package = {
        "name": "bsdutils", "SPDXID": "SPDXRef-Package-1", "versionInfo": "1:2.33.1-0.1",
        "sourceInfo": "built package from: util-linux 2.33.1-0.1",
        "externalRefs": [{"referenceType": "purl", "referenceLocator": BSDUTILS}],
    }  # fmt: skip
    (one,) = read({"spdxVersion": "SPDX-2.3", "packages": [package]}).components
    assert one.purl == f"{BSDUTILS}&upstream=util-linux"


def test_flaws_that_a_scanner_lists_are_not_taken_over():
    """Trivy and grype list what they found; only a state of analysis says what is true."""
    document = cyclonedx(
        {"bom-ref": "a", "name": "zlib", "version": "1.2", "purl": "pkg:generic/zlib@1.2"},
        vulnerabilities=[{"id": "CVE-2022-37434", "ratings": [], "affects": [{"ref": "a"}]}],
    )
    found = read(document)
    assert found.components[0].statements == ()
    assert [(one.where, one.says.partition(":")[0]) for one in found.report.remarks] == [
        ("$.vulnerabilities", "1 flaws are listed without a state of analysis")
    ]


OF_GITHUB = {
    "SPDXID": "SPDXRef-DOCUMENT",
    "spdxVersion": "SPDX-2.3",
    "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: GitHub.com-Dependency-Graph"]},
    "name": "com.github.example/app",
    "packages": [
        {
            "SPDXID": f"SPDXRef-{name}", "name": name, "versionInfo": version, "filesAnalyzed": False,
            "externalRefs": [
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
            ],
        }
        for name, version, purl in (
            ("lodash", "4.17.20", "pkg:npm/lodash@4.17.20"),
            ("left-pad", "^1.3.0", "pkg:npm/left-pad"),
        )
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(OF_GITHUB, id="GitHub, by Export SBOM"),
        pytest.param({"sbom": OF_GITHUB}, id="GitHub, by its API"),
        pytest.param(
            {
                "_type": "https://in-toto.io/Statement/v0.1",
                "predicateType": "https://spdx.dev/Document",
                "subject": [{"name": "image", "digest": {"sha256": "00"}}],
                "predicate": OF_GITHUB,
            },
            id="an attestation",
        ),
    ],
)
def test_wrapped_sboms(document):
    assert rows(document) == [("lodash", "taken", ""), ("left-pad", "taken", "")]


def test_a_value_that_is_no_text_stops_nothing():
    """The schema has text alone, and tools write numbers and truth values."""
    properties = [{"name": "SrcFile", "value": 1}, {"name": "internal", "value": True}, {"name": "x", "value": None}]
    document = cyclonedx({"name": "a", "version": "1", "purl": "pkg:npm/a@1", "properties": properties})
    assert rows(document) == [("a", "taken", "")]
