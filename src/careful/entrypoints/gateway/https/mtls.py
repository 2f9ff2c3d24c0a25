"""Mutual TLS inside Uvicorn: the peer's certificate, as OpenSSL verified it, in the ASGI scope.

No ASGI server shows the peer's certificate to the application yet (uvicorn pull requests 3132 and 3133 are open), so
this subclass of Uvicorn's own protocol does. It comes from the TLS connection alone and no header can stand in for it.
Uvicorn is pinned for this file; a test fails loudly if the certificate ever stops arriving.

OpenSSL checks that the chain ends at our root and that the peer holds the key, but not the time: a device that slept
past the end of its certificate must still reach renewal. Time is checked by `careful.devices.identify`, which every
other route goes through.

A handshake is what a poll costs most, so nothing is done in one that nobody needs. TLS 1.3 gives no session tickets:
devices keep their connection or prove their key anew. A chain is followed as far as the issuing authority, which stands
in our own trust file beside the root that signed it.
"""

import asyncio
import ssl
from pathlib import Path
from typing import Any, cast

from careful.entrypoints.heads import TLS12_SUITES, LimitedHeads

NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python's ssl has no name for."""


class MutualTLSProtocol(LimitedHeads):
    """Uvicorn's HTTP/1.1 protocol, with `scope["extensions"]["tls"]` and limits on what a stranger may begin."""

    _peer: bytes | None = None
    _version: str | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as Uvicorn's own
        """Read the verified certificate once for each connection."""
        super().connection_made(transport)
        connection = transport.get_extra_info("ssl_object")
        if connection is not None:
            self._peer = connection.getpeercert(binary_form=True)
            self._version = connection.version()

    def on_message_begin(self) -> None:
        """Put the certificate into the new request's scope."""
        super().on_message_begin()
        scope = cast("dict[str, Any]", self.scope)
        scope["extensions"] = {"tls": {"client_cert_der": self._peer, "tls_version": self._version}}


def tls_context(key: Path, chain: Path, trust: Path) -> ssl.SSLContext:
    """Return how devices are spoken with over HTTPS: TLS 1.2 or 1.3, AEAD suites, a certificate of ours or none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(TLS12_SUITES)
    context.num_tickets = 0
    context.load_cert_chain(chain, key)
    context.load_verify_locations(trust)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME)
    context.set_alpn_protocols(["http/1.1"])
    return context
