"""Which mailbox an installation has: the inbox's file, or PostgreSQL where that is the database."""

from careful.kernel import mailbox
from careful.kernel.mailbox import Box, Mailbox
from careful.kernel.mailbox_database import DatabaseMailbox
from careful.kernel.work import World


def open_mailbox(world: World) -> Box:
    """Open it, for use by one thread at a time."""
    return Mailbox(world.home) if world.database.is_sqlite else DatabaseMailbox(world.database)


def send_down(world: World, device: str, topic: str, payload: bytes) -> int:
    """Put a message (`topic` is `down/<name>`) in line for a device; raises as `mailbox.enqueue_down`."""
    if world.database.is_sqlite:
        return mailbox.enqueue_down(world.home, device, topic, payload)
    return DatabaseMailbox(world.database).put(device, topic, payload)


def set_desired(world: World, device: str, payload: bytes) -> None:
    """Set a device's desired state; an empty payload takes it back. Raises as `mailbox.set_desired`."""
    if world.database.is_sqlite:
        mailbox.set_desired(world.home, device, payload)
    else:
        DatabaseMailbox(world.database).set_desired(device, payload)
