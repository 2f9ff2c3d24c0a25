"""HTTPS to the maker's servers: our certificate, their pinned authority, kept connections, and limits on every answer.

One `Client` serves one device. It keeps one connection to each server, opens it anew when it broke or when the identity
changed, and follows no redirects by itself. It belongs to one thread at a time.
"""

import contextlib
import http.client
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from careful_device.errors import AgentError, AnswerError, WireError
from careful_device.identity import Identity
from careful_device.pace import Pace

_CHUNK = 64 << 10
_HEAD = 256 << 10
_NO_IDENTITY = (401, 403)


@dataclass(frozen=True)
class Answer:
    """A whole answer. `headers` have names in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def good(self, what: str, *wanted: int) -> "Answer":
        """Return the answer itself. Raises AnswerError unless its status is among `wanted` (200 when none is named)."""
        if self.status not in (wanted or (200,)):
            said = self.body[:200].decode(errors="replace").strip()
            raise AnswerError(f"{what}: the server answered {self.status} {said}".strip(), status=self.status)
        return self


class Client:
    """Connections of one device, by its `identity` (none before it is born), trusting `ca` alone."""

    def __init__(
        self, ca: Path, identity: Identity | None = None, timeout: float = 30.0, stores: Path | None = None
    ) -> None:
        self._ca = ca
        self._stores = stores
        self._identity = identity
        self._timeout = timeout
        self._used: Path | None = None
        self._stamp = 0
        self._context: ssl.SSLContext | None = None
        self._kept: dict[str, http.client.HTTPSConnection] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        limit: int = 1 << 20,
    ) -> Answer:
        """Return the answer, read whole. Raises WireError when there is none, or when it is longer than `limit`."""
        with self.open(method, url, body=body, headers=headers) as (status, found, chunks):
            parts, size = [], 0
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise WireError(f"The answer of {urlsplit(url).netloc} is longer than {limit} bytes.")
                parts.append(chunk)
        return Answer(status, b"".join(parts), found)

    @contextlib.contextmanager
    def open(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Iterator[tuple[int, Mapping[str, str], Iterator[bytes]]]:
        """Give (status, headers, chunks of the body). A connection whose body was not read to its end is closed."""
        address = urlsplit(url)
        if address.scheme != "https" or not address.hostname:
            raise AgentError(f"{url[:200]} is no https address.")
        server = f"{address.hostname}:{address.port or 443}"
        path = address._replace(scheme="", netloc="", fragment="").geturl() or "/"
        response = self._send(server, method, path, body, {"User-Agent": "careful-device", **(headers or {})})
        try:
            found = {name.lower(): value for name, value in response.getheaders()}
            self._judge(response.status)
            yield response.status, found, _chunks(response)
        except (OSError, http.client.HTTPException) as broken:
            raise WireError(f"The connection to {server} broke: {_words(broken)}.") from broken
        finally:
            if not response.isclosed():
                self._drop(server)

    def stranger(self) -> "Client":
        """Return a client for a store that our server sends us to: trusting `stores` there, and showing no identity."""
        return Client(self._stores or self._ca, timeout=self._timeout)

    def close(self) -> None:
        """Close all connections."""
        for server in list(self._kept):
            self._drop(server)

    def context(self) -> tuple[ssl.SSLContext, Path | None]:
        """Return TLS settings with the identity to use now, and the file it came from."""
        path = self._identity.path() if self._identity else None
        stamp = path.stat().st_mtime_ns if path else 0
        if self._context is None or (path, stamp) != (self._used, self._stamp):
            self.close()
            self._context, self._used, self._stamp = tls_context(self._ca, path), path, stamp
        return self._context, self._used

    def _send(
        self, server: str, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        """Send on the kept connection; when that one had been closed meanwhile, once more on a new one."""
        for _ in range(3):
            context, identity = self.context()
            kept = server in self._kept
            connection = self._kept.get(server) or http.client.HTTPSConnection(
                server, timeout=self._timeout, context=context
            )
            self._kept[server] = connection
            try:
                _begin(connection)
                connection.request(method, path, body=body or None, headers=dict(headers))
                return _answer(connection)
            except ssl.SSLCertVerificationError as stranger:
                self._drop(server)
                raise WireError(f"{server} is not whom this device trusts: {stranger.verify_message}.") from stranger
            except (OSError, http.client.HTTPException) as broken:
                self._drop(server)
                # A refused client certificate shows as an alert, or as an end where the answer should begin (TLS 1.3).
                refused = isinstance(broken, (ssl.SSLError, ConnectionResetError))
                again = refused and not kept and identity and self._identity and self._identity.refused(identity)
                if not kept and not again:
                    raise WireError(f"{server} cannot be reached: {_words(broken)}.") from broken
        raise WireError(f"{server} keeps closing the connection.")

    def _judge(self, status: int) -> None:
        if self._identity is None or self._used is None:
            return
        if status in _NO_IDENTITY:
            if self._identity.refused(self._used):
                self.close()
        elif status < http.client.INTERNAL_SERVER_ERROR:
            self._identity.proved(self._used)
            current = self._identity.path()
            if current is not None and current != self._used:  # renamed: the same key, under its final name
                self._used, self._stamp = current, current.stat().st_mtime_ns

    def _drop(self, server: str) -> None:
        connection = self._kept.pop(server, None)
        if connection is not None:
            connection.close()


class _PacedSocket(ssl.SSLSocket):
    """Ends an answer that comes too slowly, or whose head has no end: every read of an answer goes through here."""

    pace: Pace | None = None
    head_left: int | None = None

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:  # noqa: ANN401 (any buffer)
        """Read, and see that enough arrived of late."""
        count = super().recv_into(buffer, nbytes, flags)
        if count and self.pace is not None and not self.pace.keeps(time.monotonic(), count):
            raise TimeoutError("the answer comes too slowly")
        if self.head_left is not None:
            self.head_left -= count
            if self.head_left < 0:  # "100 Continue" for ever, say
                raise TimeoutError("the answer's head has no end")
        return count


def _begin(connection: http.client.HTTPSConnection) -> None:
    if connection.sock is None:
        connection.connect()
    if isinstance(connection.sock, _PacedSocket):
        connection.sock.pace = Pace(time.monotonic())
        connection.sock.head_left = _HEAD


def _answer(connection: http.client.HTTPSConnection) -> http.client.HTTPResponse:
    socket = connection.sock  # gone from the connection once an answer says that it is the last
    response = connection.getresponse()
    if isinstance(socket, _PacedSocket):
        socket.head_left = None
    return response


def tls_context(ca: Path, identity: Path | None) -> ssl.SSLContext:
    """Return TLS 1.2+ settings that trust `ca` alone and show `identity`. Raises AgentError for unreadable files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _PacedSocket
    try:
        context.load_verify_locations(ca)
        if identity is not None:
            context.load_cert_chain(identity)
    except (OSError, ssl.SSLError) as broken:
        raise AgentError(f"{ca} or {identity} cannot be used for TLS: {_words(broken)}.") from broken
    return context


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while chunk := response.read(_CHUNK):
        yield chunk
    if response.length:  # the server promised more
        raise http.client.IncompleteRead(b"", response.length)


def _words(failure: Exception) -> str:
    return (str(failure) or type(failure).__name__).rstrip(".")
