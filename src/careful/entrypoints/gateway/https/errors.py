"""Refusals as devices get them: the status, and one sentence in plain text that a log on the device can carry."""

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from careful.kernel.errors import CarefulError, TooMany, Unauthenticated, Unavailable

_ENROLMENT = "/.well-known/est/"
_ENROLMENT_CHALLENGE = 'Basic realm="enrolment", charset="UTF-8"'
_POLL_CHALLENGE = "TargetToken"
_RETRY_SECONDS = 5
_NO_SUCH_ADDRESS, _WRONG_METHOD = 404, 405
_ADDRESSES = (
    "Enrolment is at /.well-known/est/, updates at /default/controller/v1/<device> and /tuf/<product>/, "
    "the revocation list at /crl, notices at /v1/notice, messages at /d/<device>/up/<stream>."
)
_log = structlog.get_logger(__name__)


def refusal(request: Request, error: Exception) -> Response:
    """Answer a refusal of ours."""
    if not isinstance(error, CarefulError):
        return unexpected(request, error)
    headers: dict[str, str] = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = (
            _ENROLMENT_CHALLENGE if request.url.path.startswith(_ENROLMENT) else _POLL_CHALLENGE
        )
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(_RETRY_SECONDS)
    text = f"{error.what} {error.do}".strip()
    return PlainTextResponse(text + "\n", error.status, headers)


def http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses: no such address, or no such method there."""
    if not isinstance(error, HTTPException):
        return unexpected(request, error)
    said = error.detail
    if error.status_code == _NO_SUCH_ADDRESS:
        said = f"There is no such address here. {_ADDRESSES}"
    elif error.status_code == _WRONG_METHOD:
        said = f"{request.method[:16]} is not for this address. Use {(error.headers or {}).get('Allow', 'GET')}."
    return PlainTextResponse(f"{said}\n", error.status_code, error.headers)


def unexpected(request: Request, error: Exception) -> Response:
    """Answer a fault of ours without a word about our insides."""
    _log.error("device request failed", path=request.url.path, error=repr(error))
    return PlainTextResponse("Careful failed to answer; nothing was changed. Try again.\n", 500)
