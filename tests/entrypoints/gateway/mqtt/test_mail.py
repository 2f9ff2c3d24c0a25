"""What sessions ask of the mailbox, with a real one: in order, each answered, failures told."""

import asyncio
from types import SimpleNamespace

import pytest

from careful.entrypoints.gateway.mqtt.events import (
    Cut,
    Delivered,
    DownMessages,
    Fetch,
    Join,
    Joined,
    Keep,
    Leave,
    NotLetIn,
    Received,
    Stored,
)
from careful.entrypoints.gateway.mqtt.mail import Mail
from careful.entrypoints.gateway.mqtt.places import Places
from careful.kernel import mailbox
from careful.kernel.mailbox import Mailbox


def run(home, story, now=lambda: 100.0):
    """Tell a story; return the events that came back."""
    events = []
    connection = SimpleNamespace(session=SimpleNamespace(device="a", phase="live"), feed=events.append)

    async def main():
        box = Mailbox(home)
        mail = Mail(asyncio.get_running_loop(), box, Places(box, shared=False), now)
        story(mail, connection, box)
        await mail.finish()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        box.close()

    asyncio.run(main())
    return events


def test_a_session_is_kept_found_and_forgotten(tmp_path):
    def keep(mail, connection, _box):
        mail.join(connection, Join(False, 60.0))
        mail.perform(connection, Keep(1, {"d/a/#": 2}))

    def find(mail, connection, _box):
        mail.join(connection, Join(False, 60.0))

    assert run(tmp_path, keep) == [Joined(None), Stored((1,))]
    assert run(tmp_path, find) == [Joined({"d/a/#": 2})]
    assert run(tmp_path, lambda mail, connection, _: mail.join(connection, Join(True, 0.0))) == [Joined(None)]
    assert run(tmp_path, find) == [Joined(None)]


@pytest.mark.parametrize(("lasts", "later", "kept"), [(60.0, 159.0, {}), (60.0, 160.0, None), (0.0, 101.0, None)])
def test_a_session_ends_in_its_time(tmp_path, lasts, later, kept):
    def leave(mail, connection, _box):
        mail.join(connection, Join(False, lasts))
        mail.perform(connection, Leave(lasts))

    run(tmp_path, leave)
    found = run(tmp_path, lambda mail, connection, _: mail.join(connection, Join(False, 60.0)), lambda: later)
    assert found == [Joined(kept)]


def test_what_was_received_is_fetched_as_such(tmp_path):
    number = mailbox.enqueue_down(tmp_path, "a", "down/x", b"1")

    def story(mail, connection, _box):
        mail.perform(connection, Fetch(0))
        mail.perform(connection, Received(5, number))
        mail.perform(connection, Fetch(0))
        mail.perform(connection, Delivered(number))
        mail.perform(connection, Fetch(0))

    events = run(tmp_path, story)
    first, stored, second, third = events
    assert [(one.again, one.received) for one in first.messages] == [(False, False)]
    assert stored == Stored((5,))
    assert [(one.again, one.received) for one in second.messages] == [(True, True)]
    assert third == DownMessages(())


def test_a_mailbox_that_does_not_answer(tmp_path):
    def story(mail, connection, box):
        box.close()
        mail.perform(connection, Fetch(0))
        connection.session.phase = "joining"
        mail.join(connection, Join(False, 0.0))

    first, second = run(tmp_path, story)
    assert isinstance(first, (Cut, NotLetIn))
    assert second == NotLetIn(3, "the mailbox does not answer")
