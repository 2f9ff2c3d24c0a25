"""One connection of a stranger: how long the head of a request may be, and how long we wait for what was begun.

Uvicorn itself keeps headers without end in memory, waits for ever for a head that trickles in, and goes on reading a
body that nobody wants any more. Every port of ours that speaks HTTP goes through here.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

FIRST_REQUEST_SECONDS = 15.0
LINGER_SECONDS = 5.0
"""How long the rest of a body is still taken and thrown away after its answer, so that the answer can be read."""
HEAD_BYTES = 32 * 1024
TLS12_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Forward secrecy and authenticated encryption only."""


class LimitedHeads(HttpToolsProtocol):
    """Uvicorn's HTTP/1.1 protocol, with limits on a request's head, time and size, and on what follows an answer."""

    _deadline: asyncio.TimerHandle | None = None
    _in_head = True
    _whole = True
    _head = 0
    _fields = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as Uvicorn's own
        """Expect a request's head soon."""
        super().connection_made(transport)
        self._close_in(FIRST_REQUEST_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Close a connection whose request has no end of headers."""
        self._head += len(data)
        super().data_received(data)
        if not self._in_head:
            self._head = 0
        elif self._head > HEAD_BYTES:
            self.transport.close()

    def on_message_begin(self) -> None:
        """Expect the end of the head soon."""
        super().on_message_begin()
        self._whole, self._fields = False, 0
        if self._deadline is None:
            self._close_in(FIRST_REQUEST_SECONDS)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Refuse a head that is too long though it came at once; what is raised here, Uvicorn answers with 400."""
        self._fields += len(name) + len(value)
        if self._fields + len(self.url) > HEAD_BYTES:
            raise ValueError("the head is too long")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Note that the headers came in time."""
        self._forget_deadline()
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect the next request's head; what came before it in the same piece of data is none of it."""
        self._forget_deadline()
        self._in_head, self._head, self._whole = True, 0, True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait a little, not for ever, for the rest of a body that has its answer."""
        super().on_response_complete()
        answered = not self._whole and self.cycle.response_complete  # and not the answer to one before it (pipelining)
        if answered and self._deadline is None and not self.transport.is_closing():
            self._close_in(LINGER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._forget_deadline()
        super().connection_lost(exc)

    def _close_in(self, seconds: float) -> None:
        self._deadline = self.loop.call_later(seconds, self._too_slow)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        """Close a connection that holds a place that somebody else needs."""
        if not self.transport.is_closing():
            self.transport.close()
