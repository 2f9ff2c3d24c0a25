"""Fetching what is new in the world's lists of known flaws: OSV by ecosystem, KEV, EPSS, the CVE list, NVD's changes.

One feed that fails does not stop the others; it is recorded as failed and grows old, which P11 then shows. What comes
from its own server is as young as the server's time, and "nothing new" makes it young again. Where there is no
internet, a mirror (folder or address) holds copies: `osv/<ecosystem>/all.zip`, `known_exploited_vulnerabilities.json`,
`epss_scores-current.csv.gz`, `cve5.zip`, `nvd.zip`. A copy is as young as its content proves.
"""

import fcntl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog

from careful import releases
from careful.kernel.actors import Actor
from careful.kernel.errors import CarefulError, Invalid, NotFound, Refused, Unavailable
from careful.kernel.work import World
from careful.vulnerabilities import actions, cve_list, store
from careful.vulnerabilities.feeds import database, intake
from careful.vulnerabilities.feeds.kinds import Kind
from careful.vulnerabilities.feeds.proof import UNDATED
from careful.vulnerabilities.fetching import Fetched, Pause, fetch, open_client
from careful.vulnerabilities.model import FeedReport

if TYPE_CHECKING:  # only who fetches pays for the client, in memory and start-up time
    import httpx

OSV = "https://osv-vulnerabilities.storage.googleapis.com/{ecosystem}/all.zip"
KEV = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
EPSS = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"
NVD = "https://services.nvd.nist.gov/rest/json/cves/2.0"
KINDS: tuple[Kind, ...] = ("osv", "kev", "epss", "cve5", "nvd")
ROUND = "sync"
"""The name under which the last round is remembered: what was asked, and how many feeds failed."""

_ECOSYSTEMS = {
    "pypi": "PyPI",
    "npm": "npm",
    "golang": "Go",
    "cargo": "crates.io",
    "maven": "Maven",
    "nuget": "NuGet",
    "gem": "RubyGems",
    "composer": "Packagist",
    "hex": "Hex",
    "pub": "Pub",
    "bitnami": "Bitnami",
    "deb/debian": "Debian",
    "deb/ubuntu": "Ubuntu",
    "apk/alpine": "Alpine",
    "rpm/rocky": "Rocky Linux",
    "rpm/almalinux": "AlmaLinux",
}
_log = structlog.get_logger(__name__)
_NVD_PAUSE = 6.0  # NVD asks for it between requests without a key
_NVD_WINDOW = timedelta(days=119)  # it answers for 120 days at most
_NVD_OVERLAP = timedelta(hours=2)
_NVD_TIME = "%Y-%m-%dT%H:%M:%S.000Z"


@dataclass(frozen=True, slots=True)
class Synced:
    """What became of one feed; `report` is there where something was read."""

    name: str
    ok: bool
    says: str
    report: FeedReport | None = None


@dataclass(frozen=True, slots=True)
class _Round:
    world: World
    actor: Actor
    client: "httpx.Client"
    folder: Path
    mirror: str
    progress: Callable[[int], None]
    pause: Pause


def sync(
    world: World,
    actor: Actor,
    *,
    ecosystems: Sequence[str] = (),
    kinds: Iterable[str] = KINDS,
    mirror: str = "",
    progress: Callable[[int], None] = lambda _: None,
    pause: Pause = time.sleep,
    client: "httpx.Client | None" = None,
) -> list[Synced]:
    """Fetch and take in what is new. Ecosystems left out: those that the releases' components are of.

    Never raises for a feed that cannot be had: it is in the answer, and in the ledger as failed.
    """
    wanted = frozenset(kinds)
    with _folder(world.home / "fetching") as folder, client or open_client() as opened:
        one = _Round(world, actor, opened, folder, mirror, progress, pause)
        done = _osv(one, ecosystems) if "osv" in wanted else []
        acts: dict[str, Callable[[_Round], Synced]] = {"kev": _kev, "epss": _epss, "cve5": _cve5, "nvd": _nvd}
        done += [_attempt(one, name, act) for name, act in acts.items() if name in wanted]
    with world.change(actor) as work:
        asked = {"name": ROUND, "url": mirror, "etag": ",".join(sorted(wanted)), "last_modified": ",".join(ecosystems)}
        failed = sum(not each.ok for each in done)
        store.put_fetch(work.connection, asked | {"since": None, "page": failed, "fetched_at": work.now})
    return done


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """Hold the folder for what is being fetched; what was cut off stays there for the next time.

    Raises Refused while somebody else fetches.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    with (path / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("Feeds are being fetched already.", do="Wait for it: careful feeds list") from None
        try:
            yield path
        finally:
            for one in path.iterdir():
                if not one.name.endswith((".part", ".part.from", ".lock")):
                    one.unlink()


def ecosystems_in_use(world: World) -> list[str]:
    """Return the OSV ecosystems of all components in all releases, PyPI where there are none."""
    found: set[str] = set()
    for release in releases.list_for(world):
        for component in releases.components(world, release.id):
            purl = releases.parse_purl(component.purl) if component.purl else None
            if purl:
                name = _ECOSYSTEMS.get(purl.type) or _ECOSYSTEMS.get(f"{purl.type}/{purl.namespace}")
                found |= {name} if name else set()
    return sorted(found) or ["PyPI"]


def _attempt(one: _Round, name: str, act: Callable[[_Round], Synced]) -> Synced:
    try:
        return act(one)
    except Exception as failure:  # noqa: BLE001 (whatever befalls one feed is not the others')
        actions.feed_failed(one.world, one.actor, name, _why(failure))
        return Synced(name, ok=False, says=str(failure) if isinstance(failure, CarefulError) else _why(failure))


def _why(failure: Exception) -> str:
    """Say why a feed failed; what nobody foresaw goes to the log too."""
    if isinstance(failure, CarefulError):
        return failure.what
    _log.error("a feed failed", exc_info=failure)
    return f"It failed unexpectedly: {type(failure).__name__}: {failure}"[:500]


def _osv(one: _Round, asked: Sequence[str]) -> list[Synced]:
    """Take in every ecosystem. OSV is one feed: as old as its oldest part, and not renewed while a part is missing.

    Where none is asked for by name, an ecosystem that no release uses any more is no part of it.
    """
    ecosystems = asked or ecosystems_in_use(one.world)
    found, failed = intake.Intake("osv"), []
    for name in ecosystems:
        try:
            _add(found, _osv_part(one, name))
        except Exception as failure:  # noqa: BLE001 (as above)
            says = str(failure) if isinstance(failure, CarefulError) else _why(failure)
            failed.append(Synced(f"osv {name}", ok=False, says=says))
    if failed:
        reason = " ".join(each.says for each in failed)
        actions.feed_failed(one.world, one.actor, "osv", reason)
        return failed
    with database.opened(one.world.home, write=True) as connection:
        if not asked:
            database.keep_wholes(connection, "osv", ecosystems)
        wholes = database.wholes(connection, "osv")
    found.covers = tuple(each.name for each in wholes)
    found.as_of = min((each.as_of for each in wholes), default=found.as_of)
    report = actions.feed_taken(one.world, one.actor, found, source=", ".join(ecosystems))
    return [Synced("osv", ok=True, says="taken in", report=report)]


def _osv_part(one: _Round, ecosystem: str) -> intake.Intake:
    if not ecosystem or "/" in ecosystem or ecosystem.startswith("."):
        raise Invalid(f"{ecosystem[:40]!r} is no ecosystem of OSV.", do="Use --ecosystem PyPI.")
    name = f"osv-{ecosystem.lower()}"[:80]
    return _file(one, name, "osv", OSV.format(ecosystem=ecosystem), f"osv/{ecosystem}/all.zip", whole=ecosystem)


def _kev(one: _Round) -> Synced:
    return _whole(one, "kev", KEV, "known_exploited_vulnerabilities.json")


def _epss(one: _Round) -> Synced:
    return _whole(one, "epss", EPSS, "epss_scores-current.csv.gz")


def _cve5(one: _Round) -> Synced:
    """Take in what changed in the CVE list, day by day; all of it the first time, or after too long."""
    if one.mirror:
        return _whole(one, "cve5", cve_list.LATEST, "cve5.zip")
    with one.world.look() as connection:
        before = store.fetch_of(connection, "cve5")
    held = before.since.date() if before and before.since else None
    published: list[object] = []
    for page in range(1, cve_list.PAGES + 1):
        got = fetch(one.client, cve_list.LATEST.format(page=page), one.folder / "cve5.json", pause=one.pause)
        listed = _json(one.folder / "cve5.json")
        published += listed if isinstance(listed, list) else []
        listing = cve_list.read(published)
        if held is None or not listed or any(day <= held for day in listing.changes):
            break
    files = cve_list.wanted(listing, held)
    if not files:
        raise Unavailable("The CVE list names no files.", do="Look at: github.com/CVEProject/cvelistV5/releases")
    found = intake.Intake("cve5")
    for each in files:
        target = one.folder / f"{each.day}-{Path(each.name).name}"
        fetch(one.client, each.url, target, pause=one.pause)
        _add(found, intake.take_in(one.world.home, target, one.world.clock.now(), "cve5", one.progress))
        target.unlink()
        _remember(one, "cve5", each.url, datetime.combine(each.day, clock_time(), UTC))
    found.as_of = min(one.world.clock.now(), got.at)
    report = actions.feed_taken(one.world, one.actor, found, source="CVEProject/cvelistV5")
    return Synced("cve5", ok=True, says="taken in", report=report)


def _json(path: Path) -> object:
    try:
        return msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise Unavailable(f"The list of releases is no JSON: {wrong}.", do="Try later.") from wrong


def _whole(one: _Round, kind: Kind, url: str, place: str, whole: str = "") -> Synced:
    found = _file(one, kind, kind, url, place, whole=whole)
    report = actions.feed_taken(one.world, one.actor, found, source=one.mirror or url)
    return Synced(kind, ok=True, says="taken in", report=report)


def _file(one: _Round, name: str, kind: Kind, url: str, place: str, *, whole: str = "") -> intake.Intake:
    """Take in one file, from the mirror or from its own address, only where it changed.

    `whole` is the ecosystem of which it is the full export, by its address or place.
    """
    if one.mirror and not _is_address(one.mirror):
        return _copy(one, kind, Path(one.mirror) / place, whole)
    address = f"{one.mirror.rstrip('/')}/{place}" if one.mirror else url
    with one.world.look() as connection:
        before = store.fetch_of(connection, name)
        known = store.feed_row(connection, kind)
    held = _held(one, kind, whole)
    again = before if before and known and before.url == address and (held or not whole) else None
    target = one.folder / f"{name}{''.join(Path(place).suffixes)}"
    conditions = {"etag": again.etag, "last_modified": again.last_modified} if again else {}
    got = fetch(one.client, address, target, pause=one.pause, **conditions)
    proven = None if one.mirror else got.at  # a mirror's clock proves nothing of its copies
    if not got.changed and known:
        as_of = proven or (held.as_of if held else known.as_of)
        if held:
            with database.opened(one.world.home, write=True) as flaws:
                database.put_whole(flaws, kind, replace(held, as_of=as_of))
        same = intake.Intake(kind, sha256=known.sha256, records=known.records, unchanged=known.records, as_of=as_of)
        same.covers = (whole,) if held else ()
        return same
    now, names = one.world.clock.now(), (whole,) if whole else ()
    found = intake.take_in(one.world.home, target, now, kind, one.progress, whole=names, as_of=proven)
    _note(one, name, address, got)
    return found


def _held(one: _Round, kind: Kind, whole: str) -> database.Whole | None:
    """Return the full export that is here already."""
    with database.opened(one.world.home) as connection:
        wholes = database.wholes(connection, kind)
    return next((each for each in wholes if (each.kind, each.type) == intake.covered_by(kind, whole)), None)


def _copy(one: _Round, kind: Kind, path: Path, whole: str) -> intake.Intake:
    if not path.exists():
        raise NotFound(f"The mirror has no {path}.", do="Put a copy there.")
    names = (whole,) if whole else ()
    return intake.take_in(one.world.home, path, one.world.clock.now(), kind, one.progress, whole=names)


def _nvd(one: _Round) -> Synced:
    """Take in what NVD changed since the last time, page by page; the first time everything, going on after a stop."""
    if one.mirror:
        return _whole(one, "nvd", NVD, "nvd.zip", "NVD")
    with one.world.look() as connection:
        before = store.fetch_of(connection, "nvd")
    began = one.world.clock.now()
    found = intake.Intake("nvd")
    since = before.since if before and _held(one, "nvd", "NVD") else None
    page = before.page if before and not before.since else 0
    if since is None:
        _pages(one, found, {}, page, None)
    while since is not None and since < began:
        until = min(since + _NVD_WINDOW, began)
        window = {"lastModStartDate": since.strftime(_NVD_TIME), "lastModEndDate": until.strftime(_NVD_TIME)}
        _pages(one, found, window, 0, since)
        since = until
    _remember(one, "nvd", NVD, began - _NVD_OVERLAP)
    with database.opened(one.world.home, write=True) as flaws:
        whole = database.Whole("cpe", "", "NVD", database.count(flaws, "nvd"), began)
        if database.put_whole(flaws, "nvd", whole):
            database.moved(flaws)
    found.covers, found.as_of = ("NVD",), began
    report = actions.feed_taken(one.world, one.actor, found, source=NVD)
    return Synced("nvd", ok=True, says="taken in", report=report)


def _pages(one: _Round, found: intake.Intake, window: dict[str, str], start: int, since: datetime | None) -> None:
    target = one.folder / "nvd.json"
    while True:
        fetch(one.client, NVD, target, parameters=window | {"startIndex": str(start)}, pause=one.pause)
        head = _head(target)
        if head.resultsPerPage:
            _add(found, intake.take_in(one.world.home, target, one.world.clock.now(), "nvd"))
        start += head.resultsPerPage
        one.progress(found.taken + found.unchanged)
        if start >= head.totalResults:
            return
        if not head.resultsPerPage:
            raise Unavailable(f"NVD gave {start:,} of {head.totalResults:,} records and then no more.", do="Try later.")
        if since is None:
            _remember(one, "nvd", NVD, None, start)
        one.pause(_NVD_PAUSE)


class _Page(msgspec.Struct):
    resultsPerPage: int  # noqa: N815 (NVD's own name)
    totalResults: int  # noqa: N815 (NVD's own name)


def _head(path: Path) -> _Page:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Page)
    except msgspec.MsgspecError as wrong:
        raise Invalid(f"NVD's answer is no page of its API: {wrong}.") from wrong


def _add(found: intake.Intake, page: intake.Intake) -> None:
    found.taken += page.taken
    found.unchanged += page.unchanged
    found.withdrawn += page.withdrawn
    found.refused_count += page.refused_count
    found.refused += page.refused[: intake.REFUSED_LISTED - len(found.refused)]
    found.seconds += page.seconds
    found.sha256, found.records = page.sha256, page.records
    found.remarks += page.remarks
    found.as_of = page.as_of if found.as_of == UNDATED else min(found.as_of, page.as_of)


def _note(one: _Round, feed: str, address: str, got: Fetched) -> None:
    with one.world.change(one.actor) as work:
        row = {"name": feed, "url": address, "etag": got.etag, "last_modified": got.last_modified}
        store.put_fetch(work.connection, row | {"since": None, "page": 0, "fetched_at": work.now})


def _remember(one: _Round, feed: str, address: str, since: datetime | None, page: int = 0) -> None:
    with one.world.change(one.actor) as work:
        row = {"name": feed, "url": address, "etag": "", "last_modified": "", "since": since, "page": page}
        store.put_fetch(work.connection, row | {"fetched_at": work.now})


def _is_address(mirror: str) -> bool:
    return mirror.startswith(("https://", "http://"))
