"""Which rights ask for a fresh proof, and how long one lasts."""

from datetime import UTC, datetime, timedelta

import pytest

from careful.people.roles import VERBS
from careful.people.weighty import NEVER, PROOF_MINUTES, WEIGHTY, is_fresh, weighs

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_every_weighty_right_is_a_right() -> None:
    assert {(resource, verb) for resource, verb in WEIGHTY if verb not in VERBS.get(resource, ())} == set()


@pytest.mark.parametrize(
    ("right", "asked"),
    [
        ("releases:sign", True),
        ("rollouts:start", True),
        ("watch:cut", True),
        ("evidence:export", True),
        ("staff:change", True),
        ("rollouts:halt", False),  # stopping harm never waits
        ("devices:quarantine", False),  # one device at a time
        ("releases:read", False),
        ("nothing:known", False),
    ],
)
def test_what_weighs(right: str, asked: bool) -> None:
    resource, verb = right.split(":")
    assert weighs(resource, verb) is asked


@pytest.mark.parametrize(
    ("ago", "fresh"),
    [
        (timedelta(0), True),
        (timedelta(minutes=PROOF_MINUTES), True),
        (timedelta(minutes=PROOF_MINUTES, microseconds=1), False),
        (timedelta(seconds=-1), False),
        (NOW - NEVER, False),
    ],
)
def test_a_proof_lasts_ten_minutes(ago: timedelta, fresh: bool) -> None:
    assert is_fresh(NOW - ago, NOW) is fresh
