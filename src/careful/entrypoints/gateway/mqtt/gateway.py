"""What the connections of one gateway share: who is connected, the inbox, the mailbox, cuts, permits, counts.

Everything here runs in the event loop, except what waits for a file or the database: that runs in threads and comes
back as an event. The loop looks four times a second for devices to cut off, for declarations that changed and for mail.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from hashlib import blake2b
from typing import Any

import structlog
from msgspec import Struct

from careful import devices
from careful.entrypoints.gateway import agents
from careful.entrypoints.gateway.intake import Admitted, Counts, Intake, News, Speaker, note_reported
from careful.entrypoints.gateway.mqtt.asking import Asking
from careful.entrypoints.gateway.mqtt.chain import Chain
from careful.entrypoints.gateway.mqtt.connection import Connection
from careful.entrypoints.gateway.mqtt.events import (
    Answered,
    Command,
    Cut,
    Delivered,
    DownWaiting,
    Fetch,
    Forget,
    Join,
    Keep,
    Later,
    Leave,
    NotLetIn,
    Received,
    RefusedByInbox,
    Release,
    Report,
    Settle,
    Store,
    Stored,
)
from careful.entrypoints.gateway.mqtt.mail import Mail
from careful.entrypoints.gateway.mqtt.places import Places
from careful.entrypoints.gateway.mqtt.reasons import STOPPING, TAKEN_OVER
from careful.entrypoints.gateway.mqtt.repeats import Repeats
from careful.entrypoints.gateway.mqtt.sealing import RESET, Keyring, Sealing, needs_key
from careful.entrypoints.gateway.mqtt.signals import Signals
from careful.entrypoints.gateway.mqtt.wills import Wills
from careful.entrypoints.gateway.reported import ONLY_LOOKED_AT
from careful.kernel import ledger
from careful.kernel.errors import CarefulError, Unavailable
from careful.kernel.inbox import GROUP_MOST, Entry, Inbox, Message, Released, Settled
from careful.kernel.mailbox import Box
from careful.kernel.work import World

LOOK_SECONDS = 0.25
FLUSH_SECONDS = 1.0
"""How often refusals and reported versions go to the database."""
SEEN_SECONDS = 5.0
"""How often last-seen times go there."""
_RETRY_SECONDS = 3.0  # after the inbox failed, newcomers are told "unavailable" for so long
_STILL = 30.0  # a connection that was heard within so many seconds and is pushed out was still in use
_CUTS_REMEMBERED = 10_000
_PENANCE_SECONDS = 0.25
_log = structlog.get_logger(__name__)

Owners = dict[Connection, list[int]]


class Identified(Struct, frozen=True):
    """Who is there, what it may say, and the number of the last cut before we asked."""

    device: str
    product: str
    may: Admitted
    cut: int


class Gateway:
    """The shared part. `inbox` and `mailbox` are used until `finish` returns, and not closed here."""

    def __init__(self, world: World, inbox: Inbox, mailbox: Box) -> None:
        self.loop = asyncio.get_running_loop()
        self.connections: dict[str, Connection] = {}
        self._world, self._inbox = world, inbox
        self._asking = ThreadPoolExecutor(4, thread_name_prefix="ask")
        self._places = Places(mailbox, shared=world.settings.gateways > 1 or not world.database.is_sqlite)
        self._mail = Mail(self.loop, mailbox, self._places, self.now)
        self._block: list[Entry] = []
        self._owners: Owners = {}
        self._at = 0
        self._uncommitted = 0
        self._committed_all = asyncio.Event()
        self._committed_all.set()
        self._inbox_failed = -_RETRY_SECONDS
        self._versions: dict[str, str] = {}
        self._crashes: dict[str, int] = {}
        self._left: dict[str, float] = {}
        self._seen = self.loop.time() - SEEN_SECONDS
        self._recent_cuts: dict[str, int] = {}
        self.intake = Intake(world)
        self._wills = Wills(self.loop)
        self._cut = devices.last_cut(world)
        with world.look() as connection:
            self._ledger = ledger.size(connection)
        self.asking = Asking(self, self.intake, self._ledger)
        self._looks_well, self._overlaps = True, False
        self.signals = Signals(world)
        self._chain = Chain(self, world)
        self._repeats = Repeats()
        self._keys = Keyring(world)
        self._keys.watch(self.loop)
        self._sealing = Sealing(self, self._keys)

    async def identify(self, certificate: bytes) -> Identified:
        """Return whose certificate this is and what it permits. Raises CarefulError where it does not let anybody in.

        The inbox must be in order too: who cannot be acknowledged had better come later.
        """
        if self.loop.time() - self._inbox_failed < _RETRY_SECONDS:
            raise Unavailable("The inbox does not take messages just now.")
        return await self.loop.run_in_executor(self._asking, self._identify, certificate)

    def _identify(self, certificate: bytes) -> Identified:
        cut = devices.last_cut(self._world)
        known = devices.identify(self._world, certificate)
        may = self.intake.admit(known.device, known.product)
        if needs_key(may.permit):
            self._keys.fetch(known.device)
        return Identified(known.device, known.product, may, cut)

    def ask(self, job: Callable[..., Any], *given: object) -> "asyncio.Future[Any]":
        """Run `job` in a thread that may wait for the database."""
        return self.loop.run_in_executor(self._asking, job, *given)

    def now(self) -> float:
        """Return the world's time in seconds since 1970."""
        return self._world.clock.now().timestamp()

    def store(self, connection: Connection, wanted: Store) -> None:
        """Put a message into the present block; the block goes to the inbox at the end of this turn of the loop."""
        if wanted.topic in ONLY_LOOKED_AT:
            self._looked_at(connection, wanted)
            return
        payload, digest = wanted.payload, b""
        if wanted.stream is not None or self._sealing.waiting or wanted.topic == RESET:
            ready = self._sealing.seal(connection, wanted)
            if ready is None:
                return
            payload, digest = ready
        if not self._block:
            self._begin_block()
        device = connection.session.device
        self.signals.sent(device, wanted.topic, wanted.payload, is_plain=wanted.stream is None)
        record = (digest or blake2b(payload, digest_size=16).digest()) if wanted.once else b""
        if record and not wanted.resend and self._repeats.is_repeat(device, id(connection), wanted.packet, record):
            self.signals.repeated(device)
        self._block.append(
            Message(
                device, wanted.topic, payload, self._at, wanted.packet, wanted.resend, digest, wanted.exactly, record
            )
        )
        if wanted.stream is not None and wanted.stream.noted:
            self.intake.began(connection.who, wanted.stream.name)
        if wanted.token:
            self._owners.setdefault(connection, []).append(wanted.token)
        if len(self._block) >= GROUP_MOST:
            self._send_block()

    def _looked_at(self, connection: Connection, wanted: Store) -> None:
        """Hand a connection table or an agent's report to the watch; it is not kept."""
        device = connection.session.device
        self.signals.sent(device, wanted.topic, wanted.payload)
        if wanted.topic in agents.REPORTS:
            said = agents.answer(device, wanted.topic, wanted.payload, self.now())
            self.loop.call_soon(connection.feed, Answered(*said))
        if wanted.token:
            self.loop.call_soon(connection.feed, Stored((wanted.token,)))

    def _mark(self, mark: Settled | Released) -> None:
        """Put a mark into the present block, behind what came before it."""
        if not self._block:
            self._begin_block()
        self._block.append(mark)

    def _begin_block(self) -> None:
        self._at = int(self.now() * 1_000_000)
        self.loop.call_soon(self._send_block)

    def _send_block(self) -> None:
        if not self._block:
            return
        block, owners = self._block, self._owners
        self._block, self._owners = [], {}
        try:
            self._inbox.append(block, lambda failure: self._from_inbox(owners, failure))
            self._uncommitted += 1
            self._committed_all.clear()
        except Unavailable as failure:
            self._answer(owners, failure)

    def _from_inbox(self, owners: Owners, failure: Exception | None) -> None:
        """Come back from the inbox's thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self.loop.call_soon_threadsafe(self._committed, owners, failure)

    def _committed(self, owners: Owners, failure: Exception | None) -> None:
        self._uncommitted -= 1
        self._answer(owners, failure)
        if not self._uncommitted:
            self._committed_all.set()

    def _answer(self, owners: Owners, failure: Exception | None) -> None:
        if failure is not None:
            self._inbox_failed = self.loop.time()
            _log.error("messages were not taken", why=str(failure), devices=len(owners))
        for connection, tokens in owners.items():
            given = tuple(tokens)
            connection.feed(Stored(given) if failure is None else RefusedByInbox(given, str(failure)))

    def perform(self, connection: Connection, command: Command) -> None:
        """Do one of the rarer commands."""
        device = connection.session.device
        match command:
            case Keep() | Fetch() | Delivered() | Received() | Leave():
                self._mail.perform(connection, command)
            case Join():
                self._join(connection, command)
            case Settle():
                self._mark(Settled(device))
            case Forget():
                self._mark(Released(device))
            case Release(token, packet):
                self._mark(Released(device, packet))
                if token:
                    self._owners.setdefault(connection, []).append(token)
            case Later(store, seconds):
                self._wills.later(device, seconds, partial(self.store, connection, store))
            case Report():
                self._report(connection, command)

    def _report(self, connection: Connection, said: Report) -> None:
        device = connection.session.device
        if said.version:
            self._versions[device] = said.version
            self.asking.runs(connection, said.version)
            self.signals.reported(device, said.version)
        if said.crashes is not None:
            self._crashes[device] = said.crashes

    def _join(self, connection: Connection, wanted: Join) -> None:
        device = connection.session.device
        older = self.connections.get(device)
        if connection.session.phase == "ended":
            return
        if older is not None and older.session.resting:  # whoever comes back at once has to wait all the same
            self.loop.call_later(_PENANCE_SECONDS, self._join, connection, wanted)
            return
        if older is not None and older is not connection:
            older.feed(Cut("another connection of the same name took over", with_will=True, code=TAKEN_OVER))
        if self._recent_cuts.get(device, 0) > connection.cut_mark:
            connection.feed(NotLetIn(5, "the device was cut off"))
            return
        self.connections[device] = connection
        self.asking.joined(connection)
        still = older is not None and older is not connection and self.loop.time() - older.session.heard < _STILL
        self.signals.joined(device, connection.who.product, connection.network, overlap=still)
        if still and self._places.shared:
            self._tell_overlap(device)
        self._wills.back(device, clean=wanted.clean)
        self._mail.join(connection, wanted)
        self._chain.joined(device, wanted.shown)

    def _tell_overlap(self, device: str) -> None:
        """Count for all gateways that a session was pushed out while it was still being heard."""
        self._overlaps = True
        self.count(device, devices.TAKEN_OVER, "another connection of the same name")

    def count(self, device: str, kind: str, detail: str) -> None:
        """Count a refusal; the database hears of it within seconds."""
        self.signals.refused(device, kind, detail)
        self.intake.count(Speaker(device, "", ""), kind, detail)

    def left(self, connection: Connection, why: str) -> None:
        """Note that a connection ends."""
        device = connection.session.device
        if self.connections.get(device) is connection:
            del self.connections[device]
            self._left[device] = connection.session.heard
            self.signals.left(device)
        _log.debug("device left", device=device, why=why)

    async def look(self) -> None:
        """Look once for cuts, changed declarations and mail, and act on them."""
        try:
            cuts, news = await self.loop.run_in_executor(self._asking, self._news)
            receivers = await self._mail.receivers()
        except Exception as failure:  # noqa: BLE001 (whatever it is, looking must go on: it is what cuts devices off)
            if self._looks_well:
                _log.error("the gateway cannot look for news", why=repr(failure))
            self._looks_well = False
            return
        self._looks_well = True
        for cut in cuts:
            self._cut = max(self._cut, cut.number)
            self._recent_cuts.pop(cut.device, None)  # the newest stand last
            self._recent_cuts[cut.device] = cut.number
            connection = self.connections.get(cut.device)
            if connection is not None and connection.cut_mark < cut.number:  # else it was let in again since
                connection.feed(Cut("the device was cut off"))
        for device in list(self._recent_cuts)[:-_CUTS_REMEMBERED]:
            del self._recent_cuts[device]
        self._ledger = news.size
        self.asking.heard(news, self._versions)
        self._end_lost()
        if self._overlaps:  # the watch of every other gateway is to hear of it within a second
            self._overlaps = False
            await self.flush()
        for device in receivers:
            if device in self.connections:
                self.connections[device].feed(DownWaiting())
        self._mail.flush()

    def _end_lost(self) -> None:
        """Let go of devices that are connected to another gateway now; their sessions are that one's."""
        for device in self._places.lost():
            self._wills.back(device, clean=False)
            connection = self.connections.get(device)
            if connection is not None and connection.session.phase == "live":  # else it has just come back here
                if self.loop.time() - connection.session.heard < _STILL:
                    self.signals.overlapped(device)
                    self._tell_overlap(device)
                connection.feed(
                    Cut("another connection of the same name took over", with_will=True, code=TAKEN_OVER, moved=True)
                )

    def _news(self) -> tuple[list[devices.Cut], News]:
        cuts, news = devices.cut_list(self._world, self._cut), self.intake.changed(self._ledger)
        self._keys.swap(news.ended, self.connections)
        return cuts, news

    async def flush(self, *, last: bool = False) -> None:
        """Bring what was seen and refused to the database; what fails is kept for the next time."""
        heard, since, now = self._left, self._seen, self.loop.time()
        if last or now - since >= SEEN_SECONDS:
            heard = heard | {name: one.session.heard for name, one in self.connections.items()}
            self._left, self._seen = {}, now
            self._keys.keep(self.connections)
        else:
            heard = {}
        counts = self.intake.drain(last=last)
        versions, self._versions = self._versions, {}
        crashes, self._crashes = self._crashes, {}
        moments = {name: now - at for name, at in heard.items() if at >= since}
        try:
            await self.loop.run_in_executor(self._asking, self._write, moments, counts, versions, crashes)
        except Exception as failure:  # noqa: BLE001 (whatever it is, it is written the next time)
            _log.error("the gateway cannot write what it saw", why=repr(failure))
            self._seen = since
            self._left = heard | self._left
            self._versions = versions | self._versions
            self._crashes = crashes | self._crashes
            self.intake.put_back(counts)

    def _write(
        self,
        ago: Mapping[str, float],
        counts: Counts,
        versions: Mapping[str, str],
        crashes: Mapping[str, int],
    ) -> None:
        now = self._world.clock.now()
        self.intake.write(counts)
        devices.seen(self._world, {device: now - timedelta(seconds=max(0.0, one)) for device, one in ago.items()})
        note_reported(self._world, versions, crashes, "mqtt")
        self._keys.beat()

    async def finish(self, seconds: float = 5.0) -> None:
        """Let what is under way reach the disk and be acknowledged, end all connections, write what is left."""
        self._wills.say_all()
        self._send_block()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._committed_all.wait(), seconds)
        for connection in list(self.connections.values()):
            connection.feed(Cut("the gateway stops", code=STOPPING))
        await self.flush(last=True)
        with contextlib.suppress(CarefulError):
            await self.ask(self._keys.end)
        await self.signals.finish()
        await self._mail.finish()
        await self.loop.run_in_executor(None, self._asking.shutdown)
