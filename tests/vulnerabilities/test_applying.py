"""What suppliers say, applied: every statement is accounted for, and contradiction settles nothing."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vex_shapes import BOM, SHAPES, bom_link_by_reference, content
from vex_shapes import CURL as CURL_8

from careful.releases import Found
from careful.vulnerabilities.applying import apply
from careful.vulnerabilities.deciding import Match
from careful.vulnerabilities.said.model import About, Document, Said, Thing
from careful.vulnerabilities.statements import read_statements

PURL = "pkg:generic/curl@8.3.0"
CPE = "cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*"
CURL = Found(name="curl", version="8.3.0", purl=PURL, cpe=CPE)
ZLIB = Found(name="zlib", version="1.3", purl="pkg:generic/zlib@1.3")
FOUND = Match(0, "CVE-1", "affected", "high", "", "cpe", "by CVE-1 from nvd", "8.4.0", ("CVE-1", "GHSA-1"), "nvd")


def about(*ids, inside=""):
    """Say of what a statement is: one thing for each name, or a part of the product."""
    if inside:
        return tuple(About(Thing((inside,)), Thing((one,))) for one in ids)
    return tuple(About(Thing((one,))) for one in ids)


WORDS = Said("$.statements[0]", ("CVE-1",), about(PURL), "not_affected", "component_not_present", "Not built in.")


def applied(*said, subject="", components=(CURL, ZLIB), matches=(FOUND,)):
    return apply(matches, components, Document("OpenVEX", "id", "curl", None, said), subject)


def test_a_settled_finding_keeps_both_words():
    found = applied(WORDS)
    assert found.kept == ()
    assert (
        found.settled[0].evidence == "curl says not affected (component not present: Not built in.); by CVE-1 from nvd"
    )
    assert [(one.outcome, one.reason) for one in found.lines] == [("applied", "to 1 finding")]


@pytest.mark.parametrize(
    ("said", "outcome", "settled"),
    [
        pytest.param(WORDS, "applied", True, id="not affected"),
        pytest.param(replace(WORDS, status="fixed"), "applied", True, id="fixed"),
        pytest.param(replace(WORDS, status="affected"), "applied", False, id="affected"),
        pytest.param(replace(WORDS, status="under_investigation"), "applied", False, id="looked into"),
        pytest.param(replace(WORDS, names=("GHSA-1",)), "applied", True, id="by another name"),
        pytest.param(replace(WORDS, about=about("pkg:generic/curl")), "applied", True, id="every version"),
        pytest.param(replace(WORDS, about=about(CPE)), "applied", True, id="by CPE"),
        pytest.param(replace(WORDS, about=about("pkg:generic/curl@8.4.0")), "unmatched", False, id="another version"),
        pytest.param(replace(WORDS, names=("CVE-2",)), "unmatched", False, id="another flaw"),
        pytest.param(replace(WORDS, about=about(ZLIB.purl)), "unmatched", False, id="another component"),
        pytest.param(replace(WORDS, why_not="it says not why"), "refused", False, id="refused"),
        pytest.param(replace(WORDS, about=(About(Thing(title="nonsense")),)), "unmatched", False, id="no name"),
    ],
)
def test_what_becomes_of_a_statement(said, outcome, settled):
    found = applied(said)
    assert [one.outcome for one in found.lines] == [outcome]
    assert bool(found.settled) is settled
    assert len(found.kept) + len(found.settled) == 1


def test_contradiction_settles_nothing():
    found = applied(WORDS, replace(WORDS, status="affected", detail="It is."))
    assert (len(found.kept), found.settled) == (1, ())
    assert "says not affected" in found.kept[0].evidence
    assert "says affected" in found.kept[0].evidence


@pytest.mark.parametrize(("subject", "outcome"), [("cam-1", "applied"), ("", "applied"), ("lock-1", "unmatched")])
def test_words_on_a_component_in_a_product_are_for_that_product(subject, outcome):
    said = replace(WORDS, about=about(PURL, inside="pkg:generic/cam-1@1.0.0"))
    assert [one.outcome for one in applied(said, subject=subject).lines] == [outcome]


@given(st.lists(st.sampled_from([WORDS, replace(WORDS, status="affected"), replace(WORDS, why_not="no")]), max_size=5))
def test_every_statement_has_its_line_and_every_finding_its_place(said):
    found = applied(*said)
    assert len(found.lines) == len(said)
    assert len(found.kept) + len(found.settled) == 1


def found_in(component):
    match = replace(FOUND, flaw="CVE-2024-0001", names=("CVE-2024-0001", "GHSA-0001"))
    return [match], [component]


@pytest.mark.parametrize(("shape", "component", "subject", "outcomes", "settled"), SHAPES.values(), ids=SHAPES)
def test_as_vendors_and_tools_publish_it(shape, component, subject, outcomes, settled):
    document = read_statements(content(shape), [BOM])
    found = apply(*found_in(component), document, subject or "")
    assert [one.outcome for one in found.lines] == outcomes, found.lines
    assert bool(found.settled) is settled


# What speaks of a whole product, or of a range that begins with the first version, means every version of a part.
OF_ONE_VERSION = {
    name: (shape, component, subject)
    for name, (shape, component, subject, _, _) in SHAPES.items()
    if name
    not in {"Dependency-Track", "CycloneDX without affects", "in-toto attestation", "Siemens, by groups", "CISA"}
}


@pytest.mark.parametrize(("shape", "component", "subject"), OF_ONE_VERSION.values(), ids=OF_ONE_VERSION)
def test_no_word_on_one_version_settles_another(shape, component, subject):
    version = component.version.rpartition(":")[2]  # of rpm, without the epoch
    other = replace(
        component,
        version="0.0.0-0",
        purl=component.purl.replace(version, "0.0.0-0"),
        cpe=component.cpe.replace(version, "0.0.0-0"),
    )
    assert apply(*found_in(other), read_statements(content(shape), [BOM]), subject or "").settled == ()


def test_a_link_into_an_sbom_that_is_not_here_is_refused():
    (line,) = apply(*found_in(CURL_8), read_statements(content(bom_link_by_reference))).lines
    assert line.outcome == "refused"
    assert line.reason.startswith("it points into another BOM, which is not here: urn:cdx:")


JULY, MAY = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
AFFECTED = replace(WORDS, status="affected", where="$.statements[1]")


@pytest.mark.parametrize(
    ("said", "outcomes", "settled"),
    [
        pytest.param((replace(WORDS, at=JULY), replace(AFFECTED, at=MAY)), ["applied", "refused"], True, id="mended"),
        pytest.param((replace(WORDS, at=MAY), replace(AFFECTED, at=JULY)), ["refused", "applied"], False, id="hit"),
        pytest.param((replace(WORDS, at=MAY), replace(AFFECTED, at=MAY)), ["refused", "applied"], False, id="at once"),
        pytest.param((replace(WORDS, at=JULY), AFFECTED), ["applied", "refused"], True, id="one is undated"),
        pytest.param((WORDS, replace(WORDS, at=MAY)), ["refused", "applied"], True, id="the same again"),
    ],
)
def test_the_latest_word_of_an_author_counts(said, outcomes, settled):
    found = applied(*said)
    assert [one.outcome for one in found.lines] == outcomes
    assert bool(found.settled) is settled


def documents(*said, authors=("curl", "curl"), ids=("1", "2"), at=(MAY, JULY)):
    return [
        Document("OpenVEX", name, author, day, (replace(one, at=day),))
        for one, author, name, day in zip(said, authors, ids, at, strict=True)
    ]


@pytest.mark.parametrize(
    ("given", "outcomes", "settled"),
    [
        pytest.param(documents(AFFECTED, WORDS), ["refused", "applied"], True, id="of one author the later"),
        pytest.param(documents(WORDS, AFFECTED), ["refused", "applied"], False, id="even where it says affected"),
        pytest.param(documents(WORDS, AFFECTED, authors=("a", "b")), ["refused", "applied"], False, id="of two, both"),
        pytest.param(
            documents(WORDS, replace(WORDS, names=("CVE-9",)), ids=("1", "1")),
            ["refused", "unmatched"],
            False,
            id="a newer version of one document replaces it",
        ),
    ],
)
def test_documents_count_together_in_whatever_order(given, outcomes, settled):
    forwards = apply([FOUND], [CURL, ZLIB], given)
    backwards = apply([FOUND], [CURL, ZLIB], given[::-1])
    assert [one.outcome for one in forwards.lines] == outcomes
    assert [one.outcome for one in backwards.lines] == outcomes[::-1]
    assert bool(forwards.settled) is bool(backwards.settled) is settled


def test_what_the_sbom_settles_comes_back_where_a_statement_says_affected():
    document = Document("OpenVEX", "id", "curl", None, (AFFECTED,))
    found = apply([], [CURL], document, settled=[FOUND])
    assert [(one.certainty, one.evidence) for one in found.kept] == [
        ("check", "curl says affected (component not present: Not built in.); by CVE-1 from nvd")
    ]
    assert apply([], [CURL], replace(document, said=(WORDS,)), settled=[FOUND]).kept == ()


@pytest.mark.parametrize(
    ("tlp", "kept"),
    [("WHITE", True), ("CLEAR", True), ("", True), ("GREEN", False), ("AMBER+STRICT", False), ("RED", False)],
)
def test_words_that_must_not_be_made_public_stay_in_their_document(tlp, kept):
    document = Document("CSAF", "A-1", "curl", None, (WORDS,), tlp=tlp)
    (match,) = apply([FOUND], [CURL], document).settled
    assert ("Not built in." in match.evidence) is kept
    assert (f"under TLP:{tlp}" in match.evidence) is not kept
    assert "component not present" in match.evidence


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (replace(WORDS, names=("CVE-9",)), "curl 8.3.0 is here, and no list says that it has this flaw"),
        (
            replace(WORDS, about=about("pkg:generic/curl@9")),
            "it is about another version than curl 8.3.0, which is here",
        ),
        (replace(WORDS, about=about("pkg:generic/wget")), "nothing here is what it is about"),
        (replace(WORDS, about=about("pkg:generic/cam-1")), "nothing here is what it is about"),
        (
            replace(WORDS, about=about(PURL, inside="pkg:generic/lock-1")),
            "it speaks of curl 8.3.0 in pkg:generic/lock-1, which is not what this SBOM describes",
        ),
        (
            replace(WORDS, names=("CVE-9",), about=about("pkg:generic/cam-9")),
            "it is about what this SBOM describes, and no list says that it has this flaw",
        ),
        (
            replace(WORDS, about=about(f"{PURL}?arch=arm")),
            "it speaks of arch arm alone, and the SBOM does not say which arch it has",
        ),
    ],
)
def test_why_a_statement_is_not_applied(said, reason):
    (line,) = applied(said, subject="cam-9").lines
    assert line.reason == reason


def test_a_statement_on_thousands_of_products_is_looked_up_by_name():
    many = about(*(f"pkg:generic/p{number}@1" for number in range(5000)), PURL)
    started = time.perf_counter()
    found = applied(*[replace(WORDS, about=many)] * 20)
    assert [one.outcome for one in found.lines] == ["applied"] * 20
    assert time.perf_counter() - started < 5
