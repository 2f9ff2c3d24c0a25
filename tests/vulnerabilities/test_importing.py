"""What a document decides of a product's cases: all carriers, all releases, and nothing against what is decided."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from careful.releases import Found
from careful.vulnerabilities.importing import Carrier, Known, take, translated
from careful.vulnerabilities.model import Case, Proposal
from careful.vulnerabilities.said.model import About, Document, Said, Thing
from careful.vulnerabilities.vex import Statement

NOW = datetime(2026, 11, 1, tzinfo=UTC)
OLD = Found(name="pillow", version="9.0.0", purl="pkg:pypi/pillow@9.0.0")
NEW = Found(name="pillow", version="10.0.0", purl="pkg:pypi/pillow@10.0.0")
CASE = Case(
    id="c1", flaw="CVE-1", product="cam-1", title="", severity="high", exploited=False, state="open", status=None,
    justification=None, statement="", action="", releases=("1.0.0", "1.0.1"), fixed_in=None, opened_at=NOW, due=NOW,
    judged_at=None, review=None, closed_at=None,
)  # fmt: skip
BOTH = (Carrier("1.0.0", OLD), Carrier("1.0.1", NEW))
WHY = "vulnerable_code_not_present"
DECIDED = replace(CASE, status="not_affected", justification=WHY)
PROPOSED = replace(
    CASE,
    proposal=Proposal(
        status="not_affected", justification=WHY, statement="", action="", until=None, people=("ann",), by="ann", at=NOW
    ),
)


def ours(*versions, status="not_affected"):
    fields = {"statement": "", "action": "", "severity": "high", "exploited": False, "fixed_in": "", "components": ()}
    reason = WHY if status == "not_affected" else ""
    return {
        one: Statement(flaw="CVE-1", version=one, status=status, justification=reason, at=NOW, **fields)
        for one in versions
    }


def said(name, status="not_affected", flaw="CVE-1", inside="", justification=WHY, **more):
    one = About(Thing((inside,)), Thing((name,))) if inside else About(Thing((name,)))
    return Said("$", (flaw,), (one,), status, justification if status == "not_affected" else "", **more)


def taken(*statements, case=CASE, carriers=BOTH, mine=None):
    document = Document("OpenVEX", "id", "P", NOW, statements)
    return take(document, "cam-1", [Known(case, carriers, mine or {})])


PILLOW, ONLY_OLD, ONLY_NEW = "pkg:pypi/pillow", "pkg:pypi/pillow@9.0.0", "pkg:pypi/pillow@10.0.0"
CAM, FIRST, SECOND, THIRD = (f"pkg:generic/cam-1{end}" for end in ("", "@1.0.0", "@1.0.1", "@1.0.2"))
LEFT = "it does not speak of all that carries the flaw: pillow"


@pytest.mark.parametrize(
    ("statements", "outcomes", "decided"),
    [
        pytest.param([said(PILLOW)], ["applied"], True, id="every version"),
        pytest.param([said(ONLY_OLD)], ["refused"], False, id="one of two"),
        pytest.param([said(ONLY_OLD), said(ONLY_NEW)], ["applied", "applied"], True, id="one after the other"),
        pytest.param([said(ONLY_OLD), said(ONLY_NEW, "affected")], ["refused", "refused"], False, id="differing"),
        pytest.param([said(CAM)], ["applied"], True, id="our product"),
        pytest.param([said(FIRST)], ["refused"], False, id="one of our releases"),
        pytest.param([said(FIRST), said(SECOND)], ["applied", "applied"], True, id="each of our releases"),
        pytest.param([said(ONLY_OLD, inside=FIRST), said(ONLY_NEW, inside=SECOND)], ["applied"] * 2, True, id="in it"),
        pytest.param([said(PILLOW, inside="pkg:generic/lock-1")], ["unmatched"], False, id="in another product"),
        pytest.param([said(PILLOW, inside=FIRST)], ["refused"], False, id="in one release alone"),
        pytest.param([said("pkg:pypi/wheel")], ["unmatched"], False, id="another component"),
        pytest.param([said(PILLOW, flaw="CVE-2")], ["unmatched"], False, id="another flaw"),
        pytest.param([said(PILLOW, flaw="cve-1")], ["applied"], True, id="small letters"),
        pytest.param([said(PILLOW, justification="because")], ["refused"], False, id="no justification that is known"),
        pytest.param([said(PILLOW, why_not="no")], ["refused"], False, id="refused before"),
        pytest.param([said(PILLOW), said(PILLOW, "affected")], ["refused", "refused"], False, id="contradiction"),
        pytest.param([said(PILLOW, at=NOW), said(PILLOW, "affected")], ["applied", "refused"], True, id="the latest"),
        pytest.param([said(f"{PILLOW}?arch=arm")], ["refused"], False, id="an architecture that nobody states"),
    ],
)
def test_what_is_decided(statements, outcomes, decided):
    found = taken(*statements)
    assert [one.outcome for one in found.lines] == outcomes, found.lines
    assert bool(found.decided) is decided


@pytest.mark.parametrize(
    ("case", "status", "outcome", "reason"),
    [
        (DECIDED, "not_affected", "applied", "to case c1, which says so already"),
        (DECIDED, "affected", "refused", "it is decided already: not_affected"),
        (replace(DECIDED, state="closed"), "affected", "refused", "the case is closed: not_affected"),
        (PROPOSED, "not_affected", "refused", "a decision is proposed and waits for a second person"),
        (replace(CASE, exploited=True), "not_affected", "refused", "it is exploited in the wild: a person must decide"),
        (replace(CASE, exploited=True), "affected", "applied", "to case c1"),
    ],
)
def test_nothing_goes_against_what_is_decided(case, status, outcome, reason):
    (line,) = taken(said(PILLOW, status), case=case).lines
    assert (line.outcome, line.reason) == (outcome, reason)


def test_what_we_say_ourselves_release_by_release_is_applied():
    """As our own files say it: the older releases are affected, the mended one is fixed."""
    case = replace(CASE, status="fixed", fixed_in="1.0.2", state="closed")
    lines = taken(
        said(FIRST, "affected"), said(SECOND, "affected"), said(THIRD, "fixed"), said(THIRD, "affected"),
        case=case, mine=ours("1.0.0", "1.0.1", status="affected"),
    ).lines  # fmt: skip
    assert [one.outcome for one in lines] == ["applied", "applied", "applied", "unmatched"]
    assert lines[2].reason == "1.0.2 does not have it"


def test_what_a_supplier_fixed_is_not_there():
    assert translated(said(PILLOW, "fixed")) == ("not_affected", WHY)
    assert translated(said(PILLOW, "affected")) == ("affected", "")
