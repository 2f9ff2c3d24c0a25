"""The kernel's tables, read as they are."""

import socket
import sys

import pytest

from careful_device import connections
from careful_device.connections import PEERS_MOST, Connections

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TCP = HEAD + (
    "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
    "   1: 0501A8C0:0016 0901A8C0:D431 01 00000000:00000000 00:00000000 00000000     0        0 2 1\n"
    "   2: 0501A8C0:A1B2 097100CB:115C 01 00000000:00000000 00:00000000 00000000     0        0 3 1\n"
    "   3: 0501A8C0:A1B3 097100CB:115C 06 00000000:00000000 00:00000000 00000000     0        0 4 1\n"
    "   4: 0501A8C0:A1B4 0A7100CB:0017 02 00000000:00000000 00:00000000 00000000     0        0 5 1\n"
    "   5: nonsense\n"
    "   6: 0501A8C0:A1B4 ZZ7100CB:0017 02 0 0\n"
)
TCP6 = HEAD + (
    "   0: 0000000000000000FFFF00000501A8C0:A1B5 0000000000000000FFFF0000097100CB:01BB 01 0 0\n"
    "   1: B80D0120000000000000000001000000:A1B6 B80D0120000000000000000002000000:01BB 01 0 0\n"
)
UDP = HEAD + "   0: 00000000:14E9 00000000:0000 07 0 0\n   1: 0501A8C0:C001 0101A8C0:0035 01 0 0\n"
DEV = (
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
    "    lo:    9999   99    0    0    0     0          0         0     9999      99    0    0    0     0       0 0\n"
    "  eth0: {rx}      10    0    0    0     0          0         0     {tx}      20    0    0    0     0       0 0\n"
)


@pytest.fixture
def proc(tmp_path):
    for name, text in (("tcp", TCP), ("tcp6", TCP6), ("udp", UDP), ("dev", DEV.format(rx=1000, tx=5000))):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_conversations_with_state_direction_and_number(proc):
    said = Connections(proc).read(7.0)
    assert said["at"] == 7.0
    assert said["peers"] == [
        "203.0.113.10 23 tcp attempt out 1",
        "192.168.1.1 53 udp established out 1",
        "192.168.1.9 22 tcp established in 1",
        "2001:db8::2 443 tcp established out 1",
        "203.0.113.9 443 tcp established out 1",
        "203.0.113.9 4444 tcp established out 2",
    ]
    assert (said["listening_tcp"], said["listening_udp"], said["established_tcp"]) == (1, 1, 4)


def test_counters_are_told_as_what_came_since(proc):
    table = Connections(proc)
    assert "bytes_out" not in table.read(0.0)
    (proc / "dev").write_text(DEV.format(rx=1500, tx=9000))
    said = table.read(1.0)
    assert (said["bytes_in"], said["bytes_out"], said["packets_out"]) == (500, 4000, 0)
    (proc / "dev").write_text(DEV.format(rx=10, tx=10))
    assert "bytes_out" not in table.read(2.0)


def test_what_is_sent_is_bounded_and_attempts_come_first(proc):
    line = "   9: 0501A8C0:A1B4 {:02X}7100CB:{:04X} {} 0 0\n"
    many = [line.format(one % 250, 1 + one, "01") for one in range(3000)] + [line.format(1, 23, "02")]
    (proc / "tcp").write_text(HEAD + "".join(many))
    peers = Connections(proc).read(0.0)["peers"]
    assert len(peers) == PEERS_MOST
    assert peers[0] == "203.0.113.1 23 tcp attempt out 1"


def test_a_kernel_without_such_files_says_little(tmp_path):
    assert Connections(tmp_path).read(0.0)["peers"] == []


@pytest.mark.skipif(sys.platform != "linux" or sys.byteorder != "little", reason="reads Linux's own tables")
def test_a_real_connection_is_found(monkeypatch):
    monkeypatch.setattr(connections, "PEERS_MOST", 1 << 16)  # a machine that runs tests has many that just ended
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        port = server.getsockname()[1]
        peers = Connections().read(0.0)["peers"]
    found = [one for one in peers if f"127.0.0.1 {port} tcp" in one]
    assert {one.split()[4] for one in found} <= {"in", "out"}
    assert found
