"""What a person is told of attempts at their account."""

from datetime import UTC, datetime, timedelta

import pytest
from persons import Person

from careful import people
from careful.kernel.errors import Unauthenticated
from careful.kernel.ledger import Entry
from careful.people.attempts import due

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
STRANGER = people.Door("198.51.100.9", "Somebody")


def entry(name: str, hours_ago: float, account: str = "a") -> Entry:
    at = NOW - timedelta(hours=hours_ago)
    return Entry(0, at, "stranger", f"people.{name}", f"staff/{account}", {"account": account, "reason": "password"})


def refused(*hours_ago: float, account: str = "a") -> list[Entry]:
    return [entry("sign_in_refused", one, account) for one in hours_ago]


@pytest.mark.parametrize(
    ("entries", "counted"),
    [
        pytest.param([], {}, id="nothing recorded"),
        pytest.param(refused(1, 2), {}, id="two are somebody's own mistakes"),
        pytest.param(refused(1, 2, 3), {"a": 3}, id="three are worth a word"),
        pytest.param(refused(25, 26, 27), {}, id="too old"),
        pytest.param([*refused(1), *refused(1, 1, 1, account="b")], {"b": 3}, id="each account for itself"),
        pytest.param([*refused(1, 1, 1), entry("attempts_told", 2), *refused(3)], {}, id="told today"),
        pytest.param([*refused(1, 1, 1), entry("attempts_told", 24), *refused(25)], {"a": 3}, id="told yesterday"),
        pytest.param([entry("attempts_told", 30), *refused(1, 1, 1)], {}, id="told after all of them"),
    ],
)
def test_who_is_told(entries: list[Entry], counted: dict[str, int]) -> None:
    assert {one.account: one.count for one in due(entries, NOW)} == counted


def test_a_persons_own_attempts_are_shown_to_them(ann: Person) -> None:
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            ann.sign_in(STRANGER, password="guess")
    with pytest.raises(Unauthenticated):
        ann.sign_in(STRANGER, email="nobody@example.org", password="guess")
    assert [reason for _, reason in people.attempts_at(ann.world, ann.id)] == ["password"] * 3
    assert [(one.account, one.count) for one in people.untold_attempts(ann.world)] == [(ann.id, 3)]
