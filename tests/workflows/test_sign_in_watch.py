"""People hear of attempts at their account, once."""

from datetime import timedelta

import persons
import pytest

from careful import notices, people
from careful.kernel import outbox
from careful.kernel.clock import ManualClock
from careful.kernel.errors import TooMany, Unauthenticated
from careful.kernel.work import World
from careful.workflows import sign_in_watch


def guess(world: World, times: int) -> None:
    for number in range(times):
        door = people.Door(f"198.51.100.{number}", "Somebody")
        with pytest.raises((Unauthenticated, TooMany)):
            people.sign_in(world, email="ann@example.org", password="guess", code="000000", door=door)


def test_one_mail_for_many_attempts_and_none_for_a_mistake(world: World, clock: ManualClock) -> None:
    with persons.cheap_hashing():
        persons.enrol(world, clock, people.first_link(world))
        guess(world, 2)
        assert sign_in_watch.tell(world) == 0
        guess(world, 2)
        assert [sign_in_watch.tell(world), sign_in_watch.tell(world)] == [1, 0]
        clock.advance(timedelta(hours=2))
        guess(world, 3)
        assert sign_in_watch.tell(world) == 0  # one mail a day
        sent: list[outbox.Message] = []
        outbox.deliver(world, {notices.STAFF_MAIL: lambda _, message: sent.append(message)})
    assert [(one.payload["to"], "4 attempts" in one.payload["body"]) for one in sent] == [("ann@example.org", True)]
