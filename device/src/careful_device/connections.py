"""Whom the device talks with, read from the kernel's tables: for the maker to notice a destination nobody declared.

Addresses with the names that led to them, ports, states and numbers; no contents, no names of programs. What is sent
is bounded, and the server does not keep it. `connections_seconds = 0` in config.toml turns it off.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from careful_device.names import Names

PEERS_MOST = 128
LISTENING_MOST = 64
_FILE_MOST = 1 << 20
_ESTABLISHED, _SYN_SENT, _TIME_WAIT, _LISTEN = "01", "02", "06", "0A"
_CLOSING = {"04", "05", "08", "09", "0B", _TIME_WAIT}
_V4_DIGITS, _V6_DIGITS, _WORD = 8, 32, 8
_FIELDS = 4
_DEV_FIELDS = 17
_NOWHERE = {"0.0.0.0", "::"}  # noqa: S104 (what the kernel writes for no peer)


class Connections:
    """Reads the tables under `proc`; counters are told as what came since the last time."""

    def __init__(self, proc: Path = Path("/proc/net"), names: Names | None = None) -> None:
        self._proc, self._names = proc, names
        self._before: dict[str, int] = {}

    def read(self, now: float) -> dict[str, object]:
        """Return the message: `peers` are lines of address, port, transport, state, direction and how many.

        `names` are lines of an address among them and a name that led to it, `listening` of port and transport where
        others than the device itself can knock.
        """
        rows = {name: list(_rows(self._text(name))) for name in ("tcp", "tcp6", "udp", "udp6")}
        tcp, udp = rows["tcp"] + rows["tcp6"], rows["udp"] + rows["udp6"]
        listening = {local for _, local, _, _, state in tcp if state == _LISTEN}
        bound = {local for _, local, peer, _, _ in udp if peer in _NOWHERE}
        doors = {(local, "tcp") for at, local, _, _, state in tcp if state == _LISTEN and not _is_loopback(at)}
        doors |= {(local, "udp") for at, local, peer, _, _ in udp if peer in _NOWHERE and not _is_loopback(at)}
        peers: Counter[str] = Counter()
        for transport, table, ours in (("tcp", tcp, listening), ("udp", udp, bound)):
            for _, local, peer, port, state in table:
                if peer not in _NOWHERE and state != _LISTEN:
                    direction, service = ("in", local) if local in ours else ("out", port)
                    peers[f"{peer} {service} {transport} {_word(state)} {direction}"] += 1
        # Attempts first: whoever tries many doors must not hide among what is open.
        lines = sorted(peers, key=lambda line: (" attempt " not in line, line))[:PEERS_MOST]
        return {
            "at": now,
            "peers": [f"{line} {peers[line]}" for line in lines],
            "listening_tcp": len(listening),
            "listening_udp": len(bound),
            "established_tcp": sum(state == _ESTABLISHED for *_, state in tcp),
            "listening": [f"{port} {transport}" for port, transport in sorted(doors)[:LISTENING_MOST]],
            "names": self._named({line.partition(" ")[0] for line in lines}, now),
            **self._more(),
        }

    def _named(self, addresses: set[str], now: float) -> list[str]:
        if self._names is None:
            return []
        self._names.refresh(now)
        return [f"{one} {name}" for one in sorted(addresses) for name in self._names.of(one)][:PEERS_MOST]

    def _more(self) -> dict[str, int]:
        now = _sums(self._text("dev"))
        before, self._before = self._before, now
        # The first reading, and one after the counters began anew, has nothing to be compared with.
        return {name: value - before[name] for name, value in now.items() if 0 <= before.get(name, -1) <= value}

    def _text(self, name: str) -> str:
        try:
            with (self._proc / name).open("rb") as file:
                return file.read(_FILE_MOST).decode("ascii", "replace")
        except OSError:  # a kernel without IPv6 has no such file
            return ""


def _rows(text: str) -> Iterator[tuple[str, int, str, int, str]]:
    """Yield local address and port, peer's address and port, and state of each line that is one."""
    for line in text.splitlines()[1:]:
        parts = line.split()
        if len(parts) < _FIELDS:
            continue
        try:
            here, _, local = parts[1].rpartition(":")
            address, _, port = parts[2].rpartition(":")
            yield _address(here), int(local, 16), _address(address), int(port, 16), parts[3]
        except ValueError:
            continue


def _address(digits: str) -> str:
    """Read an address as the kernel prints it: words in the machine's (little-endian) order."""
    if len(digits) not in {_V4_DIGITS, _V6_DIGITS}:
        raise ValueError(digits)
    raw = b"".join(bytes.fromhex(digits[place : place + _WORD])[::-1] for place in range(0, len(digits), _WORD))
    found = ipaddress.ip_address(raw)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def _word(state: str) -> str:
    return "attempt" if state == _SYN_SENT else "established" if state == _ESTABLISHED or state in _CLOSING else "other"


def _sums(text: str) -> dict[str, int]:
    """Add up what all interfaces but the loopback have sent and received."""
    names = ("bytes_in", "packets_in", "bytes_out", "packets_out")
    sums: dict[str, int] = {}
    for line in text.splitlines():
        parts = line.replace(":", " ").split()
        if len(parts) != _DEV_FIELDS or parts[0] == "lo" or not all(part.isdecimal() for part in parts[1:]):
            continue
        for name, value in zip(names, (parts[1], parts[2], parts[9], parts[10]), strict=True):
            sums[name] = sums.get(name, 0) + int(value)
    return sums
