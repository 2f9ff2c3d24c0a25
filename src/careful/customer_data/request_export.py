"""The file that a customer gets: all that is held of them, in forms that programs read, with a manifest of digests.

It lies sealed under the customer's own key: who has the disk or a backup cannot read it, and when the customer's time
ends it is as lost as their readings. It can be fetched for a week.
"""

import dataclasses
import hashlib
import io
import json
import os
import secrets
import time
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from careful import devices, products
from careful.customer_data import consent, reads_store
from careful.customer_data import requests_store as store
from careful.customer_data.actions import key_of
from careful.customer_data.events import DataExported, ExportFetched, ExportRemoved
from careful.customer_data.reading import REQUEST, open_whole
from careful.customer_data.records import Records, Row
from careful.customer_data.request_model import REQUEST_KINDS, Request, check_proven
from careful.customer_data.request_proof import find_request, locked
from careful.customer_data.requests import began, check_same, close, corrections, ended_since, expect
from careful.customer_data.sealing import NONCE_BYTES
from careful.customer_data.stores import records_of
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.clock import iso
from careful.kernel.errors import NotFound, TooLarge, Unavailable
from careful.kernel.ids import new_id
from careful.kernel.work import World

FETCH_WITHIN = timedelta(days=7)
FOLDER_NAME = "requests"
RECORDS_MOST = 500_000
"""Readings in one file; it is made in memory."""
_PAGE = 1000
_READS_MOST = 10_000
_STRAY_SECONDS = 3600
_README = """\
This is what {maker} holds of you, by request {request} for device {device}.

readings.jsonl     what your device said, newest first, one JSON object a line: stream, at (when it came), values;
                   `withheld` names what could not be opened, and why
corrections.jsonl  what you said is right instead
consents.jsonl     what you agreed to, and when that ended
opened.jsonl       when somebody on our side, or a program of ours, opened your readings, and for which purpose
held.json          what kinds of data there are, what for, who gets them, how long they are kept; your contact address
manifest.json      which files there are, with size and SHA-256

Times are UTC. JSON Lines (jsonlines.org) is read by every spreadsheet and database of today.
"""


def export_requested(world: World, actor: Actor, one: str) -> Request:
    """Make the file that was asked for, and close the request. Raises Refused before proof, TooLarge, Unavailable."""
    found = find_request(world, one)
    expect(found, "access", "export")
    check_proven(found)
    packed, records = _pack(world, actor, found)
    digest = hashlib.sha256(packed).hexdigest()
    key = key_of(world, found.device)
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + key.encrypt(nonce, packed, _bound(key.customer, one, digest))
    _write(_place(world, one), sealed)
    with world.change(actor) as work:
        found = locked(work, one)
        check_proven(found)
        check_same(work, found)
        until = work.now + FETCH_WITHIN
        store.change(work.connection, one, digest=digest, size=len(packed), expires_at=until)
        close(work, found, "answered", records=records, digest=digest)
        work.record(
            DataExported(
                device=found.device, product=found.product, export=one, records=records, digest=digest, until=until
            )
        )
    return find_request(world, one)


def fetch_export(world: World, actor: Actor, one: str) -> bytes:
    """Return the file, to be handed to the customer; noted. Raises NotFound once its time is over."""
    found = find_request(world, one)
    gone = NotFound(f"There is no file for request {one} (any more).", do="Open another request of the same kind.")
    if found.expires_at is None or world.clock.now() >= found.expires_at or not _place(world, one).is_file():
        raise gone
    sealed = _place(world, one).read_bytes()
    with world.change(actor) as work:
        locked(work, one)
        check_same(work, found)
        work.record(ExportFetched(request=one, device=found.device, product=found.product, digest=found.digest))
    key = key_of(world, found.device)
    return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(key.customer, one, found.digest))


def remove_exports(world: World) -> int:
    """Remove the files whose time is over, or whose customer's is. A chore for the worker."""
    with world.look() as connection:
        waiting = store.with_files(connection)
    _remove_strays(world, {one.id for one in waiting})
    done = 0
    for each in waiting:
        with world.change(SYSTEM) as work:
            found = locked(work, each.id)
            if found.expires_at is None or not (work.now >= found.expires_at or ended_since(work, found)):
                continue
            _place(world, each.id).unlink(missing_ok=True)
            store.change(work.connection, each.id, expires_at=None)
            work.record(ExportRemoved(request=each.id, device=found.device, product=found.product))
            done += 1
    return done


def _pack(world: World, actor: Actor, found: Request) -> tuple[bytes, int]:
    """Make the archive: each file's digest is in the manifest. Return it with how many readings it has."""
    since, now = began(world, found), world.clock.now()
    with world.look() as connection:
        reads = reads_store.reads(connection, device=found.device, most=_READS_MOST)
    parts: dict[str, dict[str, object]] = {}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, lines: Iterable[object]) -> int:
            digest, size, count = hashlib.sha256(), 0, 0
            with archive.open(zipfile.ZipInfo(name, now.timetuple()[:6]), "w") as file:
                for line in lines:
                    said = line if isinstance(line, str) else json.dumps(_plain(line), ensure_ascii=False) + "\n"
                    raw = said.encode()
                    file.write(raw)
                    digest.update(raw)
                    size, count = size + len(raw), count + 1
            parts[name] = {"sha256": digest.hexdigest(), "bytes": size, "lines": count}
            return count

        records = put("readings.jsonl", _readings(world, actor, found.device, since))
        put("corrections.jsonl", corrections(world, found.device))
        put("consents.jsonl", (one for one in _consents(world, found.device) if since is None or one.given_at >= since))
        put("opened.jsonl", (_opened(one) for one in reads if since is None or one.at >= since))
        put("held.json", [_held(world, found)])
        put("README.txt", [_README.format(maker=world.settings.maker_name, request=found.id, device=found.device)])
        manifest = {
            "format": "careful-request/1", "request": found.id, "asked": REQUEST_KINDS[found.kind],
            "device": found.device, "product": found.product, "made_at": now, "since": since,
            "readings": records, "files": parts,
        }  # fmt: skip
        put("manifest.json", [json.dumps(_plain(manifest), indent=1) + "\n"])
    return target.getvalue(), records


def _readings(world: World, actor: Actor, device: str, since: datetime | None) -> Iterator[object]:
    count = 0
    for page in pages(records_of(world), device, since, world.clock.now()):
        count += len(page)
        if count > RECORDS_MOST:
            raise TooLarge(f"{device} has more than {RECORDS_MOST} readings; a file is made in memory.")
        for one in open_whole(world, actor, device, page, REQUEST):
            yield {"stream": one.stream, "at": one.at, "values": one.values, "withheld": one.withheld}


def pages(
    records: Records, device: str, since: datetime | None, until: datetime, topic: str | None = None
) -> Iterator[list[Row]]:
    """Yield all records of a device, newest first, a thousand or so at a time; those of one moment stay together."""
    most, until = _PAGE, until + timedelta(microseconds=1)
    while True:
        rows = records.read(device, topics=topic and (topic,), since=since, until=until, most=most)
        if len(rows) < most:
            if rows:
                yield sorted(rows, key=lambda row: row.at, reverse=True)
            return
        last = min(row.at for row in rows)
        whole = [row for row in rows if row.at > last]
        if not whole:
            most *= 2
            continue
        yield sorted(whole, key=lambda row: row.at, reverse=True)
        most, until = _PAGE, last + timedelta(microseconds=1)


def _consents(world: World, device: str) -> Iterable[consent.Consent]:
    return consent.consents_of(world, device)


def _opened(row: Any) -> dict[str, object]:  # noqa: ANN401 (a row of the log)
    kind = str(row.actor).partition(":")[0]
    return {
        "at": row.at, "who": kind, "purpose": row.purpose, "stream": row.stream, "fields": row.fields,
        "records": row.records,
    }  # fmt: skip


def _held(world: World, found: Request) -> dict[str, object]:
    permit = products.permit_of(world, found.product)
    streams = [(f"up/{name}", one) for name, one in permit.streams.items()]
    streams += [(f"event/{name}", one) for name, one in permit.shapes.items()]
    kinds = [
        {
            "stream": topic, "field": rule.name, "personal": rule.personal, "purpose": rule.purpose,
            "recipients": rule.recipients, "kept_days": rule.retention_days,
        }
        for topic, stream in streams
        for rule in stream.rules.values()
    ]  # fmt: skip
    contacts = devices.owner_contacts(world, [found.device])
    return {"data": kinds, "contact": contacts[0].email if contacts else None}


def _plain(value: object) -> Any:  # noqa: ANN401 (JSON is Any)
    if isinstance(value, datetime):
        return iso(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain({one.name: getattr(value, one.name) for one in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _bound(customer: str, one: str, digest: str) -> bytes:
    return f"{customer}\0request\0{one}\0{digest}".encode()


def _folder(world: World) -> Path:
    return world.home / FOLDER_NAME


def _place(world: World, one: str) -> Path:
    return _folder(world) / f"{one}.sealed"


def _write(place: Path, content: bytes) -> None:
    """Write a file that only we can read, whole or not at all."""
    place.parent.mkdir(mode=0o700, exist_ok=True)
    draft = place.with_name(f"{place.stem}.{new_id()}.sealed")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    except OSError as wrong:
        draft.unlink(missing_ok=True)
        raise Unavailable(f"{place.parent} cannot be written: {wrong.strerror}.", do="See: df -h") from wrong


def _remove_strays(world: World, known: Collection[str]) -> None:
    """Remove what a crash left between file and transaction."""
    for path in _folder(world).glob("*.sealed"):
        if path.stem not in known and time.time() - path.stat().st_mtime > _STRAY_SECONDS:
            path.unlink(missing_ok=True)
