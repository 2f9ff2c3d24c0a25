"""What devices report to run, set against what we believe: which updates are proven, and which devices fell back.

It is read from the ledger, so that it counts whichever way it came, and it counts whatever became of an order: a device
that reported a failure and runs the release has it, one that reported success and runs something older has not.
"""

from careful.kernel import ledger
from careful.kernel.actors import SYSTEM
from careful.kernel.ledger import Entry
from careful.kernel.work import Work, World
from careful.updates import queries, reports, store
from careful.updates.events import DeviceFailed, DeviceUpdated, RolloutReopened
from careful.updates.model import Member, Order, Rollout
from careful.updates.versions import is_newer

_REPORTS_AT_ONCE = 500
_UNPROVEN = frozenset({"waiting", "deferred", "installed", "failed", "silent", "accounted"})


def take_reports(world: World) -> int:
    """Compare what devices say they run with what we believe, from where the ledger was last read."""
    with world.look() as connection:
        after = store.get_number(connection, "ledger") - 1
        told = ledger.read(connection, names=["devices.version_reported"], after=after, limit=_REPORTS_AT_ONCE)
    if not told:
        return 0
    with world.change(SYSTEM) as work:
        if store.get_number(work.connection, "ledger") != after + 1:
            return 0  # another worker read them
        for entry in told:
            _compare(work, entry)
        store.set_number(work.connection, "ledger", told[-1].seq + 1)
    return len(told)


def _compare(work: Work, entry: Entry) -> None:
    device, version = entry.data["device"], entry.data["version"]
    places = queries.member_of(work.connection, device)
    if not places:
        return
    rollout_id, member = places[0]
    found = queries.read_rollout(work.connection, rollout_id)
    if found.product != entry.data["product"] or found.state == "superseded":
        return
    if version == found.version:
        if member.state in _UNPROVEN:
            store.lock_rollout(work.connection, rollout_id)
            confirm(work, found, device)
    elif member.state == "confirmed" and member.changed_at is not None and entry.at > member.changed_at:
        _fell_back(work, found, member, version)


def _fell_back(work: Work, found: Rollout, member: Member, version: str) -> None:
    """Take in that a fixed device runs something older again: it counts as failed, and the rollout as not over."""
    if is_newer(found.version, version) if found.policy.downgrade else is_newer(version, found.version):
        return
    reason = f"fell back to {version}"
    store.lock_rollout(work.connection, found.id)
    changed = store.set_member(
        work.connection,
        found.id,
        [member.device],
        ("confirmed",),
        state="failed",
        outcome="failed",
        detail=reason,
        changed_at=work.now,
    )
    if not changed:
        return
    work.record(DeviceFailed(rollout=found.id, device=member.device, reason=reason, rolled_back=True))
    newest = queries.live(work.connection, found.product, "running", "halted", "finished")[-1:]
    if found.state == "finished" and newest == [found.id]:
        store.set_rollout(work.connection, found.id, state="running", finished_at=None)
        work.record(RolloutReopened(rollout=found.id, device=member.device, reason=reason))


def confirm(work: Work, found: Rollout, device: str, order: Order | None = None) -> int:
    """Note that a device reports the release as what it runs, whatever became of its order."""
    if order is not None:
        return int(reports.end(work, order, "succeeded", f"reports {found.version}"))
    changed = store.set_member(
        work.connection,
        found.id,
        [device],
        ("waiting", "deferred", "installed", "failed", "silent", "accounted"),
        state="confirmed",
        deadline=None,
        excused=False,
        outcome="",
        detail=f"reports {found.version}",
        changed_at=work.now,
    )
    if changed:
        work.record(DeviceUpdated(rollout=found.id, device=device, version=found.version))
    return len(changed)
