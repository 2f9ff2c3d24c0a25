"""Getting the image: resumed where it broke off (Range, RFC 9110 section 14), never longer than what was signed."""

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin

from careful_device import files, trust
from careful_device.errors import AgentError, AnswerError
from careful_device.https import Client
from careful_device.model import Target

_CHUNK = 1 << 20
_ROOM = 8 << 20
_REDIRECTS = (301, 302, 303, 307, 308)
_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")


def fetch(client: Client, url: str, target: Target, folder: Path) -> Path:
    """Return the file with exactly the signed bytes.

    Raises Refusal(`tampered`) when others arrive (and forgets them), WireError or AnswerError when they do not arrive,
    AgentError when the disk has no room.
    """
    folder.mkdir(exist_ok=True)
    whole = folder / target.sha256
    part = folder / f"{target.sha256}.part"
    if whole.exists():
        whole.replace(part)  # checked again below, like everything else
    for old in folder.iterdir():  # another order's leavings
        if old != part:
            old.unlink()
    held = part.stat().st_size if part.exists() else 0
    if shutil.disk_usage(folder).free < target.length - held + _ROOM:
        raise AgentError(f"The disk has no room for {target.length} bytes.", do="Free some space.")
    if held < target.length:
        download(client, url, target, part)
    try:
        with part.open("rb") as stream:
            trust.check_bytes(target, part.stat().st_size, _sha256(stream))
    except BaseException:
        files.remove(part)
        raise
    part.replace(whole)
    files.flush_folder(folder)
    return whole


def download(client: Client, url: str, target: Target, part: Path) -> None:
    """Let `part` grow by what it lacks of the target, following one redirect (to a store of the maker's choice).

    Raises WireError or AnswerError when the bytes do not arrive, AgentError when the disk has no room for them.
    """
    held = part.stat().st_size if part.exists() else 0
    if held >= target.length:
        return
    headers = {"Range": f"bytes={held}-"} if held else {}
    with _opened(client, url, headers) as (status, found, chunks), part.open("ab") as stream:
        if status == HTTPStatus.PARTIAL_CONTENT or (held and status == HTTPStatus.OK and "content-range" in found):
            # Some stores (gofakes3) call a part 200, and say in Content-Range alone that it is one.
            start = _RANGE.fullmatch(found.get("content-range", ""))
            if start is None or int(start[1]) != held:
                raise AnswerError("The server sent another part of the image than was asked for.", status=status)
        elif status == HTTPStatus.OK:
            stream.truncate(0)
        else:
            files.remove(part)  # for example 416: what is held does not fit what is offered now
            raise AnswerError(f"The image cannot be had: {status}.", status=status)
        for chunk in chunks:
            _write(stream, chunk)
            if stream.tell() > target.length:  # more than was signed: what arrived will be refused
                break
        stream.flush()
        os.fsync(stream.fileno())


@contextlib.contextmanager
def _opened(
    client: Client, url: str, headers: Mapping[str, str]
) -> Iterator[tuple[int, Mapping[str, str], Iterator[bytes]]]:
    """Open `url`, or where it sends us: there without our identity, which is nobody else's business."""
    with client.open("GET", url, headers=headers) as (status, found, chunks):
        if status not in _REDIRECTS:
            yield status, found, chunks
            return
        for _ in chunks:
            pass
    elsewhere = client.stranger()
    try:
        with elsewhere.open("GET", urljoin(url, found.get("location", "")), headers=headers) as answer:
            yield answer
    finally:
        elsewhere.close()


def _write(stream: BinaryIO, chunk: bytes) -> None:
    try:
        stream.write(chunk)
    except OSError as full:
        raise AgentError(f"The image cannot be stored: {full.strerror}.", do="Free some space.") from full


def _sha256(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
