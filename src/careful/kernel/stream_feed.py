"""Blocks of the stream for whoever moves them on: from a place that the reader names, in order, partition by partition.

The place stands in the reader's database, not in the cluster: a consumer here is a cursor that is made anew whenever it
is not where the reader is. What was moved is purged a few seconds later.
"""

import asyncio
import time
from dataclasses import dataclass

import nats.errors
import structlog
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext

from careful.kernel.errors import Unavailable
from careful.kernel.inbox_blocks import PARTITIONS, Block, Unreadable, decode
from careful.kernel.jetstream import FAILURES, STREAM, SUBJECT, Link, open_stream, unavailable
from careful.kernel.settings import Settings

BLOCKS_AT_ONCE = 64
_WAIT_SECONDS = 0.1
_IDLE_SECONDS = 30.0
_PURGE_SECONDS = 5.0
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Cursor:
    subscription: JetStreamContext.PullSubscription
    place: int


class StreamFeed:
    """The stream's partitions as sources `stream/<n>`."""

    at_once = PARTITIONS // 2

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._link: Link | None = None
        self._cursors: dict[str, _Cursor] = {}
        self._purged: dict[str, float] = {}

    def sources(self) -> list[str]:
        """Return the names of the sources."""
        return [f"stream/{n}" for n in range(PARTITIONS)]

    def fetch(self, places: dict[str, int]) -> dict[str, tuple[list[Block], int]]:
        """Return blocks after each place, and the place of the last one. Raises Unavailable."""
        link = self._link
        if link is None:
            link = self._link = Link(self._settings, "worker")
            open_stream(link, self._settings)
        return link.call(self._fetch_all(link, places), 30.0)

    async def _fetch_all(self, link: Link, places: dict[str, int]) -> dict[str, tuple[list[Block], int]]:
        found = await asyncio.gather(*(self._fetch(link, source, place) for source, place in places.items()))
        return {source: one for source, one in zip(places, found, strict=True) if one[1] > places[source]}

    async def _fetch(self, link: Link, source: str, place: int) -> tuple[list[Block], int]:
        cursor = self._cursors.pop(source, None)
        try:
            if cursor is None or cursor.place != place:
                if cursor is not None:
                    await cursor.subscription.unsubscribe()
                cursor = _Cursor(await self._open(link, source, place), place)
            try:
                messages = await cursor.subscription.fetch(BLOCKS_AT_ONCE, timeout=_WAIT_SECONDS)
            except (TimeoutError, nats.errors.TimeoutError):
                messages = []
        except FAILURES as failure:
            raise unavailable(failure) from failure
        blocks: list[Block] = []
        for message in messages:
            at = message.metadata.sequence.stream
            if at <= cursor.place:
                continue
            cursor.place = at
            try:
                blocks.append(decode(message.data))
            except Unreadable as wrong:  # nobody but our gateways may publish here: say it, and go on
                _log.error("a message of the stream is no block", source=source, sequence=at, why=str(wrong))
        self._cursors[source] = cursor
        return blocks, cursor.place

    async def _open(self, link: Link, source: str, place: int) -> JetStreamContext.PullSubscription:
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=place + 1, ack_policy=AckPolicy.NONE,
            inactive_threshold=_IDLE_SECONDS,
        )  # fmt: skip
        return await link.stream.pull_subscribe(_subject(source), stream=STREAM, config=config)

    def forget(self, source: str, place: int) -> None:
        """Purge what came up to `place`, every few seconds."""
        if self._link is None or time.monotonic() - self._purged.get(source, 0.0) < _PURGE_SECONDS:
            return
        self._purged[source] = time.monotonic()
        try:
            self._link.call(self._link.stream.purge_stream(STREAM, seq=place + 1, subject=_subject(source)))
        except Unavailable as failure:  # the next time will do
            _log.warning("moved blocks were not purged", source=source, why=str(failure))

    def close(self) -> None:
        """End the connection."""
        if self._link is not None:
            self._link.close()
            self._link = None


def _subject(source: str) -> str:
    return f"{SUBJECT}.{source.partition('/')[2]}"
