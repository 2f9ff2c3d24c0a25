"""The protocol as conversations: `>>` is what the session is told, `<<` what it then asks for, all of it, in order."""

import math
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful import products
from careful.entrypoints.gateway.mqtt.downward import SUBSCRIPTIONS_MOST
from careful.entrypoints.gateway.mqtt.events import (
    Broken,
    Close,
    ConnectionOpened,
    Count,
    Cut,
    Delivered,
    DownMessages,
    DownWaiting,
    Fetch,
    Join,
    Joined,
    Keep,
    Lost,
    NotLetIn,
    PacketReceived,
    Pause,
    PermitChanged,
    RefusedByInbox,
    Report,
    Rest,
    Rested,
    Resume,
    Send,
    Settle,
    Store,
    Stored,
    Tick,
)
from careful.entrypoints.gateway.mqtt.packets import (
    ConnAck,
    Connect,
    Disconnect,
    Exactly,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
    Will,
)
from careful.entrypoints.gateway.mqtt.session import CONNECT_SECONDS, LAST_REST_SECONDS, Session
from careful.entrypoints.gateway.mqtt.upward import IN_FLIGHT_BYTES, IN_FLIGHT_MOST, REFUSALS_MOST
from careful.kernel.mailbox import Down

FILE = b"""\
schema: product/1
product: {id: cam-1, name: Test Cam, models: [TC-1]}
data:
  - {id: climate, fields: [celsius], personal: false}
"""
PERMIT = products.permit(products.parse(FILE))
WIDER = products.permit(products.parse(FILE.replace(b"[celsius]", b"[celsius, humidity]")))
ME = "cam-1-001"
CLIMATE = f"d/{ME}/up/climate"
WARM = b'{"celsius":20}'
OPENED = ConnectionOpened(ME, PERMIT)
WILL = Will(f"d/{ME}/event/offline", b'{"reason":"gone"}')
SAID_WILL = Store(0, "event/offline", WILL.payload)


def heard(packet, now=0.0):
    return PacketReceived(packet, now)


def publish(number, payload=WARM, topic=CLIMATE):
    return heard(Publish(topic, payload, 1, number))


class Playbook:
    """Tells a session events and compares what it asks for; says the whole conversation when they differ."""

    def __init__(self, session: Session | None = None) -> None:
        self.session = session or Session()
        self._said: list[str] = []
        self._left: list[object] = []

    def __rshift__(self, event: object) -> Self:
        self.done()
        self._said.append(f">> {event}")
        self._left = list(self.session.handle(event))
        return self

    def __lshift__(self, command: object) -> Self:
        conversation = "\n".join(self._said)
        assert self._left, f"{conversation}\nexpected << {command}\nbut nothing more was asked for"
        found = self._left.pop(0)
        assert found == command, f"{conversation}\nexpected << {command}\nfound    << {found}"
        self._said.append(f"<< {command}")
        return self

    def done(self) -> Self:
        assert not self._left, "\n".join([*self._said, *(f"unexpected << {one}" for one in self._left)])
        return self


def live(*, clean=True, will=None, kept=None, keep_alive=60) -> Playbook:
    """A session that has been let in."""
    return (
        Playbook()
        >> OPENED
        >> heard(Connect(ME, clean, keep_alive, will))
        << Pause()
        << Join(clean, 0.0 if clean else math.inf)
        >> Joined(kept)
        << Send(ConnAck(0, present=kept is not None and not clean))
        << Resume()
    )


# Being let in


def test_a_device_is_let_in():
    live().done()


def test_a_persistent_session_is_found_again_and_asks_for_its_mail():
    (live(clean=False, kept={f"d/{ME}/down/#": 1}) << Fetch(0)).done()


def test_a_clean_session_forgets_what_there_was():
    live(clean=True, kept=None).done()


def test_who_may_not_is_told_so_when_it_asks():
    (
        Playbook()
        >> NotLetIn(5, "The device is quarantined.")
        >> heard(Connect(ME))
        << Send(ConnAck(5))
        << Close("The device is quarantined.")
        >> publish(1)
    ).done()


def test_cut_off_while_joining():
    (
        Playbook()
        >> OPENED
        >> heard(Connect(ME, will=WILL))
        << Pause()
        << Join(clean=True)
        >> NotLetIn(5, "the device was cut off")
        << Send(ConnAck(5))
        << Close("the device was cut off")
    ).done()


GREETINGS = [
    pytest.param(
        Connect("", level=6), [Send(ConnAck(1)), Close("another version than MQTT 3.1.1 (level 4) or 5")], id="MQTT 6"
    ),
    pytest.param(
        Connect("cam-1-002"),
        [Count("client-id", "cam-1-002"), Send(ConnAck(2)), Close("the client id is not the certificate's name")],
        id="another's id",
    ),
    pytest.param(
        Connect(""),
        [Count("client-id", ""), Send(ConnAck(2)), Close("the client id is not the certificate's name")],
        id="no id",
    ),
    pytest.param(
        Connect(ME, will=Will("d/cam-1-002/event/offline", b"")),
        [Count("foreign-topic", "d/cam-1-002/event/offline"), Send(ConnAck(5)), Close("will: foreign-topic")],
        id="will in another's name",
    ),
    pytest.param(
        Connect(ME, will=Will(CLIMATE, WARM)),
        [Count("will-topic", "up/climate"), Send(ConnAck(5)), Close("will: will-topic")],
        id="will that is no offline event",
    ),
    pytest.param(
        Connect(ME, will=Will(WILL.topic, b'{"voice":1}')),
        [Count("undeclared-field", "offline.voice"), Send(ConnAck(5)), Close("will: undeclared-field")],
        id="will with an undeclared field",
    ),
    pytest.param(PingReq(), [Close("the first packet is no CONNECT")], id="no CONNECT first"),
]


@pytest.mark.parametrize(("packet", "answers"), GREETINGS)
def test_greetings_that_are_refused(packet, answers):
    play = Playbook() >> OPENED >> heard(packet)
    for one in answers:
        play << one
    play.done()


# Speaking


def test_a_reading_is_acknowledged_once_it_is_on_disk():
    (
        live()
        >> publish(7)
        << Store(1, "up/climate", WARM, 7)
        >> Stored((1,))
        << Send(PubAck(7))
    ).done()  # fmt: skip


def test_acknowledgements_keep_the_order_of_the_readings():
    (
        live()
        >> publish(7)
        << Store(1, "up/climate", WARM, 7)
        >> heard(Publish(CLIMATE, WARM))
        << Store(2, "up/climate", WARM)
        >> publish(5)
        << Store(3, "up/climate", WARM, 5)
        >> Stored((1, 2, 3))
        << Send(PubAck(7))
        << Send(PubAck(5))
    ).done()


def test_a_resend_is_marked_for_the_inbox():
    (
        live()
        >> heard(Publish(CLIMATE, WARM, 1, 7, dup=True))
        << Store(1, "up/climate", WARM, 7, resend=True)
    ).done()  # fmt: skip


def test_the_reported_version_is_noted():
    (
        live()
        >> publish(1, b'{"version":"1.0.1"}', f"d/{ME}/state/reported")
        << Store(1, "state/reported", b'{"version":"1.0.1"}', 1)
        << Report("1.0.1")
    ).done()


def test_crashes_are_noted_with_the_version_or_without():
    said = b'{"crashes":3}'
    reported = f"d/{ME}/state/reported"
    (live() >> publish(1, said, reported) << Store(1, "state/reported", said, 1) << Report("", 3)).done()


def test_what_the_inbox_refuses_is_never_acknowledged():
    (
        live()
        >> publish(7)
        << Store(1, "up/climate", WARM, 7)
        >> RefusedByInbox((1,), "The disk is full.")
        << Close("The disk is full.")
        >> Stored((1,))
    ).done()


def test_a_refused_publish_is_counted_and_never_acknowledged():
    (
        live()
        >> publish(1, topic="d/cam-1-002/up/climate")
        << Count("foreign-topic", "d/cam-1-002/up/climate")
        >> publish(2, b'{"celsius":1,"voice":2}')
        << Count("undeclared-field", "climate.voice")
        >> publish(3)
        << Store(1, "up/climate", WARM, 3)
        >> Stored((1,))
        << Send(PubAck(3))
    ).done()


def test_the_fifth_refusal_ends_the_connection():
    play = live()
    for number in range(1, REFUSALS_MOST):
        play = play >> publish(number, b"[]") << Count("malformed-payload", "up/climate: no JSON object")
    (
        play
        >> publish(9, topic=f"d/{ME}/up/sound")
        << Count("undeclared-stream", "sound")
        << Rest(LAST_REST_SECONDS)
        << Pause()
        >> Rested()
        << Close("5 publishes were refused")
        >> publish(10)
    ).done()


def test_reading_pauses_while_64_wait_for_the_disk():
    play = live()
    for number in range(1, IN_FLIGHT_MOST):
        play = play >> publish(number) << Store(number, "up/climate", WARM, number)
    play = play >> publish(64) << Store(64, "up/climate", WARM, 64) << Pause()
    assert play.session.paused
    play = play >> Stored((1, 2)) << Send(PubAck(1)) << Send(PubAck(2))
    play = play >> Stored(tuple(range(3, 33)))
    for number in range(3, 33):
        play = play << Send(PubAck(number))
    (play << Resume()).done()


def test_reading_pauses_while_much_waits_for_the_disk():
    large = b'{"celsius":1' + b" " * (IN_FLIGHT_BYTES // 2) + b"}"
    (
        live()
        >> publish(1, large)
        << Store(1, "up/climate", large, 1)
        >> publish(2, large)
        << Store(2, "up/climate", large, 2)
        << Pause()
        >> Stored((1, 2))
        << Send(PubAck(1))
        << Send(PubAck(2))
        << Resume()
    ).done()


def test_another_declaration_comes_into_force():
    humid = b'{"humidity":40}'
    (
        live()
        >> publish(1, humid)
        << Count("undeclared-field", "climate.humidity")
        >> PermitChanged(WIDER)
        >> publish(2, humid)
        << Store(1, "up/climate", humid, 2)
    ).done()


# Hearing


def test_subscribing_under_the_own_name_only():
    (
        live()
        >> heard(Subscribe(3, ((f"d/{ME}/down/#", 2), ("d/cam-1-002/down/#", 1), ("#", 0))))
        << Count("foreign-subscription", "d/cam-1-002/down/#")
        << Count("foreign-subscription", "#")
        << Send(SubAck(3, (2, 0x80, 0x80)))
        << Fetch(0)
    ).done()


def test_the_ninth_subscription_is_refused():
    first = tuple((f"d/{ME}/down/{n}", 0) for n in range(SUBSCRIPTIONS_MOST))
    (
        live()
        >> heard(Subscribe(1, first))
        << Send(SubAck(1, (0,) * SUBSCRIPTIONS_MOST))
        << Fetch(0)
        >> heard(Subscribe(2, ((f"d/{ME}/down/0", 1), (f"d/{ME}/down/new", 0))))
        << Count("too-many-subscriptions", f"d/{ME}/down/new")
        << Send(SubAck(2, (1, 0x80)))
    ).done()


def test_a_persistent_subscription_is_answered_once_it_is_kept():
    pattern = f"d/{ME}/down/+"
    (
        live(clean=False, kept={})
        >> heard(Subscribe(3, ((pattern, 1),)))
        << Keep(1, {pattern: 1})
        >> Stored((1,))
        << Send(SubAck(3, (1,)))
        << Fetch(0)
        >> heard(Unsubscribe(4, (pattern, "d/never")))
        << Keep(2, {})
        >> Stored((2,))
        << Send(UnsubAck(4))
    ).done()


def test_a_message_goes_down_and_is_done_when_it_is_acknowledged():
    (
        live(clean=False, kept={f"d/{ME}/down/#": 1})
        << Fetch(0)
        >> DownMessages(())
        >> DownWaiting()
        << Fetch(0)
        >> DownMessages((Down(41, "down/reboot", b"{}"), Down(42, "down/blink", b"{}", again=True)))
        << Send(Publish(f"d/{ME}/down/reboot", b"{}", 1, 42))
        << Send(Publish(f"d/{ME}/down/blink", b"{}", 1, 43, dup=True))
        >> heard(PubAck(42))
        << Delivered(41)
        >> DownWaiting()
        >> heard(PubAck(43))
        << Delivered(42)
        << Fetch(42)
        >> heard(PubAck(43))
    ).done()


def test_with_qos_0_a_message_is_done_when_it_is_sent():
    (
        live()
        >> heard(Subscribe(1, ((f"d/{ME}/down/#", 0),)))
        << Send(SubAck(1, (0,)))
        << Fetch(0)
        >> DownMessages((Down(7, "down/reboot", b"{}"),))
        << Send(Publish(f"d/{ME}/down/reboot", b"{}"))
        << Delivered(7)
    ).done()


def test_the_desired_state_comes_with_every_subscription_to_it():
    desired = f"d/{ME}/state/desired"
    (
        live()
        >> heard(Subscribe(1, ((desired, 1),)))
        << Send(SubAck(1, (1,)))
        << Fetch(0, retained=True)
        >> DownMessages((Down(7, "state/desired", b'{"led":1}'),), retained=True)
        << Send(Publish(desired, b'{"led":1}', 1, 8, retain=True))
        >> heard(PubAck(8))
        << Delivered(7)
        >> DownWaiting()
        << Fetch(7)
        >> DownMessages((Down(9, "state/desired", b'{"led":0}'),))
        << Send(Publish(desired, b'{"led":0}', 1, 10))
    ).done()


def test_what_is_not_subscribed_to_waits():
    (
        live()
        >> heard(Subscribe(1, ((f"d/{ME}/down/a", 1),)))
        << Send(SubAck(1, (1,)))
        << Fetch(0)
        >> DownMessages((Down(1, "down/b", b""), Down(2, "down/a", b"")))
        << Send(Publish(f"d/{ME}/down/a", b"", 1, 3))
        >> heard(Subscribe(2, ((f"d/{ME}/down/b", 1),)))
        << Send(SubAck(2, (1,)))
        >> heard(PubAck(3))
        << Delivered(2)
        << Fetch(0)
        >> DownMessages((Down(1, "down/b", b"", again=True),))
        << Send(Publish(f"d/{ME}/down/b", b"", 1, 2, dup=True))
    ).done()


def test_a_subscription_made_while_mail_is_on_its_way_looks_at_all_of_it_again():
    desired = f"d/{ME}/state/desired"
    (
        live(clean=False, kept={f"d/{ME}/#": 1})
        << Fetch(0)
        >> heard(Subscribe(1, ((desired, 1),)))
        << Keep(1, {f"d/{ME}/#": 1, desired: 1})
        >> DownMessages((Down(2, "down/a", b""),))
        << Send(Publish(f"d/{ME}/down/a", b"", 1, 3))
        >> Stored((1,))
        << Send(SubAck(1, (1,)))
        >> heard(PubAck(3))
        << Delivered(2)
        << Fetch(0, retained=True)
    ).done()


def test_a_full_handful_asks_for_the_next():
    (
        live()
        >> heard(Subscribe(1, ((f"d/{ME}/down/a", 0),)))
        << Send(SubAck(1, (0,)))
        << Fetch(0)
        >> DownMessages((Down(1, "down/a", b""), Down(2, "down/a", b"")), more=True)
        << Send(Publish(f"d/{ME}/down/a", b""))
        << Delivered(1)
        << Send(Publish(f"d/{ME}/down/a", b""))
        << Delivered(2)
        << Fetch(2)
    ).done()


def test_two_numbers_never_share_a_packet_identifier_in_flight():
    (
        live(clean=False, kept={f"d/{ME}/down/#": 1})
        << Fetch(0)
        >> DownMessages((Down(1, "down/a", b"1"), Down(1 + 65535, "down/a", b"2")))
        << Send(Publish(f"d/{ME}/down/a", b"1", 1, 2))
        >> heard(PubAck(2))
        << Delivered(1)
        << Fetch(1)
    ).done()


# Staying and leaving


def test_keep_alive():
    play = live() >> heard(PingReq(), 100.0) << Send(PingResp())
    assert play.session.deadline == 190.0
    (play >> Tick(189.9) >> Tick(190.0) << Close("no packet within one and a half keep-alives")).done()


@pytest.mark.parametrize("asked", [1, 2, 5, 15, 60, 1200, 3600, 65535])
def test_silence_of_one_and_a_half_keep_alives_ends_it(asked):
    at = 100.0 + 1.5 * asked
    play = live(keep_alive=asked) >> heard(PingReq(), 100.0) << Send(PingResp())
    (play >> Tick(at - 0.01) >> Tick(at) << Close("no packet within one and a half keep-alives")).done()


def test_keep_alive_0_is_none():
    play = live(keep_alive=0)
    assert play.session.deadline == math.inf
    (play >> Tick(1e9)).done()


def test_silence_while_we_do_not_listen_is_no_fault():
    play = live()
    for number in range(1, IN_FLIGHT_MOST + 1):
        play = play >> publish(number) << Store(number, "up/climate", WARM, number)
    play = play << Pause() >> Tick(500.0) >> Stored(tuple(range(1, 65)))
    for number in range(1, 65):
        play = play << Send(PubAck(number))
    (
        play << Resume() >> Tick(589.0) >> Tick(590.0 + 89.0) << Close("no packet within one and a half keep-alives")
    ).done()


def test_who_never_says_connect_is_let_go():
    (Playbook() >> OPENED >> Tick(CONNECT_SECONDS - 0.1) >> Tick(CONNECT_SECONDS) << Close("no CONNECT")).done()


ENDINGS = [
    pytest.param(Lost(), [SAID_WILL, Close("the network connection was lost")], id="lost"),
    pytest.param(
        Cut("another connection of the same name took over", with_will=True),
        [SAID_WILL, Close("another connection of the same name took over")],
        id="takeover",
    ),
    pytest.param(Cut("the device was cut off"), [Close("the device was cut off")], id="quarantine: no last word"),
    pytest.param(Tick(1e6), [SAID_WILL, Close("no packet within one and a half keep-alives")], id="keep-alive ran out"),
    pytest.param(heard(Disconnect()), [Close("the client disconnected")], id="DISCONNECT takes the will back"),
    pytest.param(heard(Connect(ME)), [SAID_WILL, Close("a second CONNECT")], id="second CONNECT"),
    pytest.param(heard(ConnAck(0)), [SAID_WILL, Close("a ConnAck that no client sends")], id="a server's packet"),
    pytest.param(
        Broken("packet identifier 0"),
        [Count("malformed-packet", "packet identifier 0"), SAID_WILL, Close("packet identifier 0")],
        id="malformed",
    ),
]


@pytest.mark.parametrize(("event", "answers"), ENDINGS)
def test_endings_and_the_will(event, answers):
    play = live(will=WILL) >> event
    for one in answers:
        play << one
    (play >> Lost() >> publish(1)).done()


def test_leaving_in_good_order_settles_what_was_sent():
    (
        live()
        >> publish(1)
        << Store(1, "up/climate", WARM, 1)
        >> Stored((1,))
        << Send(PubAck(1))
        >> heard(Disconnect())
        << Settle()
        << Close("the client disconnected")
    ).done()


def test_leaving_before_the_acknowledgement_settles_nothing():
    (
        live()
        >> publish(1)
        << Store(1, "up/climate", WARM, 1)
        >> heard(Disconnect())
        << Close("the client disconnected")
    ).done()


PACKETS = st.sampled_from(
    [
        Connect(ME), Publish(CLIMATE, WARM), Publish(CLIMATE, WARM, 1, 3), Publish("d/x/up/climate", WARM, 1, 4),
        Publish(CLIMATE, b"no", 1, 5), PubAck(2), Subscribe(1, ((f"d/{ME}/#", 1),)), Unsubscribe(1, (f"d/{ME}/#",)),
        PingReq(), Disconnect(), ConnAck(0), SubAck(1, (0,)), Exactly(5, 1), Publish(CLIMATE, WARM, 2, 6),
    ]
)  # fmt: skip
EVENTS = st.one_of(
    PACKETS.map(heard), st.sampled_from([Lost(), Cut("x"), DownWaiting(), PermitChanged(WIDER), Tick(1.0)]),
    st.lists(st.integers(1, 9), max_size=4).map(lambda tokens: Stored(tuple(tokens))),
    st.builds(lambda n: DownMessages((Down(n, "down/a", b""),)), st.integers(1, 9)),
)  # fmt: skip


@given(st.lists(EVENTS, max_size=30))
def test_whatever_happens(events):
    """Only what is stored under a token is acknowledged, and once; after the end all is still."""
    session, owed, ended = live(kept=None).session, {}, False
    for event in events:
        for command in session.handle(event):
            assert not ended
            if isinstance(command, Store) and command.token:
                assert command.topic == "up/climate"
                owed[command.token] = command.packet
            if isinstance(command, Send) and isinstance(command.packet, PubAck):
                due = [token for token in event.tokens if owed.get(token) == command.packet.packet]
                assert due
                del owed[due[0]]
            ended = isinstance(command, Close)
    assert not (ended and session.handle(publish(1)))
