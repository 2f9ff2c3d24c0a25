"""What connected devices may say, looked up again whenever it may have changed, in a thread; the session is told.

It changes with the declaration, with a release that is pinned anew or withdrawn, with a consent, and when a device
reports that it runs another release.
"""

import asyncio
from collections.abc import Container, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from careful.entrypoints.gateway.intake import Admitted, Intake, News, Speaker
from careful.entrypoints.gateway.mqtt.events import ConsentsChanged, PermitChanged

if TYPE_CHECKING:
    from careful.entrypoints.gateway.mqtt.connection import Connection
    from careful.entrypoints.gateway.mqtt.gateway import Gateway

AGAIN_SECONDS = 0.5
"""Between two times that it is asked for one device because of what it says it runs."""
_log = structlog.get_logger(__name__)


class Asking:
    """One gateway's part of it."""

    def __init__(self, gateway: "Gateway", intake: Intake, size: int) -> None:
        self._gateway, self._intake = gateway, intake
        self._changed = size
        self._waiting: set[Connection] = set()

    def admitted(self, connection: "Connection", device: str, product: str, may: Admitted) -> None:
        """Note on its connection who is there, and as of when we know what it may say."""
        connection.who, connection.mark = Speaker(device, product, may.release, may.judged), may.mark
        self._intake.watch(product, may.permit)

    def joined(self, connection: "Connection") -> None:
        """Ask again for a device that was let in while something changed."""
        if self._changed > connection.mark:
            self.anew([connection])

    def runs(self, connection: "Connection", version: str) -> None:
        """Judge a device by the release that it says it runs now."""
        if connection.who.release != version:
            connection.who = replace(connection.who, release=version)
            self._soon(connection)

    def _soon(self, connection: "Connection") -> None:
        """Ask at once, but for one device no oftener than a thread can bear: it may change its mind all the time."""
        if connection in self._waiting:
            return
        now = self._gateway.loop.time()
        due = connection.asked + AGAIN_SECONDS
        if now >= due:
            connection.asked = now
            self.anew([connection])
        else:
            self._waiting.add(connection)
            self._gateway.loop.call_at(due, self._due, connection)

    def _due(self, connection: "Connection") -> None:
        self._waiting.discard(connection)
        if connection.session.phase != "ended":
            connection.asked = self._gateway.loop.time()
            self.anew([connection])

    def heard(self, news: News, pending: Container[str] = ()) -> None:
        """Ask again for whom the news concern; who is `pending` has said something newer than the ledger knows."""
        for device, version in news.releases.items():  # said over DDI, or to another gateway
            connection = self._gateway.connections.get(device)
            if connection is not None and device not in pending:
                self.runs(connection, version)
        if news.products or news.devices:
            self._changed = news.size
            self._intake.forget(news.devices)
            self.anew([one for one in self._gateway.connections.values() if news.concerns(one.who)])

    def anew(self, some: Sequence["Connection"]) -> None:
        """Look up in a thread what these may say, and tell their sessions."""
        wanted = [(one, one.who) for one in some]
        if wanted:
            asked = self._gateway.ask(self._intake.anew, [who for _, who in wanted])
            asked.add_done_callback(lambda future: self._tell(wanted, future))

    def _tell(
        self, wanted: Sequence[tuple["Connection", Speaker]], future: "asyncio.Future[dict[str, Admitted]]"
    ) -> None:
        if future.cancelled():
            return
        failure = future.exception()
        if failure is not None:
            _log.error("what devices may say could not be looked up", devices=len(wanted), why=repr(failure))
            return
        found = future.result()
        for connection, who in wanted:
            if connection.who == who:  # else it was asked for again meanwhile
                may = found[who.device]
                self._intake.watch(who.product, may.permit)
                connection.who = replace(who, judged=may.judged)
                connection.feed(PermitChanged(may.permit))
                connection.feed(ConsentsChanged(may.consents))
