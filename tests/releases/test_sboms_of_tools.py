"""SBOMs in the shapes in which build systems really write them, each small and written here."""

import io
import json
import tarfile
import zipfile

import pytest
import zstandard

from careful.releases import sbom
from careful.releases.model import Statement


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


ESP_IDF = b"""# Generated by esp-idf-sbom
SPDXVersion: SPDX-2.2
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: blink
DocumentNamespace: http://spdx.org/spdxdocs/blink-1
Creator: Tool: ESP-IDF SBOM builder
Created: 2026-01-01T00:00:00Z
CreatorComment: <text>
a comment
</text>
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-PROJECT-blink

# blink project
PackageName: project-blink
SPDXID: SPDXRef-PROJECT-blink
PackageVersion: 1
PackageSupplier: NOASSERTION
FilesAnalyzed: false
ExternalRef: SECURITY cpe23Type cpe:2.3:a:espressif:esp-idf:5.3.1:*:*:*:*:*:*:*
Relationship: SPDXRef-PROJECT-blink DEPENDS_ON SPDXRef-COMPONENT-freertos

# freertos component
PackageName: component-freertos
PackageSummary: <text>An open-source RTOS.</text>
SPDXID: SPDXRef-COMPONENT-freertos
PackageVersion: 10.5.1
PackageSupplier: Organization: Espressif Systems (Shanghai) CO LTD
ExternalRef: OTHER repository https://github.com/espressif/esp-idf.git@0a
ExternalRef: SECURITY cpe23Type cpe:2.3:o:amazon:freertos:10.5.1:*:*:*:*:*:*:*
PackageComment: <text>
# The cve-exclude-list list contains CVEs, which were already evaluated and the package is not vulnerable.
cve-exclude-list:
-   cve: CVE-2024-28115
    reason: Affects only ARMv7-M MPU ports, and ARMv8-M ports with MPU support
        enabled
-   cve: CVE-2021-43997
    reason: 'MPU ports, too'
</text>
"""


def test_esp_idf():
    """The project goes by the CPE of all of ESP-IDF; a comment excludes flaws."""
    found = read(ESP_IDF)
    assert rows(ESP_IDF) == [("project-blink", "taken", ""), ("component-freertos", "taken", "")]
    assert found.components[1].statements == (
        Statement(
            "CVE-2024-28115",
            "not_affected",
            "ESP-IDF cve-exclude-list: Affects only ARMv7-M MPU ports, and ARMv8-M ports with MPU support enabled",
        ),
        Statement("CVE-2021-43997", "not_affected", "ESP-IDF cve-exclude-list: MPU ports, too"),
    )


def test_esp_idf_cyclonedx():
    """Its subject goes by the CPE of ESP-IDF, so it is looked up; files inside of packages; more CPEs as evidence."""
    document = cyclonedx(
        {
            "type": "library", "bom-ref": "freertos", "name": "freertos", "version": "10.5.1",
            "supplier": {"name": "Espressif", "contact": [{"email": "mail@example.org"}]},
            "cpe": "cpe:2.3:o:amazon:freertos:10.5.1:*:*:*:*:*:*:*",
            "evidence": {
                "identity": [{"field": "cpe", "concludedValue": "cpe:2.3:o:x:freertos:10.5.1:*:*:*:*:*:*:*"}]
            },
            "properties": [{"name": "esp-idf-sbom:cve-keyword", "value": "freertos"}],
            "components": [{"type": "file", "name": "tasks.c", "hashes": [{"alg": "SHA-1", "content": "00"}]}],
        },
        metadata={
            "component": {
                "type": "application", "bom-ref": "blink", "name": "blink", "version": "1",
                "cpe": "cpe:2.3:a:espressif:esp-idf:5.3.1:*:*:*:*:*:*:*",
            }
        },
        vulnerabilities=[
            {
                "id": "CVE-2024-28115",
                "analysis": {"state": "not_affected", "justification": "code_not_present", "detail": "no MPU"},
                "affects": [{"ref": "freertos"}],
            }
        ],
    )  # fmt: skip
    assert rows(document) == [
        ("blink", "taken", ""),
        ("freertos", "taken", ""),
        ("tasks.c", "unmatchable", "a single file: known flaws are listed by package"),
    ]
    assert [cpe.split(":")[3] for cpe in read(document).components[1].cpes] == ["amazon", "x"]


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.json", content if isinstance(content, bytes) else json.dumps(content))
    return out.getvalue()


def of_meta_cyclonedx(serial):
    bom = cyclonedx(
        {
            "name": "zlib", "version": "1.3.1", "type": "library", "group": "gnu", "bom-ref": "0a-0b",
            "cpe": "cpe:2.3:*:gnu:zlib:1.3.1:*:*:*:*:*:*:*", "purl": "pkg:yocto/core/zlib@1.3.1", "scope": "required",
        },
        serialNumber="urn:uuid:1234",
    )  # fmt: skip
    statement = {
        "id": "CVE-2023-6992",
        "analysis": {"state": "not_affected", "detail": "STATE: cpe-incorrect\\nJUSTIFICATION: another zlib\\n"},
        "affects": [{"ref": f"urn:cdx:{serial}/1#0a-0b"}],
    }
    vex = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:5", "vulnerabilities": [statement]}
    return zipped(bom=bom, vex=vex)


def test_meta_cyclonedx():
    """Yocto, by NXP's and others' layer: the VEX is a file of its own, which names the SBOM by its serial number."""
    found = read(of_meta_cyclonedx("1234"))
    ((said,),) = [one.statements for one in found.components]
    assert (said.flaw, said.state) == ("CVE-2023-6992", "not_affected")
    assert "another zlib" in said.detail


def test_the_vex_of_another_sbom_settles_nothing():
    found = read(of_meta_cyclonedx("9999"))
    assert found.components[0].statements == ()
    (remark,) = found.report.remarks
    assert remark.says == (
        "a statement on CVE-2023-6992 is about 'of another BOM: urn:cdx:9999/1#0a-0b', which is not in the file"
    )


def test_zephyr_modules():
    """A module is listed twice: its source by commit, and its names in lists of flaws (module.yml), without version."""
    dependencies = b"""SPDXVersion: SPDX-2.3
SPDXID: SPDXRef-DOCUMENT
DocumentName: modules-deps
DocumentNamespace: http://spdx.org/spdxdocs/zephyr-1/modules-deps
Creator: Tool: Zephyr SPDX builder

PackageName: mbedtls-deps
SPDXID: SPDXRef-mbedtls-deps
PackageDownloadLocation: NOASSERTION
ExternalRef: SECURITY cpe23Type cpe:2.3:a:arm:mbed_tls:3.6.2:*:*:*:*:*:*:*
ExternalRef: PACKAGE_MANAGER purl pkg:github/Mbed-TLS/mbedtls@v3.6.2
FilesAnalyzed: false
PackageComment: Utility target; no files

PackageName: nanopb-deps
SPDXID: SPDXRef-nanopb-deps
FilesAnalyzed: false
"""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("zephyr.spdx", ZEPHYR)
        archive.writestr("modules-deps.spdx", dependencies)
    assert [(name, outcome) for name, outcome, _ in rows(out.getvalue())] == [
        ("zephyr-sources", "taken"),
        ("mbedtls-sources", "taken"),
        ("hal-stm32-sources", "unmatchable"),
        ("mbedtls-deps", "taken"),
        ("nanopb-deps", "unmatchable"),
    ]
    named = {one.name: one.version for one in read(out.getvalue()).components}
    assert named["mbedtls-deps"] == "v3.6.2"


def test_openwrt_without_a_version():
    """Its script writes `null`, and a CPE that ends in its colon."""
    document = cyclonedx(
        {"name": "libc", "version": None, "cpe": "cpe:/a:musl-libc:musl:", "type": "library"},
        {"name": "wpad", "version": "2024.09.15~5ace39b0", "cpe": "cpe:/a:w1.fi:hostapd:2024.09.15~5ace39b0"},
        version="1.4",
    )
    assert rows(document) == [("libc", "unmatchable", "no version"), ("wpad", "taken", "")]


def test_conan():
    document = cyclonedx(
        {
            "name": "zlib", "type": "library", "version": "1.3.1", "bom-ref": "pkg:conan/zlib@1.3.1?rref=0a",
            "purl": "pkg:conan/zlib@1.3.1", "licenses": [{"license": {"id": "Zlib"}}], "author": "Conan",
        },
        metadata={"component": {"bom-ref": "0b", "name": "app", "type": "application", "author": "Unknown"}},
        dependencies=[{"ref": "0b", "dependsOn": ["pkg:conan/zlib@1.3.1?rref=0a"]}],
        version="1.4",
    )  # fmt: skip
    assert rows(document) == [("zlib", "taken", "")]


def test_yocto_spdx_2_archive():
    """`IMAGE.spdx.tar.zst`: an index, and one document each for image, package, its recipe and its runtime."""

    def document(name, packages, relations=(), outside=()):
        return {
            "spdxVersion": "SPDX-2.2", "name": name, "documentNamespace": f"http://example.org/{name}",
            "creationInfo": {"creators": ["Tool: OpenEmbedded Core create-spdx.bbclass", "Organization: OpenEmbedded"]},
            "packages": packages,
            "relationships": [
                {"spdxElementId": first, "relationshipType": kind, "relatedSpdxElement": second}
                for first, kind, second in relations
            ],
            "externalDocumentRefs": [
                {"externalDocumentId": f"DocumentRef-{one}", "spdxDocument": f"http://example.org/{one}"}
                for one in outside
            ],
        }  # fmt: skip

    openssl = {"referenceType": "http://spdx.org/rdf/references/cpe23Type"}
    openssl["referenceLocator"] = "cpe:2.3:*:openssl:openssl:3.2.3:*:*:*:*:*:*:*"
    files = {
        "index": {"documents": [{"filename": "image.spdx.json", "documentNamespace": "http://example.org/image"}]},
        "image": document(
            "image",
            [{"name": "image", "SPDXID": "SPDXRef-Image", "versionInfo": "1.0"}],
            [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image"),
             ("SPDXRef-Image", "CONTAINS", "DocumentRef-libssl3:SPDXRef-Package-libssl3"),
             ("DocumentRef-runtime:SPDXRef-DOCUMENT", "OTHER", "SPDXRef-Image")],
            ["libssl3", "runtime"],
        ),
        "libssl3": document(
            "libssl3",
            [{"name": "libssl3", "SPDXID": "SPDXRef-Package-libssl3", "versionInfo": "3.2.3"}],
            [("SPDXRef-Package-libssl3", "GENERATED_FROM", "DocumentRef-recipe:SPDXRef-Recipe-openssl")],
            ["recipe"],
        ),
        "recipe": document(
            "recipe",
            [{"name": "openssl", "SPDXID": "SPDXRef-Recipe-openssl", "versionInfo": "3.2.3",
              "externalRefs": [openssl], "sourceInfo": "CVEs fixed: CVE-2024-0727"},
             {"name": "openssl-source-1", "SPDXID": "SPDXRef-Download-openssl-1"}],
        ),
        "runtime": document("runtime", [], [("SPDXRef-DOCUMENT", "AMENDS", "DocumentRef-libssl3:SPDXRef-DOCUMENT")],
                            ["libssl3"]),
    }  # fmt: skip
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, one in files.items():
            content = json.dumps(one).encode()
            member = tarfile.TarInfo("index.json" if name == "index" else f"{name}.spdx.json")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    packed = zstandard.compress(out.getvalue())
    assert rows(packed) == [
        ("image", "left out", "the image itself: what is in it is listed"),
        ("libssl3", "taken", ""),
        ("openssl", "left out", "a recipe: the packages made from it are listed"),
        ("openssl-source-1", "left out", "a source archive, not in the image"),
    ]
    (one,) = read(packed).components
    assert [(said.flaw, said.state) for said in one.statements] == [("CVE-2024-0727", "patched")]
