"""Setting and changing factors: a passkey, or a password together with TOTP and recovery codes.

Whoever enrols holds either an enrolling session (fresh from a one-time link) or a full one with a recent proof. Every
change of factors ends the person's other sessions and gives this one a new secret.
"""

import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from careful.kernel.actors import SYSTEM
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import Work, World
from careful.people import passkeys, passwords, secrets, store, totp, ways_in_store
from careful.people.approvals import note_two
from careful.people.events import AccountActivated, FactorEnrolled, FactorRemoved, FactorRenamed
from careful.people.model import Session
from careful.people.sessions import actor_of, end_in, need_recent_proof, rotate

RECOVERY_CODES = 8
MAX_PASSKEYS = 20
_LABEL_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What a person types or opens in an authenticator app."""

    text: str
    link: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A finished change: the session's new secret, recovery codes to be shown this once, the known-browser secret."""

    secret: str
    codes: tuple[str, ...] = ()
    known: str = ""


def pepper(world: World) -> bytes:
    """Return the key that passwords are mixed with; it lives with the keys, not in the database."""
    return world.keys.secret("people-passwords")


def totp_key(world: World) -> bytes:
    """Return the key that seals TOTP secrets."""
    return world.keys.secret("people-totp")


def choose_password(world: World, session: Session, password: str, *, own_words: tuple[str, ...] = ()) -> None:
    """Keep a password as a draft, with a fresh TOTP secret beside it; `confirm_totp` makes both count.

    Raises Invalid for a password that is too short, too long, common, breached or made of own words: the person's, the
    maker's, this host's, and `own_words`, such as the names of products.
    """
    need_recent_proof(session, world.clock.now())
    with world.look() as connection:
        row = store.account_row(connection, session.account)
    email = row.email if row else ""
    listed = world.settings.breached_passwords
    host = urlsplit(world.settings.console_url).hostname or ""
    words = ("careful", session.name, *email.split("@"), world.settings.maker_name, host, *own_words)
    passwords.check(password, words, Path(listed) if listed else None)
    hashed = passwords.hash_password(password, pepper(world))
    sealed = totp.seal(totp.new_secret(), totp_key(world), session.account)
    with world.change(actor_of(session)) as work:
        store.change_session(work.connection, session.id, {"draft_hash": hashed, "draft_sealed": sealed})


def authenticator(world: World, session: Session) -> Authenticator:
    """Return the drafted TOTP secret. Raises Refused when no password was chosen in this session."""
    with world.look() as connection:
        draft = store.draft_row(connection, session.id)
        row = store.account_row(connection, session.account)
    if draft is None or draft.draft_sealed is None or row is None:
        raise Refused("There is no password waiting for its authenticator.", do="Choose a password first.")
    secret = totp.unseal(draft.draft_sealed, totp_key(world), session.account)
    return Authenticator(totp.as_text(secret), totp.as_link(secret, row.email))


def confirm_totp(world: World, session: Session, code: str) -> Enrolled:
    """Make the drafted password and TOTP count, once the app shows the right code; return the recovery codes.

    Raises Refused without a draft, Invalid for a wrong code.
    """
    need_recent_proof(session, world.clock.now())
    with world.change(actor_of(session)) as work:
        draft = store.draft_row(work.connection, session.id)
        if draft is None or draft.draft_hash is None or draft.draft_sealed is None:
            raise Refused("There is no password waiting for its authenticator.", do="Choose a password first.")
        secret = totp.unseal(draft.draft_sealed, totp_key(world), session.account)
        step = totp.match(secret, code, work.now)
        if step is None:
            raise Invalid(
                "That is not the code the app shows now.",
                do="Type the six digits it shows; check that this machine's and the phone's clocks agree.",
                where="code",
            )
        values = {"password_hash": draft.draft_hash, "totp_sealed": draft.draft_sealed, "totp_step": step}
        store.change_account(work.connection, session.account, values)
        codes = _fresh_codes(work, session.account)
        store.forget_browsers(work.connection, session.account)
        known = secrets.new_secret()
        store.remember_browser(work.connection, secrets.digest(known), session.account, work.now)
        return Enrolled(_finish(work, session, "password+totp"), codes, known)


def renew_recovery_codes(world: World, session: Session) -> Enrolled:
    """Replace the recovery codes. Raises Refused for an account without a password: codes stand in for TOTP only."""
    need_recent_proof(session, world.clock.now())
    with world.change(actor_of(session)) as work:
        row = store.account_row(work.connection, session.account)
        if row is None or row.password_hash is None:
            raise Refused("Recovery codes stand in for an authenticator app, and you have none.", do="Add a password.")
        codes = _fresh_codes(work, session.account)
        return Enrolled(_finish(work, session, "recovery-codes"), codes)


def begin_passkey(world: World, session: Session) -> dict[str, Any]:
    """Return the options for `navigator.credentials.create`, with a challenge good for five minutes."""
    need_recent_proof(session, world.clock.now())
    site, challenge = passkeys.site_of(world.settings.console_url), passkeys.new_challenge()
    with world.change(actor_of(session)) as work:
        row = store.account_row(work.connection, session.account)
        if row is None:
            raise NotFound("There is no such person.")
        known = store.credentials_of(work.connection, session.account)
        if len(known) >= MAX_PASSKEYS:
            raise Refused(f"You have {MAX_PASSKEYS} passkeys.", do="Remove one first.")
        expires_at = work.now + timedelta(minutes=passkeys.CHALLENGE_MINUTES)
        store.put_challenge(work.connection, session.id, "register", challenge, expires_at)
    return passkeys.registration_options(
        site, challenge, handle=bytes(row.handle), email=row.email, name=row.name, known=known
    )


def finish_passkey(world: World, session: Session, answer: dict[str, Any], label: str) -> Enrolled:
    """Take the passkey that the browser made. Raises Invalid when its answer does not hold, Refused when known."""
    need_recent_proof(session, world.clock.now())
    site = passkeys.site_of(world.settings.console_url)
    with world.change(SYSTEM) as work:  # the challenge is spent even when the answer is wrong
        challenge = store.take_challenge(work.connection, session.id, "register", work.now)
    if challenge is None:
        raise Invalid("That took longer than five minutes.", do="Try once more.")
    made = passkeys.verify_registration(site, challenge, answer)
    passkey = secrets.digest_bytes(made.credential)
    with world.change(actor_of(session)) as work:
        if store.passkey_row(work.connection, passkey) is not None:
            raise Refused("That passkey is enrolled already.", do="Use another device or security key.")
        row = {
            "id": passkey,
            "account": session.account,
            "credential": made.credential,
            "public_key": made.public_key,
            "counter": made.counter,
            "label": _label(label) or "Passkey",
            "synced": made.synced,
            "created_at": work.now,
            "used_at": None,
        }
        store.add(work.connection, store.passkeys, row)
        return Enrolled(_finish(work, session, "passkey"))


def rename_passkey(world: World, session: Session, passkey: str, label: str) -> None:
    """Call one of one's own passkeys something else. Raises NotFound, Invalid for nothing but spaces."""
    name = _label(label)
    if not name:
        raise Invalid("A passkey needs a name.", do="Such as: work laptop, key on the ring.", where="label")
    with world.change(actor_of(session)) as work:
        if not ways_in_store.change_passkey(work.connection, session.account, passkey, {"label": name}):
            raise NotFound("You have no such passkey.")
        work.record(FactorRenamed(account=session.account, factor="passkey"))


def _label(text: str) -> str:
    """Return a name in one line, without signs that cannot be seen."""
    seen = "".join(sign for sign in text if sign.isspace() or unicodedata.category(sign)[0] != "C")
    return " ".join(seen.split())[:_LABEL_LIMIT].strip()


def remove_passkey(world: World, session: Session, passkey: str) -> Enrolled:
    """Take a passkey away. Raises NotFound, or Refused when nothing would be left to sign in with."""
    need_recent_proof(session, world.clock.now())
    with world.change(actor_of(session)) as work:
        row = store.account_row(work.connection, session.account)
        left = len(store.credentials_of(work.connection, session.account)) - 1
        if row is None or not store.drop_passkeys(work.connection, session.account, passkey):
            raise NotFound("You have no such passkey.")
        if row.password_hash is None and left < 1:
            raise Refused("That is your only way to sign in.", do="Add another passkey or a password first.")
        work.record(FactorRemoved(account=session.account, factor="passkey"))
        end_in(work, session.account, "factors-changed", but=session.id)
        return Enrolled(rotate(work, session.id))


def _fresh_codes(work: Work, account: str) -> tuple[str, ...]:
    codes = tuple(secrets.new_recovery_code() for _ in range(RECOVERY_CODES))
    store.replace_recovery_codes(work.connection, account, map(secrets.digest, codes))
    return codes


def _finish(work: Work, session: Session, factor: str) -> str:
    """Record the factor, activate a waiting account, end other sessions; return this session's new secret."""
    row = store.account_row(work.connection, session.account)
    if row is None or row.state == "disabled":
        raise Refused("That account is disabled.")
    work.record(FactorEnrolled(account=session.account, factor=factor))
    if row.state == "pending":
        store.change_account(work.connection, session.account, {"state": "active"})
        work.record(AccountActivated(account=session.account))
        note_two(work)
    end_in(work, session.account, "factors-changed", but=session.id)
    return rotate(work, session.id)
