"""Whether a conversation is covered by the declaration."""

import ipaddress
from functools import lru_cache

from careful.monitoring.model import Expected, Flow

_LOCAL_SERVICES = frozenset(
    {(53, "udp"), (53, "tcp"), (67, "udp"), (68, "udp"), (123, "udp"), (546, "udp"), (547, "udp"), (5353, "udp")}
)
"""Names, time and addresses from one's own network: what RFC 8520 grants every device."""


def place(flow: Flow) -> str:
    """Name the other side of a conversation."""
    return f"{flow.host or flow.peer}:{flow.port}/{flow.transport}"


def declared(flow: Flow, expected: Expected) -> bool:
    """Tell whether the declaration covers a conversation that the device opened, or says nothing of hosts at all."""
    if expected.profile is not None:
        return expected.profile.permits(flow)
    hosts = expected.hosts
    if hosts is None:
        return True
    if flow.host is not None and any((one, flow.port, flow.transport) in hosts for one in names(flow.host)):
        return True
    if (flow.peer, flow.port, flow.transport) in hosts or granted(flow):
        return True
    if flow.host is not None:
        return False
    # Without a name: an address known to be a declared host's is declared; where the addresses of a host with this
    # port are not known, nothing can be said against it.
    return any(
        flow.peer in expected.addresses.get(host, (flow.peer,))
        for host, port, transport in hosts
        if (port, transport) == (flow.port, flow.transport)
    )


def names(host: str) -> list[str]:
    """Return the names of a host: an address may have several, which stand with `|` between them."""
    return [one.rstrip(".") for one in host.lower().split("|")]


def granted(flow: Flow) -> bool:
    """Tell whether it is a service of the device's own network that needs no declaring."""
    return _is_loopback(flow.peer) or ((flow.port, flow.transport) in _LOCAL_SERVICES and _is_near(flow.peer))


@lru_cache(maxsize=65536)
def is_many(peer: str) -> bool:
    """Tell whether an address stands for all machines near by: multicast, or a broadcast address as usually cut."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return address.is_multicast or (peer.endswith(".255") and ":" not in peer)


@lru_cache(maxsize=65536)
def _is_near(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return not address.is_global or address.is_multicast


@lru_cache(maxsize=65536)
def _is_loopback(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
