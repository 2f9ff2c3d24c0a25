"""Files for devices: whole or in ranges (RFC 9110, section 14), with an entity tag that is the content's own digest.

One range, several, open and from the end; `If-Range` and `If-Match` by tag; 304, 412 and 416 as they should be. A range
of what we do not count in, or one that makes no sense, is passed over. HEAD is answered too, because SWUpdate asks for
the size first.

Who sends the bytes is the maker's choice (`Delivery`): we ourselves, a bucket by a signed link, nginx by
X-Accel-Redirect, another proxy by X-Sendfile. Whoever does, a file is compared with its digest before it is first
served, and again when it changed on the disk.
"""

import asyncio
import random
import re
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careful import releases
from careful.entrypoints.gateway.https.turns import Turns
from careful.kernel.errors import NotFound, Unavailable
from careful.kernel.work import World

RANGES_MOST = 16
"""Ranges in one request; who asks for more gets the whole."""
_MEDIA = "application/octet-stream"
_HEADER = 1024
_UNIT = "bytes="
_RANGE = re.compile(r"([0-9]{0,19})-([0-9]{0,19})")
_LIST = re.compile(r"[ \t]*,[ \t]*")
_WAIT_SECONDS = 20.0
_COME_BACK = (10, 60)


class Delivery:
    """How files of this installation reach devices."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._bucket = releases.Bucket(world.settings) if world.settings.artifact_bucket else None
        self._altered: set[str] = set()
        self._turns = Turns(world.home / "turns", world.settings.download_at_once)

    async def answer(
        self, request: Request, sha256: str, filename: str, tag: str, *, cache: str = "private", here: bool = False
    ) -> ASGIApp:
        """Answer with the file that has this digest, under a name and an entity tag. `here`: by ourselves in any case.

        Raises NotFound where it is gone, Unavailable where its bytes are no longer what they were.
        """
        settings = self._world.settings
        early = _early(request, f'"{tag}"', cache)
        if early is not None:
            return early
        if self._bucket is not None and not here and request.method == "GET":
            link = await run_in_threadpool(self._bucket.link, sha256)
            if link is not None:
                return RedirectResponse(link, 302, {"cache-control": "no-store"})
        path = await run_in_threadpool(self._sound, sha256)
        if here or settings.artifact_delivery == "app":
            response = file_response(request, path, filename, tag, cache=cache)
            return _Paced(response, self._turns, settings.download_rate)
        return self._handed_over(path, sha256, filename, tag, cache)

    def _sound(self, sha256: str) -> Path:
        """Return the file, if it has its bytes. Raises Unavailable, and tells the ledger once."""
        try:
            return releases.sound_path(self._world, sha256)
        except Unavailable:
            if sha256 not in self._altered:
                self._altered.add(sha256)
                releases.note_altered(self._world, sha256)
            raise

    def _handed_over(self, path: Path, sha256: str, filename: str, tag: str, cache: str) -> Response:
        """Name the file to the proxy in front of us; it sends the bytes, in ranges if the device wants."""
        settings = self._world.settings
        headers = {
            "etag": f'"{tag}"',
            "cache-control": f"{cache}, no-transform",
            "content-disposition": f'attachment; filename="{filename}"',
            "x-content-type-options": "nosniff",
        }
        if settings.artifact_delivery == "x-accel":
            headers["x-accel-redirect"] = f"{settings.artifact_prefix.rstrip('/')}/{sha256[:2]}/{sha256}"
            headers["x-accel-buffering"] = "no"
            if settings.download_rate:
                headers["x-accel-limit-rate"] = str(settings.download_rate)
        else:
            headers["x-sendfile"] = str(path)
        return Response(headers=headers, media_type=_MEDIA)


def file_response(request: Request, path: Path, filename: str, tag: str, *, cache: str = "private") -> Response:
    """Answer with a file whose content has the digest `tag`. Raises NotFound where it is not there."""
    if not path.is_file():
        raise NotFound("This file is not here any more.")
    etag = f'"{tag}"'
    early = _early(request, etag, cache)
    if early is not None:
        return early
    return _Ranged(path, headers=_headers(etag, cache), media_type=_MEDIA, filename=filename, stat_result=path.stat())


def _headers(etag: str, cache: str) -> dict[str, str]:
    return {"etag": etag, "cache-control": f"{cache}, no-transform", "x-content-type-options": "nosniff"}


def _early(request: Request, etag: str, cache: str) -> Response | None:
    """Answer what needs no bytes: 412 or 304; None for all else."""
    wanted = request.headers.get("if-match")
    if wanted is not None and not _names(wanted, etag):
        return Response(status_code=412, headers=_headers(etag, cache))
    if _names(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=_headers(etag, cache))
    return None


def _names(header: str, etag: str) -> bool:
    tags = {one.strip().removeprefix("W/") for one in header.split(",")}
    return etag in tags or "*" in tags


class _Paced:
    """A download that waits for its turn and keeps to its rate."""

    def __init__(self, response: Response, turns: Turns, rate: int) -> None:
        self._response = response
        self._turns = turns
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer. Who gets no turn within a while is asked to come back, each at another time."""
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                turn = await self._turns.take()
        except TimeoutError:
            later = str(random.randint(*_COME_BACK))  # noqa: S311 (spreads devices; no secret)
            await Response(status_code=503, headers={"retry-after": later})(scope, receive, send)
            return
        try:
            await self._response(scope, receive, self._slowed(send) if self._rate else send)
        finally:
            turn.close()

    def _slowed(self, send: Send) -> Send:
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), 0

        async def slowly(message: Message) -> None:
            nonlocal sent
            sent += len(message.get("body", b""))
            ahead = sent / self._rate - (loop.time() - began)
            if ahead > 0:  # before it is sent, or the last part would cost no time
                await asyncio.sleep(ahead)
            await send(message)

        return slowly


class _Ranged(FileResponse):
    """A file, of which Starlette is asked for such ranges only as it answers by the letter."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the whole, the ranges asked for, or 416."""
        headers = Headers(scope=scope)
        size = int(self.headers["content-length"])
        applies = headers.get("if-range") in {None, self.headers["etag"], self.headers["last-modified"]}
        wanted = ranges(headers.get("range", ""), size) if applies and scope["method"] == "GET" else None
        if wanted is not None and not wanted:
            told = {"content-range": f"bytes */{size}", "etag": self.headers["etag"]}
            await Response(status_code=416, headers=told)(scope, receive, send)
            return
        kept = [(name, value) for name, value in headers.raw if name not in {b"range", b"if-range"}]
        if wanted:
            kept.append((b"range", (_UNIT + ",".join(f"{first}-{last}" for first, last in wanted)).encode()))
        await super().__call__({**scope, "headers": kept}, receive, send)


def ranges(header: str, size: int) -> list[tuple[int, int]] | None:
    """Return the ranges that a header asks for of `size` bytes, first and last byte each, joined where they touch.

    None where the header is to be passed over (RFC 9110, section 14.2): it is absent, malformed, counts in other units
    or wants more than `RANGES_MOST`. Empty where none of them is in the file (section 15.5.17).
    """
    if len(header) > _HEADER or header[: len(_UNIT)].lower() != _UNIT:
        return None
    specs = [one for one in _LIST.split(header[len(_UNIT) :].strip(" \t")) if one]
    found: list[tuple[int, int]] = []
    for spec in specs:
        match = _RANGE.fullmatch(spec)
        if match is None or not (match[1] or match[2]) or (match[1] and match[2] and int(match[2]) < int(match[1])):
            return None
        first = int(match[1]) if match[1] else max(size - int(match[2]), 0)
        last = min(int(match[2]), size - 1) if match[1] and match[2] else size - 1
        if first <= last:
            found.append((first, last))
    return None if not specs or len(specs) > RANGES_MOST else _joined(found)


def _joined(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(found):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


class Tampered:
    """The same answer with other bytes of the same length: what a device in a rehearsal must refuse.

    Ranges are left aside, so that however the device fetches, it never gets one genuine byte sequence.
    """

    def __init__(self, response: ASGIApp) -> None:
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, with the byte in the middle of each part of the body changed."""

        async def changed(message: Message) -> None:
            body = message.get("body", b"")
            if body:
                middle = len(body) // 2
                message = {**message, "body": body[:middle] + bytes([body[middle] ^ 0xFF]) + body[middle + 1 :]}
            await send(message)

        kept = [(name, value) for name, value in Headers(scope=scope).raw if name not in {b"range", b"if-range"}]
        await self._response({**scope, "headers": kept}, receive, changed)
