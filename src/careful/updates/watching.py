"""What stops a rollout besides its own reports: monitoring's word, and more crashes with the release than without.

Both halt it as failures do: nobody gets the release until a person resumes with a reason.
"""

from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Invalid
from careful.kernel.work import World
from careful.updates import actions, fleet_queries, queries, store, worse
from careful.updates.model import REASON_LIMIT

_LOOKED = "crashes-looked"
_EVERY_SECONDS = 60


def alarm(world: World, actor: Actor, product: str, reason: str, version: str | None = None) -> list[str]:
    """Halt every running rollout of a product (of one version) on somebody's word; return which. None is no error.

    This is the hook for monitoring: for other domains, and for whoever holds a token that may halt. The same word again
    changes nothing. Raises Invalid (no reason).
    """
    why = " ".join(reason.split())
    if not 0 < len(why) <= REASON_LIMIT:
        raise Invalid(f"A reason of 1 to {REASON_LIMIT} characters is needed.", do="Say what was seen.", where="reason")
    halted = []
    with world.change(actor) as work:
        for name in queries.live(work.connection, product, "running"):
            store.lock_rollout(work.connection, name)
            found = queries.read_rollout(work.connection, name)
            if found.state == "running" and version in (None, found.version):
                actions.stop(work, name, f"Monitoring: {why}")
                halted.append(name)
    return halted


def watch(world: World) -> int:
    """Halt what makes devices crash; asked once a minute, whoever asks."""
    minute = int(world.clock.now().timestamp()) // _EVERY_SECONDS
    with world.look() as connection:
        if store.get_number(connection, _LOOKED) >= minute:
            return 0
        running = [queries.read_rollout(connection, name) for name in queries.live(connection, None, "running")]
    watched = [one for one in running if one.policy.watch_crashes]
    if not watched:
        return 0
    with world.change(SYSTEM) as work:
        if store.get_number(work.connection, _LOOKED) >= minute:
            return 0
        store.set_number(work.connection, _LOOKED, minute)
    done = 0
    for found in watched:
        why = worse.verdict(*fleet_queries.crash_watch(world, found))
        if not why:
            continue
        with world.change(SYSTEM) as work:
            store.lock_rollout(work.connection, found.id)
            if queries.read_rollout(work.connection, found.id).state == "running":
                actions.stop(work, found.id, why)
                done += 1
    return done
