"""Asking for an act that two people stand behind, agreeing, refusing, letting it lapse.

What the act does is known above (`workflows/second_person.py`); here it is kind, subject and what exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from careful.kernel import ledger
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World
from careful.people import pending, pending_store, store
from careful.people.pending import KINDS, LAPSE, Pending
from careful.people.pending_events import ActAgreed, ActAsked, ActDone, ActDoneAlone, ActDropped, SetUpEnded
from careful.people.queries import roles_of

MOST_LISTED = 200
MOST_WAITING = 500
_WAITING = ("waiting", "agreed")
_OUTCOME_LIMIT = 500
_MOST_ALONE = 1000


def ask(
    world: World, actor: Actor, kind: str, subject: str, what: Mapping[str, Any], *, ground: str, reason: str
) -> Pending | None:
    """Ask for an act; return what waits, or None where it may be done at once, by one alone, which is written down.

    The same act asked for twice waits once. Raises Invalid (no reason where a second person is to read it), Refused.
    """
    said = reason.strip()[: pending.REASON_LIMIT]
    digest = pending.digest_of_act(kind, subject, what, ground)
    with world.change(actor) as work:
        why = _alone(work, kind)
        if why:
            work.record(ActDoneAlone(kind=kind, about=subject, digest=digest, reason=said, why=why))
            return None
        if not said:
            raise Invalid(
                f"{KINDS[kind].title}: this needs a second person, who reads why you want it.",
                do="Say why, in a sentence (--reason, or the field Why).",
                where="reason",
            )
        waiting = pending_store.same_waiting(work.connection, digest)
        if waiting is not None and work.now < waiting.lapses_at:
            return waiting
        if len(pending_store.listed(work.connection, _WAITING, MOST_WAITING)) >= MOST_WAITING:
            raise Refused(f"{MOST_WAITING} acts wait already.", do="Agree or refuse some: careful approvals list")
        made = Pending(
            id=new_id(),
            kind=kind,
            subject=subject,
            what=what,
            ground=ground,
            digest=digest,
            reason=said,
            asked_by=str(actor),
            asked_at=work.now,
            lapses_at=work.now + LAPSE,
            agreed=(),
            state="waiting",
            ended_at=None,
            ended_by="",
            outcome="",
        )
        pending_store.add(work.connection, made)
        work.record(
            ActAsked(approval=made.id, kind=kind, about=subject, digest=digest, reason=said, lapses_at=made.lapses_at)
        )
    return made


def may_alone(world: World, actor: Actor, kind: str) -> str:
    """Say why somebody may do such an act alone now, "" where it needs two."""
    with world.look() as connection:
        staff = store.active_roles(connection)
        ended = kind in pending_store.set_up_ended(connection)
    return pending.alone(KINDS[kind], staff, actor, set_up_ended=ended)


def agree(world: World, actor: Actor, approval: str, *, digest: str, ground: str) -> Pending:
    """Stand behind an act as it was shown; with two people it is `agreed`, and may be carried out.

    `digest` is the one that was shown, `ground` what the act stands on now: where either is another, the act is void.
    Raises NotFound, Forbidden, Refused.
    """
    roles = roles_of(world, actor)
    with world.change(actor) as work:
        one = _held(work, approval)
        if one.state == "agreed" and str(actor) in one.people:
            return one  # carrying it out was interrupted
        why_not = pending.objection(one, actor, roles, work.now)
        if why_not:
            raise (Refused if one.state in pending.OVER or work.now >= one.lapses_at else Forbidden)(
                why_not, do="Ask somebody else who may agree: careful approvals list"
            )
        moved = ground != one.ground
        if not moved and digest != one.digest:
            raise Refused("That is not what waits here.", do="Look at it again before you agree.")
        if moved:
            _drop(work, one, "void", "what it stands on has changed since it was asked for")
        else:
            now = replace(one, agreed=(*one.agreed, str(actor)))
            state = "waiting" if now.missing else "agreed"
            pending_store.change(work.connection, one.id, {"agreed": list(now.agreed), "state": state})
            work.record(
                ActAgreed(approval=one.id, kind=one.kind, about=one.subject, digest=one.digest, people=len(now.people))
            )
    if moved:
        raise Refused(
            "What this stands on has changed since it was asked for, so that it is void.",
            do="Look at it as it is now, and ask again.",
        )
    return approval_of(world, approval)


def settle(world: World, actor: Actor, approval: str, failure: str = "") -> Pending:
    """Note that an agreed act was carried out, or why it could not be. May run twice."""
    with world.change(actor) as work:
        one = _held(work, approval)
        if one.state == "agreed" and failure:
            _drop(work, one, "void", failure[:_OUTCOME_LIMIT])
        elif one.state == "agreed":
            _end(work, one, "done", "")
            work.record(
                ActDone(
                    approval=one.id,
                    kind=one.kind,
                    about=one.subject,
                    digest=one.digest,
                    asked_by=one.asked_by,
                    agreed_by=one.agreed,
                )
            )
    return approval_of(world, approval)


def refuse(world: World, actor: Actor, approval: str, reason: str) -> Pending:
    """Say no: by whoever asked, or whoever may agree. Raises NotFound, Invalid, Forbidden, Refused (it is over)."""
    said = reason.strip()[: pending.REASON_LIMIT]
    if not said:
        raise Invalid("Say why not, in a sentence.", where="reason")
    roles = roles_of(world, actor)
    with world.change(actor) as work:
        one = _held(work, approval)
        if one.state != "waiting":
            raise Refused(f"It is {one.state} already.")
        if str(actor) != one.asked_by and not KINDS[one.kind].may_agree(roles):
            raise Forbidden(f"Your roles do not include {KINDS[one.kind].resource}:{pending.COUNTERSIGN}.")
        _drop(work, one, "refused", said)
    return approval_of(world, approval)


def lapse(world: World) -> int:
    """Let go of what nobody agreed to in time; return how many. A chore."""
    with world.look() as connection:
        if not pending_store.late(connection, world.clock.now()):
            return 0
    with world.change(SYSTEM) as work:
        late = pending_store.late(work.connection, work.now)
        for approval in late:
            _drop(work, _held(work, approval), "lapsed", "nobody agreed in time")
    return len(late)


def approval_of(world: World, approval: str) -> Pending:
    """Return one act that was asked for. Raises NotFound."""
    with world.look() as connection:
        found = pending_store.get(connection, approval)
    if found is None:
        raise NotFound("Nothing of that id was asked for.", do="Run: careful approvals list")
    return found


def approvals(world: World, *, waiting: bool = True) -> list[Pending]:
    """Return what waits for a second person, or the newest of all that was ever asked for."""
    with world.look() as connection:
        return pending_store.listed(connection, _WAITING if waiting else None, MOST_LISTED)


def only_light(work: Work, roles: Sequence[str]) -> None:
    """Refuse to give roles by invitation that need a second person: that one sees who gets them, by name."""
    weighty = [role for role in roles if pending.is_weighty(role)]
    if weighty and not _alone(work, "raise-role"):
        raise Refused(
            f"Nobody gets {weighty[0]} by an invitation: a second person has to see who it is.",
            do="Invite them with another role (support, communications), then raise it: careful staff roles E-MAIL",
        )


def done_alone(world: World) -> int:
    """Count the acts that one person alone did, of those that need two otherwise."""
    with world.look() as connection:
        return len(ledger.read(connection, names=[ActDoneAlone.name], limit=_MOST_ALONE))


def note_two(work: Work) -> None:
    """Note that set-up ends for the kinds of acts that two people can do together from now on. Cheap: call it often."""
    staff = store.active_roles(work.connection)
    able = [kind.id for kind in KINDS.values() if pending.two_could(kind, staff)]
    new = sorted(set(able) - pending_store.set_up_ended(work.connection)) if able else []
    pending_store.end_set_up(work.connection, new, work.now)
    work.record(*(SetUpEnded(kind=kind) for kind in new))


def drop_asked_by(work: Work, account: str) -> None:
    """Let what a person asked for fall, as they leave."""
    for one in pending_store.listed(work.connection, _WAITING, MOST_WAITING):
        if f"staff:{account}" in one.people:
            _drop(work, one, "void", "somebody behind it left")


def _alone(work: Work, kind: str) -> str:
    note_two(work)
    staff = store.active_roles(work.connection)
    ended = kind in pending_store.set_up_ended(work.connection)
    return pending.alone(KINDS[kind], staff, work.actor, set_up_ended=ended)


def _held(work: Work, approval: str) -> Pending:
    found = pending_store.get(work.connection, approval, lock=True)
    if found is None:
        raise NotFound("Nothing of that id was asked for.", do="Run: careful approvals list")
    return found


def _drop(work: Work, one: Pending, how: pending.State, reason: str) -> None:
    _end(work, one, how, reason)
    work.record(ActDropped(approval=one.id, kind=one.kind, about=one.subject, how=how, reason=reason))


def _end(work: Work, one: Pending, state: pending.State, outcome: str) -> None:
    values = {"state": state, "ended_at": work.now, "ended_by": str(work.actor), "outcome": outcome}
    pending_store.change(work.connection, one.id, values)
