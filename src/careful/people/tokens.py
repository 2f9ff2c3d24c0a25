"""API tokens: 256 random bits behind a prefix that scanners know, narrow scopes, an end, and a digest at rest.

A token issued by a person can never do more than that person may do now, and stops with their account. A token cannot
make tokens. A token that a CI job got (`trusts`) is besides for one product alone.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from careful import suppliers
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused, Unauthenticated
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World
from careful.people import secrets, store, token_form, tokens_store
from careful.people.events import TokenIssued, TokenRevoked, TrustEnded
from careful.people.model import clean_name
from careful.people.roles import VERBS, all_scopes, allowed, scopes_of

MAX_DAYS = 90
MOST_TOKENS = 50
"""So many a person may hold at a time."""
_TOUCH = timedelta(minutes=1)
_JOBS_KEPT = timedelta(days=30)

ProductOf = Callable[[], str | None]
"""What finds the product that a request is about; None where it is about no product's own things."""


def issue_token(world: World, actor: Actor, name: str, scopes: Iterable[str], days: int) -> str:
    """Return a new token, shown this once. A scope is `resource:verb`, or `resource:*` for all verbs of one.

    Raises Invalid for an unknown scope or a life outside 1 to 90 days, Forbidden for more than the actor may do.
    """
    label, wanted = clean_name(name), expand(scopes)
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(f"A token lives 1 to {MAX_DAYS} days.", do="Choose fewer days.", where="days")
    if actor.kind not in {"staff", "operator", "system"}:
        raise Forbidden("A token cannot make tokens.", do="Run: careful token new NAME --scope SCOPE --days N")
    secret, token = token_form.new_token(), new_id()
    with world.change(actor) as work:
        keep_within_rights(work, actor, wanted)
        if actor.kind == "staff" and len(tokens_store.good_tokens(work.connection, work.now, account=actor.id)) >= (
            MOST_TOKENS
        ):
            raise Refused(f"You hold {MOST_TOKENS} tokens already.", do="Revoke those that nobody uses.")
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
        tokens_store.add_token(work.connection, row_values)
        work.record(TokenIssued(token=token, scopes=tuple(sorted(wanted)), expires_at=expires_at))
    return secret


def keep_within_rights(work: Work, actor: Actor, wanted: frozenset[str]) -> None:
    """Raise Forbidden where somebody would hand on more than they may do themselves."""
    if actor.kind != "staff":
        return
    row = store.account_row(work.connection, actor.id)
    beyond = wanted - (scopes_of(row.roles) if row is not None and row.state == "active" else frozenset())
    if beyond:
        raise Forbidden(
            f"You may not do {', '.join(sorted(beyond))} yourself, so no token of yours may.",
            do="Choose narrower scopes.",
        )


def actor_of_token(world: World, token: str, needs: tuple[str, str], product_of: ProductOf | None = None) -> Actor:
    """Return who acts with this token, if it may do `needs` = (resource, verb).

    `product_of` finds the product the request is about, for tokens that are for one product alone; without it they
    pass nowhere. Raises Unauthenticated when it is unknown, expired, revoked or its issuer disabled, Forbidden when it
    is narrower.
    """
    now = world.clock.now()
    row = None
    if token_form.may_be_token(token):
        with world.look() as connection:
            row = tokens_store.token_row(connection, secrets.digest(token))
    if row is None:
        raise Unauthenticated("That is no token of ours.", do="Make one: careful token new NAME --scope SCOPE")
    if row.revoked_at is not None or row.expires_at <= now or (row.account is not None and row.state != "active"):
        raise Unauthenticated("That token has expired or was revoked.", do="Make a new one: careful token new")
    if row.ended_at is not None:
        raise Unauthenticated("The trust behind that token has ended.", do="Ask whoever runs Careful.")
    actor = Actor("token", row.id)
    resource, verb = needs
    scope = f"{resource}:{verb}"
    if scope not in row.scopes:
        raise Forbidden(f"This token may not do {scope}.", do=f"Make one with --scope {scope}.")
    if row.account is not None and not allowed(row.roles, resource, verb):
        raise Forbidden(f"Whoever issued this token may no longer do {scope}.", do="Ask an administrator for a token.")
    if row.product is not None:
        _keep_to(row.product, product_of)
    if row.used_at is None or now - row.used_at >= _TOUCH:
        with world.change(actor) as work:
            tokens_store.note_use(work.connection, row.id, work.now, work.now - _TOUCH)
    return actor


def _keep_to(mine: str, product_of: ProductOf | None) -> None:
    if product_of is None:
        raise Forbidden(f"This token is for {mine} alone, and this is not about one product.", do=_WIDER)
    asked = product_of()
    if asked is not None and asked != mine:
        raise Forbidden(f"This token is for {mine} alone.", do=_WIDER)


_WIDER = "Name that product, or use a token that is for all: careful token new"


def keep_to_product(world: World, actor: Actor, product: str) -> None:
    """Raise Forbidden where `actor` is a token for another product alone. For what only the body says."""
    if actor.kind != "token":
        return
    with world.look() as connection:
        row = tokens_store.token_by_id(connection, actor.id)
    if row is not None and row.product is not None:
        _keep_to(row.product, lambda: product)


def revoke_token(world: World, actor: Actor, token: str) -> None:
    """End a token by its id. Raises NotFound when there is none, Refused when it was revoked before.

    A person without the right to revoke may end their own: that is for the door to see to.
    """
    with world.change(actor) as work:
        if tokens_store.revoke(work.connection, token, work.now):
            work.record(TokenRevoked(token=token))
            return
        if tokens_store.token_by_id(work.connection, token) is not None:
            raise Refused("That token was revoked already.")
        raise NotFound("There is no such token.", do="Run: careful token list")


def end_tokens_in(work: Work, account: str) -> int:
    """End, in the caller's transaction, a person's tokens, the trusts they made, and what they see of a supplier.

    With a trust end the tokens that jobs hold by it. Returns how many tokens, trusts and grants ended.
    """
    connection, now = work.connection, work.now
    held = tokens_store.good_tokens(connection, now, account=account)
    made = tokens_store.trusts_of(connection, account)
    for token in held:
        tokens_store.revoke(connection, token, now)
        work.record(TokenRevoked(token=token))
    for trust in made:
        tokens_store.change_trust(connection, trust, {"ended_at": now})
        work.record(TrustEnded(trust=trust))
    return len(held) + len(made) + suppliers.end_grants_in(work, account)


def sweep_tokens(world: World) -> int:
    """Forget what was presented and has expired, and tokens of jobs after 30 days; return how many rows. A chore."""
    now = world.clock.now()
    span: tuple[Any, Any] = (now, now - _JOBS_KEPT)
    with world.look() as connection:
        if not tokens_store.count_past(connection, *span):
            return 0  # nothing over: no write lock for nothing
    with world.change(SYSTEM) as work:
        return tokens_store.forget_past(work.connection, *span)


def expand(scopes: Iterable[str]) -> frozenset[str]:
    """Return scopes with each star spelt out. Raises Invalid."""
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
