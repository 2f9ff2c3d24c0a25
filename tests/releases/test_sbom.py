"""An account of every component, and refusals that name the place."""

import contextlib
import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import CarefulError, Invalid, Refused, TooLarge
from careful.releases import sbom

DATA = Path(os.environ.get("CAREFUL_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
PILLOW = {"type": "library", "name": "pillow", "version": "10.0.0", "purl": "pkg:pypi/pillow@10.0.0"}


def outcomes(report):
    return [(row.name, row.outcome, row.reason) for row in report.rows]


def test_every_component_is_accounted_for(bom):
    read = sbom.read(
        bom(
            PILLOW,
            PILLOW | {"bom-ref": "again"},
            {"type": "library", "name": "libz", "version": "1.3"},
            {"type": "file", "name": "/bin/sh"},
            {"type": "library", "name": "no-version", "purl": "pkg:pypi/no-version"},
            {"type": "library", "name": "broken", "version": "1", "purl": "pkg:"},
            {"type": "library", "name": "gcc", "version": "13", "scope": "excluded"},
        )
    )
    assert outcomes(read.report) == [
        ("pillow", "taken", ""),
        ("pillow", "merged", "listed before, at $.components[0]"),
        ("libz", "unmatchable", "no purl and no CPE"),
        ("/bin/sh", "unmatchable", "a single file: known flaws are listed by package"),
        ("no-version", "unmatchable", "no version"),
        ("broken", "unmatchable", "its purl cannot be read"),
        ("gcc", "left out", "built or tested with, not shipped (scope: excluded)"),
    ]
    assert (read.report.taken, read.report.merged, read.report.unmatchable, read.report.left_out) == (1, 1, 4, 1)
    assert [one.name for one in read.components] == ["pillow", "libz", "/bin/sh", "no-version", "broken"]
    assert read.report.rows[1].into == "$.components[0]"


def test_twins_share_what_is_said_of_either(bom):
    patch = {"type": "backport", "resolves": [{"type": "security", "name": "CVE-1"}]}
    read = sbom.read(bom(PILLOW, PILLOW | {"pedigree": {"patches": [patch]}}))
    assert [said.flaw for said in read.components[0].statements] == ["CVE-1"]


def test_a_cpe_states_the_version_too(bom):
    component = {"type": "library", "name": "curl", "cpe": "cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*"}
    assert sbom.read(bom(component)).report.taken == 1


@pytest.mark.parametrize(
    ("components", "where", "expected", "found"),
    [
        pytest.param(
            [{"name": "a"}, {"name": "b", "components": [{"name": "c"}, {"name": 4}]}],
            "$.components[1].components[1].name",
            "`str`",
            "`int`",
            id="a number for a name, deep inside",
        ),
        pytest.param(
            [{"name": "a", "hashes": [{"alg": "x", "content": "y"}, {"alg": "x"}]}],
            "$.components[0].hashes[1]",
            "the field `content`",
            "none",
            id="a missing field",
        ),
        pytest.param({"name": "a"}, "$.components", "`array | null`", "`object`", id="an object for a list"),
        pytest.param([["a"]], "$.components[0]", "`object`", "`array`", id="a list for a component"),
    ],
)
def test_the_wrong_place_is_named(bom, components, where, expected, found):
    with pytest.raises(Invalid) as refused:
        sbom.read(bom(components=components))
    (problem,) = refused.value.problems
    assert (problem.where, problem.expected, problem.found) == (where, expected, found)


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        pytest.param(b"", Invalid, "is empty", id="empty"),
        pytest.param(b"{", Invalid, "not JSON", id="cut off"),
        pytest.param(b"\xff\xfe", Invalid, "UTF-16", id="UTF-16"),
        pytest.param(b"\xfa\xfb", Invalid, "is no SBOM: it begins with", id="not text"),
        pytest.param(b"[]", Invalid, "expected `object`", id="a list"),
        pytest.param(b"{}", Invalid, "no SBOM that we read", id="an empty object"),
        pytest.param(b'{"bomFormat": "Other"}', Invalid, "no SBOM that we read", id="another format"),
        pytest.param(b'{"bomFormat": "CycloneDX", "specVersion": "1.1"}', Invalid, "1.1 is not read", id="too old"),
        pytest.param(b'<?xml version="1.0"?><bom/>', Invalid, "a `bom` of CycloneDX", id="another XML"),
        pytest.param(
            b'<bom xmlns="http://cyclonedx.org/schema/bom/1.1"/>', Invalid, "CycloneDX 1.1 is not read", id="old XML"
        ),
        pytest.param(b'{"spdxVersion": "SPDX-2.1"}', Invalid, "SPDX-2.1 is not read", id="an old SPDX"),
        pytest.param(b"SPDXVersion: SPDX-2.1", Invalid, "SPDX-2.1 is not read", id="an old SPDX tag-value"),
        pytest.param(b'{"spdxVersion": 2.3}', Invalid, "expected `str`", id="SPDX of a number"),
        pytest.param(
            b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}', Invalid, "`@graph`", id="half an SPDX 3"
        ),
        pytest.param(
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>', Refused, "RDF/XML", id="SPDX as RDF"
        ),
        pytest.param(b"<Document><SPDXID>x</SPDXID></Document>", Refused, "SPDX as XML", id="SPDX as XML"),
        pytest.param(b"---\nSPDXID: SPDXRef-DOCUMENT\n", Refused, "YAML", id="SPDX as YAML"),
        pytest.param(b"spdxVersion: SPDX-2.3\n", Refused, "YAML", id="SPDX as YAML, bare"),
        pytest.param(b"busybox - 1.36.1-r2\n", Invalid, "is no SBOM: it begins with 'busybox", id="a manifest"),
        pytest.param(b"[" * 100_000, Invalid, "expected `object`", id="brackets without end"),
        pytest.param(
            b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":'
            + b'[{"name":"x","components":' * 5000
            + b"[]"
            + b"}]" * 5000
            + b"}",
            TooLarge,
            "deep",
            id="nested without end",
        ),
        pytest.param(b" " * (sbom.MOST_BYTES + 1), TooLarge, "64 MiB", id="too many bytes"),
    ],
)
def test_what_is_refused(content, kind, says):
    with pytest.raises(kind, match=says) as refused:
        sbom.read(content)
    assert refused.value.where or refused.value.do


def test_too_many_objects_are_refused_before_they_are_read(monkeypatch, bom):
    monkeypatch.setattr(sbom, "MOST_OBJECTS", 3)
    with pytest.raises(TooLarge, match="objects"):
        sbom.read(bom(PILLOW, PILLOW, PILLOW))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_our_words(content):
    with contextlib.suppress(CarefulError):  # any other error fails the test
        sbom.read(content)


SCALARS = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1e300,
        "",
        "x",
        "a",
        "SPDXRef-a",
        "pkg:pypi/a@1",
        "CVE-2024-0001",
        "cpe:2.3:a:",
        "\x00\u202e",
        "::",
    ]
)
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS.map(str), inner))
PART = {
    "name": "a", "bom-ref": "a", "type": "library", "version": "1", "purl": "pkg:pypi/a@1", "cpe": "cpe:/a:x:a:1",
    "hashes": [{"alg": "SHA-256", "content": "00"}], "licenses": [{"license": {"id": "MIT"}}],
    "pedigree": {"patches": [{"diff": {"url": "CVE-2024-0001.patch"}, "resolves": [{"type": "security"}]}]},
    "properties": [{"name": "syft:cpe23", "value": "cpe:/a:y:a:1"}], "evidence": {"identity": {"field": "cpe"}},
    "components": [{"name": "inside"}],
}  # fmt: skip
WHOLE = {
    "CycloneDX": {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "components": [PART],
        "metadata": {"component": PART, "tools": {"components": [{"name": "t"}]}, "authors": [{"name": "x"}]},
        "dependencies": [{"ref": "a", "dependsOn": ["a"]}],
        "vulnerabilities": [{"id": "CVE-1", "analysis": {"state": "resolved"}, "affects": [{"ref": "a"}]}],
    },
    "SPDX 2": {
        "spdxVersion": "SPDX-2.3", "documentNamespace": "x", "creationInfo": {"created": "x", "creators": ["Tool: x"]},
        "packages": [
            {"name": "a", "SPDXID": "SPDXRef-a", "versionInfo": "1", "sourceInfo": "CVEs fixed: CVE-2024-0001",
             "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:pypi/a@1"}]},
        ],
        "relationships": [{"spdxElementId": "SPDXRef-a", "relationshipType": "CONTAINS", "relatedSpdxElement": "x:y"}],
        "externalDocumentRefs": [{"externalDocumentId": "x", "spdxDocument": "y"}], "files": [{}],
    },
    "SPDX 3": {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "software_Package", "spdxId": "a", "name": "a", "software_packageUrl": "pkg:pypi/a@1"},
            {"type": "Relationship", "spdxId": "r", "from": "a", "relationshipType": "hasOutput", "to": ["a"]},
            {"type": "security_VexFixedVulnAssessmentRelationship", "from": "x/CVE-2024-0001", "to": ["a"]},
            {"type": "CreationInfo", "@id": "_:c", "createdBy": ["a"], "specVersion": "3.0.1"},
            {"type": "SpdxDocument", "spdxId": "d", "creationInfo": "_:c", "rootElement": ["a"]},
        ],
    },
}  # fmt: skip


def replaced(document, turns, value):
    """The document with one value replaced: each turn chooses the next step down, until they or the steps run out."""
    if not turns or not isinstance(document, dict | list) or not document:
        return value
    at = turns[0] % len(document)
    if isinstance(document, list):
        return [*document[:at], replaced(document[at], turns[1:], value), *document[at + 1 :]]
    name = list(document)[at]
    return document | {name: replaced(document[name], turns[1:], value)}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_documents_are_read(name):
    assert sbom.read(json.dumps(WHOLE[name]).encode()).report.taken == 1


@pytest.mark.parametrize("name", WHOLE)
@given(
    changes=st.lists(st.tuples(st.lists(st.integers(0, 9), min_size=1, max_size=6), ANYTHING), min_size=1, max_size=3)
)
def test_any_change_is_read_or_refused_in_our_words(name, changes):
    document = WHOLE[name]
    for turns, value in changes:
        document = replaced(document, turns, value)
    with contextlib.suppress(CarefulError):  # any other error fails the test
        sbom.read(json.dumps(document).encode())


TINY = {
    "CycloneDX 1.6 JSON": b'\xef\xbb\xbf{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a"}]}',
    "CycloneDX 1.5 XML": b'\n<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component type="library">'
    b"<name>a</name></component></components></bom>",
    "SPDX 2.2 JSON": b'{"spdxVersion":"SPDX-2.2","packages":[{"name":"a","SPDXID":"SPDXRef-a"}]}',
    "SPDX 2.3 tag-value": b"# written by hand\nSPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: SPDXRef-a\n",
    "SPDX 3.0 JSON-LD": b'{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":'
    b'[{"type":"software_Package","name":"a"}]}',
}


@pytest.mark.parametrize("name", TINY)
def test_formats_that_are_read(name):
    for content in (TINY[name], gzip.compress(TINY[name]), zstandard.compress(TINY[name])):
        read = sbom.read(content)
        assert read.report.format == name
        assert outcomes(read.report) == [("a", "unmatchable", "no purl and no CPE")]


def archive(*contents):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as whole:
        for at, content in enumerate(contents):
            whole.writestr(f"{at}.json", content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("names", "form", "rows"),
    [
        pytest.param(["SPDX 2.2 JSON", "SPDX 2.3 tag-value"], "SPDX 2.2 JSON archive", 2, id="SPDX 2 of both kinds"),
        pytest.param(["SPDX 3.0 JSON-LD", "SPDX 3.0 JSON-LD"], "SPDX 3.0 JSON-LD", 2, id="SPDX 3"),
        pytest.param(["CycloneDX 1.5 XML"], "CycloneDX 1.5 XML", 1, id="a single file"),
    ],
)
def test_archives_of_documents_are_one(names, form, rows):
    report = sbom.read(archive(*(TINY[name] for name in names), b'{"index": []}')).report
    assert (report.format, len(report.rows)) == (form, rows)


def test_sboms_that_do_not_refer_to_each_other_are_refused():
    with pytest.raises(Refused, match="2 SBOMs"):
        sbom.read(archive(TINY["CycloneDX 1.6 JSON"], TINY["CycloneDX 1.5 XML"]))


def test_too_many_objects_in_an_archive_are_refused(monkeypatch):
    monkeypatch.setattr(sbom, "MOST_OBJECTS_IN_ALL", 3)
    with pytest.raises(TooLarge, match="3 objects in all"):
        sbom.read(archive(*[TINY["SPDX 2.2 JSON"]] * 2))


def test_places_in_xml_are_paths_of_xml():
    assert sbom.read(TINY["CycloneDX 1.5 XML"]).report.rows[0].where == "/bom/components/component[1]"


def test_a_file_that_lists_nothing_says_so(bom):
    report = sbom.read(bom()).report
    assert [remark.says for remark in report.remarks] == ["the file lists no component"]


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_versions_that_are_read(bom, version):
    assert sbom.read(bom(PILLOW, specVersion=version)).report.format == f"CycloneDX {version} JSON"


def test_an_sbom_of_another_image_is_refused(bom):
    digest = {"alg": "SHA-256", "content": "ab" * 32}
    read = sbom.read(bom(PILLOW, metadata={"component": {"name": "image", "hashes": [digest]}}))
    sbom.check_subject(read, "ab" * 32)
    with pytest.raises(Refused, match="another image"):
        sbom.check_subject(read, "cd" * 32)


def real(name):
    path = DATA / "sboms" / f"{name}.json.zst"
    if not path.exists():
        pytest.skip(f"{path} is not here; set CAREFUL_TEST_DATA")
    return sbom.read(path.read_bytes())


@pytest.mark.parametrize(
    ("name", "counts", "said"),
    [
        pytest.param("buildroot-500-components.cdx", (407, 0, 0, 93), 58, id="500 packages of Buildroot"),
        pytest.param("buildroot-imx8mp-evk.cdx", (10, 0, 7, 57), 13, id="a board of Buildroot"),
        pytest.param("buildroot-raspberrypi4_64.cdx", (4, 0, 7, 39), 10, id="another board of Buildroot"),
        pytest.param("yocto-core-image-minimal.spdx3", (25, 12, 1, 104), 22, id="an image of Yocto"),
    ],
)
def test_real_sboms(name, counts, said):
    read = real(name)
    report = read.report
    assert (report.taken, report.merged, report.unmatchable, report.left_out) == counts
    assert sum(len(one.statements) for one in read.components) == said


def test_every_statement_of_a_real_yocto_image_is_kept_with_its_reason():
    read = real("yocto-core-image-minimal.spdx3")
    kernel = next(one for one in read.components if one.name.startswith("kernel-"))
    assert [said.state for said in kernel.statements] == ["not_affected"] * 15
    ubuntu = next(said for said in kernel.statements if said.flaw == "CVE-2018-6559")
    assert ubuntu.detail == "SPDX 3 VEX: vulnerableCodeNotPresent: Issue only affects Ubuntu"
    fixed = {said.flaw for one in read.components for said in one.statements if said.state == "resolved"}
    assert fixed == {"CVE-2022-28391", "CVE-2023-39810", "CVE-2025-31115"}
    assert [one.cpes for one in read.components if one.name == "libz1"] == [
        ("cpe:2.3:*:zlib:zlib:1.3.1:*:*:*:*:*:*:*", "cpe:2.3:*:gnu:zlib:1.3.1:*:*:*:*:*:*:*")
    ]


def test_what_a_real_buildroot_board_ignores_is_not_open():
    said = [one for found in real("buildroot-imx8mp-evk.cdx").components for one in found.statements]
    assert {one.state for one in said} <= {"patched", "resolved_with_pedigree", "not_affected"}
    assert any(one.detail.startswith("Buildroot IGNORE_CVES") for one in said)


def test_a_list_that_stands_twice_is_refused():
    doubled = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a"}], "components": []}'
    with pytest.raises(Invalid, match=r"ambiguous: \$\.components: expected each name once, found it twice"):
        sbom.read(doubled)


def test_too_many_values_are_refused(bom, monkeypatch):
    monkeypatch.setattr(sbom, "MOST_VALUES", 10)
    with pytest.raises(TooLarge, match="10 values"):
        sbom.read(bom(dependencies=[{"ref": "a", "dependsOn": ["b"] * 20}]))


def test_of_two_files_of_one_name_each_is_read(bom):
    """Zip allows it; what is no SBOM does not stand in the way of what is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.json", bom({"name": "zlib"}))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.json", b"{}")
    assert [row.name for row in sbom.read(out.getvalue()).report.rows] == ["zlib"]


def test_places_in_xml_are_of_xml():
    content = (
        b'<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>'
        + b'<component type="library" bom-ref="a"><name>a</name></component>' * 2
        + b'</components><dependencies><dependency ref="lost"/></dependencies></bom>'
    )
    assert [(one.where, one.says) for one in sbom.read(content).report.remarks] == [
        ("/bom/components/component[2]", "the bom-ref 'a' is used before, at /bom/components/component[1]"),
        ("/bom", "a dependency names 'lost', which is not in the file"),
    ]


def test_memory_that_is_not_there(monkeypatch):
    def full(_):
        raise MemoryError

    monkeypatch.setitem(sbom._READERS, "CycloneDX JSON", full)
    with pytest.raises(TooLarge, match="more memory than there is"):
        sbom.read(b'{"bomFormat": "CycloneDX"}')


PIECES = st.one_of(
    st.binary(max_size=3),
    st.sampled_from(
        [b'"', b"{", b"}", b"[", b"]", b",", b"\\ud800", b"\x00", b"\xff", b"<", b"&#0;", b"<text>", b"\n"]
    ),
)


@pytest.mark.parametrize("name", list(TINY))
@given(
    edits=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 5), PIECES), min_size=1, max_size=4),
    pack=st.booleans(),
)
def test_any_edit_of_bytes_is_read_or_refused_in_our_words(name, edits, pack):
    content = gzip.compress(TINY[name]) if pack else TINY[name]
    for at, gone, piece in edits:
        place = at % (len(content) + 1)
        content = content[:place] + piece + content[place + gone :]
    with contextlib.suppress(CarefulError):  # any other error fails the test
        report = sbom.read(content).report
        assert report.taken + report.merged + report.unmatchable + report.left_out == len(report.rows)
