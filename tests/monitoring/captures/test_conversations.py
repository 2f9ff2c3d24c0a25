import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
    client_hello,
    connack,
    connect,
    dns_answer,
    publish,
    timed,
    udp_frame,
)

from careful.monitoring.captures.conversations import Conversations
from careful.monitoring.captures.layers import packet
from careful.monitoring.captures.limits import Limits
from careful.monitoring.captures.places import Devices


def windows(frames, devices=None, **limits):
    packets = [packet(at, 1, frame, len(frame)) for at, frame in timed(frames)]
    return list(Conversations(devices or Devices(), "p", Limits(**limits)).windows(packets))


def flows(frames, **more):
    return [flow for one in windows(frames, **more) for flow in one.flows]


def test_a_device_and_what_it_said():
    line = Line()
    at = 1_000_000.0
    said = [*line.opened(), line.up(connect()), line.down(connack()), line.up(publish("t", b"22"))]
    one = windows([(at, frame) for frame in said])[0]
    assert (one.device, one.product, one.messages, one.connects) == (DEVICE, "p", {"t": 1}, 1)
    flow = one.flows[0]
    assert (flow.peer, flow.port, flow.transport, flow.opened_by_device) == (BROKER, 1883, "tcp", True)
    assert (flow.state, flow.packets_out, flow.packets_in) == ("established", 4, 2)
    assert one.counters["established_tcp"] == 1.0


def test_attempts_and_refusals():
    closed = Line(port=22)
    tried = closed.segment(flags=SYN), closed.segment(flags=RST | ACK, from_client=False)
    assert [one.state for one in flows([(1.0, frame) for frame in tried])] == ["refused"]
    assert [one.state for one in flows([Line(port=23).segment(flags=SYN)])] == ["attempt"]
    assert [one.state for one in flows([udp_frame(DEVICE, 5000, OTHER, 161)])] == ["attempt"]


def test_who_opened_a_conversation_that_was_under_way():
    line = Line()
    for first in (line.up(b"x"), line.down(b"x")):
        assert [(one.device, one.port, one.opened_by_device) for one in flows([first])] == [(DEVICE, 1883, True)]


def test_a_caller_from_outside():
    line = Line(client=CLOUD, server=DEVICE, port=80)
    assert [(one.device, one.peer, one.port, one.opened_by_device) for one in flows(line.opened()[:1])] == [
        (DEVICE, CLOUD, 80, False)
    ]


def test_only_named_devices_where_they_are_named():
    line = Line(client=OTHER, server=DEVICE, port=80)
    found = flows(line.opened(), devices=Devices({DEVICE: "lamp"}))
    assert {(one.device, one.opened_by_device) for one in found} == {("lamp", False)}
    assert windows(Line(client=OTHER).opened(), devices=Devices({DEVICE: "lamp"})) == []


def test_names_from_dns_and_from_the_conversation_itself():
    line = Line(server=CLOUD, port=443)
    asked = udp_frame(BROKER, 53, DEVICE, 5000, dns_answer("cdn.example", [CLOUD]))
    more = udp_frame(BROKER, 53, DEVICE, 5000, dns_answer("other.example", [CLOUD]))
    found = flows([asked, more, *line.opened()])
    assert found[-1].host == "cdn.example|other.example"
    assert flows([asked, *line.opened(), line.up(client_hello("own.example"))])[-1].host == "own.example"


def test_bytes_are_told_as_they_come():
    line = Line(server=CLOUD, port=443)
    frames = [(float(second), line.up(b"x" * 100)) for second in range(10, 13)]
    assert [(one.at, one.bytes_out) for one in flows(frames)] == [(10.0, 100), (11.0, 100), (12.0, 100)]


def test_connections_held_open_are_counted_until_they_end():
    first, second = Line(client_port=1), Line(client_port=2)
    frames = [(1.0, one) for one in first.opened() + second.opened()]
    frames += [(5.0, first.closed()[0]), (9.0, second.up(b"x"))]
    assert [one.counters.get("established_tcp") for one in windows(frames) if one.flows] == [2.0, 1.0, 1.0]


def test_ports_used_again_are_a_new_conversation():
    line, again = Line(), Line()
    frames = [(1.0, one) for one in [*line.opened(), *line.closed()]] + [(2.0, one) for one in again.opened()]
    assert [one.counters.get("established_tcp") for one in windows(frames)] == [None, 1.0]


def test_ports_used_again_without_an_end_are_a_new_conversation_too():
    frames = []
    for start in (1.0, 9.0):
        line = Line()
        frames += [(start, one) for one in [*line.opened(), line.up(connect()), line.down(connack())]]
    found = windows(frames)
    assert [one.connects for one in found if one.connects] == [1, 1]
    assert not any(one.refusals for one in found)
    assert found[-1].counters["established_tcp"] == 1.0


def test_arp_tells_of_searches_and_of_two_that_claim_one_address():
    asked = windows([(1.0, arp(DEVICE, f"10.0.0.{number}")) for number in range(20, 30)])
    assert asked[0].counters["arp_targets"] == 10
    taken = windows([(1.0, arp(DEVICE, BROKER)), (1.5, arp(DEVICE, BROKER, sender=b"\x02evil!"))])
    assert taken[0].counters["address_conflicts"] == 1


def test_broadcasts_have_no_answer_to_wait_for():
    assert [one.state for one in flows([udp_frame(DEVICE, 137, "10.0.0.255", 137)])] == ["unknown"]


@pytest.mark.parametrize("limits", [{"conversations": 4}, {"names": 1}])
def test_limits_hold_and_nothing_breaks(limits):
    frames = [Line(client_port=port, server=CLOUD, port=443).segment(flags=SYN) for port in range(1, 30)]
    frames += [udp_frame(BROKER, 53, DEVICE, 9, dns_answer(f"{n}.example", [f"203.0.113.{n}"])) for n in range(1, 9)]
    assert windows(frames, **limits)


def test_what_ended_a_while_ago_is_forgotten():
    frames = []
    for number in range(50):
        line = Line(client_port=1000 + number)
        frames += [(100.0 * number, one) for one in [*line.opened(), *line.closed()]]
    conversations = Conversations(Devices())
    list(conversations.windows(packet(at, 1, frame, len(frame)) for at, frame in frames))
    assert len(conversations._open) == 1


def spoken():
    line, other = Line(), Line(server=CLOUD, port=443, client_port=2)
    said = [line.up(connect()), line.down(connack()), *(line.up(publish("t", b"5", 1, n)) for n in range(1, 9))]
    return [*line.opened(), *said, *other.opened(), other.up(client_hello("a.example")), arp(DEVICE, BROKER)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 16), st.integers(0, 200), st.integers(0, 255)), max_size=30), st.data())
def test_no_frames_break_it(changes, data):
    frames = [bytearray(one) for one in spoken()]
    for which, place, value in changes:
        frame = frames[which % len(frames)]
        frame[place % len(frame)] = value
    order = data.draw(st.permutations(range(len(frames))))
    times = data.draw(st.lists(st.floats(1e6, 1e6 + 5_000), min_size=len(frames), max_size=len(frames)))
    packets = [packet(at, 1, bytes(frames[n]), len(frames[n])) for at, n in zip(times, order, strict=True)]
    for one in Conversations(Devices()).windows(one for one in packets if one is not None):
        assert one.seconds > 0
