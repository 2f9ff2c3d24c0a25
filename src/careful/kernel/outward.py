"""Asking another host for a small JSON document without being led astray: for addresses that others had a hand in.

HTTPS only, its certificate checked; no redirects, no proxy; an answer within seconds and bytes; and never an address
inside our own network (server-side request forgery), unless its host was named in the settings. The address that was
checked is the one that is asked, so a name that resolves otherwise a moment later leads nowhere.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from careful.kernel.errors import Unavailable

_SECONDS = 10.0
_BLOCK = 16 << 10
_CARRIERS = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 that carries IPv4: what looks public may lead inside."""


def is_outside(address: str) -> bool:
    """Tell whether an address is one of the public internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_outside(str(found.ipv4_mapped))
        if any(found in net for net in _CARRIERS):
            return False
    return found.is_global and not found.is_multicast


class _Checked(http.client.HTTPSConnection):
    """Connects to an address only after looking at it."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, *, inside: bool, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds, context=context)
        self._tls, self._inside = context, inside

    def connect(self) -> None:
        """Connect to the first address that may be asked. Raises OSError."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        asked = [each for *_, each in found if self._inside or is_outside(str(each[0]))]
        if not asked:
            raise OSError("its address is inside our own network")
        raw = socket.create_connection((str(asked[0][0]), self.port), self.timeout)
        try:
            self.sock = self._tls.wrap_socket(raw, server_hostname=self.host)
        except BaseException:
            raw.close()
            raise


def fetch_json(url: str, *, most_bytes: int, inside: Collection[str] = (), ca: str = "") -> Any:  # noqa: ANN401 (JSON is Any)
    """Return the JSON at an https address. Raises Unavailable, in one sentence.

    `inside` are the hosts that may be in our own network; `ca` is a file with their CA, empty for the machine's.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    until = time.monotonic() + _SECONDS
    try:
        context = ssl.create_default_context(cafile=ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        connection = _Checked(host, parts.port or 443, context, inside=host in inside, seconds=_SECONDS / 2)
        try:
            target = parts.path or "/"
            connection.request("GET", target, headers={"Accept": "application/json", "User-Agent": "careful"})
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise OSError(f"it answered {answer.status}")
            body = _bounded(answer, most_bytes, until)
        finally:
            connection.close()
        return json.loads(body)
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as failure:
        said = str(failure)[:200] or type(failure).__name__
        raise Unavailable(f"{host} could not be asked: {said}.", do="Try again in a minute.") from failure


def _bounded(answer: http.client.HTTPResponse, most_bytes: int, until: float) -> bytes:
    taken = bytearray()
    while block := answer.read1(_BLOCK):
        taken += block
        if len(taken) > most_bytes:
            raise OSError(f"it sent more than {most_bytes:,} bytes")
        if time.monotonic() > until:
            raise OSError(f"it took more than {_SECONDS:.0f} s")
    return bytes(taken)
