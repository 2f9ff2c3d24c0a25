"""The mailbox: what is for a device waits for it, and for nobody else."""

import pytest

from careful.kernel import mailbox
from careful.kernel.errors import Invalid, TooLarge, TooMany, Unavailable
from careful.kernel.mailbox import Down, Mailbox


@pytest.fixture
def box(tmp_path):
    made = Mailbox(tmp_path)
    yield made
    made.close()


def fetch(box, device="d1", after=0, *, retained=False):
    return box.fetch(device, after, retained=retained)[0]


def test_messages_wait_in_line_until_they_are_delivered(box, tmp_path):
    first = mailbox.enqueue_down(tmp_path, "d1", "down/reboot", b"{}")
    second = mailbox.enqueue_down(tmp_path, "d1", "down/blink", b"{}")
    mailbox.enqueue_down(tmp_path, "d2", "down/reboot", b"{}")
    assert fetch(box) == [Down(first, "down/reboot", b"{}"), Down(second, "down/blink", b"{}")]
    assert fetch(box) == [Down(first, "down/reboot", b"{}", again=True), Down(second, "down/blink", b"{}", again=True)]
    box.delivered([first])
    assert fetch(box, after=0) == [Down(second, "down/blink", b"{}", again=True)]
    assert fetch(box, after=second) == []
    assert (mailbox.waiting(tmp_path, "d1"), mailbox.waiting(tmp_path, "d2")) == (1, 1)


@pytest.mark.parametrize(
    ("size", "first"), [pytest.param(10, 32, id="32 messages"), pytest.param(50_000, 2, id="as many as fit")]
)
def test_a_handful_at_a_time(box, tmp_path, size, first):
    numbers = [mailbox.enqueue_down(tmp_path, "d1", "down/a", bytes(size)) for _ in range(33)]
    found, more = box.fetch("d1", 0, retained=False)
    assert ([one.number for one in found], more) == (numbers[:first], True)
    found, more = box.fetch("d1", numbers[-2], retained=False)
    assert ([one.number for one in found], more) == (numbers[-1:], False)


def test_the_newest_desired_state_alone_is_kept(box, tmp_path):
    mailbox.set_desired(tmp_path, "d1", b'{"led":1}')
    mailbox.set_desired(tmp_path, "d1", b'{"led":0}')
    mailbox.set_desired(tmp_path, "d2", b'{"led":2}')
    [found] = fetch(box)
    assert (found.topic, found.payload, found.again) == ("state/desired", b'{"led":0}', False)
    box.delivered([found.number])
    assert fetch(box) == []
    assert [one.payload for one in fetch(box, retained=True)] == [b'{"led":0}']
    mailbox.set_desired(tmp_path, "d1", b'{"led":3}')
    assert [one.payload for one in fetch(box)] == [b'{"led":3}']
    mailbox.set_desired(tmp_path, "d1", b"")
    assert fetch(box, retained=True) == []
    assert [one.payload for one in box.fetch("d2", 0, retained=True)[0]] == [b'{"led":2}']
    assert mailbox.waiting(tmp_path, "d2") == 0


def test_what_is_new_is_found_by_number(box, tmp_path):
    assert box.newest() == 0
    mailbox.enqueue_down(tmp_path, "d1", "down/a", b"")
    before = box.newest()
    number = mailbox.enqueue_down(tmp_path, "d2", "down/a", b"")
    assert box.devices_after(before) == {"d2"}
    box.delivered([number])
    assert box.newest() == number  # numbers are never used again
    mailbox.set_desired(tmp_path, "d3", b"{}")
    assert box.devices_after(number) == {"d3"}


def test_sessions(box, tmp_path):
    assert box.load("d1") is None
    box.keep("d1", {})
    assert box.load("d1") == {}
    box.keep("d1", {"d/d1/down/#": 1})
    box.keep("d2", {"d/d2/down/#": 0})
    mailbox.enqueue_down(tmp_path, "d1", "down/a", b"")
    mailbox.set_desired(tmp_path, "d1", b"{}")
    box.drop("d1")
    assert box.load("d1") is None
    assert box.load("d2") == {"d/d2/down/#": 0}
    assert [one.topic for one in fetch(box)] == ["state/desired"]


REFUSED = [
    pytest.param("d1", "down/a/b", b"", Invalid, "no topic", id="deeper"),
    pytest.param("d1", "down/#", b"", Invalid, "no topic", id="wildcard"),
    pytest.param("d1", "up/a", b"", Invalid, "no topic", id="upward"),
    pytest.param("d1", "state/desired", b"", Invalid, "no topic", id="desired has its own verb"),
    pytest.param("d1/x", "down/a", b"", Invalid, "no device id", id="device with a slash"),
    pytest.param("+", "down/a", b"", Invalid, "no device id", id="device that is a wildcard"),
    pytest.param("d1", "down/a", bytes(65537), TooLarge, "65536 are taken", id="too large"),
]


@pytest.mark.parametrize(("device", "topic", "payload", "kind", "says"), REFUSED)
def test_refused(tmp_path, device, topic, payload, kind, says):
    with pytest.raises(kind, match=says):
        mailbox.enqueue_down(tmp_path, device, topic, payload)


def test_no_more_than_a_thousand_wait(tmp_path, monkeypatch):
    monkeypatch.setattr(mailbox, "WAITING_MOST", 3)
    for _ in range(3):
        mailbox.enqueue_down(tmp_path, "d1", "down/a", b"")
    with pytest.raises(TooMany, match="3 messages wait"):
        mailbox.enqueue_down(tmp_path, "d1", "down/a", b"")
    mailbox.enqueue_down(tmp_path, "d2", "down/a", b"")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(Unavailable):
        mailbox.enqueue_down(tmp_path / "missing", "d1", "down/a", b"")
