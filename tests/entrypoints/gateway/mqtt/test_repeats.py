"""What is said again word for word."""

from careful.entrypoints.gateway.mqtt import repeats
from careful.entrypoints.gateway.mqtt.repeats import RECENT, Repeats


def test_the_same_number_and_record_is_a_repeat():
    one = Repeats()
    assert [one.is_repeat("d", 1, 7, b"a"), one.is_repeat("d", 1, 7, b"a")] == [False, True]
    assert not one.is_repeat("d", 1, 8, b"a")
    assert not one.is_repeat("other", 1, 7, b"a")


def test_what_is_sent_again_after_a_lost_connection_is_none():
    one = Repeats()
    for packet in (1, 2, 3):
        one.is_repeat("d", 1, packet, b"%d" % packet)
    assert not any(one.is_repeat("d", 2, packet, b"%d" % packet) for packet in (1, 2, 3))
    assert not one.is_repeat("d", 2, 4, b"4")
    assert one.is_repeat("d", 2, 3, b"3")


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(repeats, "DEVICES_MOST", 3)
    one = Repeats()
    for number in range(100):
        one.is_repeat(f"d{number}", 1, 1, b"x")
        one.is_repeat("d", 1, number, b"%d" % number)
    assert len(one._devices) <= 3
    assert len(one._devices["d"].recent) == RECENT
