"""Which inbox an installation has: the file in its data folder, or a JetStream cluster."""
# ruff: noqa: PLC0415 (the client of a cluster is loaded only where there is one)

from careful.kernel.inbox import Inbox, SqliteInbox
from careful.kernel.work import World


def open_inbox(world: World, days: int | None = None) -> Inbox:
    """Open the inbox that the settings name; `days`: delete nothing sooner, where something is kept for longer.

    Raises Unavailable where it does not answer, Refused where it is unfit.
    """
    if not world.settings.inbox:
        return SqliteInbox(world.home, world.clock, days=max(world.settings.inbox_days, days or 0))
    from careful.kernel.inbox_jetstream import JetStreamInbox

    return JetStreamInbox(world.settings)
