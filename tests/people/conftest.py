"""People under test: cheap hashing and a first administrator with password and TOTP."""

from collections.abc import Callable, Iterator

import persons
import pytest

from careful import people
from careful.kernel.clock import ManualClock
from careful.kernel.work import World


@pytest.fixture(autouse=True)
def _cheap_hashing() -> Iterator[None]:
    with persons.cheap_hashing():
        yield


@pytest.fixture
def ann(world: World, clock: ManualClock) -> persons.Person:
    """The first administrator."""
    return persons.enrol(world, clock, people.first_link(world))


@pytest.fixture
def second(world: World, clock: ManualClock, ann: persons.Person) -> Callable[..., persons.Person]:
    """Invite somebody else."""

    def invite(email: str, *roles: str) -> persons.Person:
        link = people.invite(world, people.actor_of(ann.session), roles or ("firmware-engineer",))
        return persons.enrol(world, clock, link, email, "Bob")

    return invite
