"""Fetching a file over HTTPS as a good neighbour: only when it changed, with pauses after failures, within a size.

Proxies come from the environment (HTTPS_PROXY, NO_PROXY). Conditional requests: RFC 9110 section 13.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from careful import __version__
from careful.kernel.errors import TooLarge, Unavailable

if TYPE_CHECKING:  # only who fetches pays for the client, in memory and start-up time
    import httpx

MOST_BYTES = 4 << 30
_ATTEMPTS = 4
_LONGEST_PAUSE = 60.0
_TIMEOUT = 30.0
_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_TIMEOUT})
Pause = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A fetched file: `changed` is false where the server said it is what we have; `at` is the server's time."""

    changed: bool
    etag: str
    last_modified: str
    at: datetime


def open_client() -> "httpx.Client":
    """Open a client for one round of fetching."""
    import httpx  # noqa: PLC0415 (see above)

    return httpx.Client(timeout=_TIMEOUT, follow_redirects=True, headers={"User-Agent": f"careful/{__version__}"})


def fetch(
    client: "httpx.Client",
    url: str,
    target: Path,
    *,
    etag: str = "",
    last_modified: str = "",
    parameters: Mapping[str, str] | None = None,
    pause: Pause = time.sleep,
) -> Fetched:
    """Fetch `url` into `target`, or learn that it did not change. Raises Unavailable after four tries, TooLarge."""
    import httpx  # noqa: PLC0415 (see above)

    conditions = {"If-None-Match": etag} if etag else {"If-Modified-Since": last_modified} if last_modified else {}
    why = ""
    for attempt in range(_ATTEMPTS):
        try:
            with client.stream("GET", url, headers=conditions, params=parameters) as answer:
                if answer.status_code == HTTPStatus.NOT_MODIFIED:
                    return Fetched(changed=False, etag=etag, last_modified=last_modified, at=_date(answer))
                if answer.status_code == HTTPStatus.OK:
                    _save(answer, target)
                    return Fetched(
                        changed=True,
                        etag=answer.headers.get("ETag", ""),
                        last_modified=answer.headers.get("Last-Modified", ""),
                        at=_date(answer),
                    )
                why = f"it answered {answer.status_code}"
                if answer.is_client_error and answer.status_code not in _BUSY:
                    break
                wait = _asked_pause(answer)
        except httpx.HTTPError as failure:
            why, wait = str(failure) or type(failure).__name__, 0.0
        if attempt + 1 < _ATTEMPTS:
            pause(min(_LONGEST_PAUSE, wait or 2.0 ** (attempt + 1)))
    raise Unavailable(
        f"{url} could not be fetched: {why}.", do="Check HTTPS_PROXY, or use --mirror with a folder of copies."
    )


def _save(answer: "httpx.Response", target: Path) -> None:
    size = 0
    try:
        with target.open("wb") as file:
            for block in answer.iter_bytes(1 << 20):
                size += len(block)
                if size > MOST_BYTES:
                    raise TooLarge(f"{answer.url} sends more than {MOST_BYTES:,} bytes.")
                file.write(block)
    except OSError as failure:
        raise Unavailable(
            f"{target.parent} cannot be written ({failure.strerror}).", do="Free some space."
        ) from failure


def _asked_pause(answer: "httpx.Response") -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0


def _date(answer: "httpx.Response") -> datetime:
    """Return the server's own time, our time where it states none."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)
