"""The two ways in which hawkBit's DDI writes things down: JSON (plain or HAL) and CBOR (RFC 8949), in and out."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import cbor2
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from careful.entrypoints.gateway.https.limits import body_of
from careful.kernel.errors import CarefulError, Invalid

BODY_BYTES = 64 * 1024
JSON, HAL, CBOR = "application/json", "application/hal+json", "application/cbor"
_ANY = {"*/*": JSON, "application/*": JSON}
_DEEPEST = 16
_HEADER = 1024


class UnsupportedType(CarefulError):
    """The body is of a type that we do not take."""

    status = 415


class NotAcceptable(CarefulError):
    """The device takes no answer of a type that we have."""

    status = 406


class _NoTags(Mapping[int, Any]):
    """Every tag of CBOR is refused: none is needed, and some cost far more to read than to write."""

    def __getitem__(self, tag: int) -> Any:  # noqa: ANN401 (cbor2's decoder of a tag)
        def refuse(*_: object) -> None:
            raise ValueError(f"the tag {tag} has no place here")

        return refuse

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


async def read_table(request: Request, *, empty: bool = False) -> dict[str, Any]:
    """Return the body as an object with names, of JSON or CBOR; nothing at all where it may be `empty`.

    Raises UnsupportedType, TooLarge, and Invalid saying where it breaks.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    content = await body_of(request, BODY_BYTES) if empty or kind in {JSON, HAL, CBOR} else b""
    if empty and not content:
        return {}
    if kind not in {JSON, HAL, CBOR}:
        raise UnsupportedType(f"The body must be {JSON} or {CBOR}.", where="content-type")
    found = _from_cbor(content) if kind == CBOR else _from_json(content)
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise Invalid("The body must be an object with names.", where="body")
    return found


def _from_json(content: bytes) -> Any:  # noqa: ANN401 (whatever was sent)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as broken:
        raise Invalid(f"The body is not JSON: {broken}.", where="body") from broken


def _from_cbor(content: bytes) -> Any:  # noqa: ANN401 (whatever was sent)
    try:
        return cbor2.loads(content, semantic_decoders=_NO_TAGS, max_depth=_DEEPEST, strict_hashable_types=True)
    except (cbor2.CBORDecodeError, ValueError, TypeError, RecursionError, OverflowError, MemoryError) as broken:
        raise Invalid(f"The body is not CBOR: {str(broken)[:200]}.", where="body") from broken


_NO_TAGS = _NoTags()


def media_of(request: Request) -> str:
    """Return the first of our types that the device takes; JSON where it does not say. Raises NotAcceptable."""
    for one in request.headers.get("accept", "*/*")[:_HEADER].lower().split(","):
        kind, _, more = one.partition(";")
        kind = kind.strip()
        if "q=0" in more.replace(" ", "").split(";") or kind not in {JSON, HAL, CBOR, *_ANY}:
            continue
        return _ANY.get(kind, kind)
    raise NotAcceptable(f"The answer is {JSON}, {HAL} or {CBOR}.", where="accept")


def answer(request: Request, plain: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with `plain` in the type that the device takes; a refusal in JSON where it takes none of ours."""
    try:
        media = media_of(request)
    except NotAcceptable:
        media = JSON
    if media == CBOR:
        return Response(cbor2.dumps(plain), status, headers, media_type=CBOR)
    return JSONResponse(plain, status, headers, media_type=media)
