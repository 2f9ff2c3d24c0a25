import io
import struct

import pytest
import recordings
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import block, pcap, pcapng

from careful.monitoring.captures.limits import Damaged, Limits, NotRead
from careful.monitoring.captures.packets import frames

TWO = [(1_000_000.25, b"one" * 10), (1_000_001.5, b"two" * 20)]


def read(data, **limits):
    return list(frames(io.BytesIO(data), Limits(**limits)))


def until_damage(data, **limits):
    found = []
    with pytest.raises((Damaged, NotRead)) as failure:
        for one in frames(io.BytesIO(data), Limits(**limits)):
            found.append(one)  # noqa: PERF402 (what came before the error is the point)
    return found, failure.value


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pcap(TWO), id="little"),
        pytest.param(pcap(TWO, order=">"), id="big"),
        pytest.param(pcap(TWO, nanoseconds=True), id="nanoseconds"),
        pytest.param(pcapng(TWO), id="pcapng"),
        pytest.param(pcapng(TWO, order=">", resolution=9), id="pcapng big, nanoseconds"),
        pytest.param(pcapng(TWO, offset=500_000), id="pcapng with an offset"),
    ],
)
def test_both_formats_give_the_same_frames(data):
    assert [(one.number, round(one.at, 5), one.link, one.data, one.size) for one in read(data)] == [
        (1, 1_000_000.25, 1, b"one" * 10, 30),
        (2, 1_000_001.5, 1, b"two" * 20, 60),
    ]


def test_a_frame_cut_short_keeps_its_length_on_the_wire():
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 4, 1)
    assert read(head + struct.pack("<IIII", 1, 0, 4, 1500) + b"abcd")[0].size == 1500


def test_resolution_as_a_power_of_two():
    section = pcapng([])[:28]
    face = block(1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HHB3x", 9, 1, 0x80 | 10))
    packet = block(6, struct.pack("<IIIII", 0, 0, 2048, 2, 2) + b"ab")
    assert read(section + face + packet)[0].at == 2.0


def test_blocks_that_are_not_frames_are_passed_over_and_older_kinds_are_read():
    start = pcapng([])
    old = block(2, struct.pack("<HHIIII", 0, 0, 0, 5_000_000, 2, 2) + b"ab")
    simple = block(3, struct.pack("<I", 3) + b"abc")
    statistics = block(5, bytes(16))
    assert [(one.at, one.data) for one in read(start + statistics + old + simple)] == [(5.0, b"ab"), (0.0, b"abc")]


def test_a_second_section_begins_anew():
    assert [one.number for one in read(pcapng(TWO) + pcapng(TWO, order=">"))] == [1, 2, 3, 4]


def test_what_is_neither_is_said():
    found, failure = until_damage(b"GIF89a")
    assert found == []
    assert "neither pcap nor pcapng" in failure.what


def test_an_empty_file_is_no_recording():
    assert until_damage(b"")[1].do.startswith("Record with")


@pytest.mark.parametrize("made", [pcap, pcapng])
def test_what_came_before_damage_is_given_and_the_place_is_named(made):
    whole = made(TWO)
    found, failure = until_damage(whole[:-20])
    assert [one.number for one in found] == [1]
    assert isinstance(failure, Damaged)
    assert "byte" in failure.where


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(pcap([])[:24] + struct.pack("<IIII", 1, 0, 10**6, 10**6), "frame 1 claims", id="huge frame"),
        pytest.param(pcap([]) + struct.pack("<IIII", 1, 5_000_000, 1, 1) + b"a", "fraction", id="fraction"),
        pytest.param(pcapng([]) + struct.pack("<II", 6, 2**31), "a block of", id="huge block"),
        pytest.param(pcapng([]) + block(6, struct.pack("<IIIII", 7, 0, 0, 1, 1) + b"a"), "interface 7", id="interface"),
        pytest.param(pcapng([]) + block(6, struct.pack("<IIIII", 0, 0, 0, 99, 99) + b"a"), "claims 99", id="longer"),
        pytest.param(pcapng([]) + block(6, b"abcd"), "has a block of", id="short block"),
        pytest.param(pcapng([]) + block(1, b"abcd"), "interface description", id="short interface"),
        pytest.param(pcapng([]) + block(5, b"")[:-4] + b"\x01\0\0\0", "lengths differ", id="lengths"),
        pytest.param(pcapng([])[:8] + b"ABCD", "byte order", id="byte order"),
        pytest.param(pcapng([])[:4] + struct.pack("<I", 3) + pcapng([])[8:12], "section header of", id="section"),
    ],
)
def test_damage_is_named(data, says):
    assert says in until_damage(data)[1].what


def test_limits():
    assert "more than 1 frames" in until_damage(pcap(TWO), frames=1)[1].what
    assert "more than 1 frames" in until_damage(pcapng(TWO), frames=1)[1].what
    assert "longer than 50 bytes" in until_damage(pcap(TWO), bytes=50)[1].what
    faces = block(1, struct.pack("<HHI", 1, 0, 0)) * 3
    assert "interfaces" in until_damage(pcapng([]) + faces, interfaces=2)[1].what


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([pcap(TWO), pcapng(TWO)]), st.data())
def test_no_damage_makes_it_fail_otherwise(whole, data):
    at = data.draw(st.integers(4, len(whole) - 1))
    changed = bytearray(whole)
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        for one in frames(io.BytesIO(bytes(changed)), Limits()):
            assert len(one.data) <= len(whole)
    except (Damaged, NotRead):
        pass


def test_the_recordings_of_the_tests_are_readable_by_hand():
    assert recordings.timed([b"a"]) == [(1_000_000.0, b"a")]
