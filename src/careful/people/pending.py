"""Acts that two people stand behind: who may agree, when one of them may act alone, and when asking is over; pure.

Somebody asks, with a reason; another person, who has the right to, agrees within three days to exactly what was asked.
Only people who are signed in count. A token or a command line may be anyone's: what these ask for needs two people.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from careful.kernel.actors import Actor
from careful.kernel.database import canonical_json
from careful.people.roles import allowed, scopes_of

PEOPLE = 2
LAPSE = timedelta(days=3)
REASON_LIMIT = 300
COUNTERSIGN = "countersign"

State = Literal["waiting", "agreed", "done", "refused", "lapsed", "void"]
OVER: frozenset[State] = frozenset({"done", "refused", "lapsed", "void"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of act: what it is called, what whoever asks must be allowed. Agreeing is `resource:countersign`."""

    id: str
    title: str
    resource: str
    verb: str

    def may_ask(self, roles: Collection[str]) -> bool:
        """Tell whether these roles may ask for it."""
        return allowed(roles, self.resource, self.verb)

    def may_agree(self, roles: Collection[str]) -> bool:
        """Tell whether these roles may agree to it."""
        return allowed(roles, self.resource, COUNTERSIGN)


KINDS: Mapping[str, Kind] = {
    one.id: one
    for one in (
        Kind("sign-metadata", "Sign root or targets metadata", "releases", "sign"),
        Kind("launch-release", "Launch a release", "rollouts", "start"),
        Kind("accept-risk", "Accept a risk", "cases", "judge"),
        Kind("raise-role", "Raise a role", "staff", "change"),
        Kind("purge-data", "Destroy a customer's data", "data", "end"),
    )
}


@dataclass(frozen=True, slots=True)
class Pending:
    """One act that was asked for. `ground` is the digest of what it stands on, `digest` of all that would be done."""

    id: str
    kind: str
    subject: str
    what: Mapping[str, Any]
    ground: str
    digest: str
    reason: str
    asked_by: str
    asked_at: datetime
    lapses_at: datetime
    agreed: tuple[str, ...]
    state: State
    ended_at: datetime | None
    ended_by: str
    outcome: str

    @property
    def people(self) -> tuple[str, ...]:
        """Return the different people who stand behind it."""
        asker = (self.asked_by,) if self.asked_by.startswith("staff:") else ()
        return tuple(dict.fromkeys((*asker, *self.agreed)))

    @property
    def missing(self) -> int:
        """Return how many more people it needs."""
        return max(PEOPLE - len(self.people), 0)

    @property
    def title(self) -> str:
        """Return the act in words."""
        return KINDS[self.kind].title if self.kind in KINDS else self.kind


def is_weighty(role: str) -> bool:
    """Tell whether a role may agree to others' acts, or change who may do what."""
    held = scopes_of([role])
    return any(scope.endswith(f":{COUNTERSIGN}") or scope in {"staff:change", "tokens:trust"} for scope in held)


def digest_of(value: object) -> str:
    """Return the SHA-256 of a JSON value in its one canonical form."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def digest_of_act(kind: str, subject: str, what: Mapping[str, Any], ground: str) -> str:
    """Return the digest that names exactly this act on exactly this ground."""
    return digest_of([kind, subject, dict(what), ground])


def objection(one: Pending, actor: Actor, roles: Collection[str], now: datetime) -> str:
    """Say why somebody may not agree; "" where they may."""
    kind = KINDS[one.kind]
    reasons = (
        (one.state != "waiting", f"It is {one.state} already."),
        (now >= one.lapses_at, f"It lapsed at {one.lapses_at:%Y-%m-%d %H:%M} UTC; nobody agreed in time."),
        (actor.kind != "staff", "Only a person who is signed in can agree: a token or a command line may be anyone's."),
        (str(actor) in one.people, "Nobody agrees to what they asked for or agreed to themselves."),
        (one.subject == f"staff/{actor.id}", "Nobody agrees to rights of their own."),
        (not kind.may_agree(roles), f"Your roles do not include {kind.resource}:{COUNTERSIGN}."),
    )
    return next((says for applies, says in reasons if applies), "")


def two_could(kind: Kind, staff: Sequence[tuple[str, Collection[str]]]) -> bool:
    """Tell whether among the staff are two people who could do this act together."""
    agree = {account for account, roles in staff if kind.may_agree(roles)}
    ask = {account for account, roles in staff if kind.may_ask(roles)}
    return bool(agree) and len(agree | ask) >= PEOPLE


def alone(kind: Kind, staff: Sequence[tuple[str, Collection[str]]], actor: Actor, *, set_up_ended: bool) -> str:
    """Say why this act may be done by one alone, "" where it needs two.

    During set-up, until there first are two people who could do it together; then never again by an account or token.
    Whoever is on the server itself may raise a role while there are no two: else nobody could ever be added.
    """
    if two_could(kind, staff):
        return ""
    if not set_up_ended:
        return "set-up: there are no two people yet who could do it together"
    if actor.kind == "operator" and kind.id == "raise-role":
        return "on the server itself: there are no two people left who could do it together"
    return ""
