"""The times in what others sign: NumericDate, seconds since 1970 (RFC 7519, section 2). Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def moment_of(claims: Mapping[str, Any], name: str) -> datetime | None:
    """Return the time that a claim gives; None where it is missing, no number, or beyond any time of ours."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 2**33:
        return None
    return datetime.fromtimestamp(value, UTC)
