"""Taking a feed in: from a file, a folder or a zip into the database, record by record, all or nothing readable.

A malformed record is refused with its place and the others are taken; a feed in which nothing can be read is refused
whole, and what was known stays. What is declared a full export of an ecosystem covers all its packages, unless
something in it speaks against that; all else covers the packages that its records name.
"""

import hashlib
import sqlite3
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from careful.kernel.errors import Invalid, TooLarge
from careful.vulnerabilities.feeds import database, kev, nvd, osv
from careful.vulnerabilities.feeds.proof import UNDATED, Proof, not_before, not_in_future
from careful.vulnerabilities.feeds.record import Malformed, Record

Kind = Literal["osv", "nvd", "kev"]
FILE_BYTES = 1 << 30
TOTAL_BYTES = 8 << 30
FILES = 2_000_000
REFUSED_LISTED = 50
_SMALL, _RATIO = 1 << 20, 200
_MARK = b"\xef\xbb\xbf"  # a byte order mark: RFC 8259 section 8.1 lets a reader pass over it
Progress = Callable[[int], None]


@dataclass(slots=True)
class Intake:
    """What one intake did; `records` is how many of the feed are here now.

    `covers` names what the feed covers in full now; `remarks` say why something declared whole was not taken for it.
    """

    feed: str
    taken: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    refused: list[str] = field(default_factory=list)
    refused_count: int = 0
    as_of: datetime = UNDATED
    sha256: str = ""
    records: int = 0
    seconds: float = 0.0
    covers: tuple[str, ...] = ()
    remarks: list[str] = field(default_factory=list)
    proof: Proof = field(default_factory=Proof)

    def refuse(self, where: str, why: object) -> None:
        """Count a refused record; the first fifty are named."""
        self.refused_count += 1
        if len(self.refused) < REFUSED_LISTED:
            self.refused.append(f"{where}: {why}")


def take_in(
    home: Path,
    path: Path,
    now: datetime,
    kind: Kind | None = None,
    progress: Progress = lambda _: None,
    feed: str = "",
    *,
    whole: Sequence[str] = (),
    as_of: datetime | None = None,
) -> Intake:
    """Take in a file, folder or zip under the name `feed` (left out: the kind).

    `whole` names the ecosystems (`PyPI`, or `NVD`) of which it is declared to be a full export. `as_of` says how young
    it is known to be, where the content proves less. Raises Invalid where nothing in it is a feed that we read,
    TooLarge, Unavailable.
    """
    began = time.perf_counter()
    found = Intake(feed)
    digest = hashlib.sha256()
    changed = 0
    with database.opened(home, write=True) as connection:
        for name, content in _documents(path):
            digest.update(hashlib.sha256(content).digest())
            try:
                raw = msgspec.json.decode(content.removeprefix(_MARK))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
                found.refuse(name, f"no readable JSON ({wrong})")
                continue
            told = _kind_of(raw)
            kind = kind or told
            if told is None or told != kind:
                found.refuse(name, f"{told} among {kind}" if told else "neither OSV, NVD 2.0 nor KEV")
                continue
            found.feed = found.feed or kind
            changed += _take_document(connection, found, told, name, raw, now)
            progress(found.taken + found.unchanged)
        if not (found.taken or found.unchanged or found.withdrawn):
            raise Invalid(
                f"Nothing in {path} could be taken in as a feed: "
                + (f"{found.refused[0]}." if found.refused else "it holds no JSON file."),
                do="Give OSV JSON, an NVD 2.0 page, or CISA's KEV catalogue.",
                where=str(path),
            )
        own = min(now, as_of or (found.as_of if kind == "kev" else found.proof.as_of()))
        if changed + sum([_declare(connection, found, kind, name, own) for name in whole]):
            database.moved(connection)
        _sum_up(connection, found, own)
    found.sha256, found.seconds = digest.hexdigest(), time.perf_counter() - began
    return found


def covered_by(kind: Kind | None, name: str) -> tuple[str, str] | None:
    """Return the kind and type of names that a full export called `name` covers, None where there is no such."""
    if kind == "nvd":
        return ("cpe", "") if name.lower() == "nvd" else None
    covered = osv.type_of(name) if kind == "osv" else ""
    return ("purl", covered) if covered else None


def _declare(connection: sqlite3.Connection, found: Intake, kind: Kind | None, name: str, as_of: datetime) -> bool:
    """Note that this was a full export of `name`, where nothing speaks against it; tell whether more is covered now."""
    covered = covered_by(kind, name)
    held = {(one.kind, one.type): one.records for one in database.wholes(connection, found.feed)}
    why = (
        found.proof.against(covered, found.refused_count, held.get(covered, 0))
        if covered
        else "no full export of that is known"
    )
    if covered is None or why:
        found.remarks.append(f"not taken as all of {name}: {why}")
        return False
    count = found.proof.records[covered]
    return database.put_whole(connection, found.feed, database.Whole(*covered, name, count, as_of))


def _sum_up(connection: sqlite3.Connection, found: Intake, own: datetime) -> None:
    """Note age and coverage: a feed is as old as its oldest full export; single records neither renew nor age it."""
    wholes = database.wholes(connection, found.feed)
    found.covers = tuple(one.name for one in wholes)
    found.as_of = min((one.as_of for one in wholes), default=own)
    if found.feed != "kev":
        found.records = database.count(connection, found.feed)


def _take_document(
    connection: sqlite3.Connection,
    found: Intake,
    kind: Kind,
    name: str,
    raw: Any,  # noqa: ANN401 (JSON is Any)
    now: datetime,
) -> int:
    if kind == "kev":
        return _take_catalogue(connection, found, name, raw, now)
    parse = osv.parse if kind == "osv" else nvd.parse
    changed = accepted = 0
    for place, one in _records(raw):
        try:
            record = parse(one)
            if record.modified:
                not_in_future(record.modified, now, "$.modified" if kind == "osv" else "$.cve.lastModified")
        except Malformed as wrong:
            found.refuse(f"{name}{place}", wrong)
            continue
        digest = hashlib.sha256(msgspec.json.encode(one, order="deterministic")).hexdigest()
        moved = database.put(connection, found.feed, record, digest)
        changed += moved
        accepted += 1
        found.proof.see(record)
        _count(found, record, moved=moved)
    if kind == "nvd" and isinstance(raw, dict):
        found.proof.see_page(raw, accepted, now)
    return changed


def _take_catalogue(connection: sqlite3.Connection, found: Intake, name: str, raw: Any, now: datetime) -> int:  # noqa: ANN401 (JSON is Any)
    try:
        listed, released, refused = kev.parse(raw)
        not_in_future(released, now, "$.dateReleased")
        not_before(released, database.catalogue_released(connection), "$.dateReleased")
    except Malformed as wrong:
        found.refuse(name, wrong)
        return 0
    for one in refused:
        found.refuse(name, one)
    found.as_of = released
    found.records = len(listed)
    changed = database.put_exploited(connection, listed, released, only_add=bool(refused))
    found.taken += changed
    found.unchanged += len(listed) - min(changed, len(listed))
    return changed


def _count(found: Intake, record: Record, *, moved: bool) -> None:
    if not moved:
        found.unchanged += 1
    elif record.withdrawn:
        found.withdrawn += 1
    else:
        found.taken += 1


def _records(raw: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 (JSON is Any)
    if isinstance(raw, dict) and isinstance(raw.get("vulnerabilities"), list):
        yield from ((f"#$.vulnerabilities[{number}]", one) for number, one in enumerate(raw["vulnerabilities"]))
    elif isinstance(raw, list):
        yield from ((f"#$[{number}]", one) for number, one in enumerate(raw))
    else:
        yield "", raw


def _kind_of(raw: Any) -> Kind | None:  # noqa: ANN401 (JSON is Any)
    first = raw[0] if isinstance(raw, list) and raw else raw
    if not isinstance(first, dict):
        return None
    if "catalogVersion" in first or _any(first.get("vulnerabilities"), "cveID"):
        return "kev"
    if (
        first.get("format") == "NVD_CVE"
        or "cve" in first
        or "configurations" in first
        or _any(first.get("vulnerabilities"), "cve")
    ):
        return "nvd"
    return "osv" if "id" in first and ("affected" in first or "modified" in first) else None


def _any(listed: object, name: str) -> bool:
    return isinstance(listed, list) and any(isinstance(one, dict) and name in one for one in listed[:5])


def _documents(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for number, one in enumerate(sorted(path.rglob("*.json"))):
            _bound(number, one.stat().st_size, one.name)
            yield str(one.relative_to(path)), _read(one)
    elif path.suffix == ".zip" and path.is_file():
        try:
            with zipfile.ZipFile(path) as archive:
                total = 0
                for number, info in enumerate(archive.infolist()):
                    total += info.file_size
                    _bound(number, info.file_size, info.filename, total)
                    _no_bomb(info)
                    if info.filename.endswith(".json"):
                        yield info.filename, archive.read(info)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as wrong:
            raise Invalid(f"{path} is no readable zip: {wrong}.", do="Fetch it again.", where=str(path)) from wrong
    elif path.is_file():
        _bound(0, path.stat().st_size, path.name)
        yield path.name, _read(path)
    else:
        raise Invalid(f"{path} is not there.", do="Name a file, a folder or a zip.", where=str(path))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise Invalid(f"{path} cannot be read ({failure.strerror}).", do="Check its permissions.") from failure


def _no_bomb(info: zipfile.ZipInfo) -> None:
    """Refuse what unpacks to far more than any list of flaws does, before unpacking it."""
    if info.file_size > _SMALL and info.file_size > info.compress_size * _RATIO:
        raise TooLarge(
            f"{info.filename[:200]} in the zip would unpack {info.compress_size:,} bytes to {info.file_size:,}: "
            "it is no feed but a zip bomb, and nothing was taken in.",
            do="Fetch the feed again from where it is published.",
        )


def _bound(number: int, size: int, name: str, total: int = 0) -> None:
    if number >= FILES or size > FILE_BYTES or total > TOTAL_BYTES:
        raise TooLarge(
            f"{name[:200]}: a feed may have {FILES:,} files of {FILE_BYTES:,} bytes, {TOTAL_BYTES:,} in all.",
            do="Split it.",
        )
