"""One device's TLS connection: bytes to packets to the session, and the session's commands done.

Nothing here decides anything. The read buffer is one for all connections of the process, because bytes are taken out of
it before anybody else can write into it; an idle connection holds no buffer of its own.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from careful.entrypoints.gateway.intake import Speaker
from careful.entrypoints.gateway.mqtt.codec import Reader
from careful.entrypoints.gateway.mqtt.events import (
    Broken,
    Close,
    Command,
    Count,
    Cut,
    Event,
    Fetch,
    Join,
    Lost,
    PacketReceived,
    Pause,
    Rest,
    Rested,
    Resume,
    Send,
    Store,
    Tick,
)
from careful.entrypoints.gateway.mqtt.fields import Malformed
from careful.entrypoints.gateway.mqtt.packets import LEVEL, write
from careful.entrypoints.gateway.mqtt.packets5 import write5
from careful.entrypoints.gateway.mqtt.reasons import QUOTA
from careful.entrypoints.gateway.mqtt.session import Session

if TYPE_CHECKING:
    from careful.entrypoints.gateway.mqtt.gateway import Gateway

READ_BYTES = 64 * 1024
TURN_PACKETS = 64
"""Packets of one connection that are taken in one turn of the loop; then it is the others' turn."""
UNSENT_BYTES = 64 * 1024
"""Bytes that wait for a client above which nothing more is taken from it, nor fetched for it."""
SLOW_SECONDS = 30.0
"""A client that does not read its way out of that in this time is dropped."""
_SHORTEST_TICK = 0.5
_buffer = memoryview(bytearray(READ_BYTES))  # a slice of a bytearray would be a copy, and what is read into it lost


class Connection(asyncio.BufferedProtocol):
    """The protocol object that the TLS transport feeds."""

    __slots__ = (
        "_expires", "_gateway", "_gone", "_held", "_out", "_reader", "_repump", "_slow", "_timer", "_transport",
        "_waits", "asked", "cut_mark", "mark", "network", "session", "who",
    )  # fmt: skip

    def __init__(self, gateway: "Gateway", gone: Callable[[], None]) -> None:
        self._gateway, self._gone = gateway, [gone]
        self.session = Session()
        self.who = Speaker("", "", "")
        self.cut_mark = self.mark = 0
        self.asked = -1.0
        self.network = ""
        self._reader = Reader()
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._slow: asyncio.TimerHandle | None = None
        self._held: Fetch | None = None
        self._expires = 0.0
        self._repump = False
        self._waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hold the peer's words back: TLS is made, but not a byte is read before we know who it is."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.pause_reading()
        self._transport.set_write_buffer_limits(high=UNSENT_BYTES)

    def on_gone(self, gone: Callable[[], None]) -> None:
        """Have something done when nobody is there any more: at once, where that is so already."""
        if self._transport is None:
            gone()
        else:
            self._gone.append(gone)

    def begin(self, expires: float, event: Event) -> None:
        """Start the session, once it is known who is there; `expires` is when the certificate ends, in loop time."""
        transport = self._transport
        if transport is None or transport.is_closing():  # whoever it was has gone
            return
        self._expires = expires
        self.feed(event)
        transport.resume_reading()
        self._pump()
        self._arm()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 (asyncio's signature)
        """Return where to put what comes next; asyncio fills it slice by slice."""
        return _buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came."""
        self._reader.push(_buffer[:nbytes])
        if self.session.phase != "opening" and not self._waits:
            self._pump()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature; why does not matter)
        """Tell the session that nobody is there any more."""
        for gone in self._gone:
            gone()
        self.feed(Lost())
        self._forget_slow()
        self._transport = None

    def pause_writing(self) -> None:
        """Take nothing more from a client that does not read our answers, and wait for it a while."""
        if self._transport is not None:
            self._transport.pause_reading()
            self._slow = self._gateway.loop.call_later(SLOW_SECONDS, self._too_slow)

    def resume_writing(self) -> None:
        """Go on with a client that reads again."""
        self._forget_slow()
        self._arm()  # what came meanwhile is read before its silence is judged
        if self._transport is not None and not self.session.paused and not self._waits:
            self._transport.resume_reading()
        held, self._held = self._held, None
        if held is not None:
            self._gateway.perform(self, held)

    def _too_slow(self) -> None:
        self._gateway.count(self.session.device, "slow-reader", f"{UNSENT_BYTES} bytes unread")
        self.feed(Cut("the client does not read", with_will=True, code=QUOTA))
        if self._transport is not None:
            self._transport.abort()

    def _forget_slow(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def feed(self, event: Event) -> None:
        """Give the session an event and do what it commands."""
        self._perform(self.session.handle(event))
        if self._repump:
            self._repump = False
            self._pump()
        else:
            self._flush()

    def _pump(self) -> None:
        """Give the session what has come, packet by packet, as long as it wants more."""
        now = self._gateway.loop.time()
        session = self.session
        left = TURN_PACKETS
        while not session.paused and session.phase != "ended":
            if not left:
                self._yield_turn()
                break
            left -= 1
            try:
                packet = self._reader.next()
            except Malformed as broken:
                self._perform(session.handle(Broken(str(broken), broken.code)))
                break
            if packet is None:
                break
            self._perform(session.handle(PacketReceived(packet, now)))
        self._flush()

    def _yield_turn(self) -> None:
        """Let others have their turn before this connection has its next one; until then nothing more is read of it."""
        if self._reader.held and not self._waits and self._transport is not None:
            self._waits = True
            self._transport.pause_reading()
            self._gateway.loop.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._waits = False
        self._pump()
        ready = not (self._waits or self.session.paused or self.session.phase == "ended" or self._slow)
        if ready and self._transport is not None:
            self._transport.resume_reading()

    def _perform(self, commands: list[Command]) -> None:
        for command in commands:
            kind = type(command)
            if kind is Store:
                self._gateway.store(self, cast("Store", command))
            elif kind is Send:
                packet = cast("Send", command).packet
                self._out.append(write(packet) if self._reader.level == LEVEL else write5(packet))
            else:
                self._perform_rare(command)

    def _perform_rare(self, command: Command) -> None:
        gateway = self._gateway
        match command:
            case Pause() if self._transport is not None:
                self._transport.pause_reading()
            case Resume() if self._transport is not None:
                if self._slow is None and not self._waits:
                    self._transport.resume_reading()
                self._repump = self._reader.held > 0 and not self._waits
            case Fetch() if self._slow is not None:
                self._held = command  # until the client has read what there is
            case Count():
                gateway.signals.refused(self.who.device, command.kind, command.detail, left_out=command.left_out)
                gateway.intake.count(self.who, command.kind, command.detail, left_out=command.left_out)
            case Close():
                self._end(command.why)
            case Join():
                gateway.perform(self, command)
                self._arm()  # from now on it is the client's keep-alive that counts
            case Rest(seconds):
                gateway.loop.call_later(seconds, self.feed, Rested())
            case _ if not isinstance(command, (Send, Store, Pause, Resume)):
                gateway.perform(self, command)

    def _flush(self) -> None:
        """Send all that has gathered in one write."""
        if self._out:
            out = b"".join(self._out)
            self._out.clear()
            if self._transport is not None and not self._transport.is_closing():
                self._transport.write(out)

    def _end(self, why: str) -> None:
        self._flush()
        self._gateway.left(self, why)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.close()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.session.phase != "ended":
            loop = self._gateway.loop
            due = max(min(self.session.deadline, self._expires), loop.time() + _SHORTEST_TICK)
            self._timer = loop.call_at(due, self._tick)

    def _tick(self) -> None:
        now = self._gateway.loop.time()
        if now >= self._expires:
            self.feed(Cut("the certificate has expired", with_will=True))
        if self._slow is None:  # else we do not listen, and its silence is no fault
            self.feed(Tick(now))
        self._arm()
