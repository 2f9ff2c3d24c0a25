"""Counting what connections do, for the watch: a few additions a message in the event loop, judged elsewhere.

Every second the counts are taken away whole and handed to the watch in its own thread, while the loop counts into new
ones. A watch that is slow is given longer windows, never a queue of them.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog

from careful import devices
from careful.entrypoints.gateway.reported import LOOKED_AT
from careful.entrypoints.gateway.watching import Tally, Watch
from careful.kernel.work import World

WINDOW_SECONDS = 1.0
_TALLIES_MOST = 50_000
_SAID_MOST = 4
_NAMES_MOST = 32
_TOPICS_MOST = 256
_READ_MOST = 4096
_QUARANTINED = "quarantined"
_OF_CONNECTIONS = frozenset({"too-many-connections", "connects-too-often", devices.TAKEN_OVER})
"""Counted in ways of their own."""
_log = structlog.get_logger(__name__)


class Signals:
    """The counts of one gateway process; all but `run`'s thread happens in the event loop."""

    def __init__(self, world: World, source: str = "mqtt") -> None:
        self._world = world
        self._watch = Watch(world, source)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="watch")
        self._tallies: dict[str, Tally] = {}
        self._since = self._now()
        self._well = True

    def sent(self, device: str, topic: str, payload: bytes, *, is_plain: bool = False) -> None:
        """Count a message that was taken; `is_plain`: nothing in it is personal, so its numbers may be looked at."""
        tally = self._tallies.get(device) or self._tally(device)
        counts = tally.topics.get(topic)
        if counts is None:
            if len(tally.topics) >= _TOPICS_MOST:
                return
            tally.topics[topic] = counts = [0, 0]
        counts[0] += 1
        counts[1] += len(payload)
        if is_plain and topic[:3] == "up/" and len(payload) <= _READ_MOST:
            tally.last[topic] = payload
        if topic in LOOKED_AT and len(tally.said) < _SAID_MOST:
            tally.said.append((topic, payload))

    def refused(self, device: str, kind: str, detail: str, *, left_out: bool = False) -> None:
        """Count a refusal; one that kept somebody out is a refused login, unless we had cut it off ourselves."""
        if kind == "handshake" and "CERTIFICATE" not in detail:
            return  # whoever only knocks is no login
        tally = self._tally(device)
        tally.left_out += left_out
        if kind in {"identity", "handshake"}:
            tally.refused_logins += _QUARANTINED not in detail
        elif kind == "undeclared-field":
            if detail in tally.undeclared or len(tally.undeclared) < _NAMES_MOST:
                tally.undeclared[detail] = tally.undeclared.get(detail, 0) + 1
            tally.refusals[kind] = tally.refusals.get(kind, 0) + 1
        elif kind not in _OF_CONNECTIONS:
            tally.refusals[kind] = tally.refusals.get(kind, 0) + 1

    def joined(self, device: str, product: str, network: str, *, overlap: bool) -> None:
        """Count a connection; `overlap`: it pushed out one that was still being heard."""
        tally = self._tally(device)
        tally.product = product
        tally.connects += 1
        tally.overlaps += overlap
        if network and len(tally.networks) < _NAMES_MOST:
            tally.networks.add(network)

    def repeated(self, device: str) -> None:
        """Count a record that was said again word for word."""
        self._tally(device).repeated += 1

    def holds(self, device: str, connections: int) -> None:
        """Note how many connections a device holds open at once."""
        tally = self._tally(device)
        tally.held = max(tally.held, connections)

    def overlapped(self, device: str) -> None:
        """Count a session that was pushed out by one at another gateway while it was still being heard."""
        self._tally(device).overlaps += 1

    def knocked(self, device: str) -> None:
        """Count a connection that was turned away because they were too many."""
        self._tally(device).connects += 1

    def chained(self, device: str, said: str) -> None:
        """Count what a device's nonce said, where that is worth counting."""
        if said == "fork":
            self._tally(device).forks += 1
        elif said == "missing":
            self._tally(device).unchained += 1

    def left(self, device: str) -> None:
        """Count the end of a connection."""
        self._tally(device).disconnects += 1

    def reported(self, device: str, version: str) -> None:
        """Note the version that a device says it runs."""
        tally = self._tally(device)
        if len(tally.versions) < _SAID_MOST:
            tally.versions.append(version)

    def _tally(self, device: str) -> Tally:
        found = self._tallies.get(device)
        if found is None:
            found = Tally()
            if len(self._tallies) < _TALLIES_MOST:
                self._tallies[device] = found
        return found

    async def run(self) -> None:
        """Hand over every second, for ever."""
        await self.begin()
        while True:
            await asyncio.sleep(WINDOW_SECONDS)
            await self.hand_over()

    async def begin(self) -> None:
        """Have the watch take up what it must know before it judges."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._safely, self._watch.begin)

    async def hand_over(self) -> None:
        """Have the watch judge what was counted since the last time."""
        tallies, self._tallies = self._tallies, {}
        since, self._since = self._since, self._now()
        seconds = max(self._since - since, 0.001)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._safely, self._turn, tallies, since, seconds)

    async def finish(self) -> None:
        """Judge what is left and keep what is remembered."""
        await self.hand_over()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._safely, self._watch.end)
        self._thread.shutdown(wait=False)

    def _turn(self, tallies: Mapping[str, Tally], since: float, seconds: float) -> None:
        self._watch.turn(tallies, since, seconds)

    def _safely(self, job: Callable[..., object], *given: object) -> None:
        try:
            job(*given)
        except Exception as failure:  # noqa: BLE001 (whatever it is, the next second is watched again)
            if self._well:
                _log.error("the watch broke off", why=repr(failure), exc_info=True)
            self._well = False
        else:
            self._well = True

    def _now(self) -> float:
        return self._world.clock.now().timestamp()


def network_of(address: str) -> str:
    """Return the network of an address, short enough to tell places apart and no more: IPv4 /24, IPv6 /48."""
    if ":" in address:
        return ":".join(address.split(":")[:3])
    return address.rpartition(".")[0]
