"""Names of addresses, from what any program may read."""

import pytest

from careful_device import names
from careful_device.connections import Connections
from careful_device.names import ADDRESSES_MOST, KEPT_SECONDS, Names

LOG = """\
Nov  2 09:00:00 dnsmasq[7]: query[A] api.example from 127.0.0.1
Nov  2 09:00:00 dnsmasq[7]: forwarded api.example to 192.0.2.53
Nov  2 09:00:00 dnsmasq[7]: reply api.example is <CNAME>
Nov  2 09:00:00 dnsmasq[7]: reply edge.cdn.example is 203.0.113.9
Nov  2 09:00:01 dnsmasq[7]: query[AAAA] time.example from 127.0.0.1
Nov  2 09:00:01 dnsmasq[7]: cached time.example is 2001:db8::1
Nov  2 09:00:02 dnsmasq[7]: reply bad;name is 203.0.113.9
Nov  2 09:00:02 dnsmasq[7]: reply no.example is NXDOMAIN
"""


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n192.168.1.2 Hub.Local hub # the hub\nnonsense\n")
    (tmp_path / "log").write_text(LOG)

    def made(**given):
        return Names(
            ["mqtt.example", "203.0.113.1", ""], tmp_path / "log", hosts_file=tmp_path / "hosts",
            resolve=lambda host: ["203.0.113.77"] if host == "mqtt.example" else [], **given,
        )  # fmt: skip

    return made()


def settled(known, now):
    known.refresh(now)
    known._asking.join(5)
    known.refresh(now)
    return known


def test_hosts_file_own_servers_and_the_resolver_s_log(sources):
    known = settled(sources, 10.0)
    assert known.of("192.168.1.2") == ["hub", "hub.local"]
    assert known.of("203.0.113.77") == ["mqtt.example"]
    assert known.of("203.0.113.9") == ["api.example", "edge.cdn.example"]
    assert known.of("2001:db8::1") == ["time.example"]
    assert known.of("198.51.100.1") == []


def test_only_what_was_added_is_read_and_a_log_that_began_anew_is_read_from_its_start(sources, tmp_path):
    known = settled(sources, 10.0)
    with (tmp_path / "log").open("a") as log:
        log.write("x dnsmasq[7]: reply more.example is 198.51.100.1\nx dnsmasq[7]: reply half.exam")
    known.refresh(11.0)
    assert known.of("198.51.100.1") == ["more.example"]
    (tmp_path / "log").write_text("x dnsmasq[7]: reply new.example is 198.51.100.2\n")
    known.refresh(12.0)
    assert known.of("198.51.100.2") == ["new.example"]


def test_what_is_old_is_forgotten_and_what_is_kept_is_bounded(sources, tmp_path):
    known = settled(sources, 10.0)
    lines = [f"x dnsmasq[7]: reply h{n}.example is 198.51.{n // 250}.{n % 250 + 1}\n" for n in range(2000)]
    (tmp_path / "log").write_text("".join(lines))
    known.refresh(20.0)
    assert len(known._known) <= ADDRESSES_MOST
    (tmp_path / "log").unlink()
    known.refresh(30.0 + KEPT_SECONDS)
    assert known.of("198.51.7.1") == []


def test_names_stand_beside_the_table(sources, tmp_path):
    head = "  sl  local_address rem_address   st\n"
    rows = ("0501A8C0:A1B2 4D7100CB:22B3 01", "0100007F:0035 00000000:0000 0A", "00000000:0050 00000000:0000 0A")
    (tmp_path / "tcp").write_text(head + "".join(f"   0: {one}\n" for one in rows))
    (tmp_path / "udp").write_text(head + "   0: 00000000:076C 00000000:0000 07\n")
    said = Connections(tmp_path, settled(sources, 10.0)).read(11.0)
    assert said["names"] == ["203.0.113.77 mqtt.example"]
    assert said["listening"] == ["80 tcp", "1900 udp"]


def test_a_resolver_that_does_not_answer_is_no_error():
    assert names._resolved("no-such-host.invalid") == []
