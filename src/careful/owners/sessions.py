"""Owners' sessions: kept here, found by the digest of a cookie, short, and over when nothing is theirs any more."""

from datetime import timedelta

from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Unauthenticated
from careful.kernel.work import World
from careful.owners import store
from careful.owners.events import OwnerSessionEnded
from careful.owners.links import digest
from careful.owners.model import LONGEST, SESSION_LIVES, Session

_TOUCH = timedelta(minutes=1)


def find_session(world: World, secret: str) -> Session:
    """Return the session of a cookie. Raises Unauthenticated for one that is unknown, idle or too old."""
    now = world.clock.now()
    with world.look() as connection:
        found = store.find_session(connection, digest(secret))
    if found is None or not found.lives(now, _idle(world)):
        raise Unauthenticated("Your visit is over, or has not begun.", do="Ask for a link by e-mail.")
    if now - found.seen_at >= _TOUCH:
        with world.change(Actor("owner", found.owner)) as work:
            store.see(work.connection, found.id, work.now)
    return found


def end_visit(world: World, session: Session) -> None:
    """End one's session."""
    with world.change(Actor("owner", session.owner)) as work:
        ended = store.end_sessions(work.connection, session.owner, only=session.id)
        work.record(*(OwnerSessionEnded(owner=session.owner, session=one) for one in ended))


def sweep(world: World) -> int:
    """Delete links, sessions and tries that time has ended; return how many. A chore for the worker."""
    now = world.clock.now()
    spans = {"now": now, "attempts": now - LONGEST, "created": now - SESSION_LIVES, "seen": now - _idle(world)}
    with world.look() as connection:
        if not store.count_old(connection, **spans):
            return 0
    with world.change(SYSTEM) as work:
        return store.forget_old(work.connection, **spans)


def _idle(world: World) -> timedelta:
    return timedelta(minutes=world.settings.owner_idle_minutes)
