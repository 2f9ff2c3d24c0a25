"""Zeek's logs: conn.log for conversations, dns.log and ssl.log for names. Tab-separated with their header, or JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from careful.monitoring.captures.limits import Damaged, Limits
from careful.monitoring.captures.places import NOBODY, Devices
from careful.monitoring.model import Flow, State

Row = Mapping[str, Any]
"""A line as field -> value. What Zeek left unset is missing."""
_STATES: Mapping[str, State] = {
    "S0": "attempt", "SH": "attempt", "REJ": "refused", "RSTOS0": "attempt", "RSTRH": "refused", "SHR": "unknown",
    "OTH": "unknown",
}  # fmt: skip
_SETS = frozenset({"answers", "TTLs"})
_NO_PORTS = frozenset({"icmp", "icmp6"})


@dataclass(slots=True)
class _Form:
    """How a tab-separated log is written, as its header says."""

    separator: str = "\t"
    unset: str = "-"
    empty: str = "(empty)"
    within: str = ","
    fields: tuple[str, ...] = ()

    def learn(self, line: str) -> None:
        key, _, value = line.partition(" " if line.startswith("#separator") else self.separator)
        if key == "#separator":
            escaped = value.startswith("\\x")
            self.separator = bytes.fromhex(value[2:]).decode("latin-1") if escaped else value[:1] or "\t"
        elif key == "#fields":
            self.fields = tuple(value.split(self.separator))
        elif key == "#unset_field":
            self.unset = value
        elif key == "#empty_field":
            self.empty = value
        elif key == "#set_separator":
            self.within = value or ","

    def row(self, line: str, number: int) -> Row:
        if not self.fields:
            raise _damaged(number, "stands before a `#fields` line")
        values = line.split(self.separator)
        if len(values) != len(self.fields):
            raise _damaged(number, f"has {len(values)} columns, `#fields` names {len(self.fields)}")
        return {
            name: value.split(self.within) if name in _SETS else value
            for name, value in zip(self.fields, values, strict=True)
            if value not in {self.unset, self.empty}
        }


def rows(lines: Iterable[bytes], limits: Limits | None = None) -> Iterator[Row]:
    """Yield the rows of a Zeek log, in either of its two forms."""
    most = (limits or Limits()).line_bytes
    form = _Form()
    for number, raw in enumerate(lines, 1):
        if len(raw) > most:
            raise _damaged(number, f"is longer than {most:,} bytes")
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if line.startswith("#"):
            try:
                form.learn(line)
            except ValueError:
                raise _damaged(number, "has a separator that cannot be read") from None
        elif line.startswith("{"):
            yield _json(line, number)
        elif line.strip():
            yield form.row(line, number)


def _json(line: str, number: int) -> Row:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise _damaged(number, "is not JSON") from None
    if not isinstance(found, dict):
        raise _damaged(number, "is no JSON object")
    return {name: value for name, value in found.items() if value is not None}


def _damaged(number: int, why: str) -> Damaged:
    return Damaged(
        f"The log cannot be read on: line {number:,} {why}.",
        do="What came before was used. Fetch the log again, or cut the rest off.",
        where=f"line {number}",
    )


def conversations(found: Iterable[Row], devices: Devices) -> Iterator[Flow]:
    """Yield the conversations of conn.log that one of the devices takes part in."""
    for number, row in enumerate(found, 1):
        try:
            made = _flow(row, devices)
        except (KeyError, ValueError, TypeError) as failure:
            raise _damaged(number, f"lacks {failure}, or has no number where one belongs") from None
        if made is not None:
            yield made


def _flow(row: Row, devices: Devices) -> Flow | None:
    opener, server = str(row["id.orig_h"]), str(row["id.resp_h"])
    device, by_device = devices.id_of(opener, _hardware(row.get("orig_l2_addr"))), True
    if device == NOBODY:
        device, by_device = devices.id_of(server, _hardware(row.get("resp_l2_addr"))), False
    if device == NOBODY:
        return None
    transport = str(row["proto"])
    forth = (_number(row, "orig_pkts"), _number(row, "orig_bytes"))
    back = (_number(row, "resp_pkts"), _number(row, "resp_bytes"))
    out, come = (forth, back) if by_device else (back, forth)
    return Flow(
        at=_seconds(row["ts"]),
        device=device,
        peer=server if by_device else opener,
        host=None,
        port=0 if transport in _NO_PORTS else int(row["id.resp_p"]),
        transport="icmp" if transport in _NO_PORTS else transport,
        opened_by_device=by_device,
        packets_out=out[0],
        packets_in=come[0],
        bytes_out=out[1],
        bytes_in=come[1],
        seconds=float(row.get("duration", 0.0)),
        state=_STATES.get(str(row.get("conn_state", "")), "established"),
    )


def _hardware(said: object) -> bytes:
    try:
        return bytes.fromhex(str(said).replace(":", "")) if said else b""
    except ValueError:
        return b""


def _number(row: Row, name: str) -> int:
    return max(int(float(row.get(name, 0))), 0)


def _seconds(said: object) -> float:
    if isinstance(said, str) and "T" in said:  # json with ISO times
        return datetime.fromisoformat(said).timestamp()
    return float(said)  # type: ignore[arg-type]


def names(found: Iterable[Row], limits: Limits | None = None) -> dict[str, str]:
    """Return address -> name, from the rows of dns.log and ssl.log."""
    most = (limits or Limits()).names
    known: dict[str, str] = {}
    for row in found:
        if len(known) >= most:
            break
        answers = row.get("answers")
        if isinstance(answers, list) and row.get("query"):
            for answer in answers[:64]:
                if _is_address(str(answer)):
                    known.setdefault(str(answer), _plain(str(row["query"])))
        elif row.get("server_name") and row.get("id.resp_h"):
            known[str(row["id.resp_h"])] = _plain(str(row["server_name"]))
    return known


def _plain(name: str) -> str:
    return name.rstrip(".").lower()[:253]


def _is_address(text: str) -> bool:
    return text.replace(".", "").isdigit() or (":" in text and text.count(":") > 1)
