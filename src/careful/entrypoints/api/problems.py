"""Refusals as `application/problem+json` (RFC 9457): what, what to do, where, with the status of the refusal."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from careful.entrypoints.api.bodies import unknown_field
from careful.entrypoints.api.uploads import not_stored
from careful.entrypoints.problem import MEDIA_TYPE, SHOWN, body_of
from careful.kernel.errors import CarefulError, Invalid, NeedsSecond, Problem, TooMany, Unauthenticated

_log = structlog.get_logger(__name__)


class ProblemPlace(BaseModel):
    """One thing wrong in what was handed in."""

    where: str
    line: int | None = None
    expected: str
    found: str = ""
    do: str = ""


class ProblemBody(BaseModel):
    """A refusal. `detail` says what is wrong in one sentence, `do` what to do next."""

    type: str = Field(description="urn:careful:problem:<kind>")
    title: str
    status: int
    detail: str
    do: str = ""
    where: str = ""
    problems: list[ProblemPlace] = []


_SAID: Mapping[int, str] = {
    400: "What was sent is malformed; `problems` names each place.",
    401: "No token, or one that has expired or was revoked.",
    403: "The token's scopes do not include this.",
    404: "There is no such thing.",
    409: "A rule says no; `detail` says which.",
    413: "More than we take.",
    429: "Too many requests; see Retry-After.",
    503: "The database or another part does not answer; nothing was changed.",
}

RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": said,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
    }
    for status, said in _SAID.items()
}
"""What every endpoint may answer beside success."""


class Asked(BaseModel):
    """What was asked for, and waits for a second person; nothing is done yet."""

    what: str
    do: str
    where: str = ""
    approval: str = Field(description="Where it waits: /approvals/…")
    state: str


SECOND: dict[int | str, dict[str, Any]] = {
    202: {"model": Asked, "description": "It needs a second person, and waits for one; nothing is done yet."}
}
"""What an endpoint may answer beside success where two people stand behind the act."""


def install(app: FastAPI) -> None:
    """Make `app` answer every refusal, and every failure of ours, as a problem."""
    app.add_exception_handler(CarefulError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(Exception, _broken)


def _refused(request: Request, failure: Exception) -> JSONResponse:
    refusal = failure if isinstance(failure, CarefulError) else CarefulError(str(failure))
    if isinstance(refusal, NeedsSecond):
        return JSONResponse(refusal.as_dict(), refusal.status, {"location": f"/api/v1/approvals/{refusal.approval}"})
    headers: dict[str, str] = {}
    if isinstance(refusal, TooMany):
        headers["retry-after"] = str(refusal.retry_after)
    if isinstance(refusal, Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="careful"'
    _log.info("api refused", path=request.url.path, status=refusal.status, what=refusal.what)
    return JSONResponse(body_of(refusal), refusal.status, headers, MEDIA_TYPE)


def _malformed(request: Request, failure: Exception) -> JSONResponse:
    errors = failure.errors() if isinstance(failure, RequestValidationError) else []
    wanted = _media_type(request)
    problems = tuple(_problem(error, wanted) for error in errors[:SHOWN])
    return _refused(request, Invalid("The request is malformed.", do="See problems.", problems=problems))


def _media_type(request: Request) -> str:
    """Return the type of body that the endpoint takes, empty for none."""
    field = getattr(request.scope.get("route"), "body_field", None)
    return str(getattr(getattr(field, "field_info", None), "media_type", ""))


def _problem(error: Mapping[str, Any], wanted: str) -> Problem:
    where = ".".join(str(part) for part in error["loc"])[:200]
    if error["type"] == "extra_forbidden":
        return unknown_field(where)
    if error["type"] == "json_invalid":
        return Problem(where=where, expected=f"JSON: {error.get('ctx', {}).get('error', 'it breaks off here')}"[:200])
    do = f"Send the body with Content-Type: {wanted}" if error["loc"] == ("body",) and wanted else ""
    return Problem(where=where, expected=str(error["msg"])[:200], do=do)


def _plain(request: Request, failure: Exception) -> JSONResponse:
    if isinstance(failure.__cause__, CarefulError):
        return _refused(request, failure.__cause__)  # refused while the body was read: too large, for one
    if isinstance(failure.__cause__, OSError):
        return _refused(request, not_stored(failure.__cause__))  # a long body is put on the disk while it is read
    status = failure.status_code if isinstance(failure, HTTPException) else 500
    headers = dict(failure.headers or {}) if isinstance(failure, HTTPException) else {}
    detail = str(failure.detail) if isinstance(failure, HTTPException) else ""
    if status == HTTPStatus.NOT_FOUND:
        detail = "There is no such address in the API."
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "do": "See /api/v1/openapi.json for what there is.",
        "where": "",
        "problems": [],
    }
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def _broken(request: Request, failure: Exception) -> JSONResponse:
    _log.error("api broke", path=request.url.path, error=type(failure).__name__)
    body = body_of(CarefulError("Something broke in Careful itself.", do="See the log of `careful up`."))
    return JSONResponse(body, 500, None, MEDIA_TYPE)
