"""Tables of flows as CSV: rule tables with counters (MUDgee's `ipflows`), and lists of conversations with times.

A rule table has no times: all of it counts as one window of a day, and rows that nothing matched are left out. Its rows
name only one side's port; which side was called follows from which one that is.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice

from careful.monitoring.captures.limits import Damaged, Limits, NotRead
from careful.monitoring.captures.places import NOBODY, Devices
from careful.monitoring.model import Flow

RULE_COLUMNS = frozenset({"srcmac", "dstmac", "ethtype", "srcip", "dstip", "ipproto", "srcport", "dstport"})
LOCAL = "local-network"
"""The peer of a rule that matches any address in the local network."""
DAY = 86_400.0
_MILLISECONDS_FROM = 1e11
"""A time above this is in milliseconds: as seconds it would be after the year 5000."""
_ANY = "*"
_FRAME = 54
"""Bytes of a frame before its content (Ethernet, IPv4, TCP without options): tables count whole frames."""
_TRANSPORT = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmp"}
_IPV4, _IPV6 = "0x0800", "0x86dd"
_NAMES: Mapping[str, tuple[str, ...]] = {
    "at": ("ts", "time", "timestamp", "start", "starttime", "stime", "flowstart", "firstseen", "datefirstseen"),
    "source": ("srcip", "src", "source", "saddr", "sourceip", "ipsrc", "sa", "origh", "idorigh", "srcaddr"),
    "target": ("dstip", "dst", "destination", "daddr", "destinationip", "ipdst", "da", "resph", "idresph", "dstaddr"),
    "source_port": ("srcport", "sport", "sourceport", "sp", "origp", "idorigp"),
    "target_port": ("dstport", "dport", "dsport", "destinationport", "dp", "respp", "idrespp"),
    "protocol": ("proto", "protocol", "ipproto", "pr"),
    "packets": ("packets", "pkts", "spkts", "ipkt", "totfwdpkts", "totalfwdpackets", "origpkts", "srcpkts"),
    "bytes": ("bytes", "octets", "sbytes", "ibyt", "totlenfwdpkts", "origbytes", "srcbytes", "totallengthoffwdpackets"),
    "back_packets": ("dpkts", "opkt", "totbwdpkts", "totalbackwardpackets", "resppkts", "dstpkts"),
    "back_bytes": ("dbytes", "obyt", "totlenbwdpkts", "respbytes", "dstbytes", "totallengthofbwdpackets"),
    "seconds": ("duration", "dur", "td"),
    "host": ("host", "hostname", "servername", "sni", "query", "domain"),
}
_NEEDED = ("source", "target", "target_port", "protocol")


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_table(header: str) -> bool:
    """Tell whether a first line names the columns of a table that can be read."""
    keys = {_key(one) for one in header.split(",")}
    return keys.issuperset(RULE_COLUMNS) or all(keys & set(_NAMES[one]) for one in _NEEDED)


def flows(
    lines: Iterable[bytes],
    devices: Devices,
    called: str | None = None,
    limits: Limits | None = None,
    own: str = "",
) -> Iterator[Flow]:
    """Yield the conversations of a table.

    `called` is the device's id and `own` its hardware address, where they are known, as by the file's name.
    """
    bounds = limits or Limits()
    text = (_line(number, raw, bounds) for number, raw in enumerate(lines, 1))
    reader = csv.reader(text)
    header = [_key(one) for one in next(reader, [])]
    if RULE_COLUMNS.issubset(header):
        yield from _rules(reader, header, devices, called, own, bounds)
        return
    places = {name: next((header.index(one) for one in keys if one in header), -1) for name, keys in _NAMES.items()}
    missing = [name for name in _NEEDED if places[name] < 0]
    if missing:
        raise NotRead(
            f"The table has no column for: {', '.join(missing)}.",
            do="Name its columns src_ip, dst_ip, dst_port, proto, and ts, packets, bytes where there are such.",
        )
    for number, row in enumerate(reader, 2):
        try:
            made = _conversation(row, places, devices)
        except (ValueError, IndexError):
            raise Damaged(
                f"The table cannot be read on: line {number:,} does not fit its header.",
                do="What came before was used. Mend the line, or cut the rest off.",
                where=f"line {number}",
            ) from None
        if made is not None:
            yield made


def _line(number: int, raw: bytes, limits: Limits) -> str:
    if len(raw) > limits.line_bytes:
        raise Damaged(f"Line {number:,} is longer than {limits.line_bytes:,} bytes.", where=f"line {number}")
    return raw.decode("utf-8-sig" if number == 1 else "utf-8", "replace").replace("\0", "")


def _conversation(row: list[str], places: Mapping[str, int], devices: Devices) -> Flow | None:
    def get(name: str) -> str:
        return row[places[name]].strip() if places[name] >= 0 else ""

    source, target = get("source"), get("target")
    device, by_device = devices.id_of(source), True
    if device == NOBODY:
        device, by_device = devices.id_of(target), False
    if device == NOBODY:
        return None
    forth, back = (_int(get("packets")), _int(get("bytes"))), (_int(get("back_packets")), _int(get("back_bytes")))
    out, come = (forth, back) if by_device else (back, forth)
    return Flow(
        at=_time(get("at")),
        device=device,
        peer=target if by_device else source,
        host=get("host").rstrip(".").lower() or None,
        port=_int(get("target_port")),
        transport=_TRANSPORT.get(get("protocol"), get("protocol").lower()),
        opened_by_device=by_device,
        packets_out=out[0],
        packets_in=come[0],
        bytes_out=out[1],
        bytes_in=come[1],
        seconds=float(get("seconds") or 0.0),
        state="established" if come[0] and out[0] else "unknown",
    )


def _int(text: str) -> int:
    return max(int(float(text)), 0) if text and text != "-" else 0


def _time(text: str) -> float:
    if not text:
        return 0.0
    try:
        at = float(text)
    except ValueError:
        return datetime.fromisoformat(text).timestamp()
    return at / 1000 if at > _MILLISECONDS_FROM else at


def _rules(
    reader: Iterable[list[str]], header: list[str], devices: Devices, called: str | None, hint: str, limits: Limits
) -> Iterator[Flow]:
    places = {name: header.index(name) for name in RULE_COLUMNS}
    packets = header.index("packetcount") if "packetcount" in header else -1
    size = header.index("volumetransmitted") if "volumetransmitted" in header else -1
    kept = [row for row in islice(reader, limits.conversations) if len(row) == len(header)]
    own = _own(kept, places, hint)
    device = called or devices.id_of("", _bytes(own)) or own
    merged: dict[tuple[str, int, str, bool], Flow] = {}
    for row in kept:
        count = _int(row[packets]) if packets >= 0 else 1
        if count == 0:
            continue
        content = max((_int(row[size]) if size >= 0 else 0) - count * _FRAME, 0)
        made = _rule(row, places, own, device, count, content)
        if made is None:
            continue
        key = (made.peer, made.port, made.transport, made.opened_by_device)
        before = merged.get(key)
        merged[key] = (
            made
            if before is None
            else replace(
                before,
                packets_out=before.packets_out + made.packets_out,
                packets_in=before.packets_in + made.packets_in,
                bytes_out=before.bytes_out + made.bytes_out,
                bytes_in=before.bytes_in + made.bytes_in,
            )
        )
    yield from merged.values()


def _own(rows: list[list[str]], places: Mapping[str, int], hint: str) -> str:
    """Find the device: the address that is said to be it, else the one that most rows have at one end."""
    found: Counter[str] = Counter()
    for row in rows:
        found.update(list(dict.fromkeys((row[places["srcmac"]], row[places["dstmac"]]))))
    likely = [one for one, _ in found.most_common() if one not in {_ANY, "ff:ff:ff:ff:ff:ff"}]
    told = [one for one in likely if hint and one.replace(":", "") == hint.lower()]
    return next(iter(told or likely), "")


def _bytes(hardware: str) -> bytes:
    try:
        return bytes.fromhex(hardware.replace(":", ""))
    except ValueError:
        return b""


def _rule(row: list[str], places: Mapping[str, int], own: str, device: str, packets: int, size: int) -> Flow | None:
    """Make one row a conversation; None for what names no peer and no port, and so says nothing."""
    transport = _TRANSPORT.get(row[places["ipproto"]])
    if row[places["ethtype"]].lower() not in {_IPV4, _IPV6, _ANY} or transport not in {"tcp", "udp"}:
        return None
    out = row[places["srcmac"]] == own
    near, far = ("src", "dst") if out else ("dst", "src")
    peer, far_port, near_port = row[places[f"{far}ip"]], row[places[f"{far}port"]], row[places[f"{near}port"]]
    local = row[places[f"{far}mac"]] == _ANY
    if peer == _ANY and not local:
        return None
    if far_port == near_port == _ANY:
        return None
    # The port that is named is the service's: at the far side the device called, at the near side it was called.
    by_device = far_port != _ANY
    port = int(far_port if by_device else near_port)
    is_name = any(sign.isalpha() for sign in peer) and ":" not in peer
    return Flow(
        at=0.0,
        device=device,
        peer=LOCAL if peer == _ANY else peer,
        # The table was made with every name the device asked for: an address in it has none.
        host=peer.lower() if is_name else None if peer == _ANY else "",
        port=port,
        transport=transport,
        opened_by_device=by_device,
        packets_out=packets if out else 0,
        packets_in=0 if out else packets,
        bytes_out=size if out else 0,
        bytes_in=0 if out else size,
        seconds=DAY,
        state="unknown",
    )
