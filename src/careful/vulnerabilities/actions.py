"""What one may do about flaws: take feeds in, judge, account for devices, close."""

from collections.abc import Callable
from pathlib import Path

from careful import releases
from careful.kernel.actors import Actor
from careful.kernel.errors import CarefulError, Invalid, Refused
from careful.kernel.work import World
from careful.vulnerabilities import queries, store
from careful.vulnerabilities.events import CaseClosed, DeviceAccounted, FeedFailed, FeedTaken, Judged
from careful.vulnerabilities.feeds import intake
from careful.vulnerabilities.model import JUSTIFICATIONS, STATUSES, Case, FeedReport, Status

_TEXT = 4000
_LICENCES = {
    "osv": "per record; see the source",
    "nvd": "public domain (US government work)",
    "kev": "CC0-1.0",
}


def import_feed(
    world: World,
    actor: Actor,
    path: Path,
    kind: intake.Kind | None = None,
    *,
    source: str = "",
    progress: Callable[[int], None] = lambda _: None,
) -> FeedReport:
    """Take a feed in. What cannot be read at all is refused, recorded as failed, and changes nothing."""
    try:
        found = intake.take_in(world.home, path, kind, progress)
    except CarefulError as refusal:
        with world.change(actor) as work:
            work.record(FeedFailed(feed=kind or "unknown", reason=refusal.what[:200]))
        raise
    with world.change(actor) as work:
        # A feed without a date of its own is as old as its intake; one that claims the future is not believed.
        as_of = min(found.as_of or work.now, work.now)
        records = found.taken + found.unchanged
        row = {
            "feed": found.feed,
            "source": source or path.name,
            "licence": _LICENCES.get(found.feed, ""),
            "records": records,
            "sha256": found.sha256,
            "as_of": as_of,
            "taken_at": work.now,
        }
        store.put_feed(work.connection, row)
        work.record(
            FeedTaken(feed=found.feed, sha256=found.sha256, records=records, refused=found.refused_count, as_of=as_of)
        )
    return FeedReport(
        found.feed, found.taken, found.unchanged, found.withdrawn, tuple(found.refused), as_of, found.seconds
    )


def judge(
    world: World,
    actor: Actor,
    case_id: str,
    status: Status,
    justification: str | None = None,
    statement: str = "",
    action: str = "",
) -> Case:
    """Decide what a flaw means for the product; the decision holds for later releases until its ground moves.

    Raises Invalid for an unknown status or justification, Refused where not_affected comes without a justification
    or affected without what to do (OpenVEX; CSAF 2.0 profile VEX, section 4.5).
    """
    if status not in STATUSES:
        raise Invalid(f"{status!r} is no VEX status.", do=f"One of: {', '.join(STATUSES)}", where="status")
    if justification and justification not in JUSTIFICATIONS:
        raise Invalid(
            f"{justification[:60]!r} is no VEX justification.",
            do=f"One of: {', '.join(JUSTIFICATIONS)}",
            where="justification",
        )
    if status == "not_affected" and not justification:
        raise Refused("'Not affected' needs a justification.", do=f"Add one of: {', '.join(JUSTIFICATIONS)}")
    if status == "affected" and not action.strip():
        raise Refused("'Affected' needs an action: what will be done.", do="Add: --action 'Update to …'")
    if max(len(statement), len(action)) > _TEXT:
        raise Invalid(f"A statement may be {_TEXT} characters long at most.", do="Shorten it.")
    one = queries.case(world, case_id)
    if one.state == "closed":
        raise Refused(f"{one.flaw} in {one.product} is closed.", do=f"Run: careful vuln show {case_id}")
    newest = _newest_with(world, one)
    with world.change(actor) as work:
        ground = store.finding_versions(work.connection, one.flaw, one.product, newest) if newest else {}
        store.set_case(
            work.connection,
            case_id,
            status=status,
            justification=justification if status == "not_affected" else None,
            statement=statement,
            action=action,
            judged_at=work.now,
            judged_on=ground,
            review=None,
        )
        work.record(
            Judged(case=case_id, flaw=one.flaw, product=one.product, status=status, justification=justification)
        )
    return queries.case(world, case_id)


def account_for(world: World, actor: Actor, case_id: str, device: str, reason: str) -> None:
    """Say why an exposed device is not fixed. Raises Refused for a device that is not exposed."""
    if not 0 < len(reason.strip()) <= _TEXT:
        raise Invalid("A reason is needed, and may be 4000 characters long at most.", where="reason")
    one = queries.case(world, case_id)
    if device not in queries.exposed(world, case_id).devices:
        raise Refused(f"{device} does not run an affected release.", do=f"Run: careful vuln exposed {case_id}")
    with world.change(actor) as work:
        store.put_account(work.connection, case_id, device, reason.strip(), work.now)
        work.record(DeviceAccounted(case=one.id, device=device, reason=reason.strip()[:300]))


def close(world: World, actor: Actor, case_id: str) -> Case:
    """Close a case. Raises Refused while a decision is open or an exposed device is neither fixed nor accounted for."""
    one = queries.case(world, case_id)
    if one.state == "closed":
        return one
    name = f"{one.flaw} in {one.product}"
    if one.status in {None, "under_investigation"} or one.review:
        raise Refused(f"{name} waits for a decision.", do=f"Run: careful vuln judge {case_id} --status …")
    affected = one.status == "affected"
    left = queries.unaccounted(world, case_id) if affected else []
    if left:
        raise Refused(
            f"{name}: {len(left)} exposed devices are neither fixed nor accounted for.",
            do=f"Run: careful vuln account {case_id} {left[0]} --reason …",
        )
    ever = set(queries.ever_exposed(world, case_id))
    still = set(queries.exposed(world, case_id).devices) if affected else set()
    with world.change(actor) as work:
        store.set_case(work.connection, case_id, state="closed", closed_at=work.now)
        work.record(
            CaseClosed(
                case=case_id,
                exposed=len(ever | still),
                fixed=len(ever - still) if affected else 0,
                accounted=len(still) if affected else len(ever),
            )
        )
    return queries.case(world, case_id)


def _newest_with(world: World, one: Case) -> str | None:
    held = [each for each in releases.list_for(world, one.product) if each.version in one.releases]
    return max(held, key=lambda each: each.security_version).id if held else None
