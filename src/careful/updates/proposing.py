"""Going to an older version: proposed by one person with a reason, begun when a second one agrees.

A token or a command line may be anyone's, so that they propose, and never agree.
"""

from dataclasses import replace
from typing import Any

from careful.kernel.actors import Actor
from careful.kernel.errors import NotFound, Refused
from careful.kernel.work import World
from careful.updates import actions, meeting, queries, starting, store
from careful.updates.events import RolloutConfirmed, RolloutSuperseded


def confirm_rollout(world: World, actor: Actor, rollout_id: str) -> str:
    """Stand behind a downgrade that another person proposed; with two people behind it, it begins. Returns its state.

    Raises NotFound, and Refused for whoever proposed it, a token or a command line, or where nothing is proposed.
    """
    with world.change(actor) as work:
        if not store.lock_rollout(work.connection, rollout_id):
            raise NotFound(f"There is no rollout {rollout_id!r}.", do="See: careful rollout list")
        found = queries.read_rollout(work.connection, rollout_id)
        if found.state != "proposed":
            raise Refused(f"Rollout {rollout_id} is {found.state}; nothing is proposed.")
        if actor.kind != "staff":
            raise Refused(
                "Only a person who is signed in can agree: a token or a command line may be anyone's.",
                do=f"Agree on the console: /rollouts/{rollout_id}",
            )
        if str(actor) in found.policy.people:
            raise Refused("Nobody agrees with what they proposed themselves.", do="Ask somebody else who may start it.")
        people = (*found.policy.people, str(actor))
        store.set_rollout(work.connection, rollout_id, policy=queries.policy_as(replace(found.policy, people=people)))
        work.record(RolloutConfirmed(rollout=rollout_id, people=len(people)))
        if len(people) < starting.PEOPLE:
            return "proposed"
        members = queries.members(work.connection, rollout_id)
        others = starting.others(work, found.product)
        meets = meeting.meetings(found.version, [one.device for one in members], others, downgrade=True)
        starting.take_over(work, rollout_id, found.version, meets)
        store.set_rollout(work.connection, rollout_id, state="running", reason="", started_at=work.now)
        starting.record_start(work, found)
    return "running"


def roll_back(world: World, actor: Actor, rollout_id: str, to: str, reason: str, **given: Any) -> str:  # noqa: ANN401 (the words of `_asked`)
    """Halt a rollout and propose that the devices which took its release go back to version `to`; return the new id.

    It is a downgrade: it begins when a second person has agreed, and a device may refuse what is older than it knows.
    Raises NotFound, Invalid, Refused.
    """
    found = queries.rollout(world, rollout_id).rollout
    if found.state == "running":
        actions.halt(world, actor, rollout_id, f"To be rolled back: {reason}")
    more = {"group": f"release={found.version}", "rolls_back": rollout_id, **given}
    return starting.start_rollout(world, actor, found.product, to, downgrade=True, reason=reason, **more)


def withdraw_rollout(world: World, actor: Actor, rollout_id: str, reason: str) -> None:
    """Drop a proposed rollout. Raises NotFound, Invalid (no reason), Refused (it is not proposed)."""
    why = actions.reason_of(reason)
    with world.change(actor) as work:
        if not store.lock_rollout(work.connection, rollout_id):
            raise NotFound(f"There is no rollout {rollout_id!r}.", do="See: careful rollout list")
        if queries.read_rollout(work.connection, rollout_id).state != "proposed":
            raise Refused(f"Rollout {rollout_id} is not proposed.", do="One that runs is halted.")
        store.set_rollout(work.connection, rollout_id, state="superseded", finished_at=work.now, reason=why)
        work.record(RolloutSuperseded(rollout=rollout_id, by="withdrawn"))
