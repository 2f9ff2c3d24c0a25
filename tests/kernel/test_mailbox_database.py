"""The mailbox in PostgreSQL does what the one in the file does."""

import threading

import pytest

from careful.kernel.errors import Invalid, TooLarge, TooMany
from careful.kernel.mailbox import Down
from careful.kernel.mailbox_database import DatabaseMailbox


@pytest.fixture
def box(postgres_database):
    return DatabaseMailbox(postgres_database)


def fetch(box, device="d1", after=0, *, retained=False):
    return box.fetch(device, after, retained=retained)[0]


def test_messages_wait_in_line_until_they_are_delivered(box):
    first, second = box.put("d1", "down/reboot", b"{}"), box.put("d1", "down/blink", b"{}")
    box.put("d2", "down/reboot", b"{}")
    assert fetch(box) == [Down(first, "down/reboot", b"{}"), Down(second, "down/blink", b"{}")]
    assert fetch(box) == [Down(first, "down/reboot", b"{}", again=True), Down(second, "down/blink", b"{}", again=True)]
    box.received(second)
    assert [one.received for one in fetch(box)] == [False, True]
    box.delivered([first])
    box.delivered([])
    assert [one.number for one in fetch(box)] == [second]
    assert (fetch(box, after=second), box.devices_after(first)) == ([], {"d1", "d2"})


@pytest.mark.parametrize(
    ("size", "first"), [pytest.param(10, 32, id="32 messages"), pytest.param(50_000, 2, id="as many as fit")]
)
def test_a_handful_at_a_time(box, size, first):
    numbers = [box.put("d1", "down/a", bytes(size)) for _ in range(33)]
    found, more = box.fetch("d1", 0, retained=False)
    assert ([one.number for one in found], more) == (numbers[:first], True)
    found, more = box.fetch("d1", numbers[-2], retained=False)
    assert ([one.number for one in found], more) == (numbers[-1:], False)


def test_the_newest_desired_state_alone_is_kept(box):
    for payload in (b'{"led":1}', b'{"led":0}'):
        box.set_desired("d1", payload)
    [found] = fetch(box)
    assert (found.topic, found.payload, found.again) == ("state/desired", b'{"led":0}', False)
    box.delivered([found.number])
    assert (fetch(box), [one.payload for one in fetch(box, retained=True)]) == ([], [b'{"led":0}'])
    box.drop("d1")
    assert len(fetch(box, retained=True)) == 1
    box.set_desired("d1", b"")
    assert fetch(box, retained=True) == []


def test_sessions(box):
    assert box.load("d1") is None
    box.keep("d1", {"d/d1/#": 1})
    box.put("d1", "down/x", b"{}")
    box.leave("d1", 100.0)
    assert box.load("d1", 50.0) == {"d/d1/#": 1}
    assert box.load("d1", 200.0) == {"d/d1/#": 1}  # it was loaded before its end, and goes on
    box.leave("d1", 300.0)
    assert box.load("d1", 300.0) is None
    assert (box.load("d1"), fetch(box)) == (None, [])


def test_claims(box):
    first = box.claim("d1", "a")
    second = box.claim("d2", "a")
    third = box.claim("d1", "b")
    assert box.claims_after(0) == [(second, "d2", "a"), (third, "d1", "b")]
    assert first < second < third
    assert box.claims_after(second) == [(third, "d1", "b")]


def test_what_cannot_be_sent_is_refused(box, monkeypatch):
    with pytest.raises(Invalid):
        box.put("d 1", "down/x", b"")
    with pytest.raises(Invalid):
        box.put("d1", "state/desired", b"")
    with pytest.raises(TooLarge):
        box.set_desired("d1", bytes(65 * 1024))
    monkeypatch.setattr("careful.kernel.mailbox_database.WAITING_MOST", 1)
    box.put("d1", "down/x", b"")
    with pytest.raises(TooMany):
        box.put("d1", "down/x", b"")


def test_whoever_looks_after_a_number_misses_nothing_that_was_under_way(box):
    """Numbers are drawn under a lock until the commit: what is seen with a number has all lower ones before it."""
    seen: set[str] = set()
    writers = [
        threading.Thread(target=lambda n=n: [box.put(f"d{n}-{k}", "down/x", b"") for k in range(15)]) for n in range(4)
    ]
    for one in writers:
        one.start()
    at = 0
    while any(one.is_alive() for one in writers) or box.newest() > at:
        newest = box.newest()
        seen |= box.devices_after(at)
        at = newest
    assert len(seen) == 60
