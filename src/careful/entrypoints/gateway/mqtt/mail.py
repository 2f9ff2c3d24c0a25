"""What sessions ask of the mailbox: done in a thread of its own, in order, and answered with an event."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import structlog

from careful.entrypoints.gateway.mqtt.events import (
    Cut,
    Delivered,
    DownMessages,
    Event,
    Fetch,
    Join,
    Joined,
    Keep,
    Leave,
    NotLetIn,
    Received,
    Stored,
)
from careful.entrypoints.gateway.mqtt.places import Places
from careful.entrypoints.gateway.mqtt.reasons import BUSY
from careful.kernel.mailbox import Box

if TYPE_CHECKING:
    from careful.entrypoints.gateway.mqtt.connection import Connection

Commands = Keep | Fetch | Delivered | Received | Leave
_log = structlog.get_logger(__name__)


class Mail:
    """One mailbox for all connections. `now` is the world's time, in seconds since 1970."""

    def __init__(self, loop: asyncio.AbstractEventLoop, mailbox: Box, places: Places, now: Callable[[], float]) -> None:
        self._loop, self._mailbox, self._places, self._now = loop, mailbox, places, now
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mail")  # one: its jobs keep their order
        self._newest = mailbox.newest()
        self._delivered: list[int] = []

    def perform(self, connection: "Connection", command: Commands) -> None:
        """Do what a session commands."""
        device = connection.session.device
        match command:
            case Keep(token, subscriptions):
                self._do(connection, Stored((token,)), self._mailbox.keep, device, subscriptions)
            case Fetch():
                self._fetch(connection, command)
            case Delivered(number):
                self._delivered.append(number)
            case Received(token, number):
                self._do(connection, Stored((token,)), self._mailbox.received, number)
            case Leave(lasts):
                end = (self._mailbox.leave, device, self._now() + lasts) if lasts else (self._mailbox.drop, device)
                self._do(None, None, *end)

    def join(self, connection: "Connection", wanted: Join) -> None:
        """Begin or find the session of whoever connected."""
        device, now = connection.session.device, self._now()
        self.flush()

        def begin() -> Joined:
            self._places.claim(device)
            if wanted.clean:
                self._mailbox.drop(device)
            kept = None if wanted.clean else self._mailbox.load(device, now)
            if kept is None and wanted.lasts:
                self._mailbox.keep(device, {})
            return Joined(kept)

        self._do(connection, None, begin)

    def _fetch(self, connection: "Connection", wanted: Fetch) -> None:
        self.flush()  # what the device has must not be found again
        device = connection.session.device

        def fetch() -> DownMessages:
            if connection.session.phase == "ended":  # what nobody will be sent must not count as offered
                return DownMessages(())
            found, more = self._mailbox.fetch(device, wanted.after, retained=wanted.retained)
            return DownMessages(tuple(found), wanted.retained, more)

        self._do(connection, None, fetch)

    def flush(self) -> None:
        """Let the mailbox know what was delivered."""
        if self._delivered:
            numbers, self._delivered = self._delivered, []
            self._do(None, None, self._mailbox.delivered, numbers)

    async def receivers(self) -> set[str]:
        """Return for whom something came since the last time that this was asked."""
        newest, found = await self._loop.run_in_executor(self._thread, self._look)
        self._newest = newest
        return found

    def _look(self) -> tuple[int, set[str]]:
        self._places.read()
        newest = self._mailbox.newest()
        return newest, self._mailbox.devices_after(self._newest) if newest > self._newest else set()

    async def finish(self) -> None:
        """Let all that was asked be done."""
        self.flush()
        await self._loop.run_in_executor(None, self._thread.shutdown)

    def _do(
        self, connection: "Connection | None", answer: Event | None, job: Callable[..., Any], *given: object
    ) -> None:
        """Run `job` in the mailbox's thread; feed `answer`, or what it returns, to `connection`."""

        def done(future: asyncio.Future[Any]) -> None:
            failure = None if future.cancelled() else future.exception()
            if failure is not None:
                _log.error("the mailbox did not answer", why=repr(failure))
            if connection is None or future.cancelled():
                return
            if failure is None:
                connection.feed(answer or future.result())
            elif connection.session.phase == "joining":
                connection.feed(NotLetIn(3, "the mailbox does not answer"))
            else:
                connection.feed(Cut("the mailbox does not answer", with_will=True, code=BUSY))

        self._loop.run_in_executor(self._thread, job, *given).add_done_callback(done)
