"""MQTT 3.1.1 over mutual TLS: the device's readings and events up, the maker's wishes down.

Everything goes through the backlog and stays there until the server has acknowledged it (QoS 1). A message that the
server will not take (it closes the connection, or acknowledges later ones only) is given up after a while and counted,
or it would keep all others back for ever.

The session persists on the server; the Will says on `d/<device>/event/offline` that the device went silent.
"""

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from careful_device import chain, seen
from careful_device.backlog import Backlog
from careful_device.chain import Chain
from careful_device.errors import WireError
from careful_device.https import Client as Https
from careful_device.hub import Hub

_KEEP_ALIVE = 60
_IN_FLIGHT = 16
_CONNECT_SECONDS = 15.0
_TRIES = 8
_OVERTAKEN_SECONDS = 60.0
_DOWN_LIMIT = 64 << 10
_LOG = logging.getLogger(__name__)


class Messenger:
    """The MQTT side of `device`. `notice` is told of connections and of wishes from the server, from another thread."""

    def __init__(
        self, device: str, address: tuple[str, int], https: Https, backlog: Backlog, hub: Hub,
        notice: Callable[[seen.Seen], None], chain: Chain,
    ) -> None:  # fmt: skip
        self._device = device
        self._address = address
        self._https = https
        self._backlog = backlog
        self._hub = hub
        self._notice = notice
        self._chain = chain
        self._client: Client | None = None
        self._identity: tuple[Path | None, int] = (None, 0)
        self._lock = threading.RLock()
        self._online = False
        self._last = 0  # the newest message handed to the connection
        self._flying: dict[int, tuple[int, float]] = {}  # packet id -> message, since when
        self._overtaken = 0  # the newest message that was acknowledged

    def connect(self) -> None:
        """Open a connection; whether it is accepted comes as a notice. Raises WireError when nobody answers."""
        context, path = self._https.context()
        identity = (path, path.stat().st_mtime_ns if path else 0)
        with self._lock:
            if self._client is not None and identity != self._identity:
                self._forget()
            if self._client is None:
                client = Client(
                    CallbackAPIVersion.VERSION2, client_id=self._device, clean_session=False, reconnect_on_failure=False
                )
                client.tls_set_context(context)
                client.max_inflight_messages_set(_IN_FLIGHT)
                client.connect_timeout = _CONNECT_SECONDS
                client.will_set(f"d/{self._device}/event/offline", b"{}", qos=1)
                self._listen(client)
                self._client, self._identity = client, identity
                self._flying.clear()
                self._last = self._overtaken = 0
            client = self._client
            client.username_pw_set(self._device, self._chain.show())
        try:
            client.connect(*self._address, keepalive=_KEEP_ALIVE)
        except (OSError, ValueError) as broken:
            raise WireError(
                f"The gateway at {self._address[0]}:{self._address[1]} cannot be reached: {broken}."
            ) from broken

    def send(self, topic: str, payload: dict[str, object]) -> None:
        """Put a message into the backlog (under d/<device>/) and let it go when there is a connection."""
        self._backlog.add(f"d/{self._device}/{topic}", json.dumps(payload, separators=(",", ":")).encode())
        self.pump()

    def pump(self) -> None:
        """Hand waiting messages to the connection, as many as may be under way at once."""
        with self._lock:
            if not self._online or self._client is None:
                return
            self._give_up_overtaken()
            room = _IN_FLIGHT - len(self._flying)
            for waiting in self._backlog.after(self._last, room) if room > 0 else ():
                info = self._client.publish(waiting.topic, waiting.payload, qos=1)
                if info.rc not in {MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN}:
                    break
                self._flying[info.mid] = (waiting.id, time.monotonic())
                self._last = waiting.id

    def close(self) -> None:
        """End the connection as one that means to go (no Will is sent)."""
        with self._lock:
            client, self._client = self._client, None
            self._online = False
        if client is not None:
            client.disconnect()

    def report(self, state: dict[str, object], topic: str = "state/reported") -> None:
        """Say how the device is now, if there is a connection. Never kept: what was true yesterday would mislead."""
        with self._lock:
            if self._online and self._client is not None:
                said = json.dumps(state, separators=(",", ":")).encode()
                self._client.publish(f"d/{self._device}/{topic}", said, qos=1)

    def drop(self) -> None:
        """End the connection politely; the agent will open another."""
        with self._lock:
            client = self._client
        if client is not None:
            client.disconnect()

    def cut(self) -> None:
        """End the connection without a word, as a power cut does: the server publishes the Will."""
        with self._lock:
            sock = self._client.socket() if self._client is not None else None
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _forget(self) -> None:
        """Start over with a new client: what was under way goes out again from the backlog."""
        old, self._client = self._client, None
        self._online = False
        if old is not None:
            old.disconnect()

    def _listen(self, client: Client) -> None:
        """Have the hub serve `client`. What it hears is handled later: paho holds locks of its own while it calls."""
        why: list[str] = []

        def on_connect(
            _at: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _more: Properties | None
        ) -> None:
            if reason.is_failure:
                why.append(str(reason))  # the end of the connection follows, without it
            else:
                self._hub.later(lambda: self._connected(client))

        def on_disconnect(
            _at: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _more: Properties | None
        ) -> None:
            text = why.pop() if why else str(reason)
            self._hub.later(lambda: self._disconnected(client, text))

        def on_publish(_at: Client, _data: object, number: int, _reason: ReasonCode, _more: Properties | None) -> None:
            self._hub.later(lambda: self._published(client, number))

        client.on_connect, client.on_disconnect, client.on_publish = on_connect, on_disconnect, on_publish
        client.on_message = self._on_message
        self._hub.serve(client)

    def _connected(self, client: Client) -> None:
        with self._lock:
            if client is not self._client:
                return
            client.subscribe([(f"d/{self._device}/state/desired", 1), (f"d/{self._device}/down/#", 1)])
            self._online = True
        self._notice(seen.Connected())
        self.pump()

    def _disconnected(self, client: Client, reason: str) -> None:
        with self._lock:
            if client is not self._client:
                return
            accepted, self._online = self._online, False
            if accepted and self._flying:
                oldest = min(number for number, _since in self._flying.values())
                if self._backlog.tried(oldest) >= _TRIES:
                    self._refused(oldest)
                    self._forget()
        self._notice(seen.Disconnected(reason))

    def _published(self, client: Client, number: int) -> None:
        with self._lock:
            if client is not self._client:
                return
            message, _since = self._flying.pop(number, (0, 0.0))
            if message:
                self._overtaken = max(self._overtaken, message)
                self._backlog.taken(message)
        self.pump()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic == f"d/{self._device}/{chain.TOPIC}":
            self._chain.take(bytes(message.payload))
        elif message.topic == f"d/{self._device}/down/poll":
            self._notice(seen.Nudged())
        elif message.topic == f"d/{self._device}/state/desired" and len(message.payload) <= _DOWN_LIMIT:
            _LOG.info("%s: desired state: %s", self._device, message.payload[:200])

    def _give_up_overtaken(self) -> None:
        """Give up messages that the server passed over: it answers in order, so silence about one is a refusal."""
        late = time.monotonic() - _OVERTAKEN_SECONDS
        passed = [number for number, since in self._flying.values() if number < self._overtaken and since < late]
        for number in passed:
            self._refused(number)
        if passed and self._client is not None:
            self._client.disconnect()  # paho would send them again for ever; a new client does not know them
            self._forget()
            self._notice(seen.Disconnected("starting over without refused messages"))

    def _refused(self, number: int) -> None:
        _LOG.warning("%s: the server does not take message %s; it is given up", self._device, number)
        self._backlog.refused(number)
