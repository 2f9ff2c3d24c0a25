"""Addresses: which are near, which are devices, and what a device is called."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

NOBODY = ""
OTHERS = "(others)"
"""Where a recording has more devices than the limit, those beyond it are counted together."""


_NEAR = tuple(
    ipaddress.ip_network(one)
    for one in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "fc00::/7",
        "fe80::/10",
    )
)


@lru_cache(maxsize=65536)
def near(address: str) -> bool:
    """Tell whether an address is one machine in a private network."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in one for one in _NEAR) and not _is_broadcast(address)


@lru_cache(maxsize=65536)
def many(address: str) -> bool:
    """Tell whether an address stands for more than one machine: multicast or broadcast."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_multicast or _is_broadcast(address)


def _is_broadcast(address: str) -> bool:
    """Take the last address of an IPv4 /24 for its broadcast address: the real mask is not in a recording."""
    return address.endswith(".255")


@lru_cache(maxsize=65536)
def network(address: str) -> str:
    """Return the network an address is in, shortened: IPv4 /24, IPv6 /48."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 48 if ":" in address else 24), strict=False))


def mac(raw: bytes) -> str:
    """Write a hardware address."""
    return raw.hex(":")


@dataclass(slots=True)
class Devices:
    """Who counts as a device, and by which id. Without a list, every machine in a private network does."""

    named: Mapping[str, str] = field(default_factory=dict)
    """Address or hardware address -> id. When not empty, nobody else is a device."""
    most: int = 10_000
    _known: dict[str, str] = field(default_factory=dict)

    def id_of(self, address: str, hardware: bytes = b"") -> str:
        """Return the id of the device with this address, or NOBODY."""
        if self.named:
            return self.named.get(address) or (self.named.get(mac(hardware), NOBODY) if hardware else NOBODY)
        if not near(address):
            return NOBODY
        return self.known(address)

    def known(self, address: str) -> str:
        """Return the id for an address that is a device for certain, as one that logs in at a broker."""
        if self.named:
            return self.named.get(address, NOBODY)
        found = self._known.get(address)
        if found is None:
            if len(self._known) >= self.most:
                return OTHERS
            found = self._known[address] = address
        return found
