"""Auditors are auditors for a time only: ninety days after they became one the role lapses by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from careful.kernel.actors import SYSTEM
from careful.kernel.work import World
from careful.people import rights_store, store
from careful.people.events import RolesChanged
from careful.people.sessions import end_in

ROLE = "auditor"
DAYS = timedelta(days=90)


def box_auditors(world: World) -> int:
    """Begin the time of new auditors, and take the role from those whose time is over; return how many. A chore."""
    now = world.clock.now()
    with world.look() as connection:
        due = [one for one in rights_store.boxes(connection) if _is_due(one.roles, one.auditor_until, now)]
    if not due:
        return 0
    ended = 0
    with world.change(SYSTEM) as work:
        for one in rights_store.boxes(work.connection):
            if ROLE not in one.roles:
                store.change_account(work.connection, one.id, {"auditor_until": None})
            elif one.auditor_until is None:
                store.change_account(work.connection, one.id, {"auditor_until": work.now + DAYS})
            elif one.auditor_until <= work.now:
                left = tuple(role for role in one.roles if role != ROLE)
                store.change_account(work.connection, one.id, {"roles": list(left), "auditor_until": None})
                end_in(work, one.id, "rights-changed")
                work.record(RolesChanged(account=one.id, roles=left))
                ended += 1
    return ended


def _is_due(roles: Sequence[str], until: datetime | None, now: datetime) -> bool:
    return until is None or until <= now if ROLE in roles else until is not None
