import gzip
import json

import pytest
import zstandard
from recordings import DEVICE, Line, connect, ethernet, pcap, pcapng, publish

from careful.monitoring.captures import Limits, NotRead, Recording
from careful.monitoring.captures.flow_tables import DAY
from careful.monitoring.captures.recording import zeek_parts

LINE = Line()
FRAMES = [(100.0 + number, one) for number, one in enumerate([*LINE.opened(), LINE.up(connect()), LINE.up(publish())])]
CONN = {"ts": 5.0, "id.orig_h": DEVICE, "id.resp_h": "203.0.113.7", "id.resp_p": 443, "proto": "tcp"}


def read(path, **more):
    recording = Recording(path, **more)
    return list(recording.windows()), recording.account


@pytest.fixture
def saved(tmp_path):
    def save(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return save


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_packets_packed_or_not(saved, make, pack):
    found, account = read(saved("a.bin", pack(make(FRAMES))), product="lamp")
    assert sum(one.said for one in found) == 1
    assert (account.kind, account.frames, account.not_read, account.damaged) == ("packets", 5, 0, None)
    assert (account.first, account.seconds, account.devices) == (100.0, 5.0, {DEVICE: 5.0})
    assert {one.product for one in found} == {"lamp"}


def test_frames_that_are_no_ip_are_counted(saved):
    odd = ethernet(DEVICE, "10.0.0.1", b"", 0x88CC)
    assert read(saved("a.pcap", pcap([*FRAMES, (105.0, odd)])))[1].not_read == 1


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_damage_in_the_middle_gives_what_came_before(saved, pack):
    data = pack(pcap(FRAMES))
    found, account = read(saved("a.pcap", data[: len(data) - 12]))
    assert found
    assert account.damaged is not None
    assert account.damaged.where.startswith("a.pcap")


def test_zeek_as_a_folder_and_as_a_file_with_names_from_beside(saved, tmp_path):
    path = saved("conn.log", json.dumps(CONN).encode() + b"\n")
    saved("dns.log", b'{"query": "a.example", "answers": ["203.0.113.7"]}\nbroken\n')
    for place in (path, tmp_path):
        found, account = read(place)
        assert account.kind == "zeek"
        assert found[0].flows[0].host == "a.example"


def test_a_folder_without_conn_log_is_said(tmp_path):
    with pytest.raises(NotRead, match="holds no conn.log"):
        read(tmp_path)


def test_a_damaged_log_gives_what_came_before(saved):
    found, account = read(saved("conn.log", json.dumps(CONN).encode() + b"\n{broken\n"))
    assert len(found) == 1
    assert "line 2" in account.damaged.where


def test_a_table_without_times_is_one_window_of_a_day(saved):
    data = b"src_ip,dst_ip,dst_port,proto\n10.0.0.7,203.0.113.7,443,tcp\n10.0.0.8,203.0.113.7,80,tcp\n"
    found, account = read(saved("flows.csv", data))
    assert [(one.device, one.seconds, len(one.flows)) for one in found] == [("10.0.0.7", DAY, 1), ("10.0.0.8", DAY, 1)]
    assert account.kind == "flow table"


def test_a_table_with_times_is_cut_into_seconds(saved):
    data = b"ts,src_ip,dst_ip,dst_port,proto\n9.5,10.0.0.7,203.0.113.7,443,tcp\n"
    assert [(one.start, one.seconds) for one in read(saved("flows.csv", data))[0]] == [(9.0, 1.0)]


@pytest.mark.parametrize("data", [b"", b"just text\n", b"\x89PNG\r\n"], ids=["empty", "text", "picture"])
def test_anything_else_is_refused_by_name(saved, data):
    with pytest.raises(NotRead, match="no recording that can be read"):
        read(saved("a.bin", data))


def test_progress_is_told(saved):
    told = []
    read(saved("a.pcap", pcap(FRAMES)), tell=told.append)
    assert told[-1] == len(pcap(FRAMES))


def test_windows_are_bounded(saved):
    frames = [(100.0 * number, LINE.up(publish())) for number in range(20)]
    with pytest.raises(NotRead, match="windows"):
        read(saved("a.pcap", pcap(frames)), limits=Limits(windows=30))


def test_rotated_logs_of_zeek_are_read_in_their_order_and_the_present_one_last(saved, tmp_path):
    for hour, name in ((0, "conn.2026-11-02-00-00-00.log.gz"), (1, "conn.2026-11-02-01-00-00.log"), (2, "conn.log")):
        text = json.dumps(CONN | {"ts": CONN["ts"] + 3600 * hour}).encode() + b"\n"
        saved(name, gzip.compress(text) if name.endswith("gz") else text)
    saved("conn-summary.log", b"no conversations\n")
    found, account = read(tmp_path)
    times = [flow.at for window in found for flow in window.flows]
    assert (len(times), times == sorted(times), account.damaged) == (3, True, None)
    assert zeek_parts(tmp_path, "conn")[-1].name == "conn.log"
