"""Sessions: kept on the server, known by a random secret of which only the digest is stored.

A session ends after idleness, after its full life, when its owner or the lead ends it, and when the account's factors
or rights change. It gets a new secret at sign-in and whenever a factor is shown again, so that a secret planted or
seen before is worth nothing afterwards.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import NotFound, Unauthenticated
from careful.kernel.ids import new_id
from careful.kernel.settings import Settings
from careful.kernel.work import Work, World
from careful.people import secrets, store
from careful.people.events import SessionEnded, SignedIn
from careful.people.model import Session, SessionKind
from careful.people.queries import session_from
from careful.people.weighty import NEVER, is_fresh

ENROLLING_MINUTES = 60
KNOWN_BROWSER_DAYS = 90
_TOUCH = timedelta(minutes=1)
_BROWSER_LIMIT = 120


@dataclass(frozen=True, slots=True)
class Door:
    """Where somebody comes in: the address, what the browser calls itself, and its known-browser secret, if any."""

    source: str
    browser: str = ""
    known: str = ""


@dataclass(frozen=True, slots=True)
class Entrance:
    """A session that began: its secret for the cookie, and the browser's long-lived proof of having been here."""

    secret: str
    session: str
    known: str = ""


def actor_of(session: Session) -> Actor:
    """Return who acts in this session."""
    return Actor("staff", session.account)


def open_session(work: Work, account: str, kind: SessionKind, how: str, door: Door, *, proved: bool = True) -> Entrance:
    """Begin a session inside the caller's work; `proved` False when a stronger factor than the one shown exists."""
    secret, session = secrets.new_secret(), new_id()
    store.add(
        work.connection,
        store.sessions,
        {
            "id": session,
            "digest": secrets.digest(secret),
            "account": account,
            "kind": kind,
            "created_at": work.now,
            "seen_at": work.now,
            "proved_at": work.now if proved else NEVER,
            "browser": door.browser[:_BROWSER_LIMIT],
            "source": door.source[:64],
            "draft_hash": None,
            "draft_sealed": None,
        },
    )
    work.record(SignedIn(account=account, session=session, how=how))
    return Entrance(secret, session)


def find(world: World, secret: str, *, touch: bool = True) -> Session:
    """Return the session of a cookie. Raises Unauthenticated when it is unknown, idle, too old or disabled.

    `touch` False looks without counting as activity, for what the browser does by itself.
    """
    now = world.clock.now()
    with world.look() as connection:
        row = store.session_row(connection, secrets.digest(secret))
    if row is None or row.state == "disabled" or not _alive(row.kind, row.created_at, row.seen_at, world.settings, now):
        raise Unauthenticated("You are not signed in, or your session has ended.", do="Sign in.")
    if touch and now - row.seen_at >= _TOUCH:
        with world.change(Actor("staff", row.account)) as work:
            store.change_session(work.connection, row.id, {"seen_at": work.now})
    return session_from(row)


def has_recent_proof(session: Session, now: datetime) -> bool:
    """Tell whether the person showed a factor lately enough for something weighty."""
    return session.kind == "enrolling" or is_fresh(session.proved_at, now)


def need_recent_proof(session: Session, now: datetime) -> None:
    """Raise Unauthenticated unless the person showed a factor in the last ten minutes."""
    if not has_recent_proof(session, now):
        raise Unauthenticated("This needs a fresh proof that it is you.", do="Show your passkey or code again.")


def rotate(work: Work, session: str, *, kind: SessionKind = "full") -> str:
    """Give the session a new secret, mark it as freshly proved, forget drafts; return the secret."""
    secret = secrets.new_secret()
    store.change_session(
        work.connection,
        session,
        {
            "digest": secrets.digest(secret),
            "kind": kind,
            "seen_at": work.now,
            "proved_at": work.now,
            "draft_hash": None,
            "draft_sealed": None,
        },
    )
    return secret


def end_in(work: Work, account: str, why: str, *, only: str | None = None, but: str | None = None) -> int:
    """End sessions of an account inside the caller's work; return how many."""
    ended = store.end_sessions(work.connection, account, only=only, but=but)
    work.record(*(SessionEnded(account=account, session=session, why=why) for session in ended))
    return len(ended)


def sign_out(world: World, session: Session) -> None:
    """End one's own session."""
    with world.change(actor_of(session)) as work:
        end_in(work, session.account, "signed-out", only=session.id)


def end_session(world: World, actor: Actor, account: str, session: str) -> None:
    """End one session of an account. Raises NotFound when it is not that account's, or over already."""
    with world.change(actor) as work:
        if not end_in(work, account, "ended", only=session):
            raise NotFound("That session is over already.")


def end_other_sessions(world: World, session: Session) -> int:
    """End all of one's sessions but this one; return how many."""
    with world.change(actor_of(session)) as work:
        return end_in(work, session.account, "ended", but=session.id)


def end_all_sessions(world: World, actor: Actor, account: str) -> int:
    """End all sessions of an account; return how many."""
    with world.change(actor) as work:
        return end_in(work, account, "ended")


def sweep(world: World) -> int:
    """Delete the rows of sessions, challenges and browsers that time has ended; return how many. A chore."""
    now, limits = world.clock.now(), world.settings
    spans = {
        "created_before": now - timedelta(hours=limits.session_hours),
        "seen_before": now - timedelta(minutes=limits.session_idle_minutes),
        "browsers_before": now - timedelta(days=KNOWN_BROWSER_DAYS),
    }
    with world.look() as connection:
        if not store.count_old(connection, now=now, **spans):
            return 0  # nothing over: no write lock for nothing
    with world.change(SYSTEM) as work:
        return store.forget_old(work.connection, now=now, **spans)


def _alive(kind: SessionKind, created: datetime, seen: datetime, settings: Settings, now: datetime) -> bool:
    whole = timedelta(hours=settings.session_hours) if kind == "full" else timedelta(minutes=ENROLLING_MINUTES)
    return now - created < whole and now - seen < timedelta(minutes=settings.session_idle_minutes)
