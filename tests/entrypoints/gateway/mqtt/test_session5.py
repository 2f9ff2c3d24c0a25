"""MQTT 5 and QoS 2 as conversations; what the standard demands is named by its number."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful import products
from careful.entrypoints.gateway.mqtt.events import (
    Broken,
    Close,
    ConnectionOpened,
    Count,
    Cut,
    Delivered,
    DownMessages,
    Fetch,
    Forget,
    Join,
    Joined,
    Keep,
    Later,
    Leave,
    Lost,
    NotLetIn,
    Pause,
    Received,
    RefusedByInbox,
    Release,
    Rest,
    Rested,
    Resume,
    Send,
    Store,
    Stored,
    Tick,
)
from careful.entrypoints.gateway.mqtt.packets import (
    PACKET_BYTES,
    PUBCOMP,
    PUBREC,
    PUBREL,
    Auth,
    ConnAck,
    Connect,
    Disconnect,
    Exactly,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
    Will,
)
from careful.entrypoints.gateway.mqtt.session import REST_SECONDS, Session
from careful.entrypoints.gateway.mqtt.terms import ALIASES_MOST, RECEIVE_MOST
from careful.entrypoints.gateway.mqtt.upward import REFUSALS_MOST, UNRELEASED_MOST
from careful.kernel.mailbox import Down

from .test_session import CLIMATE, ME, OPENED, SAID_WILL, WARM, WILL, Playbook, heard, live, publish

OFFERED = {"receive_most": RECEIVE_MOST, "packet_most": PACKET_BYTES, "alias_most": ALIASES_MOST, "shared": 0}
DOWN = f"d/{ME}/down/#"
NAN = "NaN, Infinity, or a number of more than 64 bits"


def five(*, clean=True, will=None, kept=None, lasts=0.0, **asked) -> Playbook:
    """A session of MQTT 5 that has been let in."""
    expiry = {} if not lasts else {"expiry": 0xFFFFFFFF if lasts == math.inf else int(lasts)}
    return (
        Playbook()
        >> OPENED
        >> heard(Connect(ME, clean, 60, will, 5, {**expiry, **asked} or None))
        << Pause()
        << Join(clean, lasts)
        >> Joined(kept)
        << Send(ConnAck(0, kept is not None and not clean, OFFERED))
        << Resume()
    )


def said(number, qos=1, payload=WARM, topic=CLIMATE, **properties):
    return heard(Publish(topic, payload, qos, number, properties=properties or None))


def bye(code, why):
    return Send(Disconnect(code, {"reason": why}))


# Being let in


def test_who_names_nobody_is_told_its_name():
    """MQTT-3.1.3-7."""
    (
        Playbook()
        >> OPENED
        >> heard(Connect("", level=5))
        << Pause()
        << Join(True, 0.0)
        >> Joined()
        << Send(ConnAck(0, False, {**OFFERED, "client": ME}))
        << Resume()
    ).done()


@pytest.mark.parametrize(("code", "said"), [(3, 0x88), (5, 0x87)])
def test_who_may_not_is_told_why(code, said):
    (
        Playbook()
        >> NotLetIn(code, "The device is quarantined.")
        >> heard(Connect(ME, level=5))
        << Send(ConnAck(said, properties={"reason": "The device is quarantined."}))
        << Close("The device is quarantined.")
    ).done()


def test_another_method_of_authentication_is_refused():
    """MQTT-4.12.0-1."""
    why = "a certificate says who it is; there is no other method"
    (
        Playbook()
        >> OPENED
        >> heard(Connect(ME, level=5, properties={"auth_method": "SCRAM-SHA-1"}))
        << Send(ConnAck(0x8C, properties={"reason": why}))
        << Close(why)
    ).done()


def test_a_will_that_may_not_be_left():
    (
        Playbook()
        >> OPENED
        >> heard(Connect(ME, will=Will("d/cam-1-002/event/offline", b""), level=5))
        << Count("foreign-topic", "d/cam-1-002/event/offline")
        << Send(ConnAck(0x87, properties={"reason": "will: foreign-topic"}))
        << Close("will: foreign-topic")
    ).done()


# Speaking


def test_a_refused_publish_is_told_so():
    """3.4.2.1: not authorised, topic name invalid, payload format invalid."""
    (
        five()
        >> said(1, topic="d/cam-1-002/up/climate")
        << Count("foreign-topic", "d/cam-1-002/up/climate")
        << Send(PubAck(1, 0x87, {"reason": "foreign-topic: d/cam-1-002/up/climate"}))
        >> said(2, topic=f"d/{ME}/up/sound")
        << Count("undeclared-stream", "sound")
        << Send(PubAck(2, 0x90, {"reason": "undeclared-stream: sound"}))
        >> said(3, payload=b'{"voice":1}')
        << Count("undeclared-field", "climate.voice")
        << Send(PubAck(3, 0x99, {"reason": "undeclared-field: climate.voice"}))
        >> said(4, 2, payload=b'{"celsius":NaN}')
        << Count("payload-number", f"up/climate: {NAN}")
        << Send(Exactly(PUBREC, 4, 0x99, {"reason": f"payload-number: up/climate: {NAN}"}))
        >> said(0, 0, topic=f"d/{ME}/up/sound")
        << Count("undeclared-stream", "sound")
        << Rest(REST_SECONDS)
        << Pause()
    ).done()  # fmt: skip


def test_refusals_keep_the_order_of_the_publishes():
    """MQTT-4.6.0-2."""
    (
        five()
        >> said(1)
        << Store(1, "up/climate", WARM, 1)
        >> said(2, topic=f"d/{ME}/up/sound")
        << Count("undeclared-stream", "sound")
        >> said(3)
        << Store(3, "up/climate", WARM, 3)
        >> Stored((1,))
        << Send(PubAck(1))
        << Send(PubAck(2, 0x90, {"reason": "undeclared-stream: sound"}))
        >> Stored((3,))
        << Send(PubAck(3))
    ).done()


@pytest.mark.parametrize("asked", [{"request_problem": 0}, {"packet_most": 128}])
def test_reasons_are_for_those_who_want_them(asked):
    """MQTT-3.1.2-29, MQTT-3.4.2-2."""
    play = five(**asked) >> said(2, topic=f"d/{ME}/up/sound") << Count("undeclared-stream", "sound")
    (play << Send(PubAck(2, 0x90))).done()


def test_who_goes_on_being_refused_has_to_wait():
    play = five()
    for _ in range(1, REFUSALS_MOST):
        play = play >> said(0, 0, topic=f"d/{ME}/up/sound") << Count("undeclared-stream", "sound")
    play = play >> said(0, 0, topic=f"d/{ME}/up/sound") << Count("undeclared-stream", "sound") << Rest(0.2) << Pause()
    assert play.session.paused
    play = play >> Rested() << Resume()
    (play >> said(9) << Store(1, "up/climate", WARM, 9)).done()


def test_topic_aliases():
    """3.3.2.3.4: given with a topic, used without one, given anew."""
    offline = f"d/{ME}/event/offline"
    (
        five()
        >> said(1, alias=3)
        << Store(1, "up/climate", WARM, 1)
        >> said(2, topic="", alias=3)
        << Store(2, "up/climate", WARM, 2)
        >> said(3, topic=offline, payload=b"", alias=3)
        << Store(3, "event/offline", b"", 3)
        >> said(4, topic="", payload=b"", alias=3)
        << Store(4, "event/offline", b"", 4)
    ).done()


BROKEN_RULES = [
    pytest.param(said(1, topic="", alias=3), 0x82, "a topic alias that stands for nothing", id="3.3.2.3.4 unknown"),
    pytest.param(said(1, alias=0), 0x94, "topic alias 0; 16 are taken", id="MQTT-3.3.2-8 alias 0"),
    pytest.param(said(1, alias=17), 0x94, "topic alias 17; 16 are taken", id="MQTT-3.3.2-9 alias above the maximum"),
    pytest.param(said(1, identifier=(1,)), 0x82, "a property that no client's PUBLISH may have", id="MQTT-3.3.4-6"),
    pytest.param(said(1, response_topic="a/#"), 0x82, "a property that no client's PUBLISH may have", id="3.3.2.3.5"),
    pytest.param(heard(Connect(ME, level=5)), 0x82, "a second CONNECT", id="MQTT-3.1.0-2 a second CONNECT"),
    pytest.param(heard(Auth(0x18)), 0x82, "AUTH, where no method was agreed on", id="4.12 AUTH"),
    pytest.param(heard(ConnAck(0)), 0x82, "a ConnAck that no client sends", id="a server's packet"),
    pytest.param(Tick(90.0), 0x8D, "no packet within one and a half keep-alives", id="MQTT-3.1.2-22 keep-alive"),
    pytest.param(Cut("another took over", True, 0x8E), 0x8E, "another took over", id="MQTT-3.1.4-3 taken over"),
    pytest.param(Cut("the device was cut off"), 0x98, "the device was cut off", id="quarantined"),
    pytest.param(Cut("the gateway stops", code=0x8B), 0x8B, "the gateway stops", id="stopping"),
    pytest.param(RefusedByInbox((1,), "The disk is full."), 0x89, "The disk is full.", id="no disk"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "code", "why"), BROKEN_RULES)
def test_the_server_says_why_it_leaves(event, code, why):
    """MQTT-4.13.1-1: a DISCONNECT with a code, then the end."""
    (five() >> event << bye(code, why) << Close(why) >> said(9)).done()


def test_broken_bytes_are_counted_too():
    why = "packet identifier 0"
    (five() >> Broken(why, 0x82) << Count("malformed-packet", why) << bye(0x82, why) << Close(why)).done()


def test_text_that_is_cbor_is_refused():
    """3.3.2.3.2: a payload format of 1 says UTF-8."""
    (
        five()
        >> said(1, payload=b"\xa0", payload_format=1)
        << Count("payload-encoding", "CBOR that is said to be text")
        << Send(PubAck(1, 0x99, {"reason": "payload-encoding: CBOR that is said to be text"}))
        >> said(2, payload=WARM, payload_format=1, content_type="application/json", user=(("a", "b"),))
        << Store(1, "up/climate", WARM, 2)
    ).done()


def test_cbor_is_kept_as_json():
    (live() >> publish(1, b"\xa1\x67celsius\x14") << Store(1, "up/climate", b'{"celsius":20}', 1)).done()


# QoS 2 up


@pytest.mark.parametrize("begin", [live, five])
def test_a_message_of_qos_2_is_taken_once(begin):
    """4.3.3: PUBREC once it is on disk, PUBCOMP once it is on disk that the identifier is free."""
    (
        begin()
        >> said(7, 2)
        << Forget()
        << Store(1, "up/climate", WARM, 7, exactly=True)
        >> Stored((1,))
        << Send(Exactly(PUBREC, 7))
        >> heard(Exactly(PUBREL, 7))
        << Release(2, 7)
        >> Stored((2,))
        << Send(Exactly(PUBCOMP, 7))
        >> said(7, 2)
        << Store(3, "up/climate", WARM, 7, exactly=True)
    ).done()


def test_a_session_that_goes_on_keeps_its_identifiers():
    """MQTT-4.3.3-10: the inbox knows them; a PUBREL after a reconnection is answered whatever we remember."""
    (
        live(clean=False, kept={})
        >> heard(Publish(CLIMATE, WARM, 2, 7, dup=True))
        << Store(1, "up/climate", WARM, 7, resend=True, exactly=True)
        >> heard(Exactly(PUBREL, 9))
        << Release(2, 9)
        >> Stored((1, 2))
        << Send(Exactly(PUBREC, 7))
        << Send(Exactly(PUBCOMP, 9))
    ).done()


def test_a_pubrel_for_nothing_is_told_so():
    """3.7.2.1: packet identifier not found, where the session is new and so all of them are known."""
    (five() >> heard(Exactly(PUBREL, 9)) << Send(Exactly(PUBCOMP, 9, 0x92))).done()
    (live() >> heard(Exactly(PUBREL, 9)) << Release(1, 9) >> Stored((1,)) << Send(Exactly(PUBCOMP, 9))).done()


def test_a_refused_resend_frees_its_identifier():
    """MQTT-4.3.3-9: after a PUBREC that says no, the identifier may be used anew."""
    (
        five(clean=False, kept={}, lasts=60.0)
        >> said(7, 2, payload=b'{"voice":1}')
        << Count("undeclared-field", "climate.voice")
        << Release(0, 7)
        << Send(Exactly(PUBREC, 7, 0x99, {"reason": "undeclared-field: climate.voice"}))
    ).done()


def test_more_than_was_offered_is_too_much():
    """MQTT-3.3.4-9 and 4.9: receive maximum exceeded."""
    play = five() >> said(1, 2) << Forget() << Store(1, "up/climate", WARM, 1, exactly=True)
    for number in range(2, RECEIVE_MOST + 1):
        play = play >> Stored((number - 1,)) << Send(Exactly(PUBREC, number - 1))
        play = play >> said(number, 2) << Store(number, "up/climate", WARM, number, exactly=True)
    why = "more QoS 2 messages in flight than are taken"
    (play >> said(65, 2) << bye(0x93, why) << Close(why)).done()


def test_3_1_1_cannot_be_told_how_many_but_there_is_an_end():
    session = live().session
    for number in range(1, UNRELEASED_MOST + 1):
        commands = session.handle(said(number, 2))
        assert not any(isinstance(one, Close) for one in commands)
        session.handle(Stored((number,)))
    assert session.handle(said(UNRELEASED_MOST + 1, 2)) == [Close("more QoS 2 messages in flight than are taken")]


# Hearing


def test_a_message_goes_down_exactly_once():
    """4.3.3: PUBREL goes out once it is on disk that the device has it."""
    (
        live(clean=False, kept={DOWN: 2})
        << Fetch(0)
        >> DownMessages((Down(41, "down/reboot", b"{}"),))
        << Send(Publish(f"d/{ME}/down/reboot", b"{}", 2, 42))
        >> heard(Exactly(PUBREC, 42))
        << Received(1, 41)
        >> Stored((1,))
        << Send(Exactly(PUBREL, 42))
        >> heard(Exactly(PUBCOMP, 42))
        << Delivered(41)
    ).done()


def test_what_the_device_has_is_never_sent_again():
    """MQTT-4.4.0-1: after a reconnection, the PUBREL is sent again, not the message."""
    (
        live(clean=False, kept={DOWN: 2})
        << Fetch(0)
        >> DownMessages((Down(41, "down/a", b"{}", again=True, received=True), Down(42, "down/b", b"", again=True)))
        << Send(Exactly(PUBREL, 42))
        << Send(Publish(f"d/{ME}/down/b", b"", 2, 43, dup=True))
        >> heard(Exactly(PUBCOMP, 42))
        << Delivered(41)
    ).done()


@pytest.mark.parametrize(("begin", "code"), [(live, 0), (five, 0x92)])
def test_a_pubrec_for_nothing_is_answered(begin, code):
    (begin() >> heard(Exactly(PUBREC, 9)) << Send(Exactly(PUBREL, 9, code)) >> heard(Exactly(PUBCOMP, 9))).done()


def test_a_device_that_refuses_a_message_is_not_sent_it_again():
    (
        five(clean=False, kept={DOWN: 2}, lasts=60.0)
        << Fetch(0)
        >> DownMessages((Down(1, "down/a", b""), Down(2, "down/b", b"")))
        << Send(Publish(f"d/{ME}/down/a", b"", 2, 2))
        << Send(Publish(f"d/{ME}/down/b", b"", 2, 3))
        >> heard(Exactly(PUBREC, 2, 0x83))
        << Delivered(1)
        >> heard(PubAck(3, 0x97))
        << Delivered(2)
    ).done()


def test_no_more_goes_down_at_once_than_the_device_takes():
    """MQTT-3.3.4-7: the client's receive maximum."""
    (
        five(clean=False, kept={DOWN: 1}, lasts=60.0, receive_most=1)
        << Fetch(0)
        >> DownMessages((Down(1, "down/a", b""), Down(2, "down/b", b"")))
        << Send(Publish(f"d/{ME}/down/a", b"", 1, 2))
        >> heard(PubAck(2))
        << Delivered(1)
        << Fetch(1)
    ).done()


def test_what_is_too_large_for_the_device_is_not_sent():
    """MQTT-3.1.2-24 and -25: never, and as if it had been."""
    (
        five(clean=False, kept={DOWN: 1}, lasts=60.0, packet_most=300)
        << Fetch(0)
        >> DownMessages((Down(1, "down/a", bytes(300)), Down(2, "down/b", b"")))
        << Count("too-large-for-device", "down/a")
        << Delivered(1)
        << Send(Publish(f"d/{ME}/down/b", b"", 1, 3))
    ).done()


def test_subscriptions_are_refused_by_their_codes():
    """MQTT-3.8.3-4, 3.9.3; MQTT-4.8.2: shared subscriptions are not offered."""
    (
        five()
        >> heard(Subscribe(3, ((DOWN, 2), ("d/cam-1-002/down/#", 1), (f"$share/x/{DOWN}", 1))))
        << Count("foreign-subscription", "d/cam-1-002/down/#")
        << Count("shared-subscription", f"$share/x/{DOWN}")
        << Send(SubAck(3, (2, 0x87, 0x9E)))
        << Fetch(0)
        >> heard(Unsubscribe(4, (DOWN, "d/never")))
        << Send(UnsubAck(4, (0, 0x11)))
    ).done()


def test_subscription_identifiers_come_with_the_messages():
    """MQTT-3.3.4-3, -4: of all that match."""
    mine = f"d/{ME}/down/a"
    (
        five()
        >> heard(Subscribe(3, ((DOWN, 1),), {"identifier": 300}))
        << Send(SubAck(3, (1,)))
        << Fetch(0)
        >> heard(Subscribe(4, ((mine, 0),), {"identifier": 7}))
        << Send(SubAck(4, (0,)))
        >> DownMessages((Down(1, "down/a", b""), Down(2, "down/b", b"")))
        << Send(Publish(mine, b"", 1, 2, properties={"identifier": (300, 7)}))
        << Send(Publish(f"d/{ME}/down/b", b"", 1, 3, properties={"identifier": (300,)}))
    ).done()


HANDLING = [(0x00, False, True), (0x00, True, True), (0x10, False, True), (0x10, True, False), (0x20, False, False)]


@pytest.mark.parametrize(("options", "known", "comes"), HANDLING)
def test_retain_handling(options, known, comes):
    """MQTT-3.3.1-9 to -11: always, if the subscription is new, never."""
    desired = f"d/{ME}/state/desired"
    kept = {desired: 1} if known else {}
    play = five(clean=False, kept=kept, lasts=60.0)
    play = play << Fetch(0) >> DownMessages(()) if known else play
    (
        play
        >> heard(Subscribe(3, ((desired, 1 | options),)))
        << Keep(1, {desired: 1 | options})
        >> Stored((1,))
        << Send(SubAck(3, (1,)))
        << Fetch(0, retained=comes)
    ).done()


def test_retain_as_published():
    """MQTT-3.3.1-12, -13: the retain flag of a message that is not new to the subscription."""
    desired = f"d/{ME}/state/desired"
    for options, flag in ((1, False), (1 | 8, True)):
        (
            five(clean=False, kept={desired: options}, lasts=60.0)
            << Fetch(0)
            >> DownMessages((Down(7, "state/desired", b"{}"),))
            << Send(Publish(desired, b"{}", 1, 8, retain=flag))
        ).done()


# Staying and leaving

ENDINGS = [
    pytest.param(0.0, True, [], id="clean, and gone with its connection"),
    pytest.param(0.0, False, [Leave(0.0)], id="found, and gone with its connection"),
    pytest.param(60.0, True, [Leave(60.0)], id="a minute"),
    pytest.param(math.inf, False, [], id="for ever"),
]


@pytest.mark.parametrize(("lasts", "clean", "then"), ENDINGS)
def test_how_long_a_session_lasts(lasts, clean, then):
    """MQTT-3.1.2-23."""
    play = five(clean=clean, kept=None, lasts=lasts) >> Lost()
    for one in then:
        play = play << one
    (play << Close("the network connection was lost")).done()


def test_a_session_that_another_gateway_has_taken_over_is_left_alone():
    """Neither its end nor a will that waits is ours to say any more."""
    moved = Cut("another took over", True, 0x8E, moved=True)
    delayed = Will(WILL.topic, WILL.payload, properties={"delay": 30})
    gone = Close("another took over")
    (five(lasts=60.0, will=delayed) >> moved << bye(0x8E, "another took over") << gone).done()
    (five(lasts=60.0, will=WILL) >> moved << SAID_WILL << bye(0x8E, "another took over") << gone).done()


def test_a_client_may_think_again_when_it_leaves():
    """3.14.2.2.2."""
    leaving = heard(Disconnect(0, {"expiry": 5}))
    (five(lasts=60.0) >> leaving << Leave(5.0) << Close("the client disconnected")).done()
    why = "a session that was to end is to last"
    (five() >> leaving << bye(0x82, why) << Close(why)).done()


def test_a_will_that_waits():
    """3.1.3.2.2, MQTT-3.1.3-9: after its delay, but no later than the session's end."""
    delayed = Will(WILL.topic, WILL.payload, properties={"delay": 30})
    for lasts, command in ((60.0, Later(SAID_WILL, 30.0)), (10.0, Later(SAID_WILL, 10.0))):
        play = five(will=delayed, lasts=lasts) >> Lost() << command << Leave(lasts)
        (play << Close("the network connection was lost")).done()
    (five(will=delayed) >> Lost() << SAID_WILL << Close("the network connection was lost")).done()


def test_leaving_with_the_will():
    """3.14.2.1: reason code 0x04; MQTT-3.14.4-3: with 0x00 the will is taken back."""
    gone = Close("the client disconnected")
    (five(will=WILL) >> heard(Disconnect(0x04)) << SAID_WILL << gone).done()
    (five(will=WILL) >> heard(Disconnect(0x00)) << gone).done()


PACKETS = st.sampled_from(
    [
        Publish(CLIMATE, WARM, 2, 1), Publish(CLIMATE, WARM, 2, 2, dup=True), Publish(CLIMATE, b"[]", 2, 1),
        Publish(CLIMATE, WARM, 1, 3), Publish(CLIMATE, b"[]", 1, 4), Publish("", WARM, 1, 5, properties={"alias": 1}),
        Publish(CLIMATE, WARM, 1, 6, properties={"alias": 1}), Exactly(PUBREL, 1), Exactly(PUBREL, 2),
        Exactly(PUBREC, 2), Exactly(PUBCOMP, 2), PubAck(2), Subscribe(8, ((DOWN, 2),)), Disconnect(4),
    ]
)  # fmt: skip
EVENTS = st.one_of(
    PACKETS.map(heard), st.sampled_from([Lost(), Rested(), Cut("x")]),
    st.lists(st.integers(1, 12), max_size=4).map(lambda tokens: Stored(tuple(tokens))),
    st.builds(lambda n, r: DownMessages((Down(n, "down/a", b"", r, r),)), st.integers(1, 3), st.booleans()),
)  # fmt: skip


@given(st.booleans(), st.lists(EVENTS, max_size=40))
def test_whatever_happens(new, events):
    """Good news comes only of what is stored, in the order of the publishes, each once; after the end all is still."""
    session = (live() if new else five()).session
    owed: dict[int, tuple[type, int]] = {}
    ended = False
    for event in events:
        for command in session.handle(event):
            assert not ended
            if isinstance(command, (Store, Release)) and command.token:
                owed[command.token] = (type(command), command.packet)
            answer = command.packet if isinstance(command, Send) else None
            if isinstance(answer, (PubAck, Exactly)) and not answer.code and getattr(answer, "kind", 0) != PUBREL:
                assert isinstance(event, Stored)
                kind = Release if getattr(answer, "kind", 0) == PUBCOMP else Store
                due = next(token for token in event.tokens if owed.get(token) == (kind, answer.packet))
                del owed[due]
            ended = isinstance(command, Close)
    assert not (ended and session.handle(said(1)))


def test_an_open_session_knows_nobody():
    assert Session().device == ""
    assert ConnectionOpened(ME, OPENED.permit).consents == products.NOBODY
