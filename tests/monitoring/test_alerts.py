"""Grouping, what a person's word covers, and how many may be cut off."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.monitoring.alerts import Alert, Expectation, Seen, by_cause, harder, may_cut
from careful.monitoring.model import Detection

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def seen(device="d1", cause="flood|cam-9|messages", release="1.0.0", product="cam-9"):
    return Seen(Detection("flood", device, 1.0, 9, 1, "baseline", "Much.", cause, "alert"), product, release)


def word(scope="device", value="d1", **what):
    given = {
        "id": "e", "alert": "a", "rule": "flood", "cause": "flood|cam-9|messages", "product": "cam-9", "why": "test",
        "until": NOW + timedelta(days=1), "by": "staff/ann", "made_at": NOW, "ended_at": None, "times": 0,
    } | what  # fmt: skip
    return Expectation(scope=scope, value=value, **given)


CASES = {
    "this device": (word(), seen(), True),
    "another device": (word(), seen("d2"), False),
    "another cause": (word(), seen(cause="flood|cam-9|packets"), False),
    "this release": (word("release", "1.0.0"), seen("d2"), True),
    "another release": (word("release", "1.0.0"), seen("d2", release="1.0.1"), False),
    "no release known": (word("release", "1.0.0"), seen("d2", release=None), False),
    "this product": (word("product", "cam-9"), seen("d2", release="1.0.1"), True),
    "another product": (word("product", "cam-9"), seen(product="lock-9"), False),
    "after its end": (word(until=NOW), seen(), False),
    "taken back": (word(ended_at=NOW), seen(), False),
}


@pytest.mark.parametrize("case", CASES)
def test_a_word_covers_what_it_says_and_nothing_else(case):
    expectation, one, covers = CASES[case]
    assert expectation.covers(one, NOW) is covers


@pytest.mark.parametrize(
    ("fleet", "cut", "percent", "least", "room"),
    [
        (50, 0, 1, 5, 5),
        (50, 3, 1, 5, 2),
        (50, 9, 1, 5, 0),
        (10_000, 0, 1, 5, 100),
        (10_000, 40, 1, 5, 60),
        (0, 0, 0, 0, 0),
    ],
)
def test_how_many_may_be_cut_off(fleet, cut, percent, least, room):
    assert may_cut(fleet, cut, percent, least) == room


@given(st.integers(0, 10**6), st.integers(0, 10**4), st.floats(0, 100), st.integers(0, 100))
def test_what_was_cut_off_and_what_may_be_never_exceed_the_share(fleet, cut, percent, least):
    assert may_cut(fleet, cut, percent, least) <= max(least, fleet * percent / 100)
    assert may_cut(fleet, cut + 1, percent, least) <= may_cut(fleet, cut, percent, least)


@given(st.permutations([seen(f"d{number}", f"flood|cam-9|{number % 3}") for number in range(9)]))
def test_groups_do_not_depend_on_order(found):
    assert by_cause(found) == by_cause(sorted(found, key=lambda one: one.detection.device))


def test_the_harder_action_wins():
    assert harder("note", "quarantine") == "quarantine"
    assert harder("alert", "note") == "alert"


def test_what_an_alert_is_about():
    values = dict.fromkeys(Alert.__slots__, 0) | {"cause": "undeclared_destination|cam-9|evil.example:443/tcp"}
    assert Alert(**values).subject == "evil.example:443/tcp"
