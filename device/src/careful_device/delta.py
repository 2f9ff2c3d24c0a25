"""From the image in use to the new one by what changed, where that is known; else nobody is the worse.

The order names a delta; TUF says from which bytes to which it leads. The source is checked before, the result after:
what this makes is handed on as if it had been downloaded, and is checked again like any download. Whatever goes wrong
here leads to the full image, whose address is in the same order.

    deltas/<sha256 of the patch>[.part]     the patch, resumed like any download
    images/<sha256>                         the image in use, where the agent keeps it (`updates.source = "kept"`)

A power cut at any byte leaves a part of a file that is begun again: applying takes seconds, and the result gets its
name only when all of it is on the disk and has the right digest.
"""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from tuf.api.metadata import TargetFile  # type: ignore[attr-defined]  # tuf names this its API (docs/api) without an __all__

from careful_device import files, patch, trust
from careful_device.errors import AgentError, Refusal, SlotError, WireError
from careful_device.fetch import download
from careful_device.https import Client
from careful_device.model import Delta, Order, Target
from careful_device.slots import HookSlots, SlotDriver

FORMAT = "detools-sequential-lzma"
_CHUNK = 1 << 20
_ROOM = 8 << 20
_HEX_DIGEST = 64
_MOST = 1 << 40
_WORDS = 200


def delta_from(path: str, href: str, length: int, hashes: Mapping[str, str], custom: object) -> Delta | None:
    """Return what is signed about a delta; None when this agent has no use for it, which is no reason to refuse."""
    said = custom.get("delta") if isinstance(custom, Mapping) else None
    sha256 = hashes.get("sha256", "")
    if not isinstance(said, Mapping) or said.get("format") != FORMAT or len(sha256) != _HEX_DIGEST:
        return None
    ends = [_end(said.get(name)) for name in ("from", "to")]
    if None in ends:
        return None
    (source, source_length), (result, result_length) = (end for end in ends if end is not None)
    return Delta(
        path=path,
        href=href,
        length=length,
        sha256=sha256.lower(),
        source=source,
        source_length=source_length,
        result=result,
        result_length=result_length,
    )


def signed_in(signed: Mapping[str, TargetFile | None], order: Order, target: Target) -> Delta | None:
    """Return the delta that the order names, where it was found signed and leads to the target."""
    said = signed.get(order.delta_path)
    if said is None:
        return None
    custom = said.unrecognized_fields.get("custom")
    found = delta_from(order.delta_path, order.delta_href, said.length, said.hashes, custom)
    return found if found is not None and leads_to(found, target) else None


def leads_to(delta: Delta, target: Target) -> bool:
    """Tell whether a delta gives exactly what was signed as `target`, and is worth fetching."""
    return delta.result == target.sha256 and delta.result_length == target.length and delta.length < target.length


def source_of(home: Path, kind: str, slots: SlotDriver, delta: Delta) -> Path | None:
    """Return where the image in use can be read, as `updates.source` says; None where it cannot."""
    if kind == "kept":
        kept = home / "images" / delta.source
        return kept if kept.is_file() else None
    if kind == "hook" and isinstance(slots, HookSlots):
        try:
            return slots.source()
        except SlotError:
            return None
    return None


def build(client: Client, delta: Delta, target: Target, source: Path, home: Path) -> str:
    """Make the target's image in `home`/downloads, so that `fetch` finds it there.

    Returns what the server is to hear of it: that the delta did its duty, or why not; empty when the image was there
    before. Raises WireError when the network failed: then it is tried again.

        delta applied: 1.0.2/from-0123456789abcdef.lzma.delta
        delta failed: KIND: 1.0.2/from-0123456789abcdef.lzma.delta: a sentence

    KIND is `source` (the image in use is another), `memory`, `apply` (it does not give what was signed, or is none),
    `tampered` (other bytes arrived than were signed) or `other` (no room, no such file, …: not the delta's fault).
    """
    folder = home / "downloads"
    whole = folder / target.sha256
    if whole.exists():
        return ""
    try:
        _check_source(source, delta)
        got = _fetch(client, delta, target, home / "deltas")
        folder.mkdir(exist_ok=True)
        _make(source, got, delta, folder)
    except WireError:
        raise
    except (AgentError, Refusal, OSError, MemoryError) as failure:
        clear(home)
        why = " ".join((str(failure) or type(failure).__name__).split())
        return f"delta failed: {_kind(failure)}: {delta.path}: {why[:_WORDS]}"
    clear(home)
    return f"delta applied: {delta.path}"


def _kind(failure: Exception) -> str:
    if isinstance(failure, SlotError):
        return "source"
    if isinstance(failure, (patch.PatchTooLarge, MemoryError)):
        return "memory"
    if isinstance(failure, patch.PatchError):
        return "apply"
    return "tampered" if isinstance(failure, Refusal) else "other"


def clear(home: Path) -> None:
    """Remove patches that have done their duty."""
    shutil.rmtree(home / "deltas", ignore_errors=True)


def keep(home: Path, target: Target) -> None:
    """Keep the image that was just confirmed, as the source of the next delta; the one before goes."""
    got, folder = home / "downloads" / target.sha256, home / "images"
    folder.mkdir(exist_ok=True)
    if got.exists():
        got.replace(folder / target.sha256)
        files.flush_folder(folder)
    for old in folder.iterdir():
        if old.name != target.sha256:
            files.remove(old)


def _check_source(source: Path, delta: Delta) -> None:
    """Raise SlotError unless the source begins with exactly the bytes that the delta leads from."""
    with source.open("rb") as stream:
        if _digest(stream, delta.source_length) != delta.source:
            raise SlotError("the image in use is not the one that the delta leads from")


def _fetch(client: Client, delta: Delta, target: Target, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():  # another delta's leavings
        if old.name not in {delta.sha256, f"{delta.sha256}.part"}:
            files.remove(old)
    if shutil.disk_usage(folder).free < delta.length + target.length + _ROOM:
        raise AgentError("The disk has no room for the delta and the image.", do="Free some space.")
    got, part = folder / delta.sha256, folder / f"{delta.sha256}.part"
    if got.exists():
        got.replace(part)
    signed = Target(
        path=delta.path, length=delta.length, sha256=delta.sha256, product="", hardware=(), version="",
        security_version=0,
    )  # fmt: skip
    download(client, delta.href, signed, part)
    with part.open("rb") as stream:
        trust.check_bytes(signed, part.stat().st_size, _digest(stream, delta.length))
    part.replace(got)
    return got


def _make(source: Path, got: Path, delta: Delta, folder: Path) -> None:
    """Write the result beside, prove it, flush it, and give it its name."""
    making = folder / f"{delta.result}.making"
    try:
        with source.open("rb") as old, got.open("rb") as change, making.open("wb") as out:
            hashing = _Hashing(out)
            patch.apply(old, change, hashing, delta.result_length)  # type: ignore[arg-type]  # it is only written to
            if hashing.digest.hexdigest() != delta.result:
                raise patch.PatchError("The delta does not give the image that was signed.")
            out.flush()
            os.fsync(out.fileno())
        making.replace(folder / delta.result)
        files.flush_folder(folder)
    finally:
        files.remove(making)


class _Hashing:
    """A file that digests what is written to it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.digest = hashlib.sha256()
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Write and digest."""
        self.digest.update(data)
        return self._stream.write(data)


def _digest(stream: BinaryIO, length: int) -> str:
    digest = hashlib.sha256()
    while length and (chunk := stream.read(min(length, _CHUNK))):
        digest.update(chunk)
        length -= len(chunk)
    return digest.hexdigest() if not length else ""


def _end(said: object) -> tuple[str, int] | None:
    if not isinstance(said, Mapping):
        return None
    sha256, length = said.get("sha256"), said.get("length")
    good = isinstance(sha256, str) and len(sha256) == _HEX_DIGEST and set(sha256) <= set("0123456789abcdef")
    if not good or not isinstance(length, int) or isinstance(length, bool) or not 0 <= length < _MOST:
        return None
    return str(sha256), length
