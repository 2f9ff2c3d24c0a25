"""Answers of the ways in leave after a pause of chance, so that how long one took tells little of what was found.

The costly part, hashing a password, is the same for an account and for none. What is left (an entry in the ledger) is a
few milliseconds; under a pause anywhere from 0 to 250, telling them apart takes thousands of tries, of which the limits
allow 50 a day. A fixed beat would be worse: near its edge it turns milliseconds into a whole beat. The waiting holds no
thread.
"""

import asyncio
import secrets
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_MILLISECONDS = 250


class Blurred:
    """Holds the answers to requests of one kind back for a moment."""

    def __init__(self, app: ASGIApp, *, concerns: Callable[[str, str], bool]) -> None:
        self._app = app
        self._concerns = concerns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, a little later."""
        if scope["type"] != "http" or not self._concerns(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return

        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(secrets.randbelow(LONGEST_MILLISECONDS + 1) / 1000)
            await send(message)

        await self._app(scope, receive, sender)
