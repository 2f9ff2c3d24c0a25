"""SPDX 2 as tools write it: names in references, Yocto's recipes and packages, sets of documents, broken graphs."""

import msgspec
import pytest

from careful.kernel.errors import Invalid, Refused, TooLarge
from careful.releases import spdx2
from careful.releases.accounting import account

OPENSSL = "cpe:2.3:*:openssl:openssl:3.4.2:*:*:*:*:*:*:*"
YOCTO = {
    "created": "2026-01-01T00:00:00Z",
    "creators": ["Tool: OpenEmbedded Core create-spdx.bbclass", "Person: N/A ()"],
}


def package(name, version=None, *references, **more):
    listed = [
        {"referenceCategory": "SECURITY", "referenceType": kind, "referenceLocator": at} for kind, at in references
    ]
    return (
        {"SPDXID": f"SPDXRef-{name}", "name": name, "externalRefs": listed}
        | ({"versionInfo": version} if version else {})
        | more
    )


def document(*packages, relations=(), **more):
    relationships = [
        {"spdxElementId": first, "relationshipType": kind, "relatedSpdxElement": second}
        for first, kind, second in relations
    ]
    return {
        "spdxVersion": "SPDX-2.2", "SPDXID": "SPDXRef-DOCUMENT", "documentNamespace": "http://example.org/one",
        "packages": list(packages), "relationships": relationships,
    } | more  # fmt: skip


def read(*documents):
    decoded = [
        (f"{at}" if len(documents) > 1 else "", msgspec.convert(one, spdx2.Document))
        for at, one in enumerate(documents)
    ]
    return account(spdx2.listing(decoded, "JSON"))


def outcomes(*documents):
    return [(row.name, row.outcome, row.reason) for row in read(*documents).report.rows]


def test_everything_that_is_stated_is_kept():
    one = package(
        "zlib",
        "1.3",
        ("purl", "pkg:generic/zlib@1.3"),
        ("http://spdx.org/rdf/references/cpe23Type", "cpe:2.3:a:zlib:zlib:1.3:*:*:*:*:*:*:*"),
        ("cpe23Type", "cpe:2.3:a:gnu:zlib:1.3:*:*:*:*:*:*:*"),
        ("other", "something else"),
        supplier="Organization: Example (mail@example.org)",
        licenseDeclared="NOASSERTION",
        licenseConcluded="Zlib",
        primaryPackagePurpose="LIBRARY",
        checksums=[{"algorithm": "SHA256", "checksumValue": "00"}],
    )
    (found,) = read(document(one)).components
    assert (found.name, found.version, found.purl) == ("zlib", "1.3", "pkg:generic/zlib@1.3")
    assert found.cpes == ("cpe:2.3:a:zlib:zlib:1.3:*:*:*:*:*:*:*", "cpe:2.3:a:gnu:zlib:1.3:*:*:*:*:*:*:*")
    assert (found.supplier, found.licence, found.type, dict(found.hashes)) == (
        "Example",
        "Zlib",
        "library",
        {"SHA256": "00"},
    )


def test_who_wrote_it_with_what_and_when():
    report = read(
        document(package("a", "1"), creationInfo=YOCTO | {"creators": [*YOCTO["creators"], "Organization: Us ()"]})
    ).report
    assert {one.name: one.stated for one in report.elements if one.name in {"author", "tool", "timestamp"}} == {
        "author": 1, "tool": 1, "timestamp": 1,
    }  # fmt: skip
    assert report.format == "SPDX 2.2 JSON"


@pytest.mark.parametrize(
    ("relation", "outcome"),
    [
        pytest.param(("SPDXRef-a", "TEST_TOOL_OF", "SPDXRef-b"), "left out", id="a test tool"),
        pytest.param(("SPDXRef-a", "BUILD_TOOL_OF", "SPDXRef-b"), "left out", id="a build tool"),
        pytest.param(
            ("SPDXRef-a", "BUILD_DEPENDENCY_OF", "SPDXRef-b"), "taken", id="what is built with may be linked in"
        ),
        pytest.param(("SPDXRef-b", "DEPENDS_ON", "SPDXRef-a"), "taken", id="a dependency"),
        pytest.param(("SPDXRef-b", "GENERATED_FROM", "SPDXRef-a"), "taken", id="a source, where no recipe is meant"),
    ],
)
def test_what_relations_mean(relation, outcome):
    names = [package(name, "1", ("purl", f"pkg:pypi/{name}@1")) for name in "ab"]
    assert outcomes(document(*names, relations=[relation]))[0][1] == outcome


def test_the_image_itself_is_no_component():
    root = package("image", None, ("purl", "pkg:oci/image@sha256:00"))
    one = document(
        root,
        package("a", "1", ("purl", "pkg:pypi/a@1")),
        relations=[("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image")],
    )
    assert [row[1] for row in outcomes(one)] == ["left out", "taken"]
    about = read(one).subject
    assert about is not None
    assert about.name == "image"


def test_a_document_about_one_package_has_it_as_component():
    assert outcomes(document(package("a", "1"), documentDescribes=["SPDXRef-a"]))[0][1] == "unmatchable"


def recipe(name, space, **more):
    return document(
        package(f"recipe-{name}", "3.4.2", ("cpe23Type", OPENSSL), **more),
        package(f"{name}-source-1"),
        relations=[("SPDXRef-DOCUMENT", "DESCRIBES", f"SPDXRef-recipe-{name}")],
        documentNamespace=space,
        creationInfo=YOCTO,
    )


def built(name):
    return document(
        package(name, "3.4.2"),
        relations=[
            (f"SPDXRef-{name}", "GENERATED_FROM", "DocumentRef-recipe:SPDXRef-recipe-openssl"),
            ("SPDXRef-DOCUMENT", "DESCRIBES", f"SPDXRef-{name}"),
        ],
        documentNamespace=f"http://example.org/{name}",
        externalDocumentRefs=[
            {"externalDocumentId": "DocumentRef-recipe", "spdxDocument": "http://example.org/recipe"}
        ],
        creationInfo=YOCTO,
    )


IMAGE = document(
    package("image", "1.0"),
    relations=[
        ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image"),
        ("SPDXRef-image", "CONTAINS", "DocumentRef-0:SPDXRef-libcrypto3"),
        ("SPDXRef-image", "CONTAINS", "DocumentRef-1:SPDXRef-openssl-conf"),
        ("SPDXRef-image", "CONTAINS", "DocumentRef-2:SPDXRef-lost"),
    ],
    documentNamespace="http://example.org/image",
    externalDocumentRefs=[
        {"externalDocumentId": f"DocumentRef-{at}", "spdxDocument": f"http://example.org/{name}"}
        for at, name in enumerate(("libcrypto3", "openssl-conf", "lost"))
    ],
    creationInfo=YOCTO,
)


def test_yoctos_documents_are_one():
    source = recipe("openssl", "http://example.org/recipe", sourceInfo="CVEs fixed: CVE-2024-0001 CVE-2024-0002")
    native = recipe("cmake", "http://example.org/native", annotations=[{"comment": "isNative"}])
    whole = (IMAGE, source, native, built("libcrypto3"), built("openssl-conf"), built("openssl-dev"))
    assert outcomes(*whole) == [
        ("image", "left out", "the image itself: what is in it is listed"),
        ("recipe-openssl", "left out", "a recipe: the packages made from it are listed"),
        ("openssl-source-1", "left out", "a source archive, not in the image"),
        ("recipe-cmake", "left out", "a recipe for the build host, not in the image (isNative)"),
        ("cmake-source-1", "left out", "a source archive, not in the image"),
        ("libcrypto3", "taken", ""),
        ("openssl-conf", "merged", "made from the same recipe as 3 $.packages[0]"),
        ("openssl-dev", "left out", "built, but the image does not contain it"),
    ]
    read_all = read(*whole)
    (one,) = read_all.components
    assert one.cpes == (OPENSSL,)
    assert [(said.flaw, said.state) for said in one.statements] == [
        ("CVE-2024-0001", "patched"),
        ("CVE-2024-0002", "patched"),
    ]
    assert any(
        remark.says.startswith("SPDXRef-lost is in a document that is not here") for remark in read_all.report.remarks
    )


def test_a_recipe_alone_is_a_component():
    assert outcomes(recipe("openssl", "http://example.org/recipe"))[0][:2] == ("recipe-openssl", "taken")


def test_an_image_without_its_documents_is_refused_with_what_to_do():
    with pytest.raises(Refused, match="other documents") as refused:
        read(IMAGE)
    assert "tar.zst" in refused.value.do


def test_ids_that_are_used_twice_are_two_components_and_remarked():
    read_twice = read(document(package("a", "1"), package("a", "2")))
    assert [one.version for one in read_twice.components] == ["1", "2"]
    assert "used before, at $.packages[0]" in read_twice.report.remarks[0].says


def test_circles_and_ends_that_lead_nowhere_do_no_harm():
    relations = [
        ("SPDXRef-image", "CONTAINS", "SPDXRef-a"), ("SPDXRef-a", "CONTAINS", "SPDXRef-image"),
        ("SPDXRef-a", "CONTAINS", "SPDXRef-a"), ("SPDXRef-a", "GENERATED_FROM", "SPDXRef-a"),
        ("SPDXRef-gone", "DESCRIBED_BY", "x:y:z"), ("", "GENERATES", ""),
        ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image"),
    ]  # fmt: skip
    one = document(package("image"), package("a", "1", ("cpe23Type", OPENSSL)), relations=relations, creationInfo=YOCTO)
    assert [row[1] for row in outcomes(one)] == ["left out", "taken"]


def test_single_files_are_counted():
    report = read(document(package("a", "1"), files=[{"fileName": "/bin/sh"}])).report
    assert "1 single files" in report.remarks[0].says


def test_another_version_is_refused():
    with pytest.raises(Invalid, match="SPDX-2.0 is not read"):
        read(document(spdxVersion="SPDX-2.0"))


def test_number_has_an_end(monkeypatch):
    monkeypatch.setattr(spdx2, "MOST_COMPONENTS", 1)
    with pytest.raises(TooLarge, match="1 components"):
        read(document(package("a"), package("b")))


LINUX = ("cpe23Type", "cpe:2.3:*:*:linux_kernel:6.6.63:*:*:*:*:*:*:*")
TREE = ["init/main.c", "drivers/net/veth.c", *(f"fs/f{at}.c" for at in range(300))]


def of_yocto(files=(), debugged=()):
    """A kernel's recipe, with its source files, and a package of it, with what its files were made of."""
    listed = [
        {"SPDXID": f"SPDXRef-SourceFile-{at}", "fileName": name, "fileTypes": ["SOURCE"]}
        for at, name in enumerate(files)
    ]
    recipe = document(package("linux-yocto", "6.6.63", LINUX), creationInfo=YOCTO, files=listed)
    made = document(
        package("kernel-vmlinux", "6.6.63"),
        documentNamespace="http://example.org/two",
        creationInfo=YOCTO,
        externalDocumentRefs=[{"externalDocumentId": "DocumentRef-recipe", "spdxDocument": "http://example.org/one"}],
    )
    made["relationships"] = [
        {"spdxElementId": first, "relationshipType": "GENERATED_FROM", "relatedSpdxElement": second} | more
        for first, second, more in (
            ("SPDXRef-kernel-vmlinux", "DocumentRef-recipe:SPDXRef-linux-yocto", {}),
            *(("SPDXRef-PackagedFile-1", "NOASSERTION", {"comment": path}) for path in debugged),
        )
    ]
    return recipe, made


@pytest.mark.parametrize(
    "documents",
    [
        pytest.param(of_yocto([f"linux-yocto-6.6.63+git-r0/{name}" for name in TREE]), id="sources of its recipe"),
        pytest.param(of_yocto(debugged=[f"/usr/src/kernel/{name}" for name in TREE]), id="debug information"),
    ],
)
def test_the_compiled_files_of_a_kernel(documents):
    (one,) = read(*documents).components
    assert one.files == frozenset(TREE)


def test_debug_information_of_a_part_is_not_believed():
    given = read(*of_yocto(debugged=["/usr/src/kernel/drivers/net/veth.c"]))
    assert given.components[0].files == frozenset()
    assert any("lacks init/main.c" in one.says for one in given.report.remarks)
