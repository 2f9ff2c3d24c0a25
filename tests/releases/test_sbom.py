"""An account of every component, and refusals that name the place."""

import contextlib
import os
import subprocess
from pathlib import Path

import pytest
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
        pytest.param(b"", Invalid, "not JSON", id="empty"),
        pytest.param(b"{", Invalid, "not JSON", id="cut off"),
        pytest.param(b"\xff\xfe", Invalid, "not JSON", id="not text"),
        pytest.param(b"[]", Invalid, "expected `object`", id="a list"),
        pytest.param(b"{}", Invalid, "no SBOM that we read", id="an empty object"),
        pytest.param(b'{"bomFormat": "Other"}', Invalid, "no SBOM that we read", id="another format"),
        pytest.param(b'{"bomFormat": "CycloneDX", "specVersion": "1.1"}', Invalid, "1.1 is not read", id="too old"),
        pytest.param(b'<?xml version="1.0"?><bom/>', Refused, "XML", id="XML"),
        pytest.param(b'{"spdxVersion": "SPDX-2.3"}', Refused, "SPDX", id="SPDX 2"),
        pytest.param(
            b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}',
            Refused,
            "SPDX",
            id="SPDX 3",
        ),
        pytest.param(b"SPDXVersion: SPDX-2.3\n", Refused, "tag-value", id="SPDX tag-value"),
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


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_versions_that_are_read(bom, version):
    assert sbom.read(bom(PILLOW, specVersion=version)).report.format == f"CycloneDX {version} JSON"


def test_an_sbom_of_another_image_is_refused(bom):
    digest = {"alg": "SHA-256", "content": "ab" * 32}
    read = sbom.read(bom(PILLOW, metadata={"component": {"name": "image", "hashes": [digest]}}))
    sbom.check_subject(read, "ab" * 32)
    with pytest.raises(Refused, match="another image"):
        sbom.check_subject(read, "cd" * 32)


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        pytest.param("buildroot-500-components", (407, 0, 0, 93), id="500 packages"),
        pytest.param("buildroot-imx8mp-evk", (10, 0, 7, 57), id="a board"),
        pytest.param("buildroot-raspberrypi4_64", (4, 0, 7, 39), id="another board"),
    ],
)
def test_real_sboms_of_buildroot(name, counts):
    path = DATA / "sboms" / f"{name}.cdx.json.zst"
    if not path.exists():
        pytest.skip(f"{path} is not here; set CAREFUL_TEST_DATA")
    content = subprocess.run(["zstd", "-dcq", str(path)], check=True, capture_output=True).stdout
    report = sbom.read(content).report
    assert (report.taken, report.merged, report.unmatchable, report.left_out) == counts
