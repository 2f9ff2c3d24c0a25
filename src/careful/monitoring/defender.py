"""The report that AWS IoT Device Defender's device-side agents send: JSON with long or short names, or CBOR. Pure.

Accepted unchanged, so that an agent that exists needs nothing new. Its network counters only grow: they are told as
what came on top since the report before, and where one is smaller than before, that the device began to count anew.
"""
# ruff: noqa: PLR2004 (lengths, versions and bits of a wire format, where the standard has them)

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import cbor2

MAX_BYTES = 128 * 1024
_MAX_LIST = 512
_LONG = {
    "hed": "header", "rid": "report_id", "v": "version", "met": "metrics", "cmet": "custom_metrics",
    "tp": "listening_tcp_ports", "up": "listening_udp_ports", "pts": "ports", "pt": "port", "if": "interface",
    "t": "total", "ns": "network_stats", "bi": "bytes_in", "bo": "bytes_out", "pi": "packets_in", "po": "packets_out",
    "tc": "tcp_connections", "ec": "established_connections", "cs": "connections", "rad": "remote_addr",
    "lp": "local_port", "li": "local_interface",
}  # fmt: skip
_LOOPBACK = {"lo", "lo0", "127.0.0.1", "::1"}
GROWING = ("bytes_in", "bytes_out", "packets_in", "packets_out")


class Remote(NamedTuple):
    """The far end of an open TCP connection."""

    address: str
    port: int
    local_port: int


@dataclass(frozen=True, slots=True)
class Report:
    """What one report says."""

    number: int
    counters: Mapping[str, int]
    """Those that only grow, as reported."""
    listening_tcp: tuple[int, ...] | None
    listening_udp: tuple[int, ...] | None
    established: int | None
    remotes: tuple[Remote, ...]
    custom: Mapping[str, float]
    open_tcp: tuple[int, ...] = ()
    """Those listening ports on which others can knock: not those of the loopback interface alone."""
    open_udp: tuple[int, ...] = ()


class NoReport(ValueError):
    """Not a report, and why: the message is what the device is answered."""


def read(payload: bytes, *, cbor: bool = False) -> Report:
    """Read a report, or raise NoReport."""
    if len(payload) > MAX_BYTES:
        raise NoReport(f"a report has at most {MAX_BYTES} bytes")
    try:
        found = cbor2.loads(payload) if cbor else json.loads(payload)
    except (ValueError, RecursionError, cbor2.CBORDecodeError, MemoryError, OverflowError):
        raise NoReport("CBOR cannot be read" if cbor else "JSON cannot be read") from None
    return understand(found)


def understand(found: object) -> Report:
    """Take a report that was decoded already, or raise NoReport."""
    top = _long(found)
    head, metrics = _part(top, "header"), _part(top, "metrics")
    number = head.get("report_id")
    if not isinstance(number, int) or isinstance(number, bool):
        raise NoReport("header.report_id is a whole number")
    version = str(head.get("version", ""))
    if version.partition(".")[0] != "1":
        raise NoReport("header.version is 1.x")
    stats = _part(metrics, "network_stats", may_miss=True)
    open_now = _part(_part(metrics, "tcp_connections", may_miss=True), "established_connections", may_miss=True)
    return Report(
        number,
        {name: _whole(stats[name], f"network_stats.{name}") for name in GROWING if name in stats},
        _ports(metrics, "listening_tcp_ports"),
        _ports(metrics, "listening_udp_ports"),
        _whole(open_now["total"], "established_connections.total") if "total" in open_now else None,
        tuple(_remote(one) for one in _list(open_now, "connections")),
        _custom(_part(top, "custom_metrics", may_miss=True)),
        _open(metrics, "listening_tcp_ports"),
        _open(metrics, "listening_udp_ports"),
    )


def _long(found: object) -> dict[str, Any]:
    """Write the short names out, as deep as reports go."""
    if not isinstance(found, dict):
        raise NoReport("a report is an object")
    return {_LONG.get(str(name), str(name)): value for name, value in list(found.items())[:_MAX_LIST]}


def _part(of: Mapping[str, Any], name: str, *, may_miss: bool = False) -> dict[str, Any]:
    found = of.get(name)
    if found is None:
        if may_miss:
            return {}
        raise NoReport(f"{name} is missing")
    try:
        return dict(found) if name == "custom_metrics" and isinstance(found, dict) else _long(found)
    except NoReport:
        raise NoReport(f"{name} is an object") from None


def _list(of: Mapping[str, Any], name: str) -> list[Any]:
    found = of.get(name, [])
    if not isinstance(found, list):
        raise NoReport(f"{name} is a list")
    return found[:_MAX_LIST]


def _whole(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise NoReport(f"{where} is a whole number, 0 or more")
    return value


def _ports(metrics: Mapping[str, Any], name: str) -> tuple[int, ...] | None:
    if name not in metrics:
        return None
    ports = [_long(one).get("port") for one in _list(_part(metrics, name), "ports")]
    return tuple(sorted({_whole(one, f"{name}.port") for one in ports}))


def _open(metrics: Mapping[str, Any], name: str) -> tuple[int, ...]:
    said = [_long(one) for one in _list(_part(metrics, name, may_miss=True), "ports")]
    return tuple(sorted({one["port"] for one in said if one.get("interface") not in _LOOPBACK}))


def _remote(one: object) -> Remote:
    said = _long(one)
    address, _, port = str(said.get("remote_addr", "")).rpartition(":")
    if not address or not port.isdigit() or int(port) > 65535:
        raise NoReport("remote_addr is address:port")
    local = said.get("local_port", 0)
    return Remote(address.strip("[]")[:64], int(port), local if isinstance(local, int) and 0 <= local < 65536 else 0)


def _custom(found: Mapping[str, Any]) -> dict[str, float]:
    """Keep numbers; lists of numbers, texts and addresses count by their length."""
    kept: dict[str, float] = {}
    for name, values in list(found.items())[:_MAX_LIST]:
        for value in values[:1] if isinstance(values, list) else ():
            if isinstance(value, dict):
                for said in value.values():
                    if isinstance(said, (int, float)) and not isinstance(said, bool):
                        kept[str(name)[:128]] = float(said)
                    elif isinstance(said, list):
                        kept[str(name)[:128]] = float(len(said))
    return kept


class Since(NamedTuple):
    """What came on top since the report before."""

    more: Mapping[str, int]
    """Empty for the first report: nobody knows since when it had counted."""
    reset: bool
    """A counter is smaller than before: the device began anew, so what it shows now is what came on top."""


def since(before: Mapping[str, int] | None, now: Mapping[str, int]) -> Since:
    """Difference the counters that only grow."""
    if before is None:
        return Since({}, reset=False)
    reset = any(now[name] < before[name] for name in now if name in before)
    if reset:
        return Since(dict(now), reset=True)
    return Since({name: value - before[name] for name, value in now.items() if name in before}, reset=False)


def accepted(thing: str, number: int, now: int) -> bytes:
    """Write the answer to a report that was taken; `now` in seconds since 1970."""
    return json.dumps({"thingName": thing, "reportId": number, "status": "ACCEPTED", "timestamp": now}).encode()


def rejected(thing: str, why: str, now: int, number: int | None = None) -> bytes:
    """Write the answer to what is no report."""
    said: dict[str, Any] = {"thingName": thing}
    if number is not None:
        said["reportId"] = number
    details = {"ErrorCode": "InvalidPayload", "ErrorMessage": why}
    return json.dumps(said | {"status": "REJECTED", "statusDetails": details, "timestamp": now}).encode()
