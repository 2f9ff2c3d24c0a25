"""What suppliers say, applied: every statement is accounted for, and contradiction settles nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.releases import Found
from careful.vulnerabilities.applying import apply, speaks_of, speaks_of_all, taken_over
from careful.vulnerabilities.deciding import Match
from careful.vulnerabilities.statements import Document, Said

PURL = "pkg:generic/curl@8.3.0"
CPE = "cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*"
CURL = Found(name="curl", version="8.3.0", purl=PURL, cpe=CPE)
ZLIB = Found(name="zlib", version="1.3", purl="pkg:generic/zlib@1.3")
FOUND = Match(0, "CVE-1", "affected", "high", "", "cpe", "by CVE-1 from nvd", "8.4.0", ("CVE-1", "GHSA-1"), "nvd")
WORDS = Said("$.statements[0]", ("CVE-1",), (PURL,), (), "not_affected", "component_not_present", "Not built in.")


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
        pytest.param(replace(WORDS, products=("pkg:generic/curl",)), "applied", True, id="every version"),
        pytest.param(replace(WORDS, products=(CPE,)), "applied", True, id="by CPE"),
        pytest.param(replace(WORDS, products=("pkg:generic/curl@8.4.0",)), "unmatched", False, id="another version"),
        pytest.param(replace(WORDS, names=("CVE-2",)), "unmatched", False, id="another flaw"),
        pytest.param(replace(WORDS, products=(ZLIB.purl,)), "unmatched", False, id="another component"),
        pytest.param(replace(WORDS, why_not="it says not why"), "refused", False, id="refused"),
        pytest.param(replace(WORDS, products=("nonsense",)), "unmatched", False, id="no name"),
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
    said = replace(WORDS, products=("pkg:generic/cam-1@1.0.0",), parts=(PURL,))
    assert [one.outcome for one in applied(said, subject=subject).lines] == [outcome]


@given(st.lists(st.sampled_from([WORDS, replace(WORDS, status="affected"), replace(WORDS, why_not="no")]), max_size=5))
def test_every_statement_has_its_line_and_every_finding_its_place(said):
    found = applied(*said)
    assert len(found.lines) == len(said)
    assert len(found.kept) + len(found.settled) == 1


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        (PURL, True),
        ("pkg:generic/curl@8.3.0?arch=arm", True),
        ("pkg:deb/debian/curl@8.3.0", False),
        ("cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*", True),
        ("cpe:2.3:a:other:curl:8.3.0:*:*:*:*:*:*:*", False),
        ("curl", False),
    ],
)
def test_of_what_a_name_speaks(name, meant):
    assert speaks_of(name, CURL) is meant


@pytest.mark.parametrize(
    ("said", "speaks"),
    [
        pytest.param(replace(WORDS, products=("pkg:generic/cam-1@1.0.0",)), True, id="our release"),
        pytest.param(replace(WORDS, products=("pkg:generic/cam-1",)), True, id="every release"),
        pytest.param(replace(WORDS, products=("pkg:generic/cam-1@9",)), False, id="another release"),
        pytest.param(WORDS, False, id="one of two carriers"),
        pytest.param(replace(WORDS, products=(PURL, ZLIB.purl)), True, id="both carriers"),
    ],
)
def test_whether_all_that_carries_it_is_spoken_of(said, speaks):
    assert speaks_of_all(said, "cam-1", ["1.0.0"], [CURL, ZLIB]) is speaks
    assert not speaks_of_all(WORDS, "cam-1", ["1.0.0"], [])


def test_what_a_supplier_fixed_is_not_there():
    decided = taken_over(replace(WORDS, status="fixed", justification=""), None, speaks=True)
    assert decided == ("not_affected", "vulnerable_code_not_present", "no open case of this flaw")
