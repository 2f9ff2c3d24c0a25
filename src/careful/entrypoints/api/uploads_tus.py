"""Resumable uploads by the tus protocol 1.0.0 (core, creation, termination): for images that take a while to send.

    POST   /uploads         Upload-Length, Upload-Metadata (filename, sha256)  -> Location
    HEAD   /uploads/{id}    -> Upload-Offset: so much has arrived
    PATCH  /uploads/{id}    Upload-Offset, application/offset+octet-stream     -> the new Upload-Offset
    DELETE /uploads/{id}

A finished upload becomes a release by `POST /releases` with `upload` in place of `image`. Whoever begins again with the
same length, name and SHA-256 goes on with what is there.
"""

import base64
import binascii
import contextlib
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from careful import releases
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs, no_product
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid

router = APIRouter(prefix="/uploads", tags=["releases"], route_class=TokenFirst)
_Adds = Annotated[Actor, Depends(needs("releases", "add", no_product))]
_TUS = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store"}
_KIND = "application/offset+octet-stream"
_DIGITS = 15


@router.post("", status_code=201, response_class=Response)
def begin(request: Request, world: TheWorld, actor: _Adds) -> Response:
    """Begin an upload, or go on with the one begun for the same bytes."""
    said = _metadata(request.headers.get("upload-metadata", ""))
    size = _number(request, "upload-length")
    made = releases.begin_upload(world, actor, size, said.get("filename", "image"), said.get("sha256", ""))
    place = f"{request.url.path.rstrip('/')}/{made.id}"
    return Response(status_code=201, headers={**_TUS, "Location": place, "Upload-Offset": str(made.offset)})


@router.head("/{upload}", response_class=Response)
def look(world: TheWorld, actor: _Adds, upload: str) -> Response:
    """Say how much has arrived."""
    found = releases.find_upload(world, actor, upload)
    return Response(headers={**_TUS, "Upload-Offset": str(found.offset), "Upload-Length": str(found.size)})


@router.patch("/{upload}", status_code=204, response_class=Response)
async def go_on(request: Request, world: TheWorld, actor: _Adds, upload: str) -> Response:
    """Add bytes. What arrived before the connection broke is kept."""
    if request.headers.get("content-type") != _KIND:
        raise Invalid(f"The body must be {_KIND}.", where="content-type")
    offset = _number(request, "upload-offset")
    # Where the sender goes away, what arrived is kept; it will ask how much that was.
    with releases.appending(world, actor, upload, offset) as growing, contextlib.suppress(ClientDisconnect):
        async for block in request.stream():
            await run_in_threadpool(growing.add, block)
    return Response(status_code=204, headers={**_TUS, "Upload-Offset": str(growing.offset)})


@router.delete("/{upload}", status_code=204, response_class=Response)
def drop(world: TheWorld, actor: _Adds, upload: str) -> Response:
    """Forget an upload."""
    releases.drop_upload(world, actor, upload)
    return Response(status_code=204, headers=_TUS)


def _number(request: Request, name: str) -> int:
    value = request.headers.get(name, "")
    if not (value.isascii() and value.isdecimal() and len(value) <= _DIGITS):
        raise Invalid(f"{name} must be a number.", where=name)
    return int(value)


def _metadata(header: str) -> dict[str, str]:
    found = {}
    try:
        for pair in filter(None, header.split(",")):
            key, _, value = pair.strip().partition(" ")
            found[key] = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as broken:
        raise Invalid("Upload-Metadata must be names with values in base64.", where="upload-metadata") from broken
    return found
