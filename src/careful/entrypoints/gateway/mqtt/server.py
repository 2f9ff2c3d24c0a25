"""The MQTT server: listening with mutual TLS, limits on who may try, starting, and stopping with nothing half-done.

A connection is counted before its handshake; who is over the limits is closed without a word. TLS wants a certificate
whose chain ends at our root; whether it is still good, and the device's state, is asked of the database before any MQTT
is read.
"""

import asyncio
import contextlib
import ipaddress
import resource
import signal
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog
import uvloop

from careful import customer_data, devices
from careful.entrypoints.gateway.mqtt.arrivals import HOLD_SECONDS, Arrivals, Paces, less
from careful.entrypoints.gateway.mqtt.connection import Connection
from careful.entrypoints.gateway.mqtt.events import ConnectionOpened, Event, NotLetIn
from careful.entrypoints.gateway.mqtt.gateway import FLUSH_SECONDS, LOOK_SECONDS, Gateway
from careful.entrypoints.gateway.mqtt.signals import network_of
from careful.entrypoints.gateway.mqtt.tls import Peer, peer_of, tls_context
from careful.entrypoints.renewal import keep_fresh
from careful.kernel.errors import CarefulError, Unavailable
from careful.kernel.inboxes import open_inbox
from careful.kernel.mailboxes import open_mailbox
from careful.kernel.work import World

_BACKLOG = 1024
_ACCEPT_PAUSE = 0.1
_SEND_BYTES = 64 * 1024  # in the kernel, for each connection; what goes down is small
_PROBES = {socket.TCP_KEEPIDLE: 300, socket.TCP_KEEPINTVL: 30, socket.TCP_KEEPCNT: 4}  # seconds, seconds, times
_V6_NETWORK = 64
_HOLDS_MANY = 4
"""Connections of one device at once of which the watch is told: a reconnection has two for a moment."""
_PACES = Paces()
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many may be connected, in all and from one address, and how long a handshake may take."""

    connections: int = 20_000
    per_address: int = 5_000
    handshakes: int = 512
    handshakes_per_address: int = 256
    handshake_seconds: float = 10.0
    shutdown_seconds: float = 5.0
    paces: Paces = _PACES
    """How often one may come."""


_LIMITS = Limits()


class Listener:
    """Takes TCP connections, makes TLS of them and hands them to the gateway."""

    def __init__(self, gateway: Gateway, context: ssl.SSLContext, limits: Limits) -> None:
        self._gateway, self._context, self._limits = gateway, context, limits
        self._here: Counter[str] = Counter()
        self._shaking: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self._arrivals = Arrivals(limits.paces, gateway.loop.time)
        self._greeting: set[asyncio.Task[None]] = set()

    async def accept(self, listening: socket.socket) -> None:
        """Take connections from one listening socket for ever."""
        loop = self._gateway.loop
        while True:
            try:
                arrived, where = await loop.sock_accept(listening)
            except OSError as failure:  # it was gone before we took it, or no file is left for it
                _log.warning("a connection could not be taken", why=str(failure))
                await asyncio.sleep(_ACCEPT_PAUSE)
                continue
            _prepare(arrived)
            address = _coarse(str(where[0]))
            if self._has_room(address) and self._arrivals.may_greet(address):
                self._here[address] += 1
                self._shaking[address] += 1
                task = loop.create_task(self._greet(arrived, address))
                self._greeting.add(task)
                task.add_done_callback(partial(self._greeted, address))
            else:
                self._gateway.count("", "too-many-connections", "over the limit in all, or of one address")
                arrived.close()

    def _greeted(self, address: str, task: asyncio.Task[None]) -> None:
        self._greeting.discard(task)
        less(self._shaking, address)

    def _has_room(self, address: str) -> bool:
        limits = self._limits
        return (
            self._here.total() < limits.connections
            and self._here[address] < limits.per_address
            and len(self._greeting) < limits.handshakes
            and self._shaking[address] < limits.handshakes_per_address
        )

    async def stop(self) -> None:
        """Let go of those who are not in yet."""
        for task in list(self._greeting):
            task.cancel()
        await asyncio.gather(*self._greeting, return_exceptions=True)

    async def _greet(self, arrived: socket.socket, address: str) -> None:
        connection = Connection(self._gateway, partial(less, self._here, address))
        try:
            transport, _ = await self._gateway.loop.connect_accepted_socket(
                lambda: connection, arrived, ssl=self._context,
                ssl_handshake_timeout=self._limits.handshake_seconds,
                ssl_shutdown_timeout=self._limits.shutdown_seconds,
            )  # fmt: skip
        except OSError as failure:  # ssl.SSLError and TimeoutError are OSErrors
            # No address: what is counted reaches the ledger, and an address may be a person's.
            self._gateway.count("", "handshake", str(getattr(failure, "reason", None) or "cut short"))
            self._arrivals.failed(address)
            less(self._here, address)
            return
        try:
            peer = peer_of(transport)
            self._held[peer.name] += 1
            connection.on_gone(partial(less, self._held, peer.name))
            if self._held[peer.name] >= _HOLDS_MANY:
                self._gateway.signals.holds(peer.name, self._held[peer.name])
            connection.network = network_of(address)
            event = await self._slowed(peer, address) or await self._ask(connection, peer)
        except (asyncio.CancelledError, ConnectionError):
            transport.abort()
            return
        loop_now = self._gateway.loop.time()
        connection.begin(loop_now + peer.not_after - self._gateway.now(), event)

    async def _slowed(self, peer: Peer, address: str) -> Event | None:
        """Let a device that comes too often wait for its refusal; None for any other."""
        if self._arrivals.may_join(peer.name, address):
            return None
        gateway = self._gateway
        gateway.signals.knocked(peer.name)
        gateway.count(peer.name, "connects-too-often", "connections of one device")
        if self._arrivals.hold(peer.name):
            try:
                await asyncio.sleep(HOLD_SECONDS)
            finally:
                self._arrivals.let_go(peer.name)
        return NotLetIn(3, "it connects too often", gateway.loop.time())

    async def _ask(self, connection: Connection, peer: Peer) -> Event:
        """Find out who this is and what to tell the session."""
        gateway = self._gateway
        try:
            who = await gateway.identify(peer.der)
        except Unavailable as failure:
            return NotLetIn(3, str(failure), gateway.loop.time())
        except CarefulError as refusal:
            gateway.count(peer.name, "identity", refusal.what)
            return NotLetIn(5, refusal.what, gateway.loop.time())
        except Exception as failure:  # noqa: BLE001 (a fault of ours closes the door, it does not leave it ajar)
            _log.error("a device could not be identified", why=repr(failure))
            return NotLetIn(3, "the database does not answer", gateway.loop.time())
        connection.cut_mark = who.cut
        gateway.asking.admitted(connection, who.device, who.product, who.may)
        now = gateway.loop.time()
        return ConnectionOpened(
            who.device,
            who.may.permit,
            now,
            who.may.consents,
            gateway.intake.spent(who.device, who.may.used),
            gateway.now() - now,
        )


def _prepare(arrived: socket.socket) -> None:
    """Bound what waits for the peer, and have TCP ask after a silent one: a client may do without keep-alive."""
    arrived.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BYTES)
    arrived.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _PROBES.items():
        arrived.setsockopt(socket.IPPROTO_TCP, option, value)


def _coarse(host: str) -> str:
    """Return where a connection comes from, coarse enough that one host is one address: IPv4, or an IPv6 /64."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    network = ipaddress.ip_network((address, _V6_NETWORK), strict=False)
    return str(address.ipv4_mapped or network.network_address)


async def serve(world: World, ready: Callable[[], None] | None = None, *, limits: Limits = _LIMITS) -> None:
    """Serve devices on `mqtt_port` until SIGTERM, SIGINT or cancellation; `ready` is called when the port is open.

    Raises Unavailable where the port is taken or the inbox cannot be opened.
    """
    loop = asyncio.get_running_loop()
    _raise_file_limit()
    key, chain = devices.issue_server_certificate(world)
    context = tls_context(key, chain, devices.authority_bundle_path(world))
    inbox = await loop.run_in_executor(None, lambda: open_inbox(world, customer_data.longest_kept(world)))
    mailbox = open_mailbox(world)
    gateway = Gateway(world, inbox, mailbox)
    listener = Listener(gateway, context, limits)
    try:
        listening = await _listen(world)
        duties = (_look(gateway), _flush(gateway), gateway.signals.run(), keep_fresh(world, context))
        background = [loop.create_task(work) for work in duties]
        background += [loop.create_task(listener.accept(one)) for one in listening]
        _log.info("MQTT is served", host=world.settings.host, port=world.settings.mqtt_port)
        try:
            if ready is not None:
                ready()
            await _until_told()
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            for one in listening:
                one.close()
            await listener.stop()
            await gateway.finish()
    finally:
        await loop.run_in_executor(None, inbox.close)
        mailbox.close()


def run(world: World) -> None:
    """Serve devices in this process until it is told to stop."""
    uvloop.run(serve(world))


async def _listen(world: World) -> list[socket.socket]:
    """Open the port on every address that the host's name stands for; several gateways share it."""
    host, port, several = world.settings.host, world.settings.mqtt_port, world.settings.gateways > 1
    opened: list[socket.socket] = []
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for family, _, _, _, where in found:
            opened.append(socket.create_server(where, family=family, backlog=_BACKLOG, reuse_port=several))
            opened[-1].setblocking(False)
    except OSError as taken:
        for one in opened:
            one.close()
        raise Unavailable(
            f"Port {port} on {host} cannot be opened: {taken.strerror}.",
            do="Stop the other program, or set CAREFUL_MQTT_PORT.",
        ) from taken
    return opened


async def _until_told() -> None:
    """Wait for SIGTERM or SIGINT; outside of the main thread, for cancellation."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    for number in signals:
        loop.add_signal_handler(number, told.set)
    try:
        await told.wait()
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def _look(gateway: Gateway) -> None:
    while True:
        try:
            await gateway.look()
        except Exception as failure:  # noqa: BLE001 (one session's fault must not end what cuts devices off)
            _log.error("looking for news broke off", why=repr(failure), exc_info=True)
        await asyncio.sleep(LOOK_SECONDS)


async def _flush(gateway: Gateway) -> None:
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        await gateway.flush()


def _raise_file_limit() -> None:
    """Allow as many open connections as the machine does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
