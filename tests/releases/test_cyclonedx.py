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
        Statement("CVE-2", "not_affected", "code_not_present"),
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
