"""Attacks of many kinds, made by hand as recordings: each is found by a rule that is about it, and quiet is quiet."""

import pytest
from recordings import (
    ACK,
    BROKER,
    CLOUD,
    DEVICE,
    OTHER,
    RST,
    SYN,
    Line,
    arp,
    connack,
    connect,
    ethernet,
    ipv4,
    mqtt,
    pcap,
    publish,
    subscribe,
    text,
    udp_frame,
)

from careful.monitoring.captures import Recording
from careful.monitoring.learning import learn
from careful.monitoring.model import Expected
from careful.monitoring.replay import replay

START = 1_600_000_000.0


def at(step, frames, start=START):
    return [(start + step * number, frame) for number, frame in enumerate(frames)]


def session(port, *said, client=DEVICE, server=BROKER, code=0):
    line = Line(client=client, server=server, client_port=port)
    return [
        *line.opened(),
        line.up(connect(f"c{port}")),
        line.down(connack(code)),
        *(line.up(one) for one in said),
    ], line


def quiet(hours=2.0, period=60.0, skip=(), extra=(), double=(), value=21.5):
    """One sensor: a message a minute, at times that a test may bend."""
    frames, line = session(40_000)
    said = []
    for number in range(int(hours * 3600 / period)):
        message = publish("room/t", f"{value + (number % 5) / 10:.1f}".encode(), 1, number + 1)
        times = 0 if number in skip else 2 if number in double else 1
        said += [(10 + number * period + 0.02 * again, message) for again in range(times)]
    said += [(moment, publish("room/t", b"21.5", 1, 5000 + number)) for number, moment in enumerate(extra)]
    return at(0.01, frames) + [(START + moment, line.up(message)) for moment, message in sorted(said)]


def slow_ite():
    return at(0.05, [frame for port in range(1000, 1100) for frame in session(port)[0][:5]])


def brute_force():
    frames = []
    for port in range(1000, 1040):
        tried, line = session(port, code=5)
        frames += [*tried, *line.closed(from_client=False)]
    return at(0.1, frames)


def shut_door():
    frames = []
    for port in range(1000, 1040):
        line = Line(client_port=port)
        frames += [*line.opened(), line.up(connect("admin", flags=0xC2, more=text("admin") + text("admin")))]
        frames += line.closed(from_client=False)
    return at(0.1, frames)


def malformed():
    bad = [connect(level=9), mqtt(0x32, text("a") + b"\0\0x"), publish("a/#"), b"\x00\x00", mqtt(0x82, b"\0\1")]
    return at(0.2, [frame for port, one in enumerate(bad, 1000) for frame in session(port, one)[0]])


def exfiltration():
    line = Line(server=CLOUD, port=443)
    return at(0.01, [*line.opened(), *(line.up(b"x" * 1400) for _ in range(2000))], START + 3700)


def shell_guessing():
    return at(
        0.2, [frame for port in range(1000, 1040) for frame in Line(server=OTHER, port=22, client_port=port).opened()]
    )


def port_scan():
    frames = []
    for port in range(1, 200):
        line = Line(server=OTHER, port=port)
        frames += [line.segment(flags=SYN), line.segment(flags=RST | ACK, from_client=False)]
    return at(0.02, frames)


def udp_scan():
    return at(0.02, [udp_frame(DEVICE, 50_000, OTHER, port) for port in range(1, 200)])


def ping_sweep():
    return at(
        0.02,
        [ethernet(DEVICE, f"10.0.0.{n}", ipv4(DEVICE, f"10.0.0.{n}", 1, b"\x08\0" + bytes(30))) for n in range(1, 200)],
    )


def worm():
    return at(0.05, [Line(server=f"203.0.113.{n}", port=23).segment(flags=SYN) for n in range(1, 200)])


def syn_flood():
    return at(
        0.0001, [Line(server=CLOUD, port=80, client_port=1 + n % 60_000).segment(flags=SYN) for n in range(8_000)]
    )


def udp_flood():
    return at(0.0001, [udp_frame(DEVICE, 50_000, CLOUD, 80, b"x" * 500) for _ in range(8_000)])


def publish_flood():
    return at(0.001, session(1000, *[publish("t", b"x" * 100) for _ in range(3_000)])[0])


def probing():
    refused = mqtt(0x90, b"\0\1\x80")
    frames, line = session(1000)
    return at(
        0.1, [*frames, *(one for n in range(5) for one in (line.up(subscribe(f"d/other{n}/#")), line.down(refused)))]
    )


def forged_addresses():
    return at(5.0, [arp(DEVICE, BROKER, sender=b"\x02evil!" if n % 2 else None) for n in range(10)])


def two_with_one_name():
    frames = []
    for n in range(6):
        line = Line(client=(DEVICE, OTHER)[n % 2], client_port=1000 + n)
        frames += [*line.opened(), line.up(connect("cam-1")), line.down(connack())]
    return at(1.0, frames)


def reflection():
    asked = [udp_frame(CLOUD, 4000, DEVICE, 1900, b"M-SEARCH" * 4)]
    return at(0.05, asked + [udp_frame(DEVICE, 1900, CLOUD, 4000, b"x" * 1200) for _ in range(10)])


ATTACKS = {
    "slow connections held open": (slow_ite, {"held_connections"}),
    "passwords tried at a broker": (brute_force, {"refused_logins"}),
    "passwords tried at a broker that says nothing": (shut_door, {"refused_logins"}),
    "malformed packets": (malformed, {"malformed"}),
    "data carried off": (lambda: quiet(hours=1.1) + exfiltration(), {"large_transfer"}),
    "passwords tried at a shell": (shell_guessing, {"login_guessing"}),
    "ports tried": (port_scan, {"scan"}),
    "udp ports tried": (udp_scan, {"scan"}),
    "addresses tried by ping": (ping_sweep, {"scan"}),
    "addresses tried by arp": (lambda: at(0.01, [arp(DEVICE, f"10.0.0.{n}") for n in range(2, 200)]), {"scan"}),
    "a worm that looks for shells": (worm, {"scan"}),
    "a flood of openings": (syn_flood, {"flood"}),
    "a flood of datagrams": (udp_flood, {"flood"}),
    "a flood of messages": (publish_flood, {"flood"}),
    "topics tried": (probing, {"topic_probing"}),
    "somebody in between": (forged_addresses, {"address_taken"}),
    "one name at two places": (two_with_one_name, {"two_places"}),
    "others hit through it": (reflection, {"amplification"}),
    "messages held back": (lambda: quiet(skip=range(60, 70)), {"off_beat"}),
    "one message held back": (lambda: quiet(skip=[60]), {"off_beat"}),
    "messages added": (lambda: quiet(extra=[4000.0, 4020.0]), {"off_beat"}),
    "messages said twice": (lambda: quiet(double=[60, 61, 62]), {"repeated_messages", "off_beat"}),
}


def found(tmp_path, frames, learnt=None):
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(frames))
    recording = Recording(path)
    findings = list(replay(recording, lambda _: Expected(product="", learnt=learnt)))
    assert recording.account.damaged is None
    return {one.rule for one in findings}, findings


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_is_found_without_any_quiet_day(attack, tmp_path):
    make, rules = ATTACKS[attack]
    assert found(tmp_path, make())[0] >= rules


def test_a_quiet_day_is_quiet(tmp_path):
    path = tmp_path / "quiet.pcap"
    path.write_bytes(pcap(quiet(hours=12)))
    learnt = learn(Recording(path).windows())
    for one in (None, learnt):
        assert found(tmp_path, quiet(hours=12), one)[0] == set()


def test_small_things_show_beside_a_quiet_day(tmp_path):
    path = tmp_path / "quiet.pcap"
    path.write_bytes(pcap(quiet(hours=12)))
    learnt = learn(Recording(path).windows())
    assert found(tmp_path, quiet(hours=1, skip=[3]), learnt)[0] == {"off_beat"}
    assert "odd_reading" in found(tmp_path, quiet(hours=1, value=40.0), learnt)[0]
    few = at(0.5, [frame for port in range(1000, 1008) for frame in session(port)[0]])
    assert "held_connections" in found(tmp_path, few, learnt)[0]
    some = at(0.01, session(1000, *[publish() for _ in range(100)])[0])
    assert "beyond_quiet_days" in found(tmp_path, some, learnt)[0]
    assert "new_destination" in found(tmp_path, at(1.0, Line(server=CLOUD, port=443).opened()), learnt)[0]
