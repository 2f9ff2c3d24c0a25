"""Small VEX documents in the shapes in which vendors and tools really publish them, each named after whose it is."""

import base64
import json
from collections.abc import Callable
from typing import Any

from careful.releases import Found

Shape = dict[str, Any]


def _branch(category: str, name: str, *branches: Shape, product: str = "", **helper: Any) -> Shape:
    made: Shape = {"category": category, "name": name}
    if branches:
        made["branches"] = list(branches)
    if product:
        made["product"] = {"name": f"{name}", "product_id": product}
        if helper:
            made["product"]["product_identification_helper"] = helper
    return made


def _part(whole: str, part: str, category: str = "default_component_of") -> Shape:
    return {
        "category": category,
        "full_product_name": {"name": f"{part} as a component of {whole}", "product_id": f"{whole}:{part}"},
        "product_reference": part,
        "relates_to_product_reference": whole,
    }


def _csaf(publisher: str, name: str, tree: Shape, *flaws: Shape, category: str = "vendor", **about: Any) -> Shape:
    return {
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "distribution": {"text": f"Copyright {publisher}", "tlp": {"label": "WHITE"}},
            "publisher": {"category": category, "name": publisher, "namespace": "https://vendor.example"},
            "title": name,
            "tracking": {
                "id": name,
                "status": "final",
                "version": "2",
                "initial_release_date": "2026-10-01T00:00:00+00:00",
                "current_release_date": "2026-10-02T00:00:00+00:00",
            },
            **about,
        },
        "product_tree": tree,
        "vulnerabilities": list(flaws),
    }


def red_hat() -> Shape:
    """Red Hat's VEX: packages and sources by purl, releases by CPE, modules in between, flags and remediations."""
    packages = _branch(
        "architecture",
        "x86_64",
        _branch(
            "product_version",
            "openssl-libs-1:3.0.7-27.el9.x86_64",
            product="openssl-libs-1:3.0.7-27.el9.x86_64",
            purl="pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&epoch=1",
        ),
    )
    sources = [
        _branch("product_version", name, product=name, purl=f"pkg:rpm/redhat/{name}?arch=src")
        for name in ("openssl", "compat-openssl11")
    ]
    releases = _branch(
        "product_family",
        "Red Hat Enterprise Linux",
        *(
            _branch(
                "product_name",
                f"Red Hat Enterprise Linux {number}",
                product=f"red_hat_enterprise_linux_{number}",
                cpe=f"cpe:/o:redhat:enterprise_linux:{number}",
            )
            for number in (8, 9)
        ),
        _branch("product_version", "mod:rhel9", product="mod:rhel9"),
    )
    tree = {
        "branches": [_branch("vendor", "Red Hat", releases, packages, *sources)],
        "relationships": [
            _part("red_hat_enterprise_linux_9", "openssl-libs-1:3.0.7-27.el9.x86_64"),
            _part("red_hat_enterprise_linux_8", "openssl"),
            _part("red_hat_enterprise_linux_9", "mod:rhel9"),
            _part("red_hat_enterprise_linux_9:mod:rhel9", "compat-openssl11"),
        ],
    }
    flaw = {
        "cve": "CVE-2024-0001",
        "ids": [{"system_name": "Red Hat Bugzilla ID", "text": "2270001"}],
        "flags": [
            {
                "label": "vulnerable_code_not_present",
                "product_ids": ["red_hat_enterprise_linux_9:mod:rhel9:compat-openssl11"],
            }
        ],
        "product_status": {
            "fixed": ["red_hat_enterprise_linux_9:openssl-libs-1:3.0.7-27.el9.x86_64"],
            "known_affected": ["red_hat_enterprise_linux_8:openssl"],
            "known_not_affected": ["red_hat_enterprise_linux_9:mod:rhel9:compat-openssl11"],
        },
        "remediations": [
            {"category": "none_available", "details": "Affected", "product_ids": ["red_hat_enterprise_linux_8:openssl"]}
        ],
        "threats": [
            {"category": "impact", "details": "Moderate", "product_ids": ["red_hat_enterprise_linux_8:openssl"]}
        ],
    }
    return _csaf("Red Hat Product Security", "CVE-2024-0001", tree, flaw)


def suse() -> Shape:
    """SUSE's: packages of a release by CPE, what has the fix as `recommended`."""
    whole, part = "SUSE Linux Enterprise Server 15 SP5", "curl-8.0.1-150400.5.29.1.x86_64"
    release = _branch("product_name", whole, product=whole, cpe="cpe:/o:suse:sles:15:sp5")
    tree = {
        "branches": [
            _branch(
                "vendor",
                "SUSE",
                _branch(
                    "architecture",
                    "x86_64",
                    _branch(
                        "product_version",
                        part,
                        product=part,
                        purl="pkg:rpm/suse/curl@8.0.1-150400.5.29.1?arch=x86_64",
                    ),
                ),
                _branch("product_family", "SLE", release),
            )
        ],
        "relationships": [_part(whole, part)],
    }
    flaw = {"cve": "CVE-2024-0001", "product_status": {"recommended": [f"{whole}:{part}"]}}
    return _csaf("SUSE Product Security Team", "SUSE-SU-2024:1", tree, flaw)


def siemens() -> Shape:
    """Siemens': firmware by vendor and name in words, versions as ranges, flags and remediations by group."""
    firmware = (("SCALANCE X200", "5.2.6"), ("SCALANCE X300", "4.1"))
    tree = {
        "branches": [
            _branch(
                "vendor",
                "Siemens",
                *(
                    _branch(
                        "product_name",
                        name,
                        _branch("product_version_range", f"vers:intdot/<{end}", product=f"CSAFPID-000{number}"),
                    )
                    for number, (name, end) in enumerate(firmware, start=1)
                ),
            )
        ],
        "product_groups": [{"group_id": "CSAFGID-0001", "product_ids": ["CSAFPID-0001", "CSAFPID-0002"]}],
    }
    flaw = {
        "cve": "CVE-2024-0001",
        "flags": [{"label": "vulnerable_code_not_in_execute_path", "group_ids": ["CSAFGID-0001"]}],
        "threats": [{"category": "impact", "details": "The web server is off.", "group_ids": ["CSAFGID-0001"]}],
        "product_status": {"known_not_affected": ["CSAFPID-0001", "CSAFPID-0002"]},
    }
    return _csaf("Siemens ProductCERT", "SSA-000001", tree, flaw)


def cisa() -> Shape:
    """CISA's: the words of a coordinator on somebody's product."""
    product = _branch("product_version_range", "vers:all/<4.3", product="CSAFPID-0001")
    tree = {"branches": [_branch("vendor", "Acme", _branch("product_name", "ABC", product))]}
    remedy = {"category": "vendor_fix", "details": "Update to 4.3.", "product_ids": ["CSAFPID-0001"]}
    flaw = {"cve": "CVE-2024-0001", "product_status": {"known_affected": ["CSAFPID-0001"]}, "remediations": [remedy]}
    return _csaf("CISA", "ICSA-24-001-01", tree, flaw, category="coordinator")


def bitnami() -> Shape:
    """Bitnami's: a library in an application, by purl, with an impact that is said of all."""
    application = _branch("product_version", "2.9.3", product="argo", purl="pkg:bitnami/argo-cd@2.9.3")
    tree = {
        "branches": [
            _branch("vendor", "bar", application),
            _branch(
                "vendor",
                "foo",
                _branch("product_version", "v4.0.0", product="lib", purl="pkg:golang/github.com/foo/lib@v4.0.0"),
            ),
        ],
        "relationships": [_part("argo", "lib")],
    }
    flaw = {
        "cve": "CVE-2024-0001",
        "product_status": {"known_not_affected": ["argo:lib"]},
        "threats": [{"category": "impact", "details": "vulnerable_code_not_in_execute_path"}],
    }
    return _csaf("VMware", "fcf5bd33", tree, flaw)


def _openvex(*statements: Shape, **more: Any) -> Shape:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://openvex.dev/docs/public/vex-1",
        "author": "Wolfi J Inkinson",
        "role": "Document Creator",
        "timestamp": "2026-10-02T18:02:03.647787998-06:00",
        "version": 1,
        "statements": list(statements),
        **more,
    }


def wolfi() -> Shape:
    """Chainguard's and Wolfi's: one package in each architecture, first looked into, then fixed."""
    products = [{"@id": f"pkg:apk/wolfi/git@2.39.0-r1?arch={arch}"} for arch in ("armv7", "x86_64")]
    flaw = {"name": "CVE-2024-0001", "aliases": ["GHSA-0001"]}
    first = {"vulnerability": flaw, "products": products, "status": "under_investigation"}
    then = {"vulnerability": flaw, "products": products, "status": "fixed"}
    return _openvex(first | {"timestamp": "2026-10-01T00:00:00Z"}, then)


def vexctl() -> Shape:
    """vexctl's: an image by its digest, and a package in it."""
    image = "pkg:oci/test@sha256%3Aabc?repository_url=ghcr.io/acme/test"
    inner = {"@id": "pkg:generic/curl@8.3.0"}
    return _openvex(
        {
            "vulnerability": {"@id": "https://nvd.nist.gov/vuln/detail/CVE-2024-0001"},
            "products": [{"@id": image, "subcomponents": [inner]}],
            "status": "not_affected",
            "justification": "inline_mitigations_already_exist",
        },
        author="Unknown Author",
    )


def kubescape() -> Shape:
    """Kubescape's: an image by its plain name, and what does not run in it."""
    return _openvex(
        {
            "vulnerability": {"name": "CVE-2024-0001"},
            "products": [
                {
                    "@id": "docker.io/library/test@sha256:abc",
                    "subcomponents": [{"@id": "pkg:generic/curl@8.3.0"}],
                }
            ],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
            "impact_statement": "Vulnerable component is not loaded into the memory",
        }
    )


def ubuntu() -> Shape:
    """Ubuntu's: source and binary packages of one release, by its codename."""
    version = "7.81.0-1ubuntu1.15"
    products = [
        {"@id": f"pkg:deb/ubuntu/{name}@{version}?arch={arch}&distro=jammy"}
        for name, arch in (("curl", "source"), ("libcurl4", "amd64"), ("libcurl4", "arm64"))
    ]
    return _openvex(
        {
            "vulnerability": {"@id": "https://ubuntu.com/security/CVE-2024-0001", "name": "CVE-2024-0001"},
            "products": products,
            "status": "fixed",
            "status_notes": "fixed in the security pocket",
        },
        author="Canonical Ltd.",
    )


def yocto() -> Shape:
    """Of Yocto's builds: recipes by CPE, with a hash of the product."""
    product = {
        "@id": "https://spdx.example/core-image-minimal",
        "identifiers": {"cpe23": "cpe:2.3:*:*:curl:8.3.0:*:*:*:*:*:*:*"},
    }
    return _openvex(
        {
            "vulnerability": {"name": "CVE-2024-0001"},
            "products": [product],
            "status": "not_affected",
            "justification": "vulnerable_code_not_present",
        }
    )


def version_0_0_1() -> Shape:
    """OpenVEX before 0.2.0: plain texts, subcomponents beside the products."""
    return {
        "@context": "https://openvex.dev/ns",
        "@id": "my-vexdoc",
        "author": "John Doe",
        "timestamp": "2026-10-02T00:00:00Z",
        "statements": [
            {
                "vulnerability": "CVE-2024-0001",
                "products": ["pkg:generic/test@1.0"],
                "subcomponents": ["pkg:generic/curl@8.3.0"],
                "status": "not_affected",
                "justification": "component_not_present",
            }
        ],
    }


def attestation() -> Shape:
    """An in-toto attestation in a DSSE envelope: what it is about stands outside the OpenVEX."""
    said = {"vulnerability": {"name": "CVE-2024-0001"}, "status": "fixed"}
    statement = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://openvex.dev/ns/v0.2.0",
        "subject": [{"name": "ghcr.io/acme/test", "digest": {"sha256": "abc"}}],
        "predicate": _openvex(said),
    }
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    return {"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": []}


def _cyclonedx(*flaws: Shape, version: str = "1.5", **more: Any) -> Shape:
    return {"bomFormat": "CycloneDX", "specVersion": version, "version": 1, "vulnerabilities": list(flaws), **more}


def _denied(*affects: Shape, **more: Any) -> Shape:
    analysis = {"state": "not_affected", "justification": "code_not_reachable"} | more
    return {"id": "CVE-2024-0001", "analysis": analysis, "affects": list(affects)}


SERIAL = "3e671687-395b-41f5-a30f-a58921a69b79"


def bom_link() -> Shape:
    """A VEX of its own that points into the SBOM by BOM-Link, to a part that is called by its purl."""
    return _cyclonedx(_denied({"ref": f"urn:cdx:{SERIAL}/1#pkg:generic/curl@8.3.0"}), version="1.4")


def bom_link_by_reference() -> Shape:
    """The same, to a part that is called by a number."""
    return _cyclonedx(_denied({"ref": f"urn:cdx:{SERIAL}/1#4711"}))


def dependency_track() -> Shape:
    """Dependency-Track's: the whole project, by a reference of its own."""
    about = {
        "timestamp": "2026-10-02T00:00:00Z",
        "component": {"type": "application", "bom-ref": "1-2-3", "name": "test", "version": "1.0"},
    }
    return _cyclonedx(_denied({"ref": "1-2-3"}, detail="It is not called."), metadata=about)


def without_affects() -> Shape:
    """What says nothing of where: it is about what the document describes."""
    about = {"component": {"type": "application", "bom-ref": "pkg:generic/test@1.0", "name": "test", "version": "1.0"}}
    flaw = _denied()
    del flaw["affects"]
    return _cyclonedx(flaw, metadata=about)


def versions() -> Shape:
    """CISA's use case 7: versions and ranges, each with its status."""
    told = [{"range": "vers:generic/>=8.0|<=8.3.0", "status": "unaffected"}, {"version": "8.5.0", "status": "affected"}]
    part = {"type": "library", "bom-ref": "curl", "name": "curl", "cpe": "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*"}
    flaw = _denied({"ref": "curl", "versions": told}, detail="Mended in these.")
    return _cyclonedx(flaw, components=[part], version="1.7")


CYCLONEDX_XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.4" serialNumber="urn:uuid:{SERIAL}" version="1">
  <metadata><timestamp>2026-10-02T00:00:00Z</timestamp><supplier><name>curl</name></supplier></metadata>
  <components>
    <component type="library" bom-ref="a"><name>curl</name><version>8.3.0</version>
      <hashes><hash alg="SHA-256">{"ab" * 32}</hash></hashes><purl>pkg:generic/curl@8.3.0</purl></component>
  </components>
  <vulnerabilities>
    <vulnerability><id>CVE-2024-0001</id>
      <references><reference><id>GHSA-0001</id></reference></references>
      <analysis><state>not_affected</state><justification>code_not_present</justification>
        <responses><response>will_not_fix</response></responses><detail>Not built in.</detail></analysis>
      <affects><target><ref>a</ref><versions>
        <version><version>8.3.0</version><status>affected</status></version></versions></target></affects>
    </vulnerability>
  </vulnerabilities>
</bom>
""".encode()


CURL = Found(name="curl", version="8.3.0", purl="pkg:generic/curl@8.3.0", cpe="cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*")
GIT = Found(name="git", version="2.39.0-r1", purl="pkg:apk/wolfi/git@2.39.0-r1?arch=x86_64&distro=wolfi-20230201")
OPENSSL = Found(
    name="openssl-libs",
    version="1:3.0.7-27.el9",
    purl="pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&distro=rhel-9.4&epoch=1&upstream=openssl-3.0.7-27.el9.src.rpm",
)
LIBCURL = Found(
    name="libcurl4",
    version="7.81.0-1ubuntu1.15",
    purl="pkg:deb/ubuntu/libcurl4@7.81.0-1ubuntu1.15?arch=amd64&distro=ubuntu-22.04&upstream=curl",
)
SLES = Found(
    name="curl",
    version="8.0.1-150400.5.29.1",
    purl="pkg:rpm/suse/curl@8.0.1-150400.5.29.1?arch=x86_64&distro=sles-15.5",
)
SCALANCE = Found(name="SCALANCE X200", version="5.2.5", cpe="cpe:2.3:o:siemens:scalance_x200:5.2.5:*:*:*:*:*:*:*")
ABC = Found(name="ABC", version="4.2", cpe="cpe:2.3:a:acme:abc:4.2:*:*:*:*:*:*:*")
LIB = Found(name="lib", version="v4.0.0", purl="pkg:golang/github.com/foo/lib@v4.0.0")
TEST = Found(name="test", version="1.0")
IMAGE = Found(name="ghcr.io/acme/test", version="sha256:abc")

BOM = json.dumps(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{SERIAL}",
        "version": 1,
        "components": [{"type": "library", "bom-ref": "4711", "name": "curl", "purl": CURL.purl}],
    }
).encode()

SHAPES: dict[str, tuple[Callable[[], Shape] | bytes, Found, Found | None, list[str], bool]] = {
    "Red Hat": (red_hat, OPENSSL, None, ["applied", "unmatched", "unmatched"], True),
    "SUSE": (suse, SLES, None, ["applied"], True),
    "Siemens, by groups": (siemens, SCALANCE, None, ["applied", "unmatched"], True),
    "CISA": (cisa, ABC, None, ["applied"], False),
    "Bitnami": (bitnami, LIB, Found("argo-cd", "2.9.3"), ["applied"], True),
    "Bitnami, of another version": (bitnami, LIB, Found("argo-cd", "2.9.4"), ["unmatched"], False),
    "Wolfi": (wolfi, GIT, None, ["refused", "applied"], True),
    "vexctl": (vexctl, CURL, IMAGE, ["applied"], True),
    "vexctl, of another image": (vexctl, CURL, Found("ghcr.io/acme/test", "sha256:def"), ["unmatched"], False),
    "Kubescape": (kubescape, CURL, IMAGE, ["applied"], True),
    "Ubuntu": (ubuntu, LIBCURL, None, ["applied"], True),
    "Yocto": (yocto, CURL, None, ["applied"], True),
    "OpenVEX 0.0.1": (version_0_0_1, CURL, TEST, ["applied"], True),
    "in-toto attestation": (attestation, CURL, IMAGE, ["applied"], True),
    "CycloneDX, BOM-Link": (bom_link, CURL, None, ["applied"], True),
    "CycloneDX, BOM-Link by reference": (bom_link_by_reference, CURL, None, ["applied"], True),
    "Dependency-Track": (dependency_track, CURL, TEST, ["applied"], True),
    "CycloneDX without affects": (without_affects, CURL, TEST, ["applied"], True),
    "CycloneDX, versions": (versions, CURL, None, ["applied"], True),
    "CycloneDX XML": (CYCLONEDX_XML, CURL, None, ["applied"], True),
}
"""Shape -> its bytes or maker, the component with the flaw, what the SBOM is about, each outcome, is it settled."""


def content(shape: Callable[[], Shape] | bytes) -> bytes:
    """Return the bytes of a shape."""
    return shape if isinstance(shape, bytes) else json.dumps(shape()).encode()
