"""Tag-value, line by line: as Zephyr, trivy and syft write it, and as nobody should."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid, TooLarge
from careful.releases import spdx2_tag

WEST = b"""SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: zephyr-sources
DocumentNamespace: http://example.org/spdx/zephyr
Creator: Tool: Zephyr SPDX builder
Created: 2026-07-10T10:00:00Z

ExternalDocumentRef: DocumentRef-sdk http://example.org/spdx/sdk SHA1: 00
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-zephyr-sources

##### Package: zephyr-sources

PackageName: zephyr-sources
SPDXID: SPDXRef-zephyr-sources
PackageVersion: v4.1.0
PackageSupplier: Organization: Example (mail@example.org)
PackageLicenseDeclared: NOASSERTION
PackageLicenseConcluded: Apache-2.0
PackageCopyrightText: <text>
SPDXID: not a tag, but a line of the text
</text>
PrimaryPackagePurpose: SOURCE
PackageChecksum: SHA1: 00ff
ExternalRef: SECURITY cpe23Type cpe:2.3:o:zephyrproject:zephyr:4.1.0:*:*:*:*:*:*:*
ExternalRef: PACKAGE_MANAGER purl pkg:github/zephyrproject-rtos/zephyr@v4.1.0
FilesAnalyzed: true

FileName: ./kernel/main.c
SPDXID: SPDXRef-File-main.c
FileChecksum: SHA1: 00
FileCopyrightText: <text>one line</text>
Relationship: SPDXRef-File-main.c GENERATED_FROM DocumentRef-sdk:SPDXRef-x

PackageName: second\r
SPDXID: SPDXRef-second\r
"""


def test_the_document_is_read():
    read = spdx2_tag.read(WEST)
    assert (read.version, read.name, read.namespace) == (
        "SPDX-2.3",
        "zephyr-sources",
        "http://example.org/spdx/zephyr",
    )
    assert read.creation is not None
    assert (read.creation.created, read.creation.creators) == ("2026-07-10T10:00:00Z", ["Tool: Zephyr SPDX builder"])
    assert [(one.id, one.document) for one in read.outside or ()] == [
        ("DocumentRef-sdk", "http://example.org/spdx/sdk")
    ]
    assert len(read.files or ()) == 1
    assert [(one.first, one.kind, one.second) for one in read.relationships or ()] == [
        ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-zephyr-sources"),
        ("SPDXRef-File-main.c", "GENERATED_FROM", "DocumentRef-sdk:SPDXRef-x"),
    ]


def test_packages_are_read_with_their_lines():
    first, second = spdx2_tag.read(WEST).packages or ()
    assert (first.name, first.id, first.version, first.line) == (
        "zephyr-sources",
        "SPDXRef-zephyr-sources",
        "v4.1.0",
        14,
    )
    assert (first.purpose, first.concluded, first.supplier) == (
        "SOURCE",
        "Apache-2.0",
        "Organization: Example (mail@example.org)",
    )
    assert [(one.type, one.locator[:12]) for one in first.references or ()] == [
        ("cpe23Type", "cpe:2.3:o:ze"),
        ("purl", "pkg:github/z"),
    ]
    assert [(one.algorithm, one.content) for one in first.checksums or ()] == [("SHA1", "00ff")]
    assert (second.name, second.id, second.version) == ("second", "SPDXRef-second", None)


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        pytest.param(b"", 1, "the tag `SPDXVersion`", id="empty"),
        pytest.param(b"SPDXVersion: SPDX-2.3\nwhat is this", 2, "`Tag: value`", id="no tag"),
        pytest.param(
            b"SPDXVersion: SPDX-2.3\n\nPackageName: a\n", 3, "`SPDXID`", id="a package without id, at the end"
        ),
        pytest.param(
            b"SPDXVersion: x\nPackageName: a\nPackageName: b\nSPDXID: b", 2, "`SPDXID`", id="or before another"
        ),
        pytest.param(b"SPDXVersion: x\nRelationship: a b", 2, "3 words", id="half a relation"),
        pytest.param(b"SPDXVersion: x\nPackageName: a\nSPDXID: a\nExternalRef: purl", 4, "3 words", id="half a name"),
        pytest.param(b"SPDXVersion: x\nPackageComment: <text>never\nends", 2, "`</text>`", id="text without end"),
        pytest.param(b"SPDXVersion: x\nPackageName: \xff", 2, "UTF-8", id="not UTF-8"),
    ],
)
def test_the_wrong_line_is_named(text, line, expected):
    with pytest.raises(Invalid) as refused:
        spdx2_tag.read(text)
    (problem,) = refused.value.problems
    assert problem.line == line
    assert expected in problem.expected


def test_the_number_of_lines_has_an_end(monkeypatch):
    monkeypatch.setattr(spdx2_tag, "MOST_LINES", 3)
    with pytest.raises(TooLarge, match="3 lines"):
        spdx2_tag.read(b"\n" * 4)


LINES = st.lists(
    st.one_of(
        st.sampled_from(WEST.decode().splitlines()),
        st.sampled_from(
            ["PackageName:", "SPDXID:", "Relationship: a", "<text>", "PackageComment: <text>", ":", "</text>"]
        ),
        st.text(max_size=30),
    )
)


@given(LINES)
def test_any_lines_are_read_or_refused_with_their_line(lines):
    with contextlib.suppress(Invalid):  # any other error fails the test
        spdx2_tag.read("\n".join(["SPDXVersion: SPDX-2.3", *lines]).encode("utf-8", "replace"))


def test_a_line_without_end_is_refused(monkeypatch):
    """One sign of an emoji makes a text four times as large as its bytes."""
    monkeypatch.setattr(spdx2_tag, "LONGEST_LINE", 100)
    with pytest.raises(TooLarge) as refused:
        spdx2_tag.read(b"SPDXVersion: SPDX-2.3\nPackageName: " + b"a" * 100)
    assert refused.value.where == "line 2"


def test_a_text_without_end_is_read_to_its_end_and_not_kept(monkeypatch):
    monkeypatch.setattr(spdx2_tag, "LONGEST_LINE", 100)
    found = spdx2_tag.read(b"SPDXVersion: SPDX-2.3\nDocumentName: <text>" + b"a\n" * 1000 + b"</text>\nCreated: now")
    assert len(found.name) <= 100
    assert found.creation.created == "now"


def test_too_many_packages_are_refused_where_they_are(monkeypatch):
    monkeypatch.setattr(spdx2_tag, "MOST_COMPONENTS", 1)
    with pytest.raises(TooLarge) as refused:
        spdx2_tag.read(b"SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: a\nPackageName: b\n")
    assert refused.value.where == "line 4"
