"""SBOMs in the shapes in which build systems and scanners really write them, each small and written here."""

import json

import pytest

from careful.releases import sbom


def read(document):
    return sbom.read(document if isinstance(document, bytes) else json.dumps(document).encode())


def rows(document):
    return [(row.name, row.outcome, row.reason) for row in read(document).report.rows]


def cyclonedx(*components, version="1.6", **more):
    return {"bomFormat": "CycloneDX", "specVersion": version, "components": list(components)} | more


def of_buildroot(name, kind="target", **more):
    properties = [{"name": "BR_TYPE", "value": kind}]
    return {"bom-ref": name, "type": "library", "name": name.removeprefix("host-"), "properties": properties} | more


BUSYBOX = "cpe:2.3:a:busybox:busybox:1.37.0:-:*:*:*:*:*:*"


def test_buildroot():
    document = cyclonedx(
        of_buildroot("skeleton-init-sysv"),
        of_buildroot("busybox", version="1.37.0", cpe=BUSYBOX),
        of_buildroot("host-busybox", "host", version="1.37.0", cpe=BUSYBOX),
        of_buildroot("ifupdown-scripts", version="1"),
        metadata={"component": {"bom-ref": "board", "name": "board", "type": "firmware"}},
        dependencies=[{"ref": "board", "dependsOn": ["busybox", "host-busybox"]}],
        vulnerabilities=[
            {
                "id": "CVE-2022-28391",
                "analysis": {"state": "in_triage", "detail": "The CVE has been marked as ignored by Buildroot"},
                "affects": [{"ref": "busybox"}],
            }
        ],
    )
    assert rows(document) == [
        ("skeleton-init-sysv", "unmatchable", "no purl and no CPE"),
        ("busybox", "taken", ""),
        ("busybox", "left out", "a build tool of the host, not in the image (BR_TYPE: host)"),
        ("ifupdown-scripts", "unmatchable", "no purl and no CPE"),
    ]
    assert [(said.flaw, said.state) for one in read(document).components for said in one.statements] == [
        ("CVE-2022-28391", "not_affected")
    ]


def test_openwrt():
    """CPEs as URIs, a kernel with its modules, types and licences as they come."""
    document = cyclonedx(
        {"name": "base-files", "version": "1620", "type": "application"},
        {"name": "busybox", "version": "1.36.1", "type": "application", "cpe": "cpe:/a:busybox:busybox:1.36.1"},
        {"name": "kernel", "version": "6.6.73", "type": "operating-system", "cpe": "cpe:/o:linux:linux_kernel:6.6.73"},
        {
            "name": "kmod-usb-core",
            "version": "6.6.73",
            "type": "application",
            "licenses": [{"license": {"name": "GPL-2.0"}}],
        },
        {"name": "kmod-nft-core", "version": "6.6.73"},
        version="1.4",
        metadata={"timestamp": "2026-01-01T00:00:00Z"},
    )
    assert rows(document) == [
        ("base-files", "unmatchable", "no purl and no CPE"),
        ("busybox", "taken", ""),
        ("kernel", "taken", ""),
        ("kmod-usb-core", "merged", "a module of the kernel at $.components[2]"),
        ("kmod-nft-core", "merged", "a module of the kernel at $.components[2]"),
    ]


ZEPHYR = b"""SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: zephyr
DocumentNamespace: http://spdx.org/spdxdocs/zephyr-1/zephyr
Creator: Tool: Zephyr SPDX builder
Created: 2026-07-10T10:00:00Z

Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-zephyr-sources
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-mbedtls-sources

##### Package: zephyr-sources

PackageName: zephyr-sources
SPDXID: SPDXRef-zephyr-sources
PackageLicenseConcluded: NOASSERTION
PackageDownloadLocation: git+https://github.com/zephyrproject-rtos/zephyr@0a
PackageVersion: v4.1.0
ExternalRef: SECURITY cpe23Type cpe:2.3:o:zephyrproject:zephyr:4.1.0:-:*:*:*:*:*:*
ExternalRef: PACKAGE_MANAGER purl pkg:github/zephyrproject-rtos/zephyr@v4.1.0
FilesAnalyzed: true
PackageVerificationCode: 00

FileName: ./kernel/init.c
SPDXID: SPDXRef-File-init.c
FileChecksum: SHA1: 00
FileCopyrightText: NOASSERTION

##### Package: mbedtls-sources

PackageName: mbedtls-sources
SPDXID: SPDXRef-mbedtls-sources
PrimaryPackagePurpose: SOURCE
PackageVersion: 3.6.2
ExternalRef: SECURITY cpe23Type cpe:2.3:a:arm:mbed_tls:3.6.2:*:*:*:*:*:*:*
FilesAnalyzed: false
PackageComment: Utility target; no files

##### Package: hal-stm32-sources

PackageName: hal-stm32-sources
SPDXID: SPDXRef-hal-stm32-sources
PackageVersion: 019d8255333f96bdd47d26b44049bd3e7af8ef55
FilesAnalyzed: false
"""


def test_zephyr():
    assert rows(ZEPHYR) == [
        ("zephyr-sources", "taken", ""),
        ("mbedtls-sources", "taken", ""),
        ("hal-stm32-sources", "unmatchable", "no purl and no CPE"),
    ]


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


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("zl\u202eib", "zl\ufffdib", id="a sign that turns the direction"),
        pytest.param("zl\x00ib", "zl\ufffdib", id="a null"),
        pytest.param("zlib\u200b", "zlib\ufffd", id="a space without width"),
    ],
)
def test_signs_that_hide_what_one_reads_are_shown_and_remarked(name, shown):
    report = read(cyclonedx({"name": name, "version": "1", "purl": "pkg:generic/zlib@1"})).report
    assert report.rows[0].name == shown
    assert [remark.where for remark in report.remarks] == ["$.components[0]"]
