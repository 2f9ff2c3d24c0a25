"""API tokens: 256 random bits behind a prefix that scanners know, narrow scopes, an end, and a digest at rest.

A token issued by a person can never do more than that person may do now, and stops with their account. A token cannot
make tokens.
"""

from collections.abc import Iterable
from datetime import timedelta

from careful.kernel.actors import Actor
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused, Unauthenticated
from careful.kernel.ids import new_id
from careful.kernel.work import World
from careful.people import secrets, store
from careful.people.events import TokenIssued, TokenRevoked
from careful.people.model import clean_name
from careful.people.roles import VERBS, all_scopes, allowed, scopes_of

MAX_DAYS = 365
_TOUCH = timedelta(minutes=5)
_LONGEST = 100  # a header longer than any token is no token, and not worth a digest


def issue_token(world: World, actor: Actor, name: str, scopes: Iterable[str], days: int) -> str:
    """Return a new token, shown this once. A scope is `resource:verb`, or `resource:*` for all verbs of one.

    Raises Invalid for an unknown scope or a life outside 1 to 365 days, Forbidden for more than the actor may do.
    """
    label, wanted = clean_name(name), _expand(scopes)
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(f"A token lives 1 to {MAX_DAYS} days.", do="Choose fewer days.", where="days")
    if actor.kind not in {"staff", "operator", "system"}:
        raise Forbidden("A token cannot make tokens.", do="Run: careful token new NAME --scope SCOPE --days N")
    secret, token = secrets.new_api_token(), new_id()
    with world.change(actor) as work:
        if actor.kind == "staff":
            row = store.account_row(work.connection, actor.id)
            beyond = wanted - (scopes_of(row.roles) if row is not None and row.state == "active" else frozenset())
            if beyond:
                raise Forbidden(
                    f"You may not do {', '.join(sorted(beyond))} yourself, so no token of yours may.",
                    do="Choose narrower scopes.",
                )
        expires_at = work.now + timedelta(days=days)
        row_values = {
            "id": token,
            "digest": secrets.digest(secret),
            "name": label,
            "scopes": sorted(wanted),
            "issued_by": str(actor),
            "account": actor.id if actor.kind == "staff" else None,
            "issued_at": work.now,
            "expires_at": expires_at,
            "used_at": None,
            "revoked_at": None,
        }
        store.add(work.connection, store.tokens, row_values)
        work.record(TokenIssued(token=token, scopes=tuple(sorted(wanted)), expires_at=expires_at))
    return secret


def actor_of_token(world: World, token: str, needs: tuple[str, str]) -> Actor:
    """Return who acts with this token, if it may do `needs` = (resource, verb).

    Raises Unauthenticated when it is unknown, expired, revoked or its issuer disabled, Forbidden when it is narrower.
    """
    now = world.clock.now()
    row = None
    if token.startswith(secrets.TOKEN_PREFIX) and len(token) <= _LONGEST:
        with world.look() as connection:
            row = store.token_row(connection, secrets.digest(token))
    if row is None:
        raise Unauthenticated("That is no token of ours.", do="Make one: careful token new NAME --scope SCOPE")
    if row.revoked_at is not None or row.expires_at <= now or (row.account is not None and row.state != "active"):
        raise Unauthenticated("That token has expired or was revoked.", do="Make a new one: careful token new")
    actor = Actor("token", row.id)
    resource, verb = needs
    scope = f"{resource}:{verb}"
    if scope not in row.scopes:
        raise Forbidden(f"This token may not do {scope}.", do=f"Make one with --scope {scope}.")
    if row.account is not None and not allowed(row.roles, resource, verb):
        raise Forbidden(f"Whoever issued this token may no longer do {scope}.", do="Ask an administrator for a token.")
    if row.used_at is None or now - row.used_at >= _TOUCH:
        with world.change(actor) as work:
            store.change_token(work.connection, row.id, {"used_at": work.now})
    return actor


def revoke_token(world: World, actor: Actor, token: str) -> None:
    """End a token by its id. Raises NotFound when there is none, Refused when it was revoked before."""
    with world.change(actor) as work:
        if store.change_token(work.connection, token, {"revoked_at": work.now}):
            work.record(TokenRevoked(token=token))
            return
        if store.has_token(work.connection, token):
            raise Refused("That token was revoked already.")
        raise NotFound("There is no such token.", do="Run: careful token list")


def _expand(scopes: Iterable[str]) -> frozenset[str]:
    chosen: set[str] = set()
    for scope in scopes:
        resource, _, verb = scope.partition(":")
        chosen |= {f"{resource}:{each}" for each in VERBS.get(resource, ())} if verb == "*" else {scope}
        if not chosen or not chosen <= all_scopes():
            raise Invalid(
                f"{scope!r} is no scope.", do=f"Scopes are resource:verb, such as {_example()}.", where="scopes"
            )
    if not chosen:
        raise Invalid("A token needs at least one scope.", do=f"Such as {_example()}.", where="scopes")
    return frozenset(chosen)


def _example() -> str:
    return "cases:read or devices:*"
