"""What one may do about flaws: take feeds in, account for devices, close. Deciding is in `decisions`."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from careful import releases
from careful.kernel.actors import Actor
from careful.kernel.errors import CarefulError, Invalid, Refused, TooLarge
from careful.kernel.work import Work, World
from careful.vulnerabilities import queries, store
from careful.vulnerabilities.compiled import read_list
from careful.vulnerabilities.events import (
    AttackTold,
    CaseClosed,
    DeviceAccounted,
    FeedFailed,
    FeedTaken,
    KernelFilesNoted,
)
from careful.vulnerabilities.feeds import database, intake
from careful.vulnerabilities.feeds.alone import alone
from careful.vulnerabilities.feeds.kinds import LICENCES, Kind
from careful.vulnerabilities.judging import waits
from careful.vulnerabilities.model import Case, FeedReport, due_after

_TEXT = 4000
MOST_KERNEL_FILES = 16 << 20


def import_feed(
    world: World,
    actor: Actor,
    path: Path,
    kind: Kind | None = None,
    *,
    source: str = "",
    feed: str = "",
    whole: Sequence[str] = (),
    as_of: datetime | None = None,
    progress: intake.Progress = lambda _: None,
) -> FeedReport:
    """Take a feed in under the name `feed` (left out: its kind); `as_of` says how young it is known to be.

    `whole` names the ecosystems (`PyPI`; `NVD`) of which it is a full export: all else covers only the packages that
    its records name. What cannot be read at all is refused, recorded as failed, and changes nothing. Raises Invalid,
    TooLarge, Unavailable.
    """
    try:
        now = world.clock.now()
        found = intake.take_in(world.home, path, now, kind, progress, feed, whole=whole, as_of=as_of)
    except CarefulError as refusal:
        feed_failed(world, actor, feed or kind or "unknown", refusal.what)
        raise
    return feed_taken(world, actor, found, source=source or path.name)


def import_folder(
    world: World, actor: Actor, folder: Path, progress: intake.Progress = lambda _: None
) -> list[FeedReport]:
    """Take in every feed below a folder, whatever its kind. What is no feed comes last, refused, under no name.

    Raises Invalid, TooLarge, Unavailable; then nothing is changed.
    """
    try:
        with database.opened(world.home, write=True) as connection:
            found = intake.take_all(connection, folder, world.clock.now(), progress)
    except CarefulError as refusal:
        feed_failed(world, actor, "unknown", refusal.what)
        raise
    return [feed_taken(world, actor, one, source=folder.name) if one.feed else _told(one) for one in found]


def build_feed_file(
    file: Path, folder: Path, now: datetime, progress: intake.Progress = lambda _: None
) -> list[FeedReport]:
    """Build a feed file that stands alone from a folder of unpacked feeds, or bring it up to date, one at a time.

    Raises Invalid, TooLarge; then the file stays as it was.
    """
    with alone(file), database.built(file) as connection:
        return [_told(one) for one in intake.take_all(connection, folder, now, progress)]


def feed_failed(world: World, actor: Actor, feed: str, reason: str) -> None:
    """Record that a feed could not be taken in."""
    with world.change(actor) as work:
        work.record(FeedFailed(feed=feed, reason=reason[:200]))


def feed_taken(world: World, actor: Actor, found: intake.Intake, *, source: str) -> FeedReport:
    """Record what was taken in. A feed that claims the future is not believed."""
    with world.change(actor) as work:
        true_at = min(found.as_of, work.now)
        row = {
            "feed": found.feed,
            "source": source,
            "licence": LICENCES.get(found.feed, ""),
            "records": found.records,
            "sha256": found.sha256,
            "as_of": true_at,
            "taken_at": work.now,
        }
        store.put_feed(work.connection, row)
        work.record(
            FeedTaken(
                feed=found.feed, sha256=found.sha256, records=found.records, refused=found.refused_count, as_of=true_at
            )
        )
    return _told(found, true_at)


def _told(found: intake.Intake, true_at: datetime | None = None) -> FeedReport:
    return FeedReport(
        feed=found.feed,
        taken=found.taken,
        unchanged=found.unchanged,
        withdrawn=found.withdrawn,
        refused=tuple(found.refused),
        as_of=true_at or found.as_of,
        seconds=found.seconds,
        refused_count=found.refused_count,
        covers=found.covers,
        remarks=tuple(found.remarks),
    )


def note_kernel_files(world: World, actor: Actor, release_id: str, text: str) -> int:
    """Note what was compiled into a release's kernel, one file a line, and match the release again; return how many.

    Flaws of the kernel in other files are set aside with that as evidence, but for exploited ones. Raises NotFound,
    Invalid for a list of nothing, TooLarge.
    """
    release = releases.by_id(world, release_id)
    if len(text) > MOST_KERNEL_FILES:
        raise TooLarge(f"A list of compiled files may have {MOST_KERNEL_FILES >> 20} MiB.", where="kernel-files")
    files = sorted(read_list(text))
    if not any("/" in name for name in files):
        raise Invalid(
            "The list names no compiled file.", do="One a line, such as drivers/net/veth.o.", where="kernel-files"
        )
    with world.change(actor) as work:
        store.put_compiled(work.connection, release.id, files, work.now)
        digest = hashlib.sha256("\n".join(files).encode("utf-8", "surrogatepass")).hexdigest()
        work.record(KernelFilesNoted(release=release.id, files=len(files), sha256=digest))
    return len(files)


def tell_exploited(work: Work, case_id: str, *, exploited: bool) -> None:
    """Note in a running change that somebody says a flaw is exploited, or takes that back: two people waive it then."""
    row = store.lock_cases(work.connection, [case_id]).get(case_id)
    if row is None or bool(row.told_exploited) == exploited:
        return
    due = min(row.due, work.now + due_after(row.severity, exploited=True)) if exploited else row.due
    store.set_case(work.connection, case_id, told_exploited=exploited, due=due)
    work.record(AttackTold(case=case_id, flaw=row.flaw, product=row.product, exploited=exploited, due=due))


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
    if waits(one):
        raise Refused(f"{name} waits for a decision.", do=f"Run: careful vuln judge {case_id} --status …")
    if one.accepted_until and not one.fixed_in:
        raise Refused(f"{name} stays open: its risk is accepted, not gone.", do=f"Run: careful vuln show {case_id}")
    affected = one.status == "affected"
    left = queries.unaccounted(world, case_id) if affected else []
    if left:
        raise Refused(
            f"{name}: {len(left)} exposed devices are neither fixed nor accounted for.",
            do=f"Run: careful vuln account {case_id} {left[0]} --reason …",
        )
    ever = set(queries.ever_exposed(world, case_id)) | set(queries.exposed(world, case_id).devices)
    fixed = ever & queries.moved_on(world, one) if affected else set()
    with world.change(actor) as work:
        store.set_case(work.connection, case_id, state="closed", closed_at=work.now)
        work.record(
            CaseClosed(
                case=case_id,
                exposed=len(ever),
                fixed=len(fixed),
                accounted=len(ever) - len(fixed),
            )
        )
    return queries.case(world, case_id)
