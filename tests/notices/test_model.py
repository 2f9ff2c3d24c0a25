"""What an owner is told: named cases. "Fine" only when everything is known."""

from datetime import date

import pytest
from notices_sample import ADVISORY

from careful.notices.model import advisory_id, answer, default_action, default_summary, default_title
from careful.notices.plain_language import read

BASE = {
    "model": "HC-100",
    "version": "1.0.1",
    "newest": "1.0.1",
    "known_versions": ("1.0.0", "1.0.1"),
    "advisories": (ADVISORY,),
    "support_until": date(2034, 3, 31),
    "today": date(2026, 11, 2),
    "feeds_fresh": True,
}


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        pytest.param({}, "fine", "newest version", id="newest and watched"),
        pytest.param({"feeds_fresh": False}, "unknown", "not been able to check", id="a stopped feed is not fine"),
        pytest.param({"version": "1.0.0"}, "act", "It has a flaw", id="affected"),
        pytest.param({"version": "1.0.0", "advisories": ()}, "update", "1.0.1, is out", id="older, not affected"),
        pytest.param({"version": "9.9"}, "unknown", "do not know version 9.9", id="not ours"),
        pytest.param({"support_until": date(2026, 1, 5)}, "ended", "5 January 2026", id="support has ended"),
        pytest.param(
            {"version": "1.0.0", "support_until": date(2026, 1, 5)}, "act", "flaw", id="a notice outlives support"
        ),
    ],
)
def test_answer(change, state, words):
    found = answer(**{**BASE, **change})
    assert found.state == state
    assert words in found.says
    assert found.do


def test_ids():
    assert advisory_id(2026, 7) == "CAREFUL-2026-0007"


@pytest.mark.parametrize(
    ("fixed_in", "planned", "says"),
    [
        ("1.0.1", True, "It updates itself to version 1.0.1."),
        (None, True, "It updates itself as soon as the fix is ready."),
        (None, False, "No update is planned for this."),
    ],
)
def test_what_to_do_is_true_and_plain(fixed_in, planned, says):
    action = default_action("Hearth Cam 1", fixed_in, planned=planned)
    assert says in action
    assert read("It has a flaw.", action, "Hearth Cam 1").problems == ()


def test_the_subject_promises_no_more_than_there_is():
    assert default_title("Cam", "CVE-1", "1.0.1") == default_title("Cam", "CVE-1", None)
    assert default_title("Cam", "CVE-1", None) == "Cam: security update (CVE-1)"
    assert "update" not in default_title("Cam", "CVE-1", None, planned=False)


@pytest.mark.parametrize("exploited", [True, False])
def test_the_number_of_a_flaw_is_explained(exploited):
    words = default_summary("Hearth Cam 1", "CVE-2023-4863", exploited=exploited)
    assert words.endswith("Experts list it under the number CVE-2023-4863.")
    assert read(words, default_action("Hearth Cam 1", None), "Hearth Cam 1").problems == ()
