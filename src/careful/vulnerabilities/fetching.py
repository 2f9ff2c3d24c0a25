"""Fetching a file over HTTPS as a good neighbour: only when it changed, with pauses after failures, within a size.

What was cut off goes on where it was, also after a restart, as long as the server still has the same file. Proxies come
from the environment (HTTPS_PROXY, NO_PROXY). Conditional requests: RFC 9110 section 13; ranges: section 14.
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
    part = _Part(target)
    why = ""
    for attempt in range(_ATTEMPTS):
        wait = 0.0
        try:
            asked = part.headers(url) or conditions
            with client.stream("GET", url, headers=asked, params=parameters) as answer:
                if answer.status_code == HTTPStatus.NOT_MODIFIED:
                    return Fetched(changed=False, etag=etag, last_modified=last_modified, at=_date(answer))
                if answer.status_code in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
                    part.take(answer, url)
                    return Fetched(
                        changed=True,
                        etag=answer.headers.get("ETag", ""),
                        last_modified=answer.headers.get("Last-Modified", ""),
                        at=_date(answer),
                    )
                why = f"it answered {answer.status_code}"
                part.drop()
                if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and "Range" in asked:
                    continue  # the file is another now: from its beginning
                if answer.is_client_error and answer.status_code not in _BUSY:
                    break
                wait = _asked_pause(answer)
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            why = str(failure) or type(failure).__name__
        if attempt + 1 < _ATTEMPTS:
            pause(min(_LONGEST_PAUSE, wait or 2.0 ** (attempt + 1)))
    raise Unavailable(
        f"{url} could not be fetched: {why}.", do="Check HTTPS_PROXY, or use --mirror with a folder of copies."
    )


class _Part:
    """What has come of a file so far, with what tells whether the server still has the same one."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.from")

    def headers(self, url: str) -> dict[str, str]:
        """Return what asks for the rest, nothing where there is no beginning."""
        try:
            known, _, validator = self._note.read_text().partition("\n")
            size = self._path.stat().st_size
        except OSError:
            return {}
        return {"Range": f"bytes={size}-", "If-Range": validator} if known == url and validator and size else {}

    def take(self, answer: "httpx.Response", url: str) -> None:
        """Write what comes; the whole of it becomes the file."""
        size = self._path.stat().st_size if answer.status_code == HTTPStatus.PARTIAL_CONTENT else 0
        if size and not answer.headers.get("Content-Range", "").startswith(f"bytes {size}-"):
            self.drop()
            raise Unavailable(f"{url} went on at another place than was asked for.", do="Try again.")
        try:
            if not size:
                self._note.write_text(f"{url}\n{_validator(answer)}")
            with self._path.open("ab" if size else "wb") as file:
                for block in answer.iter_bytes(1 << 16):
                    size += len(block)
                    if size > MOST_BYTES:
                        raise TooLarge(f"{answer.url} sends more than {MOST_BYTES:,} bytes.")
                    file.write(block)
            self._path.replace(self._target)
        except OSError as failure:
            raise Unavailable(
                f"{self._target.parent} cannot be written ({failure.strerror}).", do="Free some space."
            ) from failure
        self.drop()

    def drop(self) -> None:
        """Forget what came."""
        self._path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


def _validator(answer: "httpx.Response") -> str:
    """Return what holds for exactly these bytes (RFC 9110 section 13.1.5), empty where they are unpacked on the way."""
    if "Content-Encoding" in answer.headers:
        return ""
    etag = str(answer.headers.get("ETag", ""))
    return etag if etag and not etag.startswith("W/") else str(answer.headers.get("Last-Modified", ""))


def _asked_pause(answer: "httpx.Response") -> float:
    text = answer.headers.get("Retry-After", "")
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text).astimezone(UTC) - _date(answer)).total_seconds())
    except (ValueError, OverflowError):
        return 0.0


def _date(answer: "httpx.Response") -> datetime:
    """Return the server's own time, our time where it states none."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)
