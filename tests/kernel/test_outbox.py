"""Messages leave once stored, are retried with pauses, and end on the shelf when nobody takes them."""

import contextlib
from datetime import timedelta

from careful.kernel import ledger, outbox
from careful.kernel.actors import SYSTEM
from careful.kernel.errors import Unavailable


def post(world, **how):
    with world.change(SYSTEM) as work:
        work.post("mail", {"to": "owner"}, **how)


def counts(world):
    with world.look() as connection:
        return outbox.counts(connection)


def test_delivered_once_and_the_payload_is_gone(world):
    post(world)
    seen = []
    handlers = {"mail": lambda _world, message: seen.append(dict(message.payload))}
    assert outbox.deliver(world, handlers) == 1
    assert outbox.deliver(world, handlers) == 0
    assert seen == [{"to": "owner"}]
    assert counts(world) == {"done": 1}
    with world.look() as connection:
        assert connection.execute(outbox.messages.select()).one().payload is None


def test_same_key_is_posted_once(world):
    post(world, key="k")
    post(world, key="k")
    assert counts(world) == {"waiting": 1}


def test_not_before_it_is_due(world, clock):
    post(world, due=clock.now() + timedelta(hours=1))
    handlers = {"mail": lambda _world, _message: None}
    assert outbox.deliver(world, handlers) == 0
    clock.advance(timedelta(hours=1))
    assert outbox.deliver(world, handlers) == 1


def test_retried_with_growing_pauses_then_shelved(world, clock):
    post(world)

    def fails(_world, _message):
        raise Unavailable("The mail server does not answer.")

    for attempt in range(1, outbox.MAX_ATTEMPTS):
        assert outbox.deliver(world, {"mail": fails}) == 0
        assert outbox.deliver(world, {"mail": fails}) == 0, "it rests before the next try"
        clock.advance(timedelta(seconds=2**attempt))
    assert outbox.deliver(world, {"mail": fails}) == 1
    assert counts(world) == {"shelved": 1}
    with world.look() as connection:
        (entry,) = ledger.read(connection)
    assert entry.name == "outbox.message_shelved"
    assert entry.data["attempts"] == outbox.MAX_ATTEMPTS


def test_a_lease_that_ran_out_is_taken_over(world, clock):
    post(world)

    def dies(_world, _message):
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        outbox.deliver(world, {"mail": dies})
    taken = {"mail": lambda _world, _message: None}
    assert outbox.deliver(world, taken) == 0, "somebody else may still be at it"
    clock.advance(timedelta(minutes=3))
    assert outbox.deliver(world, taken) == 1
