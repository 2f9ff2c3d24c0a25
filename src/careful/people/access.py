"""Ending somebody's access: every way in at once, inside whatever act it belongs to."""

from careful.kernel.work import Work
from careful.people import ways_in_store
from careful.people.events import AccessEnded
from careful.people.sessions import end_in


def end_access(work: Work, account: str, why: str) -> None:
    """End every session and take every way in away, inside the caller's work; it may run twice.

    Passkeys, password, authenticator, recovery codes, trusted browsers, recovery links and linked identities go. API
    tokens are `tokens`' own to end. The caller says what becomes of the account itself.
    """
    sessions = end_in(work, account, why)
    passkeys = ways_in_store.drop_all(work.connection, account)
    work.record(AccessEnded(account=account, sessions=sessions, passkeys=passkeys))
