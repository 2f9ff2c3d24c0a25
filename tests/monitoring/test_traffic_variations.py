"""The same attack in another container, at another address or time, is found as it was."""

import io
import os
import struct
import tarfile
from pathlib import Path

import pytest
import zstandard

from careful.monitoring import Expected, recorded

ARCHIVE = Path(os.environ.get("CAREFUL_TEST_DATA", "../shared/data")) / "traffic/mqttset-reduced-train.tar.zst"
NAME = "malariados.pcap"


@pytest.fixture(scope="module")
def frames():
    """Seconds and bytes of each frame of a flood over Ethernet."""

    if not ARCHIVE.exists():
        pytest.skip(f"{ARCHIVE} is not here; set CAREFUL_TEST_DATA")
    with ARCHIVE.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as plain:
        whole = io.BytesIO(plain.read())
    with tarfile.open(fileobj=whole) as tar:
        [member] = [one for one in tar if one.name.endswith(NAME)]
        data = tar.extractfile(member).read()
    found, at = [], 24
    while at + 16 <= len(data):
        seconds, micro, kept, _ = struct.unpack("<IIII", data[at : at + 16])
        found.append((seconds * 1_000_000 + micro, data[at + 16 : at + 16 + kept]))
        at += 16 + kept
    return found


def pcap(frames, link=1, *, nano=False, order=">"):
    parts = [struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for at, frame in frames:
        part = at % 1_000_000 * (1000 if nano else 1)
        parts += [struct.pack(order + "IIII", at // 1_000_000, part, len(frame), len(frame)), frame]
    return b"".join(parts)


def ipv6(frame):
    inside, length = frame[14 + (frame[14] & 15) * 4 : 14 + struct.unpack(">H", frame[16:18])[0]], b"\xfd" + bytes(11)
    if frame[12:14] != b"\x08\x00" or frame[23] not in {6, 17}:
        return frame
    head = struct.pack(">IHBB", 6 << 28, len(inside), frame[23], frame[22])
    return frame[:12] + b"\x86\xdd" + head + length + frame[26:30] + length + frame[30:34] + inside


def every(frames, change):
    return [(at, change(frame)) for at, frame in frames]


WAYS = {
    "nanoseconds, big endian": lambda all_: pcap(all_, nano=True),
    "a VLAN tag": lambda all_: pcap(every(all_, lambda one: one[:12] + b"\x81\x00\x00\x07" + one[12:])),
    "Linux cooked": lambda all_: pcap(
        every(all_, lambda one: struct.pack(">HHH", 0, 1, 6) + one[6:12] + bytes(2) + one[12:]), 113
    ),
    "IPv6": lambda all_: pcap(every(all_, ipv6)),
    "nine hours later, four times slower, cut short": lambda all_: pcap(
        [(all_[0][0] + 32_400_000_000 + 4 * (at - all_[0][0]), one) for at, one in all_], order="<"
    )[:-37],
    "a third of it": lambda all_: pcap(all_[: len(all_) // 3]),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_flood_is_found_whichever_way_it_was_recorded(frames, way, tmp_path):
    path = tmp_path / "x.pcap"
    path.write_bytes(WAYS[way](frames))
    found = list(recorded.replay(recorded.Recording(path), lambda _: Expected("unknown")))
    assert [one.rule for one in found] == ["flood"]
