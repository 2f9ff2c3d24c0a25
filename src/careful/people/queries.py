"""What one may ask about people. Nothing returned here holds a secret."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select

from careful.kernel.actors import Actor
from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.people import secrets, store, tokens_store
from careful.people.model import Account, Link, Passkey, Session, Token, Trust, clean_email
from careful.people.roles import ROLES

MOST_LISTED = 1000


def list_accounts(world: World) -> list[Account]:
    """Return everybody, oldest first."""
    with world.look() as connection:
        rows = connection.execute(_account_query().order_by(store.accounts.c.created_at, store.accounts.c.id)).all()
    return [_account(row) for row in rows]


def account(world: World, account_id: str) -> Account:
    """Return one person. Raises NotFound."""
    with world.look() as connection:
        row = connection.execute(_account_query().where(store.accounts.c.id == account_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such person.", do="Run: careful staff list")
    return _account(row)


def account_of(world: World, email: str) -> Account:
    """Return one person by e-mail address. Raises NotFound."""
    cleaned = clean_email(email)
    with world.look() as connection:
        row = connection.execute(_account_query().where(store.accounts.c.email == cleaned)).one_or_none()
    if row is None:
        raise NotFound("Nobody has that e-mail address.", do="Run: careful staff list")
    return _account(row)


def roles_of(world: World, actor: Actor) -> frozenset[str]:
    """Return the roles in which somebody acts: a person's own, for a token those of the person who issued it.

    Whoever runs the command line on the server, and a token made there, acts in every role. Others have none.
    """
    if actor.kind in {"operator", "system"}:
        return frozenset(ROLES)
    with world.look() as connection:
        if actor.kind == "token":
            row = tokens_store.token_by_id(connection, actor.id)
            if row is None or row.trust is not None:  # a job builds and ships, in nobody's role
                return frozenset()
            if row.account is None:
                return frozenset(ROLES)
            account_id = row.account
        elif actor.kind == "staff":
            account_id = actor.id
        else:
            return frozenset()
        mine = select(store.accounts.c.roles).where(store.accounts.c.id == account_id)
        held = connection.execute(mine.where(store.accounts.c.state == "active")).scalar_one_or_none()
    return frozenset(held or ())


def person_behind(world: World, actor: Actor) -> str | None:
    """Return the account that acts: a person's own, for a token that of whoever issued it; None where nobody did."""
    if actor.kind == "staff":
        return actor.id
    if actor.kind != "token":
        return None
    with world.look() as connection:
        row = tokens_store.token_by_id(connection, actor.id)
    return None if row is None or row.trust is not None else row.account


def anyone(world: World) -> bool:
    """Tell whether anybody can sign in yet."""
    query = select(store.accounts.c.id).where(store.accounts.c.state == "active").limit(1)
    with world.look() as connection:
        return connection.execute(query).first() is not None


def names(world: World) -> dict[str, str]:
    """Return id -> name, to show people instead of ids beside ledger entries."""
    with world.look() as connection:
        rows = connection.execute(select(store.accounts.c.id, store.accounts.c.name))
        return {row.id: row.name for row in rows}


def passkeys_of(world: World, account_id: str) -> list[Passkey]:
    """Return a person's passkeys, oldest first."""
    keys = store.passkeys.c
    with world.look() as connection:
        rows = connection.execute(
            select(keys.id, keys.label, keys.created_at, keys.used_at, keys.synced)
            .where(keys.account == account_id)
            .order_by(keys.created_at, keys.id)
        ).all()
    return [Passkey(row.id, row.label, row.created_at, row.used_at, row.synced) for row in rows]


def sessions_of(world: World, account_id: str | None = None) -> list[Session]:
    """Return sessions, the most recently seen first; of everybody when no account is given."""
    query = select(store.sessions, store.accounts.c.name, store.accounts.c.roles).join_from(
        store.sessions, store.accounts, store.sessions.c.account == store.accounts.c.id
    )
    if account_id is not None:
        query = query.where(store.sessions.c.account == account_id)
    with world.look() as connection:
        rows: Sequence[Row[Any]]
        rows = connection.execute(query.order_by(store.sessions.c.seen_at.desc(), store.sessions.c.id)).all()
    return [session_from(row) for row in rows]


def waiting_link(world: World, secret: str) -> Link:
    """Return what a link would do. Raises NotFound when it is unknown, used or older than an hour."""
    with world.look() as connection:
        row = store.waiting_link(connection, secrets.digest(secret), world.clock.now())
    if row is None:
        raise NotFound(
            "This link was used already, has expired, or never was one.",
            do="On the server, run: careful staff link",
        )
    return Link(row.id, row.purpose, tuple(row.roles), row.account, row.expires_at)


def list_tokens(world: World, account_id: str | None = None, *, jobs: bool = False) -> list[Token]:
    """Return API tokens, newest first, without their secrets: all, or one person's.

    Those that CI jobs got for minutes are left out unless `jobs` is true.
    """
    mine = tokens_store.tokens.c
    query = select(tokens_store.tokens).order_by(mine.issued_at.desc(), mine.id)
    if account_id is not None:
        query = query.where(mine.account == account_id)
    if not jobs:
        query = query.where(mine.trust.is_(None))
    with world.look() as connection:
        return [token_from(row) for row in connection.execute(query.limit(MOST_LISTED)).all()]


def ending_tokens(world: World) -> list[Token]:
    """Return the tokens of people that end within two weeks, the next first."""
    return sorted(
        (one for one in list_tokens(world) if one.standing(world.clock.now()) == "ends soon"),
        key=lambda one: one.expires_at,
    )


def list_trusts(world: World) -> list[Trust]:
    """Return every trust in an issuer, newest first, those that ended last."""
    mine = tokens_store.trusts.c
    query = select(tokens_store.trusts).order_by(mine.ended_at.is_not(None), mine.made_at.desc(), mine.id)
    with world.look() as connection:
        return [trust_from(row) for row in connection.execute(query.limit(MOST_LISTED)).all()]


def session_from(row: Row[Any]) -> Session:
    """Read a session row joined with its account."""
    return Session(
        row.id,
        row.account,
        row.name,
        tuple(row.roles),
        row.kind,
        row.created_at,
        row.seen_at,
        row.proved_at,
        row.browser,
        row.source,
    )


def token_from(row: Row[Any]) -> Token:
    """Read a token row, leaving its digest behind."""
    return Token(
        row.id,
        row.name,
        tuple(row.scopes),
        row.issued_by,
        row.issued_at,
        row.expires_at,
        row.used_at,
        row.revoked_at,
        row.product,
        row.trust,
        row.subject,
    )


def trust_from(row: Row[Any]) -> Trust:
    """Read a trust's row."""
    return Trust(
        id=row.id,
        name=row.name,
        issuer=row.issuer,
        audience=row.audience,
        claims=dict(row.claims),
        scopes=tuple(row.scopes),
        product=row.product,
        minutes=row.minutes,
        made_by=row.made_by,
        made_at=row.made_at,
        used_at=row.used_at,
        ended_at=row.ended_at,
    )


def _account_query() -> Any:  # noqa: ANN401 (a Select over this many labelled columns has no shorter name)
    mine = store.accounts.c
    keys = (
        select(func.count())
        .select_from(store.passkeys)
        .where(store.passkeys.c.account == mine.id)
        .scalar_subquery()
        .label("passkeys")
    )
    codes = (
        select(func.count())
        .select_from(store.recovery_codes)
        .where(store.recovery_codes.c.account == mine.id, store.recovery_codes.c.used_at.is_(None))
        .scalar_subquery()
        .label("recovery_codes")
    )
    has_password = mine.password_hash.is_not(None).label("has_password")
    return select(mine.id, mine.name, mine.email, mine.roles, mine.state, mine.created_at, has_password, keys, codes)


def _account(row: Row[Any]) -> Account:
    return Account(
        row.id,
        row.name,
        row.email,
        tuple(row.roles),
        row.state,
        row.created_at,
        bool(row.has_password),
        row.passkeys,
        row.recovery_codes,
    )
