"""The half of a session that goes down, on its own. The rest is conversations: `test_session` and `test_session5`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.entrypoints.gateway.mqtt.downward import SUBSCRIPTIONS_MOST, Downward
from careful.entrypoints.gateway.mqtt.events import Delivered, DownMessages, Fetch, Send
from careful.entrypoints.gateway.mqtt.packets import Publish, Subscribe
from careful.entrypoints.gateway.mqtt.terms import Terms
from careful.kernel.mailbox import Down


def downward(kept=None, **terms):
    made = Downward()
    made.begin("a", Terms(**terms), kept)
    return made


@pytest.mark.parametrize(("five", "codes"), [(False, (1, 0x80)), (True, (1, 0x97))])
def test_a_ninth_subscription(five, codes):
    down = downward({f"d/a/down/{n}": 0 for n in range(SUBSCRIPTIONS_MOST)}, five=five)
    assert down.subscribe(Subscribe(1, (("d/a/down/0", 1), ("d/a/down/new", 0))))[0] == codes


def test_nobody_is_asked_without_a_subscription():
    down = downward()
    assert down.ask() == down.waiting() == []


@given(st.lists(st.integers(1, 5), unique=True, max_size=5).map(sorted), st.integers(1, 5), st.integers(0, 2))
def test_everything_is_delivered_once_whatever_the_device_takes_at_once(numbers, most, qos):
    """The mailbox gives what was not delivered; the device acknowledges all that it gets."""
    down, left, got = downward({"d/a/#": qos}, five=True, receive_most=most), list(numbers), []
    commands = down.ask()
    while commands:
        one = commands.pop(0)
        if isinstance(one, Fetch):
            found = [Down(number, "down/x", b"") for number in left if number > one.after]
            commands += down.deliver(DownMessages(tuple(found)))
        elif isinstance(one, Send) and isinstance(one.packet, Publish):
            got.append(one.packet.packet)
            assert len(down._down) <= most
            commands += down.acknowledged(one.packet.packet) if one.packet.qos else []
        elif isinstance(one, Delivered):
            left.remove(one.number)
    assert left == []
    assert len(got) == len(numbers)
