"""A device talks with somebody its product's declaration does not name."""

import ipaddress

from msgspec import Struct

from careful.monitoring.model import Action, Detection, Expected, Flow, Window

ID = "undeclared_destination"
TITLE = "Undeclared destination"
WORDS = "The device opened a conversation with a host and port that the declaration does not name."
LIMIT = "The declaration: `ecosystem`, the edges of `device` and the hosts at their other ends."
BUDGET = 0.01
ACTION: Action = "alert"

_LOCAL_SERVICES = frozenset({(53, "udp"), (53, "tcp"), (67, "udp"), (68, "udp"), (123, "udp"), (5353, "udp")})
"""Names, time and addresses from one's own network: what RFC 8520 grants every device by default."""
_REMEMBERED = 64


class Memory(Struct, array_like=True, frozen=True):
    """The destinations already told of, so that each is told of once."""

    told: tuple[str, ...] = ()


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Look at every conversation that the device opened."""
    if expected.hosts is None:
        return None, memory
    for flow in window.flows:
        if not flow.opened_by_device or declared(flow, expected):
            continue
        place = f"{flow.host or flow.peer}:{flow.port}/{flow.transport}"
        if place in memory.told:
            continue
        return Detection(
            ID,
            window.device,
            window.end,
            1.0,
            0.0,
            "declaration",
            f"It opened a conversation with {place}, which the declaration of {expected.product} does not name.",
            f"{ID}|{expected.product}|{place}",
            ACTION,
        ), Memory((*memory.told, place)[-_REMEMBERED:])
    return None, memory


def declared(flow: Flow, expected: Expected) -> bool:
    """Tell whether the declaration covers a conversation that the device opened."""
    hosts = expected.hosts or frozenset()
    if flow.host is not None and (flow.host.rstrip(".").lower(), flow.port, flow.transport) in hosts:
        return True
    if (flow.peer, flow.port, flow.transport) in hosts or _granted(flow):
        return True
    if flow.host is not None:
        return False
    # Without a name: an address known to be a declared host's is declared; where the addresses of a host with this
    # port are not known, nothing can be said against it.
    candidates = [host for host, port, transport in hosts if (port, transport) == (flow.port, flow.transport)]
    return any(flow.peer in expected.addresses.get(host, (flow.peer,)) for host in candidates)


def _granted(flow: Flow) -> bool:
    try:
        peer = ipaddress.ip_address(flow.peer)
    except ValueError:
        return False
    near = not peer.is_global or peer.is_multicast
    return peer.is_loopback or (near and (flow.port, flow.transport) in _LOCAL_SERVICES)
