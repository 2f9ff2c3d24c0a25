"""What one peer may cost us: a ceiling on bodies and on the time they take."""

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careful.kernel.errors import Invalid, TooLarge

BODY_BYTES = 64 * 1024
BODY_SECONDS = 10.0


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
