"""What an owner may be given to read, and why not: named cases. The grades are fixed so that they never drift."""

import pytest

from careful.notices.model import default_action, default_summary
from careful.notices.plain_language import grade, read, sentences, syllables

VENDOR = (
    "A stack-based buffer overflow vulnerability in the authentication component permits an unauthenticated attacker "
    "with adjacent network access to achieve remote code execution via a specially crafted payload."
)


def test_the_defaults_are_fit_to_publish():
    summary = default_summary("Hearth Cam 1", "CVE-2023-4863", exploited=True)
    assert read(summary, default_action("Hearth Cam 1", "1.0.1"), "Hearth Cam 1").problems == ()
    assert read(summary, default_action("Hearth Cam 1", None), "Hearth Cam 1").problems == ()


@pytest.mark.parametrize(
    ("summary", "action", "words"),
    [
        pytest.param(VENDOR, "Update your Hearth Cam 1.", "Reads at grade", id="a vendor's advisory"),
        pytest.param(VENDOR, "Update your Hearth Cam 1.", "Longest sentence", id="one long sentence"),
        pytest.param(
            "A TOCTOU flaw is in it.", "Update your Hearth Cam 1.", "'toctou' is not for customers", id="jargon"
        ),
        pytest.param("There is a flaw.", "", "no 'what to do' line", id="nothing to do"),
        pytest.param("There is a flaw.", "Update it.", "never says 'Hearth Cam 1'", id="which product"),
        pytest.param("Now 20 % off.", "Update your Hearth Cam 1.", "nothing to buy", id="an offer"),
    ],
)
def test_refused_with_a_reason(summary, action, words):
    assert any(words in problem for problem in read(summary, action, "Hearth Cam 1").problems)


def test_ids_do_not_count_as_prose():
    assert sentences("See CVE-2023-4863 in 1.0.1. Go.") == [["See", "it", "in", "it"], ["Go"]]


def test_a_list_item_is_a_sentence():
    assert len(sentences("One thing\nAnother thing\nA third")) == 3


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("cat", 1),
        ("update", 2),
        ("connected", 3),
        ("security", 4),
        ("device", 2),
        ("the", 1),
        ("moved", 1),
        ("people", 2),
    ],
)
def test_syllables(word, number):
    assert syllables(word) == number


@pytest.mark.parametrize(
    ("text", "level"),
    [
        pytest.param("The cat sat on the mat.", -1.4, id="6 words, 6 syllables"),
        pytest.param("", 0.0, id="nothing"),
        pytest.param(VENDOR, 22.9, id="27 words, 64 syllables counted by hand"),
    ],
)
def test_fixed_grades(text, level):
    assert grade(text) == pytest.approx(level, abs=0.5)
