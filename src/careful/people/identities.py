"""Signing in by an identity provider (OpenID Connect), linking an identity to one's account, proving by it again.

State, nonce and PKCE verifier of an attempt are made from one random seed, which lies on the server for five minutes,
belongs to one browser, and is good for one answer. An account made on the provider's word has the roles that its groups
give, anew at each sign-in; an account made here keeps the roles given here, whoever links what to it.
"""

import base64
import hashlib
import hmac
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from careful.kernel.actors import STRANGER, SYSTEM, Actor
from careful.kernel.errors import Forbidden, NotFound, Refused, Unauthenticated
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World
from careful.people import limits, passkeys, rights_store, secrets, store, ways_in_store
from careful.people.events import (
    AccountProvided,
    FactorRemoved,
    IdentityLinked,
    ProvedAgain,
    RolesMapped,
    SignInRefused,
)
from careful.people.identity_claims import LEEWAY, Said, read_claims, read_mapping, roles_for
from careful.people.identity_provider import Provider
from careful.people.model import Session
from careful.people.roles import scopes_of
from careful.people.sessions import Door, Entrance, actor_of, end_in, need_recent_proof, open_session, rotate
from careful.people.signin import count_attempt, remember

Purpose = Literal["in", "link", "prove"]
_SEED, _CLOCK = 32, 8
_provider = Provider()


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of an attempt: where to go on, the session's new secret, and how it began if it is a new one."""

    target: str
    secret: str
    entrance: Entrance | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity elsewhere, as its owner sees it; `maps` where its groups give the roles."""

    id: str
    issuer: str
    linked_at: datetime
    used_at: datetime | None
    maps: bool


def is_offered(world: World) -> bool:
    """Tell whether an identity provider is named in the settings."""
    return bool(world.settings.oidc_issuer)


def begin(world: World, holder: str, purpose: Purpose, door: Door, target: str, session: Session | None = None) -> str:
    """Return the address at the provider that the browser is to open. Raises NotFound, TooMany, Unavailable."""
    if not is_offered(world):
        raise NotFound("No identity provider is set here.", do="See docs/signing-in.md, CAREFUL_OIDC_ISSUER.")
    if purpose == "link" and session is not None:
        need_recent_proof(session, world.clock.now())
    now = world.clock.now()
    seed = random.token_bytes(_SEED) + int(now.timestamp()).to_bytes(_CLOCK, "big") + target.encode()
    with world.change(STRANGER) as work:
        count_attempt(work, {f"ceremony:{limits.source_of(door.source)}": limits.CEREMONIES}, now)
        expires_at = now + timedelta(minutes=passkeys.CHALLENGE_MINUTES)
        store.put_challenge(work.connection, secrets.digest(holder), f"id-{purpose}", seed, expires_at)
    return _provider.way_to(
        world,
        state=_state(purpose, seed),
        nonce=_made(seed, "nonce"),
        verifier=_made(seed, "verifier"),
        again=purpose == "prove",
    )


def finish(world: World, holder: str, said: Mapping[str, str], door: Door, session: Session | None) -> Finished:
    """Take what the browser brings back from the provider. Raises Unauthenticated, Forbidden, Refused, Unavailable."""
    purpose, seed = _take(world, holder, said.get("state", ""))
    if "error" in said or not said.get("code"):
        raise Unauthenticated(
            "Your identity provider did not let you in.", do="Try again, or sign in with a passkey or a password."
        )
    claims = _provider.claims(world, said, _made(seed, "verifier"))
    settings = world.settings
    person = read_claims(
        claims,
        issuer=settings.oidc_issuer,
        client=settings.oidc_client,
        nonce=_made(seed, "nonce"),
        now=world.clock.now(),
        groups=settings.oidc_groups_claim,
    )
    target = seed[_SEED + _CLOCK :].decode()
    if purpose == "in":
        entrance = _enter(world, person, door)
        return Finished(target, entrance.secret, entrance)
    if session is None:
        raise Unauthenticated("You are not signed in, or your session has ended.", do="Sign in.")
    if purpose == "link":
        return Finished(target, _link(world, session, person))
    begun_at = datetime.fromtimestamp(int.from_bytes(seed[_SEED : _SEED + _CLOCK], "big"), UTC)
    return Finished(target, _prove(world, session, person, begun_at))


def unlink(world: World, session: Session, identity: str) -> str:
    """Take an identity from one's account; return the session's new secret. Raises NotFound, Refused (the last one)."""
    need_recent_proof(session, world.clock.now())
    with world.change(actor_of(session)) as work:
        row = store.account_row(work.connection, session.account)
        if row is None or not ways_in_store.drop_identities(work.connection, session.account, identity):
            raise NotFound("You have no such identity.")
        left = ways_in_store.identities_of(work.connection, session.account)
        if row.password_hash is None and not store.credentials_of(work.connection, session.account) and not left:
            raise Refused("That is your only way to sign in.", do="Add a passkey or a password first.")
        work.record(FactorRemoved(account=session.account, factor="identity"))
        end_in(work, session.account, "factors-changed", but=session.id)
        return rotate(work, session.id)


def _take(world: World, holder: str, state: str) -> tuple[Purpose, bytes]:
    """Return what an answer belongs to; it is spent whatever comes of it. Raises Unauthenticated."""
    known: dict[str, Purpose] = {"in": "in", "link": "link", "prove": "prove"}
    purpose = known.get(state.partition(".")[0])
    seed = None
    if purpose is not None and holder:
        with world.change(SYSTEM) as work:
            seed = store.take_challenge(work.connection, secrets.digest(holder), f"id-{purpose}", work.now)
    if purpose is None or seed is None or not hmac.compare_digest(_state(purpose, seed).encode(), state.encode()):
        raise Unauthenticated(
            "That answer belongs to no attempt of this browser, or came after five minutes.", do="Sign in again."
        )
    return purpose, seed


def identities_of(world: World, account: str) -> list[Identity]:
    """Return the identities that are linked to an account, oldest first."""
    with world.look() as connection:
        rows = ways_in_store.identities_of(connection, account)
    return [Identity(row.id, row.issuer, row.linked_at, row.used_at, row.maps) for row in rows]


def _enter(world: World, person: Said, door: Door) -> Entrance:
    with world.look() as connection:
        row = ways_in_store.identity_row(connection, person.issuer, person.subject)
        account = store.account_row(connection, row.account) if row is not None else None
    if account is not None and account.state != "active":
        with world.change(Actor("staff", account.id)) as work:
            work.record(SignInRefused(account=account.id, reason=account.state))
        raise Unauthenticated("You may not sign in here.", do="Ask an administrator.")
    roles = roles_for(person.groups, read_mapping(world.settings.oidc_roles))
    if row is None or row.maps:
        _map(world, person, None if account is None else str(account.id), roles)
    if not roles and (row is None or row.maps):
        raise Forbidden("Your groups give you no role here.", do="Ask an administrator, or whoever keeps the groups.")
    with world.change(SYSTEM) as work:
        found = ways_in_store.identity_row(work.connection, person.issuer, person.subject)
        if found is None:
            raise Refused("That identity is linked no longer.", do="Sign in again.")
        still = store.account_row(work.connection, found.account)
        if still is None or still.state != "active":
            raise Unauthenticated("You may not sign in here.", do="Ask an administrator.")
        ways_in_store.use_identity(work.connection, person.issuer, person.subject, work.now)
        known = remember(work, found.account, door)
        entrance = open_session(work, found.account, "full", "identity", door, proved=False)
        return replace(entrance, known=known)


def _map(world: World, person: Said, account: str | None, roles: tuple[str, ...]) -> None:
    """Give the person's account the roles of their groups, making it where it is new. Raises Refused."""
    with world.change(SYSTEM) as work:
        if account is None:
            if roles:
                _provide(work, person, roles)
            return
        row = store.account_row(work.connection, account)
        before = tuple(row.roles) if row is not None else ()
        if before == roles:
            return
        lost = "administrator" in before and "administrator" not in roles
        if lost and ways_in_store.local_administrators(work.connection) == {account}:
            raise Refused("That is the last administrator with a way in of their own.", do="Ask for another one first.")
        store.change_account(work.connection, account, {"roles": list(roles)})
        held, given = scopes_of(before), scopes_of(roles)
        rights_store.forget(work.connection, account, given & held)
        rights_store.grant(work.connection, account, given - held, work.now)
        end_in(work, account, "rights-changed")
        work.record(RolesMapped(account=account, roles=roles, raised=tuple(sorted(set(roles) - set(before)))))


def _provide(work: Work, person: Said, roles: tuple[str, ...]) -> None:
    if not person.email:
        raise Refused("Your identity provider gives no e-mail address.", do="Ask whoever runs it for the claim email.")
    if store.account_by_email(work.connection, person.email) is not None:
        raise Refused(
            "There is an account here that this identity is not linked to.",
            do="Sign in to it as before, and link the identity in Settings.",
        )
    account = new_id()
    values = {
        "id": account,
        "name": person.name or person.email.partition("@")[0],
        "email": person.email,
        "roles": list(roles),
        "state": "active",
        "handle": secrets.new_bytes(32),
        "created_at": work.now,
        "password_hash": None,
        "totp_sealed": None,
        "totp_step": 0,
    }
    store.add(work.connection, store.accounts, values)
    ways_in_store.add_identity(work.connection, person.issuer, person.subject, account, work.now, maps=True)
    work.record(AccountProvided(account=account, roles=roles))


def _link(world: World, session: Session, person: Said) -> str:
    need_recent_proof(session, world.clock.now())
    with world.change(actor_of(session)) as work:
        if ways_in_store.identity_row(work.connection, person.issuer, person.subject) is not None:
            raise Refused("That identity is linked to an account already.", do="Take it from there first.")
        ways_in_store.add_identity(work.connection, person.issuer, person.subject, session.account, work.now)
        work.record(IdentityLinked(account=session.account))
        end_in(work, session.account, "factors-changed", but=session.id)
        return rotate(work, session.id)


def _prove(world: World, session: Session, person: Said, begun_at: datetime) -> str:
    with world.change(actor_of(session)) as work:
        row = ways_in_store.identity_row(work.connection, person.issuer, person.subject)
        if row is None or row.account != session.account:
            raise Unauthenticated("That is another person's identity.", do="Take your own.")
        offered = passkeys.site_of(world.settings.console_url).offers_passkeys
        if offered and store.credentials_of(work.connection, session.account):
            raise Refused("You have a passkey, so this is confirmed with it.", do="Show your passkey.")
        if person.authenticated_at is None or person.authenticated_at < begun_at - LEEWAY:
            raise Unauthenticated(
                "Your identity provider does not say that it asked you just now.",
                do="Ask whoever runs it for the claim auth_time, or an administrator for a link to set a passkey.",
            )
        work.record(ProvedAgain(account=session.account, session=session.id, how="identity"))
        return rotate(work, session.id)


def _state(purpose: Purpose, seed: bytes) -> str:
    return f"{purpose}.{_made(seed, 'state')}"


def _made(seed: bytes, what: str) -> str:
    """Return one of the values of an attempt: 43 signs that say nothing of the seed or of each other."""
    return base64.urlsafe_b64encode(hmac.digest(seed, what.encode(), hashlib.sha256)).rstrip(b"=").decode()
