"""Drafts: what is known stands there, what nobody knows is named."""

import hashlib
from datetime import UTC, datetime

from careful.obligations import clocks, drafts
from careful.obligations.model import Applies, Entry

T0 = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
DUTIES = {one.id: one for one in clocks.pack()}


def known(**change):
    fields = {
        "maker": "Hearth", "kind": "exploited", "drill": False, "title": "CVE-1 in cam-1", "what": "A bad read.",
        "why_severe": "", "items": (drafts.Item("cam-1", "Hearth Cam 1", ("HC-100",), ("DE", "US")),),
        "versions": ("1.0.0",), "flaw": "CVE-1", "severity": "high", "exploited_heard": T0, "exploited_says": "",
        "aware": (Entry("aware", T0, "A feed said so.", "system:careful", T0),),
        "measures": (Entry("measure", T0, "Release 1.0.1.", "system:careful", T0),), "user_action": "Update.",
        "exposed": {"1.0.0": 3}, "applies": Applies("yes", "It binds."),
    }  # fmt: skip
    return drafts.Known(**(fields | change))


def test_an_early_warning_is_filled_in():
    made = drafts.draft(DUTIES["exploited-early-warning"], known())
    assert made.gaps == ()
    for said in ("Hearth Cam 1 (cam-1, model HC-100)", "CVE-1", "1.0.0", "Hearth Cam 1: DE", "2026-11-02 09:00 UTC"):
        assert said in made.text
    assert made.sha256 == hashlib.sha256(made.text.encode()).hexdigest()


def test_what_nobody_knows_is_a_gap():
    made = drafts.draft(DUTIES["exploited-notification"], known())
    assert "General nature of the exploit" in made.gaps
    assert made.text.count(drafts.GAP) == len(made.gaps) == 2
    assert "3 devices (3 on 1.0.0)" in made.text


def test_blank_markets_are_a_gap_and_not_none():
    item = drafts.Item("cam-1", "Cam", (), None)
    made = drafts.draft(DUTIES["exploited-early-warning"], known(items=(item,)))
    assert any("Member States" in gap for gap in made.gaps)


def test_unrated_severity_is_a_gap():
    assert "Its severity" in drafts.draft(DUTIES["exploited-final"], known(severity="unknown")).gaps


def test_a_rehearsal_says_so_first_and_last():
    lines = drafts.draft(DUTIES["incident-final"], known(kind="incident", drill=True, flaw=None)).text.splitlines()
    assert lines[0] == lines[-1] == drafts.DRILL


def test_doubt_whether_the_law_binds_stands_in_the_text():
    made = drafts.draft(
        DUTIES["incident-notification"], known(kind="incident", applies=Applies("unknown", "Cannot tell."))
    )
    assert "Cannot tell." in made.text


def test_every_duty_can_be_drafted():
    for duty in DUTIES.values():
        made = drafts.draft(duty, known(kind=duty.kind))
        assert len(made.lines) >= 4 + len(duty.asks)
