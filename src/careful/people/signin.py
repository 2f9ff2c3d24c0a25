"""Signing in, and showing once more that it is you. Two ways of equal weight: a passkey, or a password with TOTP.

An attempt is counted before its password is looked at, so that parallel attempts cannot pass the limit together; one
that succeeds is taken back. Whatever was wrong, the answer is the same sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from careful.kernel.actors import STRANGER, SYSTEM, Actor
from careful.kernel.errors import Invalid, Refused, Unauthenticated
from careful.kernel.work import Work, World
from careful.people import limits, passkeys, passwords, secrets, store, totp
from careful.people.events import ProvedAgain, SignInRefused
from careful.people.factors import pepper, totp_key
from careful.people.limits import Rule
from careful.people.model import Session, clean_email
from careful.people.sessions import KNOWN_BROWSER_DAYS, Door, Entrance, actor_of, open_session, rotate

_EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class _Ticket:
    """One counted attempt: for which account (if any), in which buckets, when."""

    account: str | None
    buckets: tuple[str, ...]
    at: datetime


def sign_in(world: World, *, email: str, password: str, code: str, door: Door) -> Entrance:
    """Sign in by password with a TOTP or recovery code. Raises Unauthenticated, TooMany."""
    ticket = _take_ticket(world, email, door)
    how = _check(world, ticket, password, code)
    with world.change(_actor(ticket.account)) as work:
        account = ticket.account or ""
        store.forgive(work.connection, ticket.buckets, ticket.at)
        known = remember(work, account, door)
        # Whoever has a passkey that works here has not proved enough for what weighs by anything less.
        proved = not (_site(world).offers_passkeys and store.credentials_of(work.connection, account))
        return replace(open_session(work, account, "full", how, door, proved=proved), known=known)


def prove_by_password(world: World, session: Session, *, password: str, code: str, door: Door) -> str:
    """Show password and code once more; return the session's new secret. Raises Unauthenticated, TooMany.

    Raises Refused for whoever has a passkey: what can be phished does not stand in for what cannot.
    """
    with world.look() as connection:
        row = store.account_row(connection, session.account)
        if _site(world).offers_passkeys and store.credentials_of(connection, session.account):
            raise Refused(
                "You have a passkey, so this is confirmed with it.",
                do="Show your passkey; if it is gone, ask another administrator for a recovery link.",
            )
    ticket = _take_ticket(world, row.email if row else "", door)
    how = _check(world, ticket, password, code)
    with world.change(actor_of(session)) as work:
        store.forgive(work.connection, ticket.buckets, ticket.at)
        work.record(ProvedAgain(account=session.account, session=session.id, how=how))
        return rotate(work, session.id)


def begin_passkey_sign_in(world: World, holder: str, door: Door, session: Session | None = None) -> dict[str, Any]:
    """Return the options for `navigator.credentials.get`; `holder` is the browser's own secret, which binds the answer.

    Raises TooMany when one source asks too often.
    """
    site, challenge = _site(world), passkeys.new_challenge()
    bucket = f"ceremony:{limits.source_of(door.source)}"
    now = world.clock.now()
    with world.change(STRANGER) as work:
        count_attempt(work, {bucket: limits.CEREMONIES}, now)
        known = store.credentials_of(work.connection, session.account) if session else []
        expires_at = now + timedelta(minutes=passkeys.CHALLENGE_MINUTES)
        store.put_challenge(work.connection, secrets.digest(holder), _purpose(session), challenge, expires_at)
    return passkeys.sign_in_options(site, challenge, known)


def sign_in_by_passkey(world: World, holder: str, answer: Mapping[str, Any], door: Door) -> Entrance:
    """Sign in by passkey. Raises Unauthenticated; a counter that did not grow is refused as a clone."""
    account = _check_passkey(world, holder, answer, None)
    with world.change(Actor("staff", account)) as work:
        known = remember(work, account, door)
        return replace(open_session(work, account, "full", "passkey", door), known=known)


def prove_by_passkey(world: World, session: Session, holder: str, answer: Mapping[str, Any]) -> str:
    """Show a passkey once more; return the session's new secret. Raises Unauthenticated."""
    _check_passkey(world, holder, answer, session)
    with world.change(actor_of(session)) as work:
        work.record(ProvedAgain(account=session.account, session=session.id, how="passkey"))
        return rotate(work, session.id)


def _take_ticket(world: World, email: str, door: Door) -> _Ticket:
    try:
        cleaned = clean_email(email)
    except Invalid:
        cleaned = ""
    now = world.clock.now()
    with world.change(STRANGER) as work:
        row = store.account_by_email(work.connection, cleaned)
        account = None if row is None else str(row.id)
        since = now - timedelta(days=KNOWN_BROWSER_DAYS)
        browser = secrets.digest(door.known) if door.known else ""
        if account and browser and store.knows_browser(work.connection, browser, account, since):
            buckets: dict[str, Sequence[Rule]] = {f"known:{account}:{browser}": limits.GUESSES}
        else:
            who = account or secrets.digest(cleaned)  # unknown addresses are limited alike, so limits tell nothing
            buckets = {
                f"strangers:{who}": limits.GUESSES,
                f"source:{limits.source_of(door.source)}": limits.FROM_ONE_SOURCE,
                _EVERYWHERE: limits.FROM_EVERYWHERE,
            }
        count_attempt(work, buckets, now)
    return _Ticket(account, tuple(buckets), now)


def count_attempt(work: Work, buckets: Mapping[str, Sequence[Rule]], now: datetime) -> None:
    """Count one attempt in each bucket. Raises TooMany where a rule says to wait."""
    store.lock_attempts(work.connection)
    tried = store.attempts_in(work.connection, list(buckets), now - limits.LONGEST)
    limits.refuse(max(limits.wait(tried[bucket], rule, now) for bucket, rule in buckets.items()))
    store.add_attempts(work.connection, buckets, now, now - limits.LONGEST)


def _check(world: World, ticket: _Ticket, password: str, code: str) -> str:
    """Return how the person proved themselves; raise Unauthenticated, the same for every cause."""
    with world.look() as connection:
        row = store.account_row(connection, ticket.account) if ticket.account else None
    usable = row is not None and row.state == "active"
    stored = row.password_hash if row is not None and usable else None
    right = passwords.verify_password(stored, password, pepper(world))
    if row is None:
        with world.change(STRANGER) as work:  # what a real account's refusal writes takes time, so something is written
            store.put_challenge(work.connection, "nobody", "nobody", b"", work.now)
        raise _refusal()
    with world.change(_actor(row.id)) as work:
        how, reason = ("", "password" if usable else row.state)
        if right:
            how, reason = _use_code(world, work, row.id, code)
        if not how:
            work.record(SignInRefused(account=row.id, reason=reason))
    if not how:
        raise _refusal()
    return how


def _use_code(world: World, work: Work, account: str, code: str) -> tuple[str, str]:
    """Burn the code; return how it proved the person, or "" and the reason why not."""
    row = store.account_row(work.connection, account)
    if row is None or row.state != "active" or row.totp_sealed is None:
        return "", "disabled"
    recovery = secrets.read_recovery_code(code)
    if recovery is not None:
        taken = store.take_recovery_code(work.connection, account, secrets.digest(recovery), work.now)
        return ("password+recovery-code", "") if taken else ("", "recovery-code")
    step = totp.match(totp.unseal(row.totp_sealed, totp_key(world), account), code, work.now)
    if step is None:
        return "", "code"
    return ("password+totp", "") if store.take_totp_step(work.connection, account, step) else ("", "replayed")


def _check_passkey(world: World, holder: str, answer: Mapping[str, Any], session: Session | None) -> str:
    site, passkey = _site(world), secrets.digest_bytes(passkeys.credential_of({**answer}))
    with world.change(SYSTEM) as work:  # the challenge is spent even when the answer is wrong
        challenge = store.take_challenge(work.connection, secrets.digest(holder), _purpose(session), work.now)
        row = store.passkey_row(work.connection, passkey)
        account = None if row is None else store.account_row(work.connection, row.account)
    if challenge is None:
        raise Unauthenticated("That took longer than five minutes.", do="Sign in again.")
    if row is None or account is None or (session is not None and session.account != account.id):
        raise Unauthenticated("Nobody here has that passkey.", do="Take another, or ask for a recovery link.")
    try:
        counter = passkeys.verify_sign_in(
            site, challenge, {**answer}, public_key=bytes(row.public_key), counter=row.counter
        )
    except Unauthenticated as failure:
        cloned = "sign count" in failure.what
        with world.change(_actor(account.id)) as work:
            work.record(SignInRefused(account=account.id, reason="cloned" if cloned else "passkey"))
        raise
    with world.change(_actor(account.id)) as work:
        active = account.state == "active"
        moved = active and store.use_passkey(work.connection, passkey, row.counter, counter, work.now)
        if not moved:
            work.record(SignInRefused(account=account.id, reason="replayed" if active else account.state))
    if not moved:
        raise _refusal()
    return str(account.id)


def remember(work: Work, account: str, door: Door) -> str:
    """Note that this browser signed in to this account; return its secret."""
    known = door.known or secrets.new_secret()
    store.remember_browser(work.connection, secrets.digest(known), account, work.now)
    return known


def _site(world: World) -> passkeys.Site:
    return passkeys.site_of(world.settings.console_url)


def _purpose(session: Session | None) -> str:
    return "sign-in" if session is None else "prove"


def _actor(account: str | None) -> Actor:
    return STRANGER if account is None else Actor("staff", account)


def _refusal() -> Unauthenticated:
    return Unauthenticated(
        "That did not fit.",
        do="Check address, password and code; a code works once, so wait for the next one.",
    )
