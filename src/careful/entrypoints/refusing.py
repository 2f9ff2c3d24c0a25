"""Refusals from anywhere under an application become its own kind of answer."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careful.kernel.errors import CarefulError, TooMany


class Refusing:
    """Answers what the shell inside refuses (a name that is not ours, too many requests) in the form asked for."""

    def __init__(self, app: ASGIApp, *, refuse: Callable[[Request, CarefulError], Response]) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and say what was refused."""
        started = False

        async def sender(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, sender)
        except CarefulError as refusal:
            if started or scope["type"] != "http":
                raise
            response = await run_in_threadpool(self._refuse, Request(scope, receive), refusal)
            if isinstance(refusal, TooMany):
                response.headers["retry-after"] = str(refusal.retry_after)
            await response(scope, receive, send)
