"""A maker's MQTT gateway in one thread: real mutual TLS, just enough of MQTT 3.1.1, and moods."""

import contextlib
import socket
import ssl
import struct
import threading
from pathlib import Path

from simulated_maker import Maker


class Gateway:
    """Takes connections at `port`. `published` is what it took, in order, `arrived` how many came; `wills` are those of
    clients that vanished.

    `refuses` is a part of a payload that it never acknowledges; `closes` a part at which it closes the connection;
    `mute` makes it acknowledge nothing.
    """

    def __init__(self, maker: Maker) -> None:
        self.published: list[tuple[str, bytes]] = []
        self.wills: list[str] = []
        self.arrived = 0
        self.connects: list[tuple[str, bool, str]] = []
        self.subscribed: list[str] = []
        self.refuses = self.closes = b"\0never"
        self.mute = False
        self.refuse_connect = 0
        self.clients: list[ssl.SSLSocket] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(Path(maker.folder) / "server.pem")
        self._context.load_verify_locations(Path(maker.folder) / "ca.pem")
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def cut(self) -> None:
        """Drop every connection."""
        for client in self.clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
                client.close()
        self.clients.clear()

    def send(self, topic: str, payload: bytes) -> None:
        """Publish down to everyone (QoS 0)."""
        body = struct.pack("!H", len(topic)) + topic.encode() + payload
        for client in self.clients:
            client.sendall(bytes([0x30, len(body)]) + body)

    def _accept(self) -> None:
        while True:
            try:
                raw, _address = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        will = ""
        try:
            client = self._context.wrap_socket(raw, server_side=True)
            client.settimeout(20)
            self.clients.append(client)
            while True:
                kind, body = _packet(client)
                if kind >> 4 == 1:
                    will = self._connect(client, body)
                elif kind >> 4 == 8:
                    self._subscribe(client, body)
                elif kind >> 4 == 3:
                    self._publish(client, kind, body)
                elif kind >> 4 == 12:
                    client.sendall(b"\xd0\x00")
                elif kind >> 4 == 14:
                    will = ""
                    client.close()
                    return
        except (OSError, ConnectionError, IndexError):
            if will:
                self.wills.append(will)

    def _connect(self, client: ssl.SSLSocket, body: bytes) -> str:
        flags, at = body[7], 10
        texts = []
        while at < len(body):
            (length,) = struct.unpack_from("!H", body, at)
            texts.append(body[at + 2 : at + 2 + length].decode())
            at += 2 + length
        self.connects.append((texts[0], bool(flags & 2), texts[1]))
        client.sendall(bytes([0x20, 2, 0, self.refuse_connect]))
        if self.refuse_connect:
            raise ConnectionError
        return texts[1]

    def _subscribe(self, client: ssl.SSLSocket, body: bytes) -> None:
        at = 2
        count = 0
        while at < len(body):
            (length,) = struct.unpack_from("!H", body, at)
            self.subscribed.append(body[at + 2 : at + 2 + length].decode())
            at += 3 + length
            count += 1
        client.sendall(bytes([0x90, 2 + count]) + body[:2] + b"\1" * count)

    def _publish(self, client: ssl.SSLSocket, kind: int, body: bytes) -> None:
        (length,) = struct.unpack_from("!H", body)
        topic, rest = body[2 : 2 + length].decode(), body[2 + length :]
        number, payload = (rest[:2], rest[2:]) if kind & 6 else (b"", rest)
        self.arrived += 1
        if self.closes in payload:
            client.shutdown(socket.SHUT_RDWR)
            raise ConnectionError
        if self.mute or self.refuses in payload:
            return
        self.published.append((topic, payload))
        if number:
            client.sendall(b"\x40\x02" + number)


def _packet(client: ssl.SSLSocket) -> tuple[int, bytes]:
    kind = _exactly(client, 1)[0]
    length, shift = 0, 0
    while True:
        byte = _exactly(client, 1)[0]
        length |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            return kind, _exactly(client, length)


def _exactly(client: ssl.SSLSocket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = client.recv(count - len(found))
        if not more:
            raise ConnectionError
        found += more
    return found
