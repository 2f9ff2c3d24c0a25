"""Who asks: a device by its certificate, or by the target token that stands in for one."""

import ipaddress

from starlette.requests import HTTPConnection

from careful import devices
from careful.devices import Identity
from careful.kernel.errors import Unauthenticated
from careful.kernel.work import World

_TARGET = "targettoken "
_TOKEN_LIMIT = 256
_V6_NETWORK = 64


def world_of(request: HTTPConnection) -> World:
    """Return the installation that the application serves."""
    world: World = request.app.state.world
    return world


def certificate_of(request: HTTPConnection) -> bytes | None:
    """Return the certificate (DER) that the peer proved in TLS, or None. Nothing the peer writes can set this."""
    tls = request.scope.get("extensions", {}).get("tls", {})
    certificate: bytes | None = tls.get("client_cert_der")
    return certificate


def peer(request: HTTPConnection, device: str | None = None) -> Identity:
    """Return who asks, by certificate; else, where the address names a `device`, by its target token.

    A certificate says who it is whatever the address says; comparing the two is for the route, which counts an attempt
    on another device's address. Raises Unauthenticated where neither is shown or good, Forbidden where the device may
    not connect.
    """
    certificate = certificate_of(request)
    if certificate is not None:
        return devices.identify(world_of(request), certificate)
    token = request.headers.get("authorization", "")
    if device is not None and token[: len(_TARGET)].lower() == _TARGET:
        return devices.identify_by_token(world_of(request), device, token[len(_TARGET) :].strip()[:_TOKEN_LIMIT])
    raise Unauthenticated(
        "No client certificate was shown.",
        do="Connect with the device's certificate, or send Authorization: TargetToken.",
    )


def source_of(request: HTTPConnection) -> str:
    """Return where a request came from, coarse enough that one host is one source: an IPv4 address or an IPv6 /64."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _V6_NETWORK), strict=False).network_address)
