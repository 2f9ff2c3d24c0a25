"""Taking a feed in: from a file, a folder or a zip into the database, record by record, all or nothing readable.

A malformed record is refused with its place and the others are taken; a feed in which nothing can be read is refused
whole, and what was known stays.
"""

import hashlib
import sqlite3
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from careful.kernel.errors import Invalid, TooLarge
from careful.vulnerabilities.feeds import database, kev, nvd, osv
from careful.vulnerabilities.feeds.record import Malformed, Record, moment

Kind = Literal["osv", "nvd", "kev"]
FILE_BYTES = 1 << 30
TOTAL_BYTES = 8 << 30
FILES = 2_000_000
REFUSED_LISTED = 50
Progress = Callable[[int], None]


@dataclass(slots=True)
class Intake:
    """What one intake did; `records` is how many of the feed are here now."""

    feed: str
    taken: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    refused: list[str] = field(default_factory=list)
    refused_count: int = 0
    as_of: datetime | None = None
    sha256: str = ""
    records: int = 0
    seconds: float = 0.0

    def refuse(self, where: str, why: object) -> None:
        """Count a refused record; the first fifty are named."""
        self.refused_count += 1
        if len(self.refused) < REFUSED_LISTED:
            self.refused.append(f"{where}: {why}")


def take_in(
    home: Path, path: Path, kind: Kind | None = None, progress: Progress = lambda _: None, feed: str = ""
) -> Intake:
    """Take in a file, folder or zip under the name `feed` (left out: the kind).

    Raises Invalid where nothing in it is a feed that we read, TooLarge, Unavailable.
    """
    began = time.perf_counter()
    found = Intake(feed)
    digest = hashlib.sha256()
    changed = 0
    with database.opened(home, write=True) as connection:
        for name, content in _documents(path):
            digest.update(hashlib.sha256(content).digest())
            try:
                raw = msgspec.json.decode(content)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
                found.refuse(name, f"no readable JSON ({wrong})")
                continue
            told = _kind_of(raw)
            kind = kind or told
            if told is None or told != kind:
                found.refuse(name, f"{told} among {kind}" if told else "neither OSV, NVD 2.0 nor KEV")
                continue
            found.feed = found.feed or kind
            changed += _take_document(connection, found, told, name, raw)
            progress(found.taken + found.unchanged)
        if not (found.taken or found.unchanged or found.withdrawn):
            raise Invalid(
                f"Nothing in {path} could be read as a feed: "
                + (f"{found.refused[0]}." if found.refused else "it holds no JSON file."),
                do="Give OSV JSON, an NVD 2.0 page, or CISA's KEV catalogue.",
                where=str(path),
            )
        if changed:
            database.moved(connection)
        if found.feed != "kev":
            found.records = database.count(connection, found.feed)
    found.as_of = found.as_of or _youngest(path)
    found.sha256, found.seconds = digest.hexdigest(), time.perf_counter() - began
    return found


def _youngest(path: Path) -> datetime:
    """Return when the youngest file was written: a feed that states no date of its own is no younger than that."""
    files = [path] if path.is_file() else path.rglob("*.json")
    return datetime.fromtimestamp(max((one.stat().st_mtime for one in files), default=0.0), UTC)


def _take_document(connection: sqlite3.Connection, found: Intake, kind: Kind, name: str, raw: Any) -> int:  # noqa: ANN401 (JSON is Any)
    if kind == "kev":
        return _take_catalogue(connection, found, name, raw)
    parse = osv.parse if kind == "osv" else nvd.parse
    changed = 0
    if kind == "nvd" and isinstance(raw, dict):
        found.as_of = moment(raw.get("timestamp")) or found.as_of
    for place, one in _records(raw):
        try:
            record = parse(one)
        except Malformed as wrong:
            found.refuse(f"{name}{place}", wrong)
            continue
        digest = hashlib.sha256(msgspec.json.encode(one, order="deterministic")).hexdigest()
        moved = database.put(connection, found.feed, record, digest)
        changed += moved
        _count(found, record, moved=moved)
    return changed


def _take_catalogue(connection: sqlite3.Connection, found: Intake, name: str, raw: Any) -> int:  # noqa: ANN401 (JSON is Any)
    try:
        listed, as_of, refused = kev.parse(raw)
    except Malformed as wrong:
        found.refuse(name, wrong)
        return 0
    for one in refused:
        found.refuse(name, one)
    found.as_of = as_of
    found.records = len(listed)
    changed = database.put_exploited(connection, listed)
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
            yield str(one.relative_to(path)), one.read_bytes()
    elif path.suffix == ".zip" and path.is_file():
        try:
            with zipfile.ZipFile(path) as archive:
                total = 0
                for number, info in enumerate(archive.infolist()):
                    total += info.file_size
                    _bound(number, info.file_size, info.filename, total)
                    if info.filename.endswith(".json"):
                        yield info.filename, archive.read(info)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as wrong:
            raise Invalid(f"{path} is no readable zip: {wrong}.", do="Fetch it again.", where=str(path)) from wrong
    elif path.is_file():
        _bound(0, path.stat().st_size, path.name)
        yield path.name, path.read_bytes()
    else:
        raise Invalid(f"{path} is not there.", do="Name a file, a folder or a zip.", where=str(path))


def _bound(number: int, size: int, name: str, total: int = 0) -> None:
    if number >= FILES or size > FILE_BYTES or total > TOTAL_BYTES:
        raise TooLarge(
            f"{name[:200]}: a feed may have {FILES:,} files of {FILE_BYTES:,} bytes, {TOTAL_BYTES:,} in all.",
            do="Split it.",
        )
