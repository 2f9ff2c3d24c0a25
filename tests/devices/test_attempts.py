"""Holding back: by source, by token prefix, for ten minutes, remembering nobody."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from careful import devices
from careful.devices import attempts, store
from careful.kernel.clock import ManualClock
from careful.kernel.errors import TooMany, Unauthenticated
from careful.kernel.work import World


def guess(world: World, fleet: Any, source: str, token: str) -> None:
    with pytest.raises(Unauthenticated):
        devices.enrol(world, token, fleet.csr("cam-1-001"), None, source)


def test_one_source_that_guesses_is_held_back_and_others_are_not(
    world: World, clock: ManualClock, fleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "SOURCE_FAILURES", 3)
    token = fleet.token().token
    for number in range(3):
        guess(world, fleet, "192.0.2.1", f"{number}-guessed")
    with pytest.raises(TooMany) as held:
        devices.enrol(world, token, fleet.csr("cam-1-001"), None, "192.0.2.1")
    assert held.value.retry_after <= 600
    clock.advance(timedelta(minutes=10))
    assert devices.enrol(world, token, fleet.csr("cam-1-001"), None, "192.0.2.1")


def test_another_source_is_not_held_back(world: World, fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "SOURCE_FAILURES", 1)
    guess(world, fleet, "192.0.2.1", "guess")
    assert devices.enrol(world, fleet.token().token, fleet.csr("cam-1-001"), None, "192.0.2.2")


def test_guessing_on_from_many_sources_is_held_back_by_the_prefix(
    world: World, fleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "PREFIX_FAILURES", 3)
    prefix = fleet.token().token[:8]
    for number in range(3):
        guess(world, fleet, f"192.0.2.{number}", prefix + str(number))
    with pytest.raises(TooMany):
        devices.enrol(world, prefix + "x", fleet.csr("cam-1-001"), None, "198.51.100.1")


def test_success_counts_for_nothing(world: World, fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "SOURCE_FAILURES", 1)
    for number in range(3):
        name = f"cam-1-00{number}"
        assert devices.enrol(world, fleet.token(name).token, fleet.csr(name), None, "192.0.2.1")


def test_the_table_tells_neither_source_nor_token_and_is_emptied(world: World, clock: ManualClock, fleet: Any) -> None:
    guess(world, fleet, "192.0.2.1", "guessed-token")
    with world.look() as connection:
        rows = connection.execute(select(store.attempt)).all()
    assert len(rows) == 2
    assert "192.0.2.1" not in str(rows)
    assert "guessed" not in str(rows)
    clock.advance(timedelta(minutes=15))
    guess(world, fleet, "192.0.2.9", "another-guess")
    with world.look() as connection:
        assert len(connection.execute(select(store.attempt)).all()) == 2
