"""Which inbox is opened: the file, unless the settings name a cluster."""

from careful.kernel.inbox import FILE, SqliteInbox
from careful.kernel.inboxes import open_inbox


def test_without_a_setting_it_is_the_file(world):
    opened = open_inbox(world)
    assert isinstance(opened, SqliteInbox)
    assert (world.home / FILE).exists()
    opened.close()
