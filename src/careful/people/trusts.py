"""Workload identity: a CI job shows what its platform says of it and gets a token for minutes (RFC 8693).

So no pipeline keeps a long-lived secret. A trust says whose word counts (issuer, audience, claims), for which product,
which scopes and how many minutes. It never gives more than whoever made it may do now, and ends with them.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from careful.kernel.actors import STRANGER, Actor
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused
from careful.kernel.ids import new_id
from careful.kernel.work import World
from careful.people import secrets, token_form, tokens_store, workload
from careful.people.events import TokenExchanged, TrustEnded, TrustMade
from careful.people.issuers import Issuers, peek
from careful.people.model import Trust, clean_name
from careful.people.queries import trust_from
from careful.people.roles import allowed
from careful.people.tokens import expand, keep_within_rights
from careful.people.workload import Said

MOST_TRUSTS = 100
_AUDIENCE = 200


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A job's token, shown this once."""

    token: str
    scopes: tuple[str, ...]
    product: str
    expires_at: datetime
    seconds: int


def make_trust(
    world: World,
    actor: Actor,
    name: str,
    *,
    issuer: str,
    claims: Mapping[str, str],
    scopes: Iterable[str],
    product: str,
    audience: str = "",
    minutes: int = 15,
) -> str:
    """Trust an issuer's word on jobs whose claims fit; return the trust's id. `audience` is by default our address.

    Raises Invalid for what is malformed or too wide, Forbidden for more than the actor may do.
    """
    label, wanted = clean_name(name), expand(scopes)
    beyond = wanted - workload.JOB_SCOPES
    if beyond:
        raise Invalid(
            f"No job may do {', '.join(sorted(beyond))}.",
            do=f"It may do {', '.join(sorted(workload.JOB_SCOPES))}.",
            where="scopes",
        )
    if not 1 <= minutes <= workload.MOST_MINUTES:
        raise Invalid(f"A job's token lives 1 to {workload.MOST_MINUTES} minutes.", where="minutes")
    if actor.kind not in {"staff", "operator", "system"}:
        raise Forbidden("A token cannot make trusts.", do="Run: careful trust new")
    said = audience or world.settings.console_url
    if len(said) > _AUDIENCE or not said.isprintable():
        raise Invalid(f"An audience has at most {_AUDIENCE} characters.", where="audience")
    values = {
        "id": new_id(),
        "name": label,
        "issuer": workload.clean_issuer(issuer),
        "audience": said,
        "claims": workload.clean_claims(claims),
        "scopes": sorted(wanted),
        "product": product,
        "minutes": minutes,
        "made_by": str(actor),
        "account": actor.id if actor.kind == "staff" else None,
    }
    with world.change(actor) as work:
        keep_within_rights(work, actor, wanted)
        if tokens_store.count_trusts(work.connection) >= MOST_TRUSTS:
            raise Refused(f"There are {MOST_TRUSTS} trusts already.", do="End those that nobody uses.")
        tokens_store.add_trust(work.connection, {**values, "made_at": work.now, "used_at": None, "ended_at": None})
        work.record(
            TrustMade(
                trust=str(values["id"]),
                issuer=issuer,
                claims=tuple(sorted(claims)),
                scopes=tuple(sorted(wanted)),
                product=product,
                minutes=minutes,
            )
        )
    return str(values["id"])


def end_trust(world: World, actor: Actor, trust: str) -> None:
    """End a trust, and with it the tokens that jobs hold by it. Raises NotFound, Refused."""
    with world.change(actor) as work:
        if tokens_store.change_trust(work.connection, trust, {"ended_at": work.now}):
            work.record(TrustEnded(trust=trust))
            return
        if tokens_store.trust_row(work.connection, trust) is not None:
            raise Refused("That trust has ended already.")
        raise NotFound("There is no such trust.", do="Run: careful trust list")


def exchange(world: World, issuers: Issuers, token: str, scopes: Iterable[str] = ()) -> Exchanged:
    """Return a job's token for what its platform says of it. Each such word counts once.

    Raises Invalid where no trust takes it, Unavailable where its issuer cannot be asked.
    """
    seen = peek(token)
    with world.look() as connection:
        known = tokens_store.trusts_in_force(connection, seen.issuer)
    if not known:
        raise Invalid(
            "That token is taken by no trust here: nobody trusts its issuer.", do="See docs/ci.md, Without a secret."
        )
    said = workload.read_claims(issuers.claims(world, token, seen), world.clock.now())
    chosen = _chosen([trust_from(row) for row in known], said)
    given = workload.narrowed(chosen, scopes)
    account = next(row.account for row in known if row.id == chosen.id)
    return _issue(world, chosen, account, said, given)


def _chosen(known: list[Trust], said: Said) -> Trust:
    misfits = [(one, workload.misfit(one, said)) for one in known]
    for one, wrong in misfits:
        if not wrong:
            return one
    wrong = min(wrong for _, wrong in misfits)
    found = str(said.claims.get(wrong, ""))[:200]
    raise Invalid(
        f"That token is taken by no trust here: its {wrong} is {found!r}." if found else f"That token has no {wrong}.",
        do="Compare it with: careful trust list",
        where=wrong,
    )


def _issue(world: World, trust: Trust, account: str | None, said: Said, scopes: tuple[str, ...]) -> Exchanged:
    secret, token = token_form.new_token(), new_id()
    once = hashlib.sha256(f"{said.issuer}\n{said.jti}".encode()).hexdigest()
    with world.change(STRANGER) as work:
        connection = work.connection
        row = next((one for one in tokens_store.trusts_in_force(connection, trust.issuer) if one.id == trust.id), None)
        if row is None:
            raise Refused("That trust has just ended.", do="Ask whoever runs Careful.")
        lost = [one for one in scopes if account and not allowed(row.roles or (), *one.split(":", 1))]
        if account and (row.state != "active" or lost):
            raise Forbidden(
                "Whoever made this trust may no longer give that.", do="Ask an administrator for a new one."
            )
        if not tokens_store.present(connection, once, said.expires_at):
            raise Refused(
                "That token was exchanged before; each counts once.",
                do="Exchange it once in a job: export CAREFUL_TOKEN=$(careful token exchange)",
            )
        expires_at = work.now + timedelta(minutes=trust.minutes)
        tokens_store.change_trust(connection, trust.id, {"used_at": work.now})
        tokens_store.add_token(
            connection,
            {
                "id": token,
                "digest": secrets.digest(secret),
                "name": f"job of {trust.name}"[:80],
                "scopes": list(scopes),
                "issued_by": f"trust:{trust.id}",
                "account": account,
                "issued_at": work.now,
                "expires_at": expires_at,
                "used_at": None,
                "revoked_at": None,
                "product": trust.product,
                "trust": trust.id,
                "subject": said.subject,
            },
        )
        work.record(
            TokenExchanged(
                token=token,
                trust=trust.id,
                product=trust.product,
                scopes=scopes,
                expires_at=expires_at,
                presented=once,
            )
        )
    return Exchanged(secret, scopes, trust.product, expires_at, trust.minutes * 60)
