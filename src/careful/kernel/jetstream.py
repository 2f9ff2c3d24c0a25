"""The way to a NATS JetStream cluster: one connection with a thread and a loop of its own, and the stream of blocks.

Devices never reach it; gateways publish to it and workers read from it. The stream is made where it is missing and
checked where it is there: one that keeps its messages in memory, in too few copies, or throws old ones away to make
room for new ones would break the promise that a PUBACK gives.
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import nats
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from careful.kernel.errors import CarefulError, Refused, Unavailable
from careful.kernel.settings import Settings

STREAM = "careful-inbox"
SUBJECT = "careful.inbox"
DUPLICATE_SECONDS = 120.0
"""For so long a cluster knows a block that it has by its id."""
_CONNECT_SECONDS = 10.0
_ASK_SECONDS = 5.0
_TRY_SECONDS = 1.5
_DAY = 86400.0
_log = structlog.get_logger(__name__)
T = TypeVar("T")

FAILURES = (NatsError, APIError, TimeoutError, asyncio.TimeoutError, OSError, ConnectionError)
"""What a cluster that is not there, or not well, makes of a call."""


class Link:
    """A connection to the cluster of `settings.inbox`, kept up for ever; used from any thread."""

    def __init__(self, settings: Settings, name: str) -> None:
        """Connect. Raises Unavailable where no server of the cluster answers."""
        self._settings, self._name = settings, name
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"nats-{name}", daemon=True)
        self._thread.start()
        try:
            self.client: Client = self.call(self._connect(), _CONNECT_SECONDS + 1)
        except CarefulError:
            self._stop()
            raise
        self.stream: JetStreamContext = self.client.jetstream(timeout=_ASK_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    async def _connect(self) -> Client:
        settings = self._settings
        options: dict[str, Any] = {}
        if settings.inbox_user:
            options |= {"user": settings.inbox_user, "password": settings.inbox_password.get_secret_value()}
        if settings.inbox_tls:
            options["tls"] = _tls(settings)

        last: list[Exception] = []

        async def said(failure: Exception) -> None:
            last[:] = [failure]
            _log.info("the NATS cluster", says=repr(failure))

        try:
            return await asyncio.wait_for(
                nats.connect(
                    settings.inbox_servers(), name=f"careful-{self._name}", error_cb=said, max_reconnect_attempts=-1,
                    reconnect_time_wait=1, connect_timeout=2, ping_interval=5, max_outstanding_pings=2, **options,
                ),
                _CONNECT_SECONDS,
            )  # fmt: skip
        except FAILURES as failure:
            raise unavailable(last[0] if last else failure) from failure

    def call(self, work: Coroutine[Any, Any, T], seconds: float = _ASK_SECONDS) -> T:
        """Do `work` in the connection's loop and return its result. Raises Unavailable where the cluster fails it."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result(seconds)
        except FAILURES as failure:
            future.cancel()
            raise unavailable(failure) from failure

    def close(self) -> None:
        """End connection and thread."""
        try:
            self.call(self.client.close())
        except Unavailable as failure:
            _log.info("the NATS connection did not end well", why=str(failure))
        self._stop()

    def _stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()


def unavailable(failure: BaseException) -> Unavailable:
    """Name a failure of the cluster as a person would."""
    return Unavailable(
        f"The NATS cluster does not take or give messages ({str(failure) or type(failure).__name__}).",
        do="See whether most of its servers run, with room for CAREFUL_INBOX_BYTES: the log of nats-server says.",
    )


def _tls(settings: Settings) -> ssl.SSLContext:
    """Verify the cluster by its CA, and show our certificate where we have one."""
    try:
        context = ssl.create_default_context(cafile=settings.inbox_ca or None)
        if settings.inbox_certificate:
            context.load_cert_chain(settings.inbox_certificate, settings.inbox_key or None)
    except OSError as wrong:
        raise Unavailable(
            f"The certificates for the NATS cluster cannot be read ({wrong.strerror or wrong}).",
            do="Check CAREFUL_INBOX_CA, CAREFUL_INBOX_CERTIFICATE and CAREFUL_INBOX_KEY.",
        ) from wrong
    return context


def open_stream(link: Link, settings: Settings) -> None:
    """Make the stream where it is missing, and check it where it is there.

    Raises Refused, saying what is wrong with it, and Unavailable where the cluster does not answer.
    """
    wanted = StreamConfig(
        name=STREAM, subjects=[f"{SUBJECT}.*"], retention=RetentionPolicy.LIMITS, storage=StorageType.FILE,
        discard=DiscardPolicy.NEW, num_replicas=settings.inbox_replicas, max_bytes=settings.inbox_bytes,
        max_age=settings.inbox_days * _DAY, duplicate_window=DUPLICATE_SECONDS, allow_direct=False,
    )  # fmt: skip
    until = time.monotonic() + _CONNECT_SECONDS
    while True:
        try:
            problem = link.call(_open(link.client.jetstream(timeout=_TRY_SECONDS), wanted), 2 * _TRY_SECONDS)
        except Unavailable as failure:  # a cluster that has just started has no leader yet
            if time.monotonic() > until:
                raise
            _log.info("the stream cannot be opened yet", why=str(failure))
            time.sleep(0.5)
        else:
            break
    if problem:
        raise Refused(
            f"The stream {STREAM} {problem}.",
            do="Mend it (nats stream edit), or set CAREFUL_INBOX_REPLICAS to what you want to rely on.",
        )


async def _open(stream: JetStreamContext, wanted: StreamConfig) -> str:
    """Return what is wrong with the stream, or nothing."""
    try:
        found = (await stream.stream_info(STREAM)).config
    except NotFoundError:
        found = (await stream.add_stream(wanted)).config
    return fault_of(found, wanted)


def fault_of(found: StreamConfig, wanted: StreamConfig) -> str:
    """Say in what a stream falls short of what a PUBACK promises, or nothing."""
    if found.storage != StorageType.FILE:
        return "keeps its messages in memory, and a PUBACK means on disk"
    if (found.num_replicas or 1) < (wanted.num_replicas or 1):
        return f"has {found.num_replicas or 1} copies, and {wanted.num_replicas} are asked for"
    if found.discard != DiscardPolicy.NEW:
        return "throws away old messages when it is full, and it must refuse new ones"
    if found.retention != RetentionPolicy.LIMITS or set(found.subjects or ()) != set(wanted.subjects or ()):
        return f"is not one of ours: it must take {wanted.subjects} and keep by limits"
    return "confirms nothing (no_ack)" if found.no_ack else ""
