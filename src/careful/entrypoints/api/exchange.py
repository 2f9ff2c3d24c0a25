"""Token exchange (RFC 8693): a CI job shows what its platform says of it, and gets a token for minutes.

The one endpoint that takes no token of ours: what is shown in its place is the platform's, signed. Refusals are
problems like everywhere, with `error` beside, as OAuth clients expect it (RFC 6749, section 5.2).
"""

from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from careful import people
from careful.entrypoints.api.auth import TheWorld
from careful.entrypoints.problem import MEDIA_TYPE, body_of
from careful.kernel.errors import CarefulError, Invalid

router = APIRouter(prefix="/token", tags=["tokens"])
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
TAKEN = ("urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token")
_ERRORS = {400: "invalid_request", 403: "invalid_grant", 409: "invalid_grant", 503: "temporarily_unavailable"}
_log = structlog.get_logger(__name__)


class Granted(BaseModel):
    """A token for minutes (RFC 8693, section 2.2.1), and for which product."""

    access_token: str
    issued_token_type: str = ACCESS
    token_type: str = "Bearer"  # noqa: S105 (its type)
    expires_in: int
    scope: str
    product: str


@router.post("", response_model=Granted)
def exchange(
    request: Request,
    response: Response,
    world: TheWorld,
    *,
    grant_type: Annotated[str, Form(max_length=100, description=GRANT)],
    subject_token: Annotated[str, Form(max_length=16_384, description="What the platform says of the job: a JWT.")],
    subject_token_type: Annotated[str, Form(max_length=100, description=TAKEN[0])],
    scope: Annotated[str, Form(max_length=1000, description="Fewer scopes than the trust gives.")] = "",
    requested_token_type: Annotated[str, Form(max_length=100)] = ACCESS,
    actor_token: Annotated[str, Form(max_length=16_384, description="Is not taken.")] = "",
) -> Granted | JSONResponse:
    """Exchange what a CI platform says of a job for a token of ours; each such word counts once."""
    issuers: people.Issuers = request.app.state.issuers
    try:
        if grant_type != GRANT:
            raise Invalid(f"The grant is {GRANT}.", where="grant_type")
        if subject_token_type not in TAKEN or requested_token_type != ACCESS or actor_token:
            raise Invalid("A JWT is taken, alone, and an access token is given for it.", where="subject_token_type")
        given = people.exchange(world, issuers, subject_token, scope.split())
    except CarefulError as refusal:
        _log.info("exchange refused", status=refusal.status, what=refusal.what)
        error = _ERRORS.get(refusal.status, "invalid_request")
        if grant_type != GRANT:
            error = "unsupported_grant_type"
        body = {**body_of(refusal), "error": error, "error_description": f"{refusal.what} {refusal.do}".strip()}
        return JSONResponse(body, refusal.status, media_type=MEDIA_TYPE)
    response.headers["cache-control"] = "no-store"
    return Granted(
        access_token=given.token, expires_in=given.seconds, scope=" ".join(given.scopes), product=given.product
    )
