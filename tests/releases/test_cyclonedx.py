"""What CycloneDX says, made flat: nesting, what is not shipped, statements on flaws."""

import msgspec
import pytest

from careful.kernel.errors import TooLarge
from careful.releases import cyclonedx
from careful.releases.model import Statement


def read(*components, **more):
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(components)} | more
    return msgspec.convert(document, cyclonedx.Bom)


def test_nested_components_are_made_flat_in_order():
    inner = {"name": "b", "components": [{"name": "c"}]}
    bom = read({"name": "a", "components": [inner]}, {"name": "d"})
    assert [(one.where, one.found.name) for one in cyclonedx.entries(bom)] == [
        ("$.components[0]", "a"),
        ("$.components[0].components[0]", "b"),
        ("$.components[0].components[0].components[0]", "c"),
        ("$.components[1]", "d"),
    ]


def test_components_of_the_subject_count_and_the_subject_does_not():
    bom = read(metadata={"component": {"name": "image", "version": "1", "components": [{"name": "a"}]}})
    assert [one.where for one in cyclonedx.entries(bom)] == ["$.metadata.component.components[0]"]
    subject = cyclonedx.subject(bom)
    assert subject is not None
    assert (subject.name, subject.version, subject.sha256) == ("image", "1", frozenset())


def test_the_subjects_digest_is_read():
    digest = {"alg": "SHA-256", "content": "AB" * 32}
    subject = cyclonedx.subject(read(metadata={"component": {"name": "image", "hashes": [digest]}}))
    assert subject is not None
    assert subject.sha256 == {"ab" * 32}
    assert cyclonedx.subject(read()) is None


@pytest.mark.parametrize(
    ("more", "says"),
    [
        pytest.param({"scope": "excluded"}, "not shipped", id="scope"),
        pytest.param({"properties": [{"name": "BR_TYPE", "value": "host"}]}, "build tool", id="Buildroot host package"),
        pytest.param({"isExternal": True}, "surroundings", id="external (1.7)"),
        pytest.param({"scope": "optional"}, "", id="optional is shipped"),
        pytest.param({"properties": [{"name": "BR_TYPE", "value": "target"}]}, "", id="target is shipped"),
    ],
)
def test_what_is_not_in_the_image(more, says):
    (one,) = cyclonedx.entries(read({"name": "a"} | more))
    assert says in one.left_out
    assert bool(says) == bool(one.left_out)


def test_everything_that_is_stated_is_kept():
    component = {
        "type": "library",
        "group": "org.example",
        "name": "lib",
        "version": " 1.2 ",
        "purl": "pkg:maven/org.example/lib@1.2",
        "cpe": "cpe:2.3:a:example:lib:1.2:*:*:*:*:*:*:*",
        "supplier": {"name": "Example"},
        "hashes": [{"alg": "SHA-256", "content": "00"}],
        "licenses": [{"license": {"id": "MIT"}}, {"expression": "Apache-2.0 OR MIT"}],
    }
    (one,) = (each.found for each in cyclonedx.entries(read(component)))
    assert (one.name, one.version, one.supplier) == ("org.example/lib", "1.2", "Example")
    assert (one.licence, dict(one.hashes)) == ("MIT AND Apache-2.0 OR MIT", {"SHA-256": "00"})


def test_a_version_only_in_the_purl_is_a_version():
    (one,) = cyclonedx.entries(read({"name": "a", "purl": "pkg:pypi/a@3"}))
    assert one.found.version == "3"


def test_a_range_of_versions_is_no_version():
    (one,) = cyclonedx.entries(read({"name": "a", "versionRange": "vers:pypi/>=1", "purl": "pkg:pypi/a"}))
    assert "range" in one.found.reason


def test_patches_and_statements_stay_with_their_component():
    patch = {"type": "unofficial", "resolves": [{"type": "security", "name": "CVE-1"}, {"type": "defect", "name": "x"}]}
    said = [
        {
            "id": "CVE-2",
            "analysis": {"state": "not_affected", "justification": "code_not_present"},
            "affects": [{"ref": "r"}],
        },
        {"id": "CVE-3", "analysis": {"state": "in_triage"}, "affects": [{"ref": "other"}]},
        {"id": "CVE-4", "affects": [{"ref": "r"}]},
    ]
    bom = read({"name": "a", "bom-ref": "r", "pedigree": {"patches": [patch, patch]}}, vulnerabilities=said)
    (one,) = cyclonedx.entries(bom)
    assert one.found.statements == (
        Statement("CVE-1", "patched", "a patch in its pedigree names it"),
        Statement("CVE-2", "not_affected", "CycloneDX VEX: code_not_present"),
    )


def test_depth_has_an_end():
    part = {"name": "x"}
    for _ in range(cyclonedx.MOST_DEPTH):
        part = {"name": "x", "components": [part]}
    with pytest.raises(TooLarge, match="deep"):
        list(cyclonedx.entries(read(part)))


def test_number_has_an_end(monkeypatch):
    monkeypatch.setattr(cyclonedx, "MOST_COMPONENTS", 2)
    with pytest.raises(TooLarge, match="2 components"):
        list(cyclonedx.entries(read({"name": "a"}, {"name": "b"}, {"name": "c"})))


def patched(**diff):
    bom = read({"name": "a", "pedigree": {"patches": [{"type": "unofficial", "diff": diff}]}})
    (one,) = cyclonedx.entries(bom)
    return [(said.flaw, said.state, said.detail) for said in one.found.statements]


@pytest.mark.parametrize(
    ("diff", "flaws"),
    [
        pytest.param(
            {"url": "https://example.org/patches/CVE-2023-1234.patch"}, ["CVE-2023-1234"], id="its file's name"
        ),
        pytest.param({"url": "https://example.org/CVE-2023-1234/fix.patch"}, [], id="not its folder's"),
        pytest.param(
            {"text": {"content": "From x\nCVE: CVE-2023-1 CVE-2023-0001\nCVE: CVE-2023-0002\n---\ndiff --git a b\n"}},
            ["CVE-2023-0001", "CVE-2023-0002"],
            id="its header",
        ),
        pytest.param({"text": {"content": "Subject: x\ndiff --git a b\nCVE: CVE-2023-0001\n"}}, [], id="not its body"),
        pytest.param({"text": {"content": "CVE: CVE-2023-0001", "encoding": "base64"}}, [], id="nothing encoded"),
    ],
)
def test_patches_that_name_a_flaw_themselves(diff, flaws):
    assert [flaw for flaw, _, _ in patched(**diff)] == flaws


def vex(analysis, ref="r"):
    said = [{"id": "CVE-1", "analysis": analysis, "affects": [{"ref": ref}]}]
    (one,) = cyclonedx.entries(read({"name": "a", "bom-ref": "r"}, vulnerabilities=said))
    return one.found.statements


def test_a_statement_says_where_it_is_from_and_all_that_it_says():
    analysis = {
        "state": "not_affected", "justification": "requires_configuration", "response": ["will_not_fix", "update"],
        "detail": "we do not build it",
    }  # fmt: skip
    assert vex(analysis) == (
        Statement(
            "CVE-1",
            "not_affected",
            "CycloneDX VEX: requires_configuration: we do not build it: will_not_fix, update",
        ),
    )


def test_what_buildroot_ignores_does_not_affect():
    detail = "The CVE 'CVE-1' has been marked as ignored by Buildroot"
    (said,) = vex({"state": "in_triage", "detail": detail})
    assert (said.state, said.detail) == ("not_affected", f"Buildroot IGNORE_CVES: {detail}")
    assert vex({"state": "in_triage", "detail": "we look at it"})[0].state == "in_triage"


def test_a_statement_may_name_file_and_component():
    assert vex({"state": "resolved"}, "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#r")[0].flaw == "CVE-1"


def test_every_cpe_is_kept_the_first_is_one_that_can_be_read():
    component = {
        "name": "a",
        "cpe": "cpe:nonsense",
        "properties": [{"name": "syft:cpe23", "value": f"cpe:2.3:a:{one}:a:1:*:*:*:*:*:*:*"} for one in "xy"],
        "evidence": {"identity": [{"field": "cpe", "concludedValue": "cpe:/a:z:a:1"}, {"field": "name"}]},
    }
    (one,) = cyclonedx.entries(read(component))
    assert one.found.cpes == (
        "cpe:/a:z:a:1",
        "cpe:2.3:a:x:a:1:*:*:*:*:*:*:*",
        "cpe:2.3:a:y:a:1:*:*:*:*:*:*:*",
        "cpe:nonsense",
    )


def test_one_identity_as_of_version_1_5():
    identity = {"field": "purl", "concludedValue": "pkg:pypi/a@1"}
    (one,) = cyclonedx.entries(read({"name": "a", "evidence": {"identity": identity}}))
    assert one.found.purl == "pkg:pypi/a@1"


@pytest.mark.parametrize(
    ("metadata", "author", "tool"),
    [
        pytest.param({}, "", "", id="nothing"),
        pytest.param({"authors": [{"name": "Ann"}], "tools": [{"vendor": "v", "name": "t"}]}, "Ann", "t", id="1.2"),
        pytest.param({"manufacture": {"name": "Us"}, "tools": {"components": [{"name": "t"}]}}, "Us", "t", id="1.5"),
        pytest.param({"manufacturer": {"name": "Us"}, "tools": {"services": []}}, "Us", "", id="1.6"),
    ],
)
def test_who_wrote_it_with_what_and_when(metadata, author, tool):
    found = cyclonedx.listing(read(metadata=metadata | {"timestamp": "2026-01-01T00:00:00Z"}))
    assert (found.author, found.tool, found.timestamp) == (author, tool, "2026-01-01T00:00:00Z")


def test_what_is_related_and_what_leads_nowhere():
    said = [{"id": "CVE-1", "analysis": {"state": "resolved"}, "affects": [{"ref": "gone"}]}]
    found = cyclonedx.listing(
        read(
            {"name": "a", "bom-ref": "a", "components": [{"name": "inside"}]},
            {"name": "b", "bom-ref": "b"},
            metadata={"component": {"name": "image", "bom-ref": "image"}},
            dependencies=[{"ref": "image", "dependsOn": ["a", "lost"]}, {"ref": "a", "dependsOn": ["a"]}],
            vulnerabilities=said,
        )
    )
    assert [one.related for one in found.entries] == [True, True, False]
    assert [one.says for one in found.remarks] == [
        "a statement on CVE-1 is about 'gone', which is not in the file",
        "a dependency names 'lost', which is not in the file",
    ]


def test_a_reference_that_is_used_twice_is_remarked():
    found = cyclonedx.listing(
        read({"name": "a", "bom-ref": "r"}, {"name": "b", "bom-ref": "r"}, {"name": "c"}, {"name": "d"})
    )
    assert len(list(found.entries)) == 4
    assert [(one.where, one.says) for one in found.remarks] == [
        ("$.components[1]", "the bom-ref 'r' is used before, at $.components[0]")
    ]


def test_one_line_of_several_flaws():
    issue = {"type": "security", "id": "CVE-2023-0001 CVE-2023-0002", "name": "CVE-2023-0001 CVE-2023-0002"}
    (one,) = cyclonedx.entries(read({"name": "a", "pedigree": {"patches": [{"resolves": [issue]}]}}))
    assert [said.flaw for said in one.found.statements] == ["CVE-2023-0001", "CVE-2023-0002"]


def test_what_is_written_as_null_is_not_stated():
    names = (
        "version",
        "purl",
        "cpe",
        "scope",
        "supplier",
        "hashes",
        "licenses",
        "properties",
        "evidence",
        "components",
    )
    part = {"name": "a", "pedigree": {"patches": None}} | dict.fromkeys(names)
    found = cyclonedx.listing(
        read(part, metadata=None, dependencies=[{"ref": "a", "dependsOn": None}], vulnerabilities=None)
    )
    assert [one.found.name for one in found.entries] == ["a"]


@pytest.mark.parametrize(
    ("patch", "name"),
    [
        pytest.param({"diff": {"url": "file:///b/0001-quiet.patch"}}, "0001-quiet.patch", id="its file"),
        pytest.param(
            {"diff": {"text": {"content": "--- a\n"}}}, "sha256:ce37ca72790a51ea", id="without a name its digest"
        ),
        pytest.param(
            {"diff": {"url": "x/y.patch/", "text": {"content": "--- a\n"}}},
            "y.patch sha256:ce37ca72790a51ea",
            id="both, as the text may change",
        ),
        pytest.param({"resolves": [{"type": "security", "name": "CVE-1"}]}, "CVE-1", id="what it resolves"),
        pytest.param({"diff": {"url": "a\u202eb"}}, "a\ufffdb", id="signs that hide"),
        pytest.param({}, None, id="a patch of which nothing is said"),
    ],
)
def test_what_a_patch_is_known_by(patch, name):
    (one,) = cyclonedx.entries(read({"name": "a", "pedigree": {"patches": [{"type": "unofficial"} | patch] * 2}}))
    assert one.found.patches == ((name,) if name else ())
