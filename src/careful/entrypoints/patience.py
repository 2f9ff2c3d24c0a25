"""How slowly a body may come: a stranger must not hold a place by sending one byte a minute.

The time allowed grows with what has arrived, so that a large image over a thin line still gets through.
"""

import asyncio
from typing import ClassVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careful.kernel.errors import CarefulError

START_SECONDS = 20.0
BYTES_PER_SECOND = 8 * 1024


class TooSlow(CarefulError):
    """A body that did not come in time."""

    status: ClassVar[int] = 408


def allowed_seconds(taken: int) -> float:
    """Return how long a body of which `taken` bytes have come may have taken by now."""
    return START_SECONDS + taken / BYTES_PER_SECOND


class Patience:
    """Waits for a body as long as it keeps coming at a decent pace."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve. Raises TooSlow inside the application, where it reads."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, taken, reading = asyncio.get_running_loop().time(), 0, True

        async def receiver() -> Message:
            nonlocal taken, reading
            if not reading:  # after the body, waiting for the peer to leave may take as long as it takes
                return await receive()
            try:
                async with asyncio.timeout_at(began + allowed_seconds(taken)):
                    message = await receive()
            except TimeoutError:
                raise TooSlow("What was sent came too slowly.", do="Send it again over a better line.") from None
            taken += len(message.get("body", b""))
            reading = bool(message.get("more_body", False))
            return message

        await self._app(scope, receiver, send)
