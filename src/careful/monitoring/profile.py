"""A network profile: which conversations a device may have, as a MUD file (RFC 8520) writes it down. Pure.

Read from MUD files as they are found, also older ones that name the list `access-lists`; what an entry says that is not
known here makes the entry permit nothing, and is said.
"""

import ipaddress
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from careful.kernel.errors import Invalid
from careful.monitoring.captures.places import many, near
from careful.monitoring.captures.slices import JOINS
from careful.monitoring.model import Flow
from careful.products import Declaration, ways

MAX_BYTES = 4 * 2**20
_MAX_ENTRIES = 20_000
LOCAL = "local-network"
_TRANSPORT = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmp"}
_LISTS = ("ietf-access-control-list:acls", "ietf-access-control-list:access-lists")
_GROUPS = ("manufacturer", "same-manufacturer", "model", "my-controller", "controller")
_SERVICES = {"urn:ietf:params:mud:dns": 53, "urn:ietf:params:mud:ntp": 123}
_LAST_PORT = 65_535
Ports = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One permission. `None` is *any*."""

    name: str
    to_device: bool
    """Which of the two lists it stands in."""
    transport: str | None = None
    host: str | None = None
    network: str | None = None
    local: bool = False
    group: str | None = None
    """A class of peers that only the network knows: `controller urn:…`, `same-manufacturer`, …"""
    peer_port: Ports | None = None
    device_port: Ports | None = None
    initiated: str | None = None
    """`from-device` or `to-device`, where the entry says who opens."""

    def says(self) -> str:
        """Say it in words, such as `to api.example.com, tcp 443`."""
        peer = self.host or self.network or self.group or ("the local network" if self.local else "anybody")
        port = self.peer_port or self.device_port
        number = "any port" if port is None else str(port[0]) if port[0] == port[1] else f"{port[0]} to {port[1]}"
        at = " of the device" if self.device_port and not self.peer_port else ""
        return f"{'from' if self.to_device else 'to'} {peer}, {self.transport or 'any transport'} {number}{at}"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a MUD file permits."""

    url: str
    system: str
    supported: bool
    entries: tuple[Entry, ...]
    left_out: tuple[str, ...] = ()

    def permits(self, flow: Flow) -> bool:
        """Tell whether some entry covers a conversation. One without a known name is given the benefit of the doubt."""
        return self.covering(flow) is not None

    def covering(self, flow: Flow) -> Entry | None:
        """Return the entry that covers a conversation, or None."""
        return next((one for one in self.entries if covers(one, flow)), _DEFAULT if _by_default(flow) else None)


_DEFAULT = Entry("default", to_device=False)
"""Names, time and an address: what RFC 8520 (section 4) grants every device. Which server is the local one is not
known from outside, so any is taken for it."""
_DEFAULTS = frozenset({(53, "udp"), (53, "tcp"), (123, "udp"), (67, "udp"), (68, "udp"), (546, "udp"), (547, "udp")})


def _by_default(flow: Flow) -> bool:
    return (flow.port, flow.transport) in _DEFAULTS


def covers(entry: Entry, flow: Flow) -> bool:
    """Tell whether an entry, of either list, is about this conversation."""
    if entry.transport is not None and entry.transport != flow.transport:
        return False
    if entry.initiated is not None and (entry.initiated == "from-device") != flow.opened_by_device:
        return False
    named = entry.peer_port if flow.opened_by_device else entry.device_port
    other = entry.device_port if flow.opened_by_device else entry.peer_port
    if other is not None and named is None:
        return False
    return (named is None or named[0] <= flow.port <= named[1]) and _is_peer(entry, flow)


def _is_peer(entry: Entry, flow: Flow) -> bool:
    if entry.host is not None:
        if flow.host is None:
            return flow.peer != LOCAL and not near(flow.peer)
        return _same_name(entry.host, flow.host)
    if entry.network is not None:
        return _within(flow.peer, entry.network)
    if entry.group is not None:
        # Which peers are in a class is known to the network only; from outside, all in the local one may be.
        service = next((port for urn, port in _SERVICES.items() if urn in entry.group), None)
        return _is_local(flow.peer) or (service is not None and flow.port == service)
    return not entry.local or _is_local(flow.peer)


def _is_local(peer: str) -> bool:
    return peer == LOCAL or near(peer) or many(peer)


def _same_name(declared: str, seen: str) -> bool:
    """Compare names; an address may have several, and one that is declared is enough."""
    return any(
        plain == declared or (declared.startswith("*.") and plain.endswith(declared[1:]))
        for plain in (one.rstrip(".") for one in seen.lower().split(JOINS))
    )


def _within(peer: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(peer) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def profile_of(declaration: Declaration) -> Profile:
    """Return what a product's declaration permits, as a profile."""
    found, left_out = ways(declaration)
    entries = tuple(
        Entry(
            name=way.name,
            to_device=way.to_device,
            transport=way.protocol,
            host=way.host,
            peer_port=None if way.to_device else (way.port, way.port),
            device_port=(way.port, way.port) if way.to_device else None,
            initiated="to-device" if way.to_device else "from-device",
        )
        for way in found
    )
    return Profile("", declaration.name, supported=True, entries=entries, left_out=left_out)


def read_mud(text: bytes, name: str = "MUD file") -> Profile:
    """Read a MUD file. Raise Invalid where it is none."""
    found = _parsed(text, name)
    head = found["ietf-mud:mud"]
    lists = {str(one.get("name")): one for one in _lists(found)}
    left_out: list[str] = []
    entries: list[Entry] = []
    for policy, to_device in (("from-device-policy", False), ("to-device-policy", True)):
        for wanted in _named(head, policy):
            if wanted not in lists:
                left_out.append(f"{policy} names the list {wanted}, which is not there")
                continue
            for ace in _aces(lists[wanted]):
                try:
                    entries += [made] if (made := _entry(ace, to_device=to_device)) else []
                except (ValueError, TypeError, AttributeError, KeyError) as failure:
                    left_out.append(f"{ace.get('name', 'an entry')}: {failure}")
    if len(entries) > _MAX_ENTRIES:
        raise Invalid(f"The MUD file has more than {_MAX_ENTRIES:,} entries.", do="Split it.", where=name)
    supported = head.get("is-supported") is True
    return Profile(
        str(head.get("mud-url", "")), str(head.get("systeminfo", "")), supported, tuple(entries), tuple(left_out)
    )


def _parsed(text: bytes, name: str) -> dict[str, Any]:
    how = "Give a file as RFC 8520 describes it."
    if len(text) > MAX_BYTES:
        raise Invalid(f"The MUD file has more than {MAX_BYTES:,} bytes.", do=how, where=name)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("The MUD file is no JSON.", do=how, where=name) from None
    if not isinstance(found, dict) or not isinstance(found.get("ietf-mud:mud"), dict):
        raise Invalid("The file has no `ietf-mud:mud`.", do=how, where=name)
    return found


def _lists(found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in _LISTS:
        part = found.get(key)
        for one in part.get("acl", []) if isinstance(part, dict) else []:
            if isinstance(one, dict):
                yield one


def _named(head: Mapping[str, Any], policy: str) -> Iterator[str]:
    try:
        for one in head[policy]["access-lists"]["access-list"]:
            yield str(one["name"])
    except (KeyError, TypeError):
        return


def _aces(of: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    try:
        yield from (one for one in of["aces"]["ace"] if isinstance(one, dict))
    except (KeyError, TypeError):
        return


def _entry(ace: Mapping[str, Any], *, to_device: bool) -> Entry | None:
    if ace["actions"]["forwarding"] != "accept" or "eth" in ace["matches"]:
        return None
    matches = ace["matches"]
    layer = matches.get("ipv4") or matches.get("ipv6") or {}
    version = "ipv4" if "ipv4" in matches else "ipv6"
    number = layer.get("protocol")
    peer_side, device_side = ("source", "destination") if to_device else ("destination", "source")
    transport = None if number is None else _TRANSPORT.get(int(number), str(number))
    ports: Mapping[str, Any] = {}
    for name in ("tcp", "udp"):
        if name in matches:
            ports, transport = matches[name], name
    classes = matches.get("ietf-mud:mud") or {}
    group = next((f"{one} {classes[one]}".strip() for one in _GROUPS if one in classes), None)
    host = layer.get(f"ietf-acldns:{'src' if to_device else 'dst'}-dnsname")
    return Entry(
        name=str(ace.get("name", "")),
        to_device=to_device,
        transport=transport,
        host=str(host).rstrip(".").lower() if host else None,
        network=layer.get(f"{peer_side}-{version}-network"),
        local="local-networks" in classes,
        group=group,
        peer_port=_ports(ports, f"{peer_side}-port"),
        device_port=_ports(ports, f"{device_side}-port"),
        initiated=ports.get("ietf-mud:direction-initiated"),
    )


def _ports(of: Mapping[str, Any], name: str) -> Ports | None:
    said = of.get(name)
    if said is None:
        return None
    if "lower-port" in said:
        return int(said["lower-port"]), int(said["upper-port"])
    port, operator = int(said["port"]), said.get("operator", "eq")
    spans: Mapping[str, Ports] = {"eq": (port, port), "lte": (0, port), "gte": (port, _LAST_PORT)}
    if operator not in spans:
        raise ValueError(f"the operator {operator} is not known here")
    return spans[operator]
