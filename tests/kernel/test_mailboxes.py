"""Which mailbox there is follows from the database, and whatever is sent arrives in it."""

from dataclasses import replace

from careful.kernel import mailboxes
from careful.kernel.mailbox import Mailbox


def test_what_is_sent_arrives(world):
    box = mailboxes.open_mailbox(world)
    assert isinstance(box, Mailbox) == world.database.is_sqlite
    before = box.newest()
    number = mailboxes.send_down(world, "d1", "down/blink", b"{}")
    mailboxes.set_desired(world, "d2", b'{"led":1}')
    assert box.devices_after(before) == {"d1", "d2"}
    assert [one.number for one in box.fetch("d1", 0, retained=False)[0]] == [number]
    assert [one.payload for one in box.fetch("d2", 0, retained=True)[0]] == [b'{"led":1}']
    box.close()


def test_in_a_database_two_machines_have_one(world, tmp_path):
    if world.database.is_sqlite:
        return
    (tmp_path / "other").mkdir()
    other = replace(world, home=tmp_path / "other")
    mailboxes.send_down(world, "d1", "down/blink", b"{}")
    assert len(mailboxes.open_mailbox(other).fetch("d1", 0, retained=False)[0]) == 1
