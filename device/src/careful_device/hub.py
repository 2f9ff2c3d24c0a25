"""One thread that moves the bytes of any number of MQTT connections; a device has one, a simulated fleet has fifty."""

import contextlib
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client

_CHORES_SECONDS = 5.0
_GOODBYE_SECONDS = 2.0


class Hub:
    """Serves paho clients: reads and writes when their sockets are ready, keep-alives every few seconds."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._clients: dict[Any, Client] = {}
        self._orders: deque[Callable[[], None]] = deque()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._selector.register(self._wake_out, selectors.EVENT_READ)
        self._ending = False
        self._end = 0.0
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    def serve(self, client: Client) -> None:
        """Serve `client` from now on; must be called before it connects."""

        def opened(_at: Client, _data: object, sock: Any) -> None:  # noqa: ANN401 (paho's socket, of whatever kind)
            self._order(lambda: self._add(client, sock))

        def closed(_at: Client, _data: object, sock: Any) -> None:  # noqa: ANN401 (as above)
            self._remove_now(sock)

        def writes(_at: Client, _data: object, sock: Any) -> None:  # noqa: ANN401 (as above)
            self._order(lambda: self._mind(sock, write=True))

        def wrote(_at: Client, _data: object, sock: Any) -> None:  # noqa: ANN401 (as above)
            self._order(lambda: self._mind(sock, write=False))

        client.on_socket_open, client.on_socket_close = opened, closed
        client.on_socket_register_write, client.on_socket_unregister_write = writes, wrote

    def later(self, order: Callable[[], None]) -> None:
        """Have `order` done by this thread soon, outside of whatever is going on now."""
        self._orders.append(order)
        self._wake()

    def close(self) -> None:
        """Stop serving, once what is on its way out is out (at most two seconds)."""
        self._ending = True
        self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=5)

    def _order(self, order: Callable[[], None]) -> None:
        if threading.current_thread() is self._thread:
            order()
        else:
            self.later(order)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            self._wake_in.send(b".")

    def _add(self, client: Client, sock: Any) -> None:  # noqa: ANN401 (paho's socket, of whatever kind)
        current: Any = client.socket()
        if sock.fileno() >= 0 and current is sock:
            self._clients[sock] = client
            self._selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def _remove_now(self, sock: Any) -> None:  # noqa: ANN401 (as above)
        """Forget the socket at once, whichever thread closes it: its number may be another's in a moment."""
        self._clients.pop(sock, None)
        with contextlib.suppress(KeyError, ValueError, OSError, RuntimeError):
            self._selector.unregister(sock)

    def _mind(self, sock: Any, *, write: bool) -> None:  # noqa: ANN401 (as above)
        if sock in self._clients:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if write else 0)
            with contextlib.suppress(KeyError, ValueError, OSError):
                self._selector.modify(sock, events)

    def _ended(self) -> bool:
        if not self._ending:
            return False
        self._end = self._end or time.monotonic() + _GOODBYE_SECONDS
        return time.monotonic() > self._end or not any(client.want_write() for client in list(self._clients.values()))

    def _run(self) -> None:
        chores = time.monotonic() + _CHORES_SECONDS
        while not self._ended():
            try:
                ready = self._selector.select(max(0.0, chores - time.monotonic()))
            except OSError:  # a socket was closed by its owner in this very moment
                continue
            while self._orders:
                self._orders.popleft()()
            for key, events in ready:
                self._move(key.fileobj, events)
            if time.monotonic() >= chores:
                chores = time.monotonic() + _CHORES_SECONDS
                for client in list(self._clients.values()):
                    client.loop_misc()
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()

    def _move(self, sock: Any, events: int) -> None:  # noqa: ANN401 (as above)
        if sock is self._wake_out:
            with contextlib.suppress(BlockingIOError, OSError):
                self._wake_out.recv(4096)
            return
        client = self._clients.get(sock)
        if client is None:
            return
        if events & selectors.EVENT_WRITE:
            client.loop_write()
        if events & selectors.EVENT_READ:
            client.loop_read()
            # What TLS has decrypted already does not show on the socket any more.
            while client.socket() is sock and isinstance(sock, ssl.SSLSocket) and sock.pending():
                client.loop_read()
