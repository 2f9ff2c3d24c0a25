"""The inbox as a JetStream stream: a block is acknowledged when a majority of the stream's copies has it.

Each partition of devices has one subject and one block under way; what comes meanwhile makes the next one. That keeps
the order of each device, also when a block has to be sent again: it keeps its id (`Nats-Msg-Id`), by which the cluster
knows what it has. A block that the cluster does not take within `GIVE_UP_SECONDS` fails, and with it what waits behind
it in its partition; devices are not acknowledged and send again.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from secrets import token_hex

import structlog
from nats.js.api import Header
from nats.js.errors import APIError

from careful.kernel.errors import Unavailable
from careful.kernel.inbox import WAITING_BYTES, Done, Entry, Message
from careful.kernel.inbox_blocks import BLOCK_BYTES, BLOCK_MESSAGES, PARTITIONS, encode, partition_of, size_of
from careful.kernel.jetstream import FAILURES, STREAM, SUBJECT, Link, open_stream, unavailable
from careful.kernel.settings import Settings

GATHER_SECONDS = 0.003
"""How long the first message of a block waits for others, in a lane where nothing was under way."""
BETWEEN_SECONDS = 0.012
"""From the beginning of one block of a lane to the next: each costs the cluster, and the worker, about the same."""
GIVE_UP_SECONDS = 8.0
_TRY_SECONDS = 2.0
_PAUSE_SECONDS = 0.1
_CLOSE_SECONDS = 5.0
_DEVICES_REMEMBERED = 100_000
_FULL = "maximum"  # what the cluster says of a limit of the stream ("maximum bytes exceeded"); trying again is no help
_log = structlog.get_logger(__name__)


class _Ticket:
    """One block as a gateway handed it over, with the number of its parts that are under way."""

    __slots__ = ("done", "failure", "parts", "size")

    def __init__(self, done: Done, parts: int, size: int) -> None:
        self.done, self.parts, self.size = done, parts, size
        self.failure: Exception | None = None


class _Lane:
    """What waits in one partition."""

    __slots__ = ("number", "task", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[tuple[list[Entry], _Ticket]] = deque()
        self.number = 0
        self.task: asyncio.Task[None] | None = None

    def take(self) -> tuple[list[Entry], list[_Ticket]]:
        """Return what makes the next block: as much as one may hold, at least one part."""
        entries: list[Entry] = []
        tickets: list[_Ticket] = []
        size = 0
        while self.waiting:
            part, ticket = self.waiting[0]
            size += sum(map(size_of, part))
            if entries and (size > BLOCK_BYTES or len(entries) + len(part) > BLOCK_MESSAGES):
                break
            self.waiting.popleft()
            entries += part
            tickets.append(ticket)
        return entries, tickets


class JetStreamInbox:
    """Hands blocks to a cluster; see `careful.kernel.inbox.Inbox`."""

    def __init__(self, settings: Settings) -> None:
        """Connect, and make or check the stream. Raises Unavailable and Refused."""
        self._link = Link(settings, "gateway")
        try:
            open_stream(self._link, settings)
        except BaseException:
            self._link.close()
            raise
        self.writer = token_hex(8)
        self._lanes = [_Lane() for _ in range(PARTITIONS)]
        self._partitions: dict[str, int] = {}
        self._tickets: deque[_Ticket] = deque()
        self._lock = threading.Lock()
        self._waiting = 0
        self._closed = False

    def append(self, block: Sequence[Entry], done: Done) -> None:
        """Take a block; see `Inbox.append`."""
        size = sum(len(one.payload) for one in block if type(one) is Message)
        with self._lock:
            if self._closed:
                raise Unavailable("The inbox is closed.", do="Send it again in a moment.")
            if self._waiting and self._waiting + size > WAITING_BYTES:
                raise Unavailable("The cluster does not keep up; the message was not taken.", do="Send it again later.")
            self._waiting += size
        self._link.loop.call_soon_threadsafe(self._take, block, done, size)

    def close(self) -> None:
        """Let what was taken reach the cluster, for a while, then stop; a second call does nothing."""
        with self._lock:
            first, self._closed = not self._closed, True
        if not first:
            return
        until = time.monotonic() + _CLOSE_SECONDS
        while self._waiting and time.monotonic() < until:
            time.sleep(0.01)
        with suppress(Unavailable):
            self._link.call(self._end())
        self._link.close()

    async def _end(self) -> None:
        tasks = [lane.task for lane in self._lanes if lane.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _take(self, block: Sequence[Entry], done: Done, size: int) -> None:
        """Share a block out among the partitions. From here on everything runs in the link's loop."""
        parts: dict[int, list[Entry]] = {}
        known = self._partitions
        for entry in block:
            place = known.get(entry.device)
            if place is None:
                if len(known) >= _DEVICES_REMEMBERED:
                    known.clear()
                place = known[entry.device] = partition_of(entry.device)
            parts.setdefault(place, []).append(entry)
        pieces = [(place, piece) for place, part in parts.items() for piece in _pieces(part)]
        ticket = _Ticket(done, len(pieces), size)
        self._tickets.append(ticket)
        if not pieces:
            self._settle([], None)
        for place, piece in pieces:
            lane = self._lanes[place]
            lane.waiting.append((piece, ticket))
            if lane.task is None:
                lane.task = self._link.loop.create_task(self._drain(place, lane))

    async def _drain(self, place: int, lane: _Lane) -> None:
        """Send what waits in a lane, one block after the other."""
        await asyncio.sleep(GATHER_SECONDS)
        while lane.waiting:
            began = self._link.loop.time()
            entries, tickets = lane.take()
            lane.number += 1
            failure: Exception | None = None
            try:
                await self._publish(place, lane.number, encode(self.writer, lane.number, entries))
            except Exception as wrong:  # noqa: BLE001 (whatever it is, the waiting must hear of it and the lane go on)
                failure = wrong if isinstance(wrong, Unavailable) else unavailable(wrong)
                _log.error("a block was not taken", partition=place, number=lane.number, why=repr(wrong))
                tickets += [ticket for _, ticket in lane.waiting]  # what came later must not be stored before it
                lane.waiting.clear()
            self._settle(tickets, failure)
            await asyncio.sleep(max(0.0, began + BETWEEN_SECONDS - self._link.loop.time()))
        lane.task = None

    async def _publish(self, place: int, number: int, data: bytes) -> None:
        """Publish until the cluster confirms; raises what stood in the way once that has taken too long."""
        loop = self._link.loop
        until = loop.time() + GIVE_UP_SECONDS
        headers = {Header.MSG_ID.value: f"{self.writer}-{place}-{number}", Header.EXPECTED_STREAM.value: STREAM}
        while True:
            try:
                await self._link.stream.publish(f"{SUBJECT}.{place}", data, _TRY_SECONDS, headers=headers)
            except FAILURES as failure:
                if isinstance(failure, APIError) and _FULL in (failure.description or ""):
                    raise Unavailable(
                        "The stream is full; the message was not taken.",
                        do="Start a worker, or raise CAREFUL_INBOX_BYTES.",
                    ) from failure
                if loop.time() > until:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return

    def _settle(self, tickets: list[_Ticket], failure: Exception | None) -> None:
        """Settle a part of each ticket; tell of those that are whole, in the order in which they were handed over.

        A device's blocks may be whole in another order, as each has parts in other lanes too; but MQTT wants PUBACKs
        in the order of the publishes.
        """
        for ticket in tickets:
            ticket.failure = ticket.failure or failure
            ticket.parts -= 1
        while self._tickets and not self._tickets[0].parts:
            whole = self._tickets.popleft()
            with self._lock:
                self._waiting -= whole.size
            whole.done(whole.failure)


def _pieces(part: list[Entry]) -> list[list[Entry]]:
    """Cut a part into pieces that fit into a block."""
    pieces: list[list[Entry]] = [[]]
    size = 0
    for entry in part:
        size += size_of(entry)
        if pieces[-1] and (size > BLOCK_BYTES or len(pieces[-1]) >= BLOCK_MESSAGES):
            pieces.append([])
            size = size_of(entry)
        pieces[-1].append(entry)
    return pieces
