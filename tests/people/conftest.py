"""People under test: cheap hashing and a first owner with password and TOTP."""

from collections.abc import Callable, Iterator

import argon2
import persons
import pytest

from careful import people
from careful.kernel.clock import ManualClock
from careful.kernel.work import World
from careful.people import passwords


@pytest.fixture(autouse=True)
def _cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The real algorithm with the smallest parameters: the strength of argon2id is not what these tests are about."""
    monkeypatch.setattr(passwords, "_hasher", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._decoy.cache_clear()
    yield
    passwords._decoy.cache_clear()


@pytest.fixture
def ann(world: World, clock: ManualClock) -> persons.Person:
    """The first owner."""
    return persons.enrol(world, clock, people.first_link(world))


@pytest.fixture
def second(world: World, clock: ManualClock, ann: persons.Person) -> Callable[..., persons.Person]:
    """Invite somebody else."""

    def invite(email: str, *roles: str) -> persons.Person:
        link = people.invite(world, people.actor_of(ann.session), roles or ("engineer",))
        return persons.enrol(world, clock, link, email, "Bob")

    return invite
