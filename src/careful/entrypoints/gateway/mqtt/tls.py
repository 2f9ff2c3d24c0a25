"""Mutual TLS for MQTT: who may connect at all, and what the connection then says of its peer.

OpenSSL checks that the certificate's chain ends at our root and that the peer holds its key. Time and state are checked
by `careful.devices.identify`, on our clock, so that an expired certificate gets an answer, not a broken handshake.
No session is ever resumed: each connection proves its key anew, and none leaves memory behind.
"""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python's ssl has no name for
_TLS12_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"  # forward secrecy and authenticated encryption only


@dataclass(frozen=True, slots=True)
class Peer:
    """The certificate that was proved: its bytes, its common name, and its end in seconds since 1970."""

    der: bytes
    name: str
    not_after: float


def tls_context(key: Path, chain: Path, trust: Path) -> ssl.SSLContext:
    """Return the server's side: TLS 1.2 or 1.3, and always a client certificate that ends at `trust`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_TLS12_SUITES)
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    context.load_cert_chain(chain, key)
    context.load_verify_locations(trust)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | _NO_CHECK_TIME)
    return context


def peer_of(transport: asyncio.BaseTransport) -> Peer:
    """Return whom the TLS connection of `transport` was made with. Raises ConnectionError where it ended."""
    connection = transport.get_extra_info("ssl_object")
    der = connection.getpeercert(binary_form=True) if connection is not None else None
    said = connection.getpeercert() if der else None
    if not der or not said:
        raise ConnectionError("the connection ended before it was asked who it is")
    names = [value for part in said.get("subject", ()) for kind, value in part if kind == "commonName"]
    return Peer(der, str(names[0]) if names else "", float(ssl.cert_time_to_seconds(said["notAfter"])))
