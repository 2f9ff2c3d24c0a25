"""Messages that come over HTTPS, taken as MQTT's are: checked by the declaration, sealed, on disk before the answer.

What a device may say is remembered, and looked up again as soon as the ledger says that it may have changed. What was
counted and seen goes to the database about once a second.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import blake2b
from typing import Any, TypeVar, TypeVarTuple

import structlog

from careful import devices
from careful.devices import Identity
from careful.entrypoints.gateway import times
from careful.entrypoints.gateway.intake import Admitted, Intake, Speaker, note_reported
from careful.entrypoints.gateway.mqtt import permission
from careful.entrypoints.gateway.mqtt.permission import Checked, Denied, Route
from careful.entrypoints.gateway.mqtt.sealing import RESET, Keyring
from careful.entrypoints.gateway.mqtt.signals import Signals
from careful.entrypoints.gateway.reported import CONNECTIONS
from careful.entrypoints.gateway.sealing import Pool, sealed
from careful.kernel import ledger
from careful.kernel.errors import CarefulError, Unavailable
from careful.kernel.inbox import Inbox, Message
from careful.kernel.inboxes import open_inbox
from careful.kernel.work import World

LOOK_SECONDS = 0.25
FLUSH_SECONDS = 1.0
KEPT_SECONDS = 300.0
"""For how long what a silent device may say, and its customer's key, are remembered."""
_MOST = 50_000
_log = structlog.get_logger(__name__)
_Answer = TypeVar("_Answer")
_Given = TypeVarTuple("_Given")


class Taking:
    """One process's part; used on its event loop. The inbox is opened with the first message."""

    def __init__(self, world: World, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._world, self._monotonic = world, monotonic
        self.intake = Intake(world, monotonic=monotonic)
        self._keys = Keyring(world)
        self._draw = Pool().draw
        self._inbox: Inbox | None = None
        self._opening = asyncio.Lock()
        self._looking = asyncio.Lock()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="taking")
        self._known: dict[str, tuple[Speaker, Admitted, float]] = {}
        self._looked, self._mark = float("-inf"), 0
        self._seen: dict[str, datetime] = {}
        self._versions: dict[str, str] = {}
        self._crashes: dict[str, int] = {}
        self._flushing: asyncio.Task[None] | None = None
        self._signals = Signals(world, "https")

    async def admit(self, identity: Identity) -> tuple[Speaker, Admitted]:
        """Return what a device may say just now."""
        await self._look_again()
        device, now = identity.device, self._monotonic()
        found = self._known.pop(device, None)
        if found is None:
            may = await self._ask(self.intake.admit, device, identity.product)
            found = Speaker(device, identity.product, may.release, may.judged), may, now
            self.intake.watch(identity.product, may.permit)
            self.intake.spent(device, may.used)
            if len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
        self._known[device] = found[0], found[1], now  # who was heard last stands last
        return found[0], found[1]

    def check(self, who: Speaker, may: Admitted, route: Route, payloads: Sequence[bytes]) -> list[Checked]:
        """Check records one after the other, as far as the first that is refused. None is counted as taken yet."""
        found: list[Checked] = []
        for payload in payloads:
            found.append(self._check(may, route, payload))
            if found[-1].fields is None:
                break
        if found and found[-1].fields is None:
            return found
        spent = self.intake.spent(who.device)
        before = dict(spent)
        for place, (payload, one) in enumerate(zip(payloads, found, strict=True)):
            if not permission.is_within(route, len(payload), spent, self._monotonic()):
                spent.clear()
                spent.update(before)
                return [*found[:place], Checked(None, (), Denied("over-rate", route.stream.name))]
            assert one.fields is not None  # noqa: S101 (for the type checker: what was refused has left above)
        return found

    def _check(self, may: Admitted, route: Route, payload: bytes) -> Checked:
        checked = permission.check(route, payload, may.consents)
        if route.stream.time and checked.fields is not None:
            late = times.judge(route.stream, checked.fields, self._world.clock.now().timestamp())
            if late is not None:
                return Checked(None, (), late)
        return checked

    async def store(
        self, who: Speaker, route: Route, records: Sequence[tuple[bytes, Checked, bytes]]
    ) -> None:  # fmt: skip
        """Store records (what came, what passed, its name or nothing); return once they are on disk.

        Raises Unavailable.
        """
        if route.topic == CONNECTIONS:  # looked at, and not kept
            self._taken(who, route, records)
            return
        if route.topic == RESET:
            await self._ask(self._keys.reset, who.device)
        inbox = self._inbox or await self._open()
        at = int(self._world.clock.now().timestamp() * 1_000_000)
        block: list[Message] = []
        named: list[tuple[bytes, Checked, bytes]] = []
        for payload, checked, name in records:
            kept, digest = await self._sealed(who, route, checked, payload)
            if not name and route.stream.time in (checked.fields or ()):
                name = digest or blake2b(kept, digest_size=16).digest()  # noqa: PLW2901 (it has a name of its own)
            block.append(Message(who.device, route.topic, kept, at, digest=digest, record=name))
            named.append((payload, checked, name))
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        inbox.append(block, lambda failure: _settle(loop, done, failure))
        await done
        self._taken(who, route, named)

    async def _sealed(self, who: Speaker, route: Route, checked: Checked, payload: bytes) -> tuple[bytes, bytes]:
        fields = checked.fields or {}
        kept = permission.taken(checked, payload)
        if route.stream.personal.isdisjoint(fields):
            return kept, b""
        key = self._keys.get(who.device)
        while key is None:
            await self._ask(self._keys.fetch, who.device)
            key = self._keys.get(who.device)
        return sealed(key, route.topic, route.stream, fields, kept, self._draw)

    def _taken(self, who: Speaker, route: Route, records: Sequence[tuple[bytes, Checked, bytes]]) -> None:
        """Note what was taken, and what a reported state says."""
        for payload, one, name in records:
            plain = route.stream.personal.isdisjoint(one.fields or {})
            self._signals.sent(who.device, route.topic, permission.taken(one, payload), is_plain=plain)
            route.stream.count(one.fields or {})
            self._left_out(who, route, one, name)
            if route.topic == "state/reported":
                self._report(who, one.fields or {})
        if route.stream.noted:
            self.intake.began(who, route.stream.name)
        self.heard(who.device)

    def _left_out(self, who: Speaker, route: Route, checked: Checked, name: bytes) -> None:
        """Count fields that were left out; once of a record that has a name, however often it is sent."""
        dropped = [(one.kind, one.detail) for one in checked.dropped]
        if dropped and name:
            mark = blake2b(b"\0".join((who.device.encode(), route.topic.encode(), name)), digest_size=16).digest()
            if self.intake.left_out(who, dropped, mark):
                return  # `flush` tells the watch, too
        for kind, detail in dropped:
            if not name:
                self.intake.count(who, kind, detail, left_out=True)
            self._signals.refused(who.device, kind, detail, left_out=True)

    def heard(self, device: str) -> None:
        """Note that a device is there."""
        self._seen[device] = self._world.clock.now()
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush_for_ever())
            self._keys.watch(asyncio.get_running_loop())

    def refused(self, who: Speaker, denied: Denied) -> None:
        """Count a refusal."""
        self.intake.count(who, denied.kind, denied.detail)
        self._signals.refused(who.device, denied.kind, denied.detail)
        self.heard(who.device)

    def _report(self, who: Speaker, said: Mapping[str, Any]) -> None:
        version, crashes = said.get("version"), said.get("crashes")
        if type(crashes) is int:
            self._crashes[who.device] = crashes
        if isinstance(version, str) and version:
            self._versions[who.device] = version
            self._signals.reported(who.device, version)
            found = self._known.get(who.device)
            if found is not None and found[0].release != version:
                del self._known[who.device]  # it is judged by the release that it runs now

    async def _look_again(self) -> None:
        if self._monotonic() - self._looked >= LOOK_SECONDS:
            async with self._looking:
                if self._monotonic() - self._looked >= LOOK_SECONDS:
                    await self._look()

    async def _look(self) -> None:
        """Forget what may have changed since the last time."""
        if not self._mark:
            self._mark = await self._ask(self._size)
        news = await self._ask(self.intake.changed, self._mark)
        self._mark, self._looked = news.size, self._monotonic()
        since = self._looked - KEPT_SECONDS
        for device, (who, _, heard) in list(self._known.items()):
            if news.concerns(who) or heard < since:
                del self._known[device]
        if news.devices:
            self.intake.forget(news.devices)
        if news.ended:
            await self._ask(self._keys.swap, news.ended, frozenset(self._known))

    def _size(self) -> int:
        with self._world.look() as connection:
            return ledger.size(connection)

    async def _open(self) -> Inbox:
        async with self._opening:
            if self._inbox is None:
                self._inbox = await self._ask(open_inbox, self._world)
            return self._inbox

    async def _ask(self, question: Callable[[*_Given], _Answer], *given: *_Given) -> _Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, question, *given)

    async def _flush_for_ever(self) -> None:
        await self._signals.begin()
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()
            await self._signals.hand_over()

    async def flush(self, *, last: bool = False) -> None:
        """Bring to the database what was seen and counted; what fails is kept for the next time.

        Keys of customers whose time has ended are let go of, too, though no device speaks.
        """
        counts = self.intake.drain(last=last)
        seen, self._seen = self._seen, {}
        versions, self._versions = self._versions, {}
        crashes, self._crashes = self._crashes, {}
        try:
            await self._ask(self._write, versions, crashes, seen)
            for who, kind, detail in await self._ask(self.intake.write, counts):
                self._signals.refused(who.device, kind, detail, left_out=True)
            await self._look_again()
            await self._ask(self._keys.keep, frozenset(self._known))
            await self._ask(self._keys.beat)
        except Exception as failure:  # noqa: BLE001 (whatever it is, it is written the next time)
            _log.error("what came over HTTPS could not be counted", why=repr(failure))
            self._seen = seen | self._seen
            self._versions = versions | self._versions
            self._crashes = crashes | self._crashes
            self.intake.put_back(counts)

    def _write(self, versions: Mapping[str, str], crashes: Mapping[str, int], seen: Mapping[str, datetime]) -> None:
        devices.seen(self._world, dict(seen))
        note_reported(self._world, versions, crashes, "https")

    async def close(self) -> None:
        """Write what is left; what is under way reaches the disk."""
        if self._flushing is not None:
            self._flushing.cancel()
            await self.flush(last=True)
            await self._signals.finish()
            with contextlib.suppress(CarefulError):
                await self._ask(self._keys.end)
        if self._inbox is not None:
            await self._ask(self._inbox.close)
        self._threads.shutdown(wait=False)


def _settle(
    loop: asyncio.AbstractEventLoop, done: "asyncio.Future[None]", failure: Exception | None
) -> None:  # fmt: skip
    """Come back from the inbox's thread."""

    def tell() -> None:
        if done.cancelled():
            return
        if failure is None:
            done.set_result(None)
        else:
            done.set_exception(failure if isinstance(failure, CarefulError) else Unavailable(str(failure)))

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
        loop.call_soon_threadsafe(tell)
