"""Who asks: a device by its certificate, or by a token that stands in for one.

The certificate comes from our own TLS connection. Where the operator has named reverse proxies (`device_proxies`), what
these say of the one that they were shown is believed: the certificate itself (`Client-Cert`, RFC 9440), or its name and
issuer (`X-Controller-Id` and `X-Authority`, hawkBit's own). From anybody else such headers mean nothing.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Hashable
from functools import lru_cache

from starlette.requests import HTTPConnection

from careful import devices
from careful.devices import Identity
from careful.kernel.errors import Unauthenticated
from careful.kernel.work import World

_TARGET, _GATEWAY = "targettoken ", "gatewaytoken "
_CLIENT_CERT = re.compile(r":([A-Za-z0-9+/]{100,16384}={0,2}):")
_AUTHORITY = re.compile(r"x-authority(?:-[0-9]{1,2})?")
_CONTROLLER = "x-controller-id"
_LINE = 2048
_TOKEN_LIMIT = 256
_V6_NETWORK = 64


def world_of(request: HTTPConnection) -> World:
    """Return the installation that the application serves."""
    world: World = request.app.state.world
    return world


def certificate_of(request: HTTPConnection) -> bytes | None:
    """Return the certificate (DER) that the peer proved in TLS, to us or to a trusted proxy, or None."""
    tls = request.scope.get("extensions", {}).get("tls", {})
    certificate: bytes | None = tls.get("client_cert_der")
    told = None if certificate else _only(request, "client-cert")
    if told is not None and by_trusted_proxy(request):
        found = _CLIENT_CERT.fullmatch(told.strip())
        try:
            return base64.b64decode(found[1], validate=True) if found else None
        except binascii.Error:
            return None
    return certificate


def by_trusted_proxy(request: HTTPConnection) -> bool:
    """Tell whether the connection comes from a proxy that the operator has named."""
    named = world_of(request).settings.device_proxies
    if not named or request.client is None:
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain in network for network in _networks(named))


@lru_cache(maxsize=8)
def _networks(named: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(one) for one in named)


def shown(request: HTTPConnection, device: str) -> Hashable:
    """Return all that `peer` goes by, so that its answer can be remembered under it."""
    certificate = certificate_of(request)
    if certificate is not None:
        return certificate
    vouched = (_only(request, _CONTROLLER), _authorities(request)) if by_trusted_proxy(request) else ()
    return device, request.headers.get("authorization", ""), vouched


def _only(request: HTTPConnection, name: str) -> str | None:
    """Return a header that is there once: of two, one may be the device's own, which the proxy let through."""
    values = request.headers.getlist(name)
    return values[0] if len(values) == 1 else None


def _authorities(request: HTTPConnection) -> tuple[str, ...]:
    values = [value for name, value in request.headers.items() if _AUTHORITY.fullmatch(name)]
    return tuple(one.strip() for value in values for one in value[:_LINE].split(","))


def peer(request: HTTPConnection, device: str | None = None) -> Identity:
    """Return who asks, by certificate; else, where the address names a `device`, by a token or a proxy's word.

    A certificate says who it is whatever the address says; comparing the two is for the route, which counts an attempt
    on another device's address. Raises Unauthenticated where neither is shown or good, Forbidden where the device may
    not connect.
    """
    certificate = certificate_of(request)
    if certificate is not None:
        return devices.identify(world_of(request), certificate)
    if device is not None:
        world, token = world_of(request), request.headers.get("authorization", "")
        for scheme, identify in ((_TARGET, devices.identify_by_token), (_GATEWAY, devices.identify_by_gateway_token)):
            if token[: len(scheme)].lower() == scheme:
                return identify(world, device, token[len(scheme) :].strip()[:_TOKEN_LIMIT])
        named = _only(request, _CONTROLLER)
        if named and by_trusted_proxy(request):
            return devices.identify_by_proxy(world, named, _authorities(request))
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
