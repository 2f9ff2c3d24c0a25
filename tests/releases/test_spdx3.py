"""SPDX 3 as Yocto and others write it: packages of one recipe, sources, VEX, patches, broken graphs."""

import msgspec
import pytest

from careful.kernel.errors import Invalid, TooLarge
from careful.releases import spdx3
from careful.releases.accounting import account

ZLIB = ("cpe:2.3:*:zlib:zlib:1.3.1:*:*:*:*:*:*:*", "cpe:2.3:*:gnu:zlib:1.3.1:*:*:*:*:*:*:*")
BUILD = {
    "type": "build_Build",
    "spdxId": "build",
    "build_buildType": "http://openembedded.org/bitbake/do_create_spdx/recipe",
}
FLAW = {
    "type": "security_Vulnerability",
    "spdxId": "http://example.org/vulnerability/CVE-2024-0001",
    "externalIdentifier": [{"externalIdentifierType": "cve", "identifier": "CVE-2024-0001"}],
}


def package(name, *cpes, **more):
    names = [{"type": "ExternalIdentifier", "externalIdentifierType": "cpe23", "identifier": cpe} for cpe in cpes]
    return (
        {"type": "software_Package", "spdxId": name, "name": name, "externalIdentifier": names}
        | {"software_packageVersion": "1.3.1"}
        | more
    )


def relation(first, kind, *to, **more):
    return {
        "type": "Relationship",
        "spdxId": f"{first}-{kind}",
        "from": first,
        "relationshipType": kind,
        "to": list(to),
    } | more


def vex(kind, *to, **more):
    return {
        "type": f"security_Vex{kind}VulnAssessmentRelationship",
        "spdxId": f"vex-{kind}",
        "from": FLAW["spdxId"],
        "relationshipType": "any",
        "to": list(to),
    } | {f"security_{name}": value for name, value in more.items()}


def read(*graph):
    return account(spdx3.listing(msgspec.convert({"@graph": list(graph)}, spdx3.Document)))


def outcomes(*graph):
    return [(row.name, row.outcome, row.reason) for row in read(*graph).report.rows]


def said(*graph):
    return [(one.flaw, one.state, one.detail) for found in read(*graph).components for one in found.statements]


def test_everything_that_is_stated_is_kept():
    one = package(
        "libz1",
        *ZLIB,
        software_packageUrl="pkg:yocto/core/zlib@1.3.1",
        software_primaryPurpose="install",
        suppliedBy="us",
        verifiedUsing=[{"type": "Hash", "algorithm": "sha256", "hashValue": "00"}],
    )
    licence = {"type": "simplelicensing_LicenseExpression", "spdxId": "l", "simplelicensing_licenseExpression": "Zlib"}
    supplier = {"type": "Organization", "spdxId": "us", "name": "Example"}
    (found,) = read(one, licence, supplier, relation("libz1", "hasConcludedLicense", "l")).components
    assert (found.name, found.version, found.purl) == ("libz1", "1.3.1", "pkg:yocto/core/zlib@1.3.1")
    assert found.cpes == ZLIB
    assert (found.supplier, found.licence, found.type, dict(found.hashes)) == (
        "Example",
        "Zlib",
        "install",
        {"sha256": "00"},
    )


def test_what_yocto_takes_in_is_left_out_and_what_one_recipe_gives_is_one():
    graph = (
        BUILD,
        package("zlib-1.3.1.tar.gz", software_primaryPurpose="source"),
        package("libz1", *ZLIB, software_primaryPurpose="install"),
        package("zlib-dev", *ZLIB, software_primaryPurpose="install"),
        package("other", "cpe:2.3:*:*:other:1:*:*:*:*:*:*:*"),
        package("core-image", software_primaryPurpose="archive"),
        {"type": "software_Sbom", "spdxId": "sbom", "rootElement": ["core-image", "lost"]},
        relation("build", "hasInput", "zlib-1.3.1.tar.gz"),
        relation("build", "hasOutput", "libz1", "zlib-dev"),
    )
    assert outcomes(*graph) == [
        ("zlib-1.3.1.tar.gz", "left out", "a source that went into the build: what came out of it is listed"),
        ("libz1", "taken", ""),
        ("zlib-dev", "merged", "made from the same recipe as $.@graph[2]"),
        ("other", "taken", ""),
        ("core-image", "left out", "the image itself: what is in it is listed"),
    ]
    about = read(*graph).subject
    assert about is not None
    assert about.name == "core-image"


@pytest.mark.parametrize(
    ("links", "purl"),
    [
        pytest.param([], "pkg:yocto/core/zlib@1.3.1", id="the same purl"),
        pytest.param([relation("libz1", "hasSpecification", "recipe")], None, id="related"),
        pytest.param([relation("recipe", "generates", "libz1")], None, id="related the other way round"),
        pytest.param(
            [relation("build", "hasInput", "recipe"), relation("build", "hasOutput", "libz1")], None, id="by the build"
        ),
    ],
)
def test_what_is_said_of_a_recipe_is_said_of_its_packages(links, purl):
    graph = (
        BUILD,
        package("libz1", software_primaryPurpose="install", software_packageUrl=purl),
        package("recipe", *ZLIB, software_primaryPurpose="specification", software_packageUrl=purl),
        package("cmake-native", *ZLIB, software_primaryPurpose="specification"),
        FLAW,
        vex("Fixed", "recipe", statusNotes="fix-file-included"),
        *links,
    )
    assert outcomes(*graph) == [
        ("libz1", "taken", ""),
        ("recipe", "left out", "a recipe: the packages made of it are listed"),
        ("cmake-native", "left out", "a recipe: the packages made of it are listed"),
    ]
    assert read(*graph).components[0].cpes == ZLIB
    assert said(*graph) == [("CVE-2024-0001", "resolved", "SPDX 3 VEX: fix-file-included")]


def test_a_source_of_another_tool_is_a_component():
    one = package("mbedtls", software_primaryPurpose="source", software_packageUrl="pkg:github/Mbed-TLS/mbedtls@3.5.1")
    assert outcomes(one) == [("mbedtls", "taken", "")]


@pytest.mark.parametrize(
    ("statement", "state", "detail"),
    [
        pytest.param(vex("Fixed", "a"), "resolved", "SPDX 3 VEX: Fixed", id="fixed"),
        pytest.param(
            vex("NotAffected", "a", justificationType="vulnerableCodeNotPresent", impactStatement="no minizip"),
            "not_affected",
            "SPDX 3 VEX: vulnerableCodeNotPresent: no minizip",
            id="not affected, with justification",
        ),
        pytest.param(
            vex("Affected", "a", actionStatement="update"), "exploitable", "SPDX 3 VEX: update", id="affected"
        ),
        pytest.param(
            vex("UnderInvestigation", "a"), "in_triage", "SPDX 3 VEX: UnderInvestigation", id="under investigation"
        ),
    ],
)
def test_statements_on_flaws(statement, state, detail):
    assert said(package("a", *ZLIB), FLAW, statement) == [("CVE-2024-0001", state, detail)]


def test_a_flaw_described_elsewhere_is_known_by_its_id():
    assert said(package("a", *ZLIB), vex("Fixed", "a"))[0][0] == "CVE-2024-0001"


def test_statements_that_cannot_count_are_remarked():
    report = read(
        package("a", *ZLIB),
        FLAW,
        vex("Fixed", "a", withdrawnTime="2026-01-01T00:00:00Z"),
        vex("Fixed", "lost"),
        vex("Fixed", "a") | {"from": "no flaw"},
        vex("Guessed", "a"),
    ).report
    assert [remark.says.split(",")[0] for remark in report.remarks] == [
        "the statement on CVE-2024-0001 was withdrawn (2026-01-01T00:00:00Z)",
        "the statement on CVE-2024-0001 is about lost",
        "a statement on no flaw that cannot be read (VexFixedVulnAssessmentRelationship)",
        f"a statement on {FLAW['spdxId']} that cannot be read (VexGuessedVulnAssessmentRelationship)",
    ]


def test_patches_that_are_named_for_a_flaw_mend_what_is_built_with_them():
    patch = {
        "type": "software_File",
        "spdxId": "p",
        "name": "CVE-2024-0002-01.patch",
        "software_primaryPurpose": "patch",
    }
    second = patch | {"spdxId": "q", "name": "CVE-2024-0002-02.patch"}
    graph = (
        BUILD, package("a", *ZLIB), patch, second,
        relation("build", "hasInput", "p", "q", "lost"), relation("build", "hasOutput", "a"),
    )  # fmt: skip
    assert said(*graph) == [("CVE-2024-0002", "patched", "a patch of the build names it: CVE-2024-0002-01.patch")]
    (one,) = read(*graph).components
    assert one.patches == ("CVE-2024-0002-01.patch", "CVE-2024-0002-02.patch")


@pytest.mark.parametrize(
    ("scopes", "outcome"),
    [
        pytest.param(["test"], "left out", id="only for tests"),
        pytest.param(["test", "runtime"], "taken", id="also at run time"),
        pytest.param(["build"], "taken", id="what is built with may be linked in"),
    ],
)
def test_the_scope_of_a_dependency(scopes, outcome):
    relations = [relation("x", "dependsOn", "a", type="LifecycleScopedRelationship", scope=scope) for scope in scopes]
    assert outcomes(package("a", *ZLIB), *relations)[0][1] == outcome


@pytest.mark.parametrize(
    "creation",
    [
        pytest.param("_:c", id="by reference"),
        pytest.param({"created": "2026-01-01", "createdBy": [{"name": "Us"}], "createdUsing": ["tool"]}, id="inside"),
    ],
)
def test_who_wrote_it_with_what_and_when(creation):
    graph = (
        {"type": "CreationInfo", "@id": "_:c", "created": "2026-01-01", "createdBy": ["us"], "createdUsing": "tool"},
        {"type": "SpdxDocument", "spdxId": "d", "creationInfo": creation},
        {"type": "Organization", "spdxId": "us", "name": "Us"}, {"type": "Tool", "spdxId": "tool", "name": "Tool 1"},
    )  # fmt: skip
    found = spdx3.listing(msgspec.convert({"@graph": list(graph)}, spdx3.Document))
    assert (found.author, found.tool, found.timestamp) == ("Us", "Tool 1", "2026-01-01")


def test_circles_doubles_and_ends_that_lead_nowhere_do_no_harm():
    graph = (
        package("a", *ZLIB), package("a", *ZLIB), BUILD,
        relation("a", "contains", "a"), relation("build", "hasInput", "build"),
        relation("build", "hasOutput", "build", "a"), relation("lost", "dependsOn", "lost"),
        {"type": "Relationship"}, {}, {"type": "software_Package"},
    )  # fmt: skip
    report = read(*graph).report
    assert [row.outcome for row in report.rows] == ["taken", "merged", "unmatchable"]
    assert report.remarks[0].says == "the id a is used before"


def test_another_version_is_refused():
    with pytest.raises(Invalid, match="SPDX 4.0 is not read"):
        read({"type": "CreationInfo", "@id": "_:c", "specVersion": "4.0"})


def test_number_has_an_end(monkeypatch):
    monkeypatch.setattr(spdx3, "MOST_COMPONENTS", 1)
    with pytest.raises(TooLarge, match="1 components"):
        read(package("a"), package("b"))


KERNEL = "cpe:2.3:*:*:linux_kernel:6.12.38:*:*:*:*:*:*:*"
TREE = ["init/main.c", "include/linux/module.h", "drivers/net/veth.c", *(f"fs/f{at}.c" for at in range(300))]


def kernel(*files, names=("kernel-6.12.38",)):
    """A Yocto kernel with SPDX_INCLUDE_COMPILED_SOURCES: its source files went into the build that gave packages."""
    inputs = [
        {"type": "software_File", "spdxId": f"file{at}", "name": name, "software_primaryPurpose": "source"}
        for at, name in enumerate(files)
    ]
    built = [package(name, KERNEL, software_primaryPurpose="install") for name in names]
    return [
        BUILD, *inputs, *built, relation("build", "hasInput", *(one["spdxId"] for one in inputs)),
        relation("build", "hasOutput", *names),
    ]  # fmt: skip


def test_the_compiled_files_of_a_kernel():
    (one,) = read(*kernel(*(f"linux-yocto-6.12.38+git/{name}" for name in TREE))).components
    assert one.files == frozenset(TREE) - {"include/linux/module.h"}


def test_the_packages_of_a_kernel_share_its_list():
    names = ("kernel-6.12.38", "kernel-image-6.12.38", "kernel-module-veth-6.12.38")
    (one,) = read(*kernel(*TREE, names=names)).components
    assert (one.name, len(one.files)) == ("kernel-6.12.38", 302)


def test_a_list_that_cannot_be_whole_is_not_believed():
    given = read(*kernel("linux/init/main.c", "linux/lib/vdso/gettimeofday.c"))
    assert given.components[0].files == frozenset()
    (remark,) = [one for one in given.report.remarks if "compiled" in one.says]
    assert remark.where == "$.@graph[3]"
    assert remark.says.startswith("its list of compiled files is not believed, so no flaw is set aside by it: it names")


def test_the_files_of_other_components_are_not_kept():
    other = [one | {"externalIdentifier": []} if one["type"] == "software_Package" else one for one in kernel(*TREE)]
    assert read(*other).components[0].files == frozenset()
