"""Any recording, by what it begins with: opened, unpacked and read as windows, with an account of what was read."""

import gzip
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar, cast

import zstandard

from careful.monitoring.captures import flow_tables, flows, layers, packets, zeek
from careful.monitoring.captures.conversations import Conversations, called
from careful.monitoring.captures.layers import Packet
from careful.monitoring.captures.limits import Damaged, Limits, NotRead
from careful.monitoring.captures.places import Devices
from careful.monitoring.labels import Labels
from careful.monitoring.model import Flow, Window

Kind = Literal["packets", "zeek", "flow table"]
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PEEK = 16 * 1024
_ZEEK_PARTS = ("dns", "ssl")
Tell = Callable[[int], None]
"""Told how many bytes of the file were read so far."""
T = TypeVar("T")


@dataclass(slots=True)
class Account:
    """What was read of a recording. Complete when its windows have all been taken."""

    kind: Kind = "packets"
    frames: int = 0
    not_read: int = 0
    """Frames that are no IP and no ARP, or too short to tell."""
    windows: int = 0
    first: float | None = None
    last: float | None = None
    damaged: Damaged | None = None
    """Where it could not be read on. What came before it was given."""
    devices: dict[str, float] = field(default_factory=dict)
    """Device -> seconds it was watched for."""

    @property
    def seconds(self) -> float:
        """How long the recording lasts."""
        return 0.0 if self.first is None or self.last is None else self.last - self.first


class Recording:
    """One recording: a file, or a folder with Zeek's logs."""

    def __init__(
        self,
        path: Path,
        devices: Devices | None = None,
        product: str = "",
        called: str | None = None,
        limits: Limits | None = None,
        tell: Tell | None = None,
        labels: Labels | None = None,
    ) -> None:
        self.path = path
        self.account = Account()
        self._devices = devices or Devices()
        self._product = product
        self._called = called
        self._limits = limits or Limits()
        self._tell = tell
        self._labels = labels if labels is not None and labels.frames else None

    def windows(self) -> Iterator[Window]:
        """Yield the windows. A damaged recording ends early, and `account.damaged` says where."""
        account = self.account
        try:
            for window in self._read():
                account.windows += 1
                if account.windows > self._limits.windows:
                    raise NotRead(
                        f"The recording makes more than {self._limits.windows:,} windows.", do="Split it by time."
                    )
                account.first = window.start if account.first is None else min(account.first, window.start)
                account.last = window.end if account.last is None else max(account.last, window.end)
                account.devices[window.device] = account.devices.get(window.device, 0.0) + window.seconds
                yield window
        except Damaged as failure:
            account.damaged = failure
        if account.damaged is not None:
            where = account.damaged.where
            account.damaged.where = f"{self.path.name}, {where}" if where else self.path.name

    def _read(self) -> Iterator[Window]:
        if self.path.is_dir():
            yield from self._zeek_folder()
            return
        with self.path.open("rb") as raw:
            opened = unpacked(_Told(raw, self._tell) if self._tell else raw)
            start = opened.peek(_PEEK)[:_PEEK]
            if start[:4] in packets.MAGICS:
                conversations = Conversations(self._devices, self._product, self._limits)
                yield from conversations.windows(_until_damage(self._packets(cast("BinaryIO", opened)), self.account))
                return
            first = start.split(b"\n", 1)[0].decode("utf-8", "replace")
            lines = _lines(opened, self._limits)
            if first.startswith(("#separator", "#fields", "{")):
                self.account.kind = "zeek"
                found = zeek.conversations(self._counted(zeek.rows(lines, self._limits)), self._devices)
                yield from self._from_flows(found, self._zeek_names(self.path.parent))
            elif flow_tables.is_table(first):
                self.account.kind = "flow table"
                yield from self._from_table(lines)
            else:
                raise NotRead(
                    f"{self.path.name} is no recording that can be read: no pcap, pcapng, Zeek log or flow table.",
                    do="Record with tcpdump -w, or give Zeek's conn.log, or a CSV with src_ip, dst_ip, dst_port.",
                    where=self.path.name,
                )

    def _packets(self, stream: BinaryIO) -> Iterator[Packet]:
        account = self.account
        for frame in packets.frames(stream, self._limits):
            account.frames += 1
            found = layers.packet(frame.at, frame.link, frame.data, frame.size)
            if found is None:
                account.not_read += 1
            else:
                if self._labels is not None and frame.number in self._labels.frames:
                    self._labels.frame(frame.number, frame.at, self._device_of(found))
                yield found

    def _device_of(self, found: Packet) -> str:
        """Return whose packet it is: the caller's, or where it is no device, that of the side that was called."""
        ends = [(found.source, found.source_mac), (found.target, found.target_mac)]
        near = [self._devices.id_of(*one) for one in (ends if called(found) else reversed(ends))]
        return next((one for one in near if one), "")

    def _from_table(self, lines: Iterator[bytes]) -> Iterator[Window]:
        own = self.path.name.partition("_")[0]
        table = flow_tables.flows(lines, self._devices, self._called, self._limits, own=own)
        found = list(_until_damage(self._counted(table), self.account))
        if found and all(one.at == 0.0 for one in found):
            # No times: one window holds all, as long as a day.
            for device in dict.fromkeys(one.device for one in found):
                mine = tuple(one for one in found if one.device == device)
                yield Window(device, self._product, None, 0.0, flow_tables.DAY, flows=mine)
        else:
            yield from flows.windows(found, self._product, limits=self._limits)

    def _from_flows(self, found: Iterator[Flow], names: dict[str, str]) -> Iterator[Window]:
        yield from flows.windows(_until_damage(found, self.account), self._product, names, self._limits)

    def _zeek_folder(self) -> Iterator[Window]:
        self.account.kind = "zeek"
        parts = zeek_parts(self.path, "conn")
        if not parts:
            raise NotRead(f"{self.path} holds no conn.log.", do="Give the folder that Zeek wrote its logs to.")
        found = zeek.conversations(self._counted(self._rows(parts)), self._devices)
        yield from self._from_flows(found, self._zeek_names(self.path))

    def _rows(self, parts: list[Path]) -> Iterator[zeek.Row]:
        for part in parts:
            with part.open("rb") as raw:
                lines = _lines(unpacked(_Told(raw, self._tell) if self._tell else raw), self._limits)
                yield from zeek.rows(lines, self._limits)

    def _zeek_names(self, folder: Path) -> dict[str, str]:
        """Read the names from the logs beside conn.log; one that is damaged gives those before the damage."""
        names: dict[str, str] = {}
        for part in _ZEEK_PARTS:
            for path in zeek_parts(folder, part):
                with path.open("rb") as raw:
                    rows = zeek.rows(_lines(unpacked(raw), self._limits), self._limits)
                    names |= zeek.names(_until_damage(rows, Account()), self._limits)
        return names

    def _counted(self, found: Iterator[T]) -> Iterator[T]:
        for one in found:
            self.account.frames += 1
            yield one


def zeek_parts(folder: Path, name: str) -> list[Path]:
    """Return the files of one of Zeek's logs in a folder: rotated ones by their times, then the present one."""
    of = re.compile(rf"{name}(?P<time>[._-][0-9][^/]*)?\.log(?:\.gz|\.zst)?")
    found = [(match["time"] is None, one.name, one) for one in folder.iterdir() if (match := of.fullmatch(one.name))]
    return [one for _, _, one in sorted(found) if one.is_file()]


def unpacked(raw: BinaryIO | io.RawIOBase) -> "io.BufferedReader[io.RawIOBase]":
    """Open a stream that may be packed with gzip or zstd. The limit on bytes holds for what comes out."""
    buffered = io.BufferedReader(cast("io.RawIOBase", raw), _PEEK)
    start = buffered.peek(4)[:4]
    if start.startswith(_GZIP):
        return io.BufferedReader(cast("io.RawIOBase", _Careful(gzip.GzipFile(fileobj=buffered))), _PEEK)
    if start == _ZSTD:
        opened = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(buffered)
        return io.BufferedReader(cast("io.RawIOBase", _Careful(opened)), _PEEK)
    return buffered


class _Careful(io.RawIOBase):
    """A packed stream whose damage is told like any other."""

    def __init__(self, inner: object) -> None:
        self._inner = cast("io.BufferedReader", inner)

    def readable(self) -> bool:
        return True

    def readinto(self, into: object) -> int:
        view = memoryview(cast("bytearray", into))
        try:
            # `read` would go on until all is there, and lose what came before the damage.
            data = self._inner.read1(len(view))
        except (EOFError, OSError, zstandard.ZstdError) as failure:
            raise Damaged(
                f"The packed recording cannot be unpacked further: {failure}.",
                do="What came before was used. Fetch the file again.",
            ) from None
        view[: len(data)] = data
        return len(data)


class _Told(io.RawIOBase):
    """A stream that tells how many bytes were read, for a progress line."""

    def __init__(self, inner: BinaryIO, tell: Tell) -> None:
        self._inner, self._tell, self._read = inner, tell, 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: object) -> int:
        view = memoryview(cast("bytearray", into))
        data = self._inner.read(len(view))
        view[: len(data)] = data
        self._read += len(data)
        self._tell(self._read)
        return len(data)


def _lines(stream: "io.BufferedReader[io.RawIOBase]", limits: Limits) -> Iterator[bytes]:
    read = 0
    while True:
        line = stream.readline(limits.line_bytes + 1)
        if not line:
            return
        read += len(line)
        if read > limits.bytes:
            raise NotRead(f"The recording is longer than {limits.bytes:,} bytes.", do="Split it.")
        yield line


def _until_damage(found: Iterator[T], account: Account) -> Iterator[T]:
    """Yield what comes before the damage, so that what is built on it can be finished."""
    try:
        yield from found
    except Damaged as failure:
        account.damaged = failure
