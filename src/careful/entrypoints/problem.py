"""A refusal as a problem body (RFC 9457): what the API answers, and what the shell before it answers in its place."""

from http import HTTPStatus
from typing import Any

from careful.kernel.errors import CarefulError

MEDIA_TYPE = "application/problem+json"
SHOWN = 50
"""Places of malformed input that an answer names."""


def body_of(refusal: CarefulError) -> dict[str, Any]:
    """Return a refusal's problem body."""
    told = refusal.as_dict()
    return {
        "type": f"urn:careful:problem:{type(refusal).__name__.lower()}",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.what,
        "do": refusal.do,
        "where": refusal.where,
        "problems": told.get("problems", [])[:SHOWN],
    }
