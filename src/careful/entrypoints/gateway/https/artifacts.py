"""Files for devices: whole or in ranges (RFC 9110, section 14), with an entity tag that is the content's own digest.

One range, several, open and from the end; `If-Range` and `If-Match` by tag; 304, 412 and 416 as they should be. HEAD is
answered too, because SWUpdate asks for the size first.
"""

from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from careful.kernel.errors import NotFound

_MEDIA = "application/octet-stream"


def file_response(request: Request, path: Path, filename: str, tag: str, *, cache: str = "private") -> Response:
    """Answer with a file whose content has the digest `tag`. Raises NotFound where it is not there."""
    if not path.is_file():
        raise NotFound("This file is not here any more.")
    etag = f'"{tag}"'
    headers = {"etag": etag, "cache-control": f"{cache}, no-transform", "x-content-type-options": "nosniff"}
    wanted = request.headers.get("if-match")
    if wanted is not None and not _names(wanted, etag):
        return Response(status_code=412, headers=headers)
    if _names(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, headers=headers, media_type=_MEDIA, filename=filename, stat_result=path.stat())


def _names(header: str, etag: str) -> bool:
    tags = {one.strip().removeprefix("W/") for one in header.split(",")}
    return etag in tags or "*" in tags


class Tampered:
    """The same answer with other bytes of the same length: what a device in a rehearsal must refuse.

    Ranges are left aside, so that however the device fetches, it never gets one genuine byte sequence.
    """

    def __init__(self, response: Response) -> None:
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
