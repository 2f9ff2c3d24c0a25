"""Blocks of the inbox file, for whoever moves them on to PostgreSQL: the rows after a place, in their order.

A row that was moved stays for an hour more: by it the gateway knows a resend.
"""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

from careful.kernel.clock import Clock
from careful.kernel.errors import Unavailable
from careful.kernel.inbox import FILE, TABLES, Message, connect, to_micros
from careful.kernel.inbox_blocks import Block

ROWS_AT_ONCE = 10_000
STAYS = timedelta(hours=1)
_GONE_AT_ONCE = 2_000
_IDENTITY = "CREATE TABLE IF NOT EXISTS identity (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL)"
_AFTER = """
SELECT m.number, s.device, s.topic, m.payload, m.at, m.packet, m.digest
FROM message m JOIN source s ON s.id = m.source WHERE m.number > ? ORDER BY m.number LIMIT ?
"""
_MOVED = """
DELETE FROM message WHERE number IN (SELECT number FROM message WHERE number <= ? ORDER BY number LIMIT ?)
AND at < ? AND number < (SELECT max(number) FROM message)
"""


class FileFeed:
    """One inbox file as one source, `file/<id>`: the id stands in the file itself, so that a new file begins anew."""

    at_once = 1

    def __init__(self, home: Path, clock: Clock) -> None:
        self._home, self._clock = home, clock
        self._source = ""

    def sources(self) -> list[str]:
        """Return the name of the source; none before a gateway has made the file."""
        if not (self._home / FILE).exists():
            self._source = ""
            return []
        if not self._source:
            with closing(connect(self._home, TABLES)) as connection:
                connection.execute(_IDENTITY)
                connection.execute("INSERT INTO identity VALUES (1, ?) ON CONFLICT DO NOTHING", (token_hex(8),))
                (one,) = connection.execute("SELECT id FROM identity").fetchone()
            self._source = f"file/{one}"
        return [self._source]

    def fetch(self, places: dict[str, int]) -> dict[str, tuple[list[Block], int]]:
        """Return what comes after each place. Raises Unavailable."""
        found: dict[str, tuple[list[Block], int]] = {}
        for source, place in places.items():
            with closing(connect(self._home, TABLES)) as connection:
                try:
                    rows = connection.execute(_AFTER, (place, ROWS_AT_ONCE)).fetchall()
                except sqlite3.Error as failure:
                    raise Unavailable(f"The inbox does not answer ({failure}).", do="Run: careful doctor") from failure
            messages = [Message(r[1], r[2], bytes(r[3]), r[4], r[5], False, bytes(r[6])) for r in rows]
            if messages:
                found[source] = [Block("file", rows[-1][0], messages)], rows[-1][0]
        return found

    def forget(self, source: str, place: int) -> None:  # noqa: ARG002 (there is one source)
        """Delete moved rows that are past their hour, a few at a time so that the gateway never waits for long."""
        before = to_micros(self._clock.now() - STAYS)
        with closing(connect(self._home, TABLES)) as connection:
            for _ in range(ROWS_AT_ONCE // _GONE_AT_ONCE * 2):
                try:
                    if not connection.execute(_MOVED, (place, _GONE_AT_ONCE, before)).rowcount:
                        return
                except sqlite3.OperationalError:  # the gateway is writing; the next time will do
                    return
