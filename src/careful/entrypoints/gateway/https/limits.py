"""What one peer may cost us: a ceiling on bodies and on the time they take, a bucket of requests for each source."""

import asyncio
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careful.kernel.errors import Invalid, TooLarge, TooMany

BODY_BYTES = 64 * 1024
BODY_SECONDS = 10.0
_SOURCES = 10_000


class BodyLimit:
    """Stops any request body above `BODY_BYTES`, whatever its Content-Length says, and one that trickles."""

    def __init__(self, app: ASGIApp, most: int = BODY_BYTES) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what the application receives. Raises TooLarge and Invalid inside the application, where it reads."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        taken = 0
        until = asyncio.get_running_loop().time() + BODY_SECONDS
        reading = True

        async def limited() -> Message:
            nonlocal taken, reading
            if not reading:  # after the body, waiting for the peer to leave may take as long as it takes
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise Invalid("The request's body took too long.", do="Send it at once.") from None
            taken += len(message.get("body", b""))
            reading = bool(message.get("more_body", False))
            if taken > self._most:
                raise TooLarge(f"A request body may have {self._most} bytes.")
            return message

        await self._app(scope, limited, send)


class Buckets:
    """A token bucket for each source: `rate` requests a second, `burst` at once; at most 10,000 are remembered."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._now = now
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, source: str) -> None:
        """Take one request. Raises TooMany when the bucket is empty."""
        now = self._now()
        level, at = self._levels.pop(source, (float(self._burst), now))
        level = min(float(self._burst), level + (now - at) * self._rate)
        if len(self._levels) >= _SOURCES:  # the source heard longest ago goes; it is the likeliest to be full again
            del self._levels[next(iter(self._levels))]
        if level < 1:
            self._levels[source] = (level, now)
            raise TooMany("Too many requests from this address.", retry_after=max(1, round((1 - level) / self._rate)))
        self._levels[source] = (level - 1, now)


async def body_of(request: Request, most: int) -> bytes:
    """Read a body of at most `most` bytes. Raises TooLarge, having read no more than that."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:12]) > most:
        raise TooLarge(f"The request body has more than {most} bytes.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLarge(f"The request body has more than {most} bytes.")
    return bytes(body)
