"""What a session makes of a checked message: what is stored, what it carries to be sealed, what is only counted."""

from careful import products
from careful.entrypoints.gateway.mqtt.events import (
    ConnectionOpened,
    ConsentsChanged,
    Count,
    Joined,
    PacketReceived,
    Store,
)
from careful.entrypoints.gateway.mqtt.packets import Connect, Publish
from careful.entrypoints.gateway.mqtt.session import Session
from careful.entrypoints.gateway.mqtt.upward import REFUSALS_MOST

ME = "toy-1-001"
PERMIT = products.permit(
    products.parse(
        b"""\
schema: product/1
product: {id: toy-1}
data:
  - {id: climate, fields: [celsius], personal: false}
  - {id: voice, fields: [clip, level], details: {level: {personal: false, consent: none}}, consent: parental}
  - {id: slow, fields: [n], types: {n: integer}, rate: {messages: 2, per: minute}, personal: false}
  - {id: loose, fields: [a, b], types: {a: integer}, refusal: field, personal: false}
"""
    ),
    4,
)
VOICE = PERMIT.streams["voice"]
AGREED = frozenset({products.consent_word("voice", "parental")})


def live(consents=products.NOBODY):
    session = Session()
    session.handle(ConnectionOpened(ME, PERMIT, 0.0, consents))
    session.handle(PacketReceived(Connect(ME)))
    session.handle(Joined())
    return session


def say(session, stream, payload):
    return session.handle(PacketReceived(Publish(f"d/{ME}/up/{stream}", payload, 1, 9)))


def test_what_is_personal_carries_its_stream_and_its_fields_to_be_sealed():
    session = live(AGREED)
    clip, level = b'{"clip": "x", "level": 3}', b'{"level": 3}'
    assert say(session, "climate", b'{"celsius": 1}') == [Store(1, "up/climate", b'{"celsius": 1}', 9)]
    assert say(session, "voice", level) == [Store(2, "up/voice", level, 9)]
    fields = {"clip": "x", "level": 3}
    assert say(session, "voice", clip) == [Store(3, "up/voice", clip, 9, stream=VOICE, fields=fields)]
    assert VOICE.version == 4


def test_what_is_left_out_is_counted_and_is_no_refusal():
    session = live()
    for number in range(1, 2 * REFUSALS_MOST):
        assert say(session, "loose", b'{"a": "x", "b": 2, "c": 3}') == [
            Store(number, "up/loose", b'{"b":2}', 9),
            Count("undeclared-field", "loose.c", left_out=True),
            Count("wrong-type", "loose.a", left_out=True),
        ]


def test_a_consent_that_is_given_and_withdrawn_while_the_device_is_connected():
    session, clip = live(), b'{"clip": "x"}'
    refused = [Count("missing-consent", "voice.clip")]
    assert say(session, "voice", clip) == refused
    assert session.handle(ConsentsChanged(AGREED)) == []
    assert [type(one) for one in say(session, "voice", clip)] == [Store]
    session.handle(ConsentsChanged(products.NOBODY))
    assert say(session, "voice", clip) == refused


def test_more_than_the_declared_rate_is_refused_also_after_a_reconnection():
    spent = {}

    def connect(now):
        session = Session()
        session.handle(ConnectionOpened(ME, PERMIT, now, spent=spent))
        session.handle(PacketReceived(Connect(ME), now))
        session.handle(Joined())
        return session

    def send(session, payload, now):
        return session.handle(PacketReceived(Publish(f"d/{ME}/up/slow", payload, 1, 9), now))[0]

    session = connect(0.0)
    assert isinstance(send(session, b'{"n": 1}', 1.0), Store)
    assert send(session, b'{"n": "x"}', 2.0) == Count("wrong-type", "slow.n")
    assert isinstance(send(session, b'{"n": 2}', 3.0), Store)
    assert send(session, b'{"n": 3}', 60.9) == Count("over-rate", "slow")
    assert send(connect(60.9), b'{"n": 3}', 60.9) == Count("over-rate", "slow")
    assert isinstance(send(connect(61.0), b'{"n": 3}', 61.0), Store)


def test_what_was_taken_is_counted_by_its_fields():
    PERMIT.drain()
    session = live()
    for payload in (b'{"celsius": 1}', b'{"celsius": 2}', b"{}", b'{"celsius": 1, "x": 1}'):
        say(session, "climate", payload)
    assert PERMIT.drain() == {("climate", ("celsius",)): 2, ("climate", ()): 1}
    assert PERMIT.drain() == {}
