"""Blocks of the stream for whoever moves them on: from a place that the reader names, in order, partition by partition.

The place stands in the reader's database, not in the cluster. Each block is asked of the stream's leader by its place,
and not taken from a consumer: a consumer may sit on a server that has just come back and does not have everything yet,
and passes over what it does not have. What was moved is purged a few seconds later, also where nothing comes after it.
"""

import asyncio
import time

import structlog
from nats.js.errors import NotFoundError

from careful.kernel.errors import Unavailable
from careful.kernel.inbox_blocks import PARTITIONS, Block, Unreadable, decode
from careful.kernel.jetstream import FAILURES, STREAM, SUBJECT, Link, open_stream, unavailable
from careful.kernel.settings import Settings

BLOCKS_AT_ONCE = 100
_SECONDS = 1.0
"""How long one fetch goes on at most."""
_PURGE_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class StreamFeed:
    """The stream's partitions as sources `stream/<n>`."""

    at_once = PARTITIONS // 2

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._link: Link | None = None
        self._purged: dict[str, float] = {}
        self._moved: dict[str, int] = {}

    def sources(self) -> list[str]:
        """Return the names of the sources."""
        return [f"stream/{n}" for n in range(PARTITIONS)]

    def fetch(self, places: dict[str, int]) -> dict[str, tuple[list[Block], int]]:
        """Return blocks after each place, and the place of the last one. Raises Unavailable."""
        link = self._link
        if link is None:
            link = Link(self._settings, "worker")
            try:
                open_stream(link, self._settings)
            except BaseException:
                link.close()
                raise
            self._link = link
        for source in list(self._moved):
            self._purge(source)
        return link.call(self._fetch_all(link, places), 30.0)

    async def _fetch_all(self, link: Link, places: dict[str, int]) -> dict[str, tuple[list[Block], int]]:
        found = await asyncio.gather(*(self._fetch(link, source, place) for source, place in places.items()))
        return {source: one for source, one in zip(places, found, strict=True) if one[1] > places[source]}

    async def _fetch(self, link: Link, source: str, place: int) -> tuple[list[Block], int]:
        blocks: list[Block] = []
        until = link.loop.time() + _SECONDS
        while len(blocks) < BLOCKS_AT_ONCE and link.loop.time() < until:
            try:
                found = await link.stream.get_msg(STREAM, place + 1, _subject(source), next=True)
            except NotFoundError:
                break
            except FAILURES as failure:
                if blocks:  # these are good; the next time will tell
                    break
                raise unavailable(failure) from failure
            place = found.seq or place + 1
            try:
                blocks.append(decode(found.data or b""))
            except Unreadable as wrong:  # nobody but our gateways may publish here: say it, and go on
                _log.error("a message of the stream is no block", source=source, sequence=place, why=str(wrong))
        return blocks, place

    def forget(self, source: str, place: int) -> None:
        """Purge what came up to `place`, every few seconds."""
        self._moved[source] = place
        self._purge(source)

    def _purge(self, source: str) -> None:
        """Purge what was moved of a source, unless that was done just now: then the next fetch does it."""
        if self._link is None or time.monotonic() - self._purged.get(source, 0.0) < _PURGE_SECONDS:
            return
        self._purged[source] = time.monotonic()
        place = self._moved[source]
        try:
            self._link.call(self._link.stream.purge_stream(STREAM, seq=place + 1, subject=_subject(source)))
        except Unavailable as failure:  # the next time will do
            _log.warning("moved blocks were not purged", source=source, why=str(failure))
        else:
            del self._moved[source]

    def close(self) -> None:
        """End the connection."""
        if self._link is not None:
            self._link.close()
            self._link = None


def _subject(source: str) -> str:
    return f"{SUBJECT}.{source.partition('/')[2]}"
