"""The MUD file (RFC 8520): which conversations a network should let the device have, from its ecosystem's edges.

Only edges of the element `device` to elements with `hosts`, over TCP or UDP, on a known port become permissions; what
is left out is named, because a profile that silently lacks a line would cut the device off.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from careful.products.declaration import Declaration
from careful.products.flows import Edge

_TCP, _UDP = 6, 17  # by IANA's protocol numbers
_TRANSPORT = {
    "https": _TCP,
    "http": _TCP,
    "mqtt": _TCP,
    "mqtts": _TCP,
    "tcp": _TCP,
    "tls": _TCP,
    "ntp": _UDP,
    "dns": _UDP,
    "udp": _UDP,
}
_PORT = {"https": 443, "http": 80, "mqtt": 8883, "mqtts": 8883, "ntp": 123, "dns": 53}
_DEFAULT_HOURS = 48
DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Way:
    """One permitted conversation with a host; `to_device` where the other side opens it."""

    name: str
    host: str
    transport: int
    port: int
    to_device: bool

    @property
    def protocol(self) -> str:
        """Return `tcp` or `udp`."""
        return "tcp" if self.transport == _TCP else "udp"


def ways(declaration: Declaration) -> tuple[tuple[Way, ...], tuple[str, ...]]:
    """Return the conversations that can be written down, and why others cannot."""
    hosts = {one.id: one.hosts or () for one in declaration.ecosystem or ()}
    found: list[Way] = []
    left_out: list[str] = []
    for number, edge in enumerate(_edges(declaration)):
        name = f"edge-{number}-{edge.to}"
        protocol = (edge.protocol or "").lower()
        port = edge.port or _PORT.get(protocol)
        if edge.to is None or not hosts.get(edge.to):
            left_out.append(f"{name}: no hosts are given for `{edge.to}`")
        elif protocol not in _TRANSPORT or port is None or edge.direction is None:
            left_out.append(f"{name}: protocol, port or direction is not known")
        else:
            directions = {"out": (False,), "in": (True,), "both": (False, True)}[edge.direction]
            found += [
                Way(name, host, _TRANSPORT[protocol], port, to_device)
                for host in hosts[edge.to]
                for to_device in directions
            ]
    return tuple(found), tuple(left_out)


def mud_url(site: str, product: str, version: int | None = None) -> str:
    """Return where a product's MUD file is: the one in force, or that of one version of its product file."""
    return f"{site}/mud/{product}.json" if version is None else f"{site}/mud/{product}/{version}.json"


def mud(
    declaration: Declaration,
    on: date,
    url: str,
    *,
    updated: datetime | None = None,
    signature: str = "",
    maker: str = "",
    page: str = "",
) -> dict[str, Any] | None:
    """Return the MUD file to be served at `url`, or None where no conversation can be written down.

    `signature`, `maker` and `page` (its documentation) stand in it where they are given; `updated` is when what it says
    last changed, the day `on` where that is not known.
    """
    found, _ = ways(declaration)
    if not found:
        return None
    more = {"mud-signature": signature, "mfg-name": maker[:128], "documentation": page}
    names = [f"from-{declaration.id}", f"to-{declaration.id}"]
    supported = declaration.support is not None and (declaration.support.until or on) >= on
    return {
        "ietf-mud:mud": {
            "mud-version": 1,
            "mud-url": url,
            **{name: value for name, value in more.items() if value},
            "last-update": (updated or datetime.combine(on, time(), UTC)).isoformat(timespec="seconds"),
            "cache-validity": _DEFAULT_HOURS,
            "is-supported": supported,
            "systeminfo": declaration.name[:60],
            "model-name": (declaration.product.models or (declaration.id,))[0],
            "from-device-policy": {"access-lists": {"access-list": [{"name": names[0]}]}},
            "to-device-policy": {"access-lists": {"access-list": [{"name": names[1]}]}},
        },
        "ietf-access-control-list:acls": {
            "acl": [
                {"name": names[0], "type": "ipv4-acl-type", "aces": {"ace": list(_entries(found, leaving=True))}},
                {"name": names[1], "type": "ipv4-acl-type", "aces": {"ace": list(_entries(found, leaving=False))}},
            ]
        },
    }


def _edges(declaration: Declaration) -> Iterator[Edge]:
    for element in declaration.ecosystem or ():
        if element.id == DEVICE:
            yield from element.edges or ()


def _entries(found: tuple[Way, ...], *, leaving: bool) -> Iterator[dict[str, Any]]:
    """Write access list entries for packets that leave the device, or that come to it (RFC 8520 section 9)."""
    for number, way in enumerate(found):
        # The port is at the side that is called; for a way opened by the device that is the far side.
        called_is_destination = leaving != way.to_device
        end = "destination-port" if called_is_destination else "source-port"
        transport = way.protocol
        matches: dict[str, Any] = {
            "ipv4": {
                "protocol": way.transport,
                f"ietf-acldns:{'dst' if leaving else 'src'}-dnsname": way.host,
            },
            transport: {end: {"operator": "eq", "port": way.port}},
        }
        if transport == "tcp":
            matches["tcp"]["ietf-mud:direction-initiated"] = "to-device" if way.to_device else "from-device"
        yield {"name": f"{way.name}-{number}", "matches": matches, "actions": {"forwarding": "accept"}}
