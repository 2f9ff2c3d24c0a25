"""What devices say of themselves beside their readings: their connections, their clock, updates they refused."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from careful import monitoring
from careful.entrypoints.gateway import agents
from careful.monitoring import Flow

CONNECTIONS = "event/connections"
UPDATE = "event/update"
ONLY_LOOKED_AT = frozenset({CONNECTIONS, *agents.REPORTS})
"""Topics whose payloads are not kept."""
LOOKED_AT = frozenset({UPDATE, *ONLY_LOOKED_AT})
"""Topics whose payloads the watch reads."""
PEERS_MOST = 256
_COUNTERS = ("bytes_out", "bytes_in", "packets_out", "packets_in", "listening_tcp", "listening_udp", "established_tcp")
_STATES = {"established": "established", "attempt": "attempt", "refused": "refused"}
_REFUSED_OLD = ("rollback", "older", "downgrade")
_PORT_MOST = 65535
_NAMES_MOST = 4
_READINGS_MOST = 16
_NUMBER_MOST = 1e300
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_NUMBERS = re.compile(r"v?([0-9]{1,9}(?:\.[0-9]{1,9}){0,5})")
_decode = msgspec.json.Decoder().decode


@dataclass(slots=True)
class Told:
    """What was read."""

    flows: tuple[Flow, ...] = ()
    listening: frozenset[tuple[int, str]] = frozenset()
    counters: Mapping[str, float] = field(default_factory=dict)
    clock_offset: float | None = None
    downgrades: int = 0
    report: monitoring.Report | None = None
    """The newest report of an agent; its counters have only grown since the device started."""


def read(device: str, said: Iterable[tuple[str, bytes]], now: float) -> Told:
    """Read what a device said of itself. What cannot be read says nothing: it was checked, but not by us."""
    told = Told()
    for topic, payload in said:
        try:
            message = _decode(payload)
        except (msgspec.DecodeError, RecursionError):
            continue
        if not isinstance(message, dict):
            continue
        if topic == CONNECTIONS:
            told.flows += flows(device, message.get("peers"), now, names(message.get("names")))
            told.listening |= doors(message.get("listening"))
            told.counters = dict(told.counters) | {
                name: told.counters.get(name, 0.0) + float(message[name])
                for name in _COUNTERS
                if type(message.get(name)) in {int, float} and message[name] >= 0
            }
            told.clock_offset = _offset(message.get("at"), now)
        elif topic in agents.REPORTS:
            _add_report(told, device, message, now)
        elif topic == UPDATE and _is_refused_downgrade(message):
            told.downgrades += 1
    return told


def readings(last: Mapping[str, bytes]) -> dict[str, float]:
    """Return the numbers in the newest message of each stream, by name; at most so many."""
    found: dict[str, float] = {}
    for topic, payload in last.items():
        try:
            message = _decode(payload)
        except (msgspec.DecodeError, RecursionError):
            continue
        for name, value in message.items() if isinstance(message, dict) else ():
            if type(value) in {int, float} and abs(value) <= _NUMBER_MOST and len(found) < _READINGS_MOST:
                found[f"reading:{topic[3:]}.{name}"] = float(value)
    return found


def _add_report(told: Told, device: str, message: object, now: float) -> None:
    """Take an agent's report: its open connections as conversations, what it has open as counts."""
    try:
        report = monitoring.understand_report(message)
    except monitoring.NoReport:
        return
    ours = set(report.listening_tcp or ())
    told.report = report
    told.listening |= {(port, "tcp") for port in report.open_tcp} | {(port, "udp") for port in report.open_udp}
    told.flows += tuple(
        Flow(now, device, one.address, None, one.port if out else one.local_port, "tcp", out, state="established")
        for one in report.remotes[:PEERS_MOST]
        for out in (one.local_port not in ours,)
    )
    counts = {
        "listening_tcp": None if report.listening_tcp is None else len(report.listening_tcp),
        "listening_udp": None if report.listening_udp is None else len(report.listening_udp),
        "established_tcp": report.established,
    }
    told.counters = dict(told.counters) | {name: float(one) for name, one in counts.items() if one is not None}


def names(said: object) -> Mapping[str, str]:
    """Read which names led to addresses: lines `address name`. Names of one address stand with `|` between them."""
    found: dict[str, list[str]] = {}
    for line in said[:PEERS_MOST] if isinstance(said, list) else ():
        address, _, name = line.partition(" ") if isinstance(line, str) else ("", "", "")
        if _NAME.fullmatch(name) is None:
            continue
        try:
            known = found.setdefault(str(ipaddress.ip_address(address)), [])
        except ValueError:
            continue
        if len(known) < _NAMES_MOST:
            known.append(name.lower())
    return {address: "|".join(known) for address, known in found.items()}


def doors(said: object) -> frozenset[tuple[int, str]]:
    """Read where others can knock: lines `port transport`."""
    found = set()
    for line in said[:PEERS_MOST] if isinstance(said, list) else ():
        port, _, transport = line.partition(" ") if isinstance(line, str) else ("", "", "")
        if transport in {"tcp", "udp"} and port.isdecimal() and len(port) <= 5 and 0 < int(port) <= _PORT_MOST:  # noqa: PLR2004
            found.add((int(port), transport))
    return frozenset(found)


def flows(device: str, peers: object, now: float, named: Mapping[str, str] | None = None) -> tuple[Flow, ...]:
    """Read a connection table: lines `address port transport state direction [number]`, at most so many."""
    found = []
    for line in peers[:PEERS_MOST] if isinstance(peers, list) else ():
        parts = line.split() if isinstance(line, str) and len(line) <= 128 else []  # noqa: PLR2004 (longer than any)
        if len(parts) not in {5, 6} or parts[2] not in {"tcp", "udp"} or not parts[1].isdecimal():
            continue
        try:
            peer = str(ipaddress.ip_address(parts[0]))
        except ValueError:
            continue
        port = int(parts[1]) if len(parts[1]) <= 5 else 0  # noqa: PLR2004
        if not 0 < port <= _PORT_MOST:
            continue
        state = _STATES.get(parts[3], "unknown")
        found.append(
            Flow(
                now,
                device,
                peer,
                (named or {}).get(peer),
                port,
                parts[2],
                parts[4] == "out",
                packets_out=1,
                state=state,  # type: ignore[arg-type]
            )
        )
    return tuple(found)


def is_older(version: str, before: str | None) -> bool:
    """Tell whether a device that ran `before` has come back with something older."""
    one, other = _numbers(version), _numbers(before or "")
    return bool(one and other) and one < other


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with, without noughts at the end: what comes behind them has no say."""
    found = _NUMBERS.match(version)
    numbers = [int(part) for part in found[1].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _offset(at: object, now: float) -> float | None:
    if isinstance(at, str):
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            return None
        return None if moment.tzinfo is None else moment.timestamp() - now
    return float(at) - now if type(at) in {int, float} else None  # type: ignore[arg-type]


def _is_refused_downgrade(message: Mapping[str, object]) -> bool:
    reason = str(message.get("reason", "")).lower()
    return message.get("state") in {"failed", "refused"} and any(word in reason for word in _REFUSED_OLD)
