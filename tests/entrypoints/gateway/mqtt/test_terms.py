"""What a CONNECT is granted, and what is refused."""

from math import inf

import pytest

from careful.entrypoints.gateway.mqtt.packets import PACKET_BYTES, ConnAck, Connect, Will
from careful.entrypoints.gateway.mqtt.terms import Terms, refuses, terms_of, turned_away, welcome

ME = "cam-1-001"


def five(client=ME, **given):
    return Connect(client, level=5, properties=given or None)


GRANTED = [
    pytest.param(Connect(ME), Terms(True, 0, 60), id="3.1.1, clean"),
    pytest.param(Connect(ME, clean=False), Terms(False, inf, 60), id="3.1.1, lasts for ever"),
    pytest.param(Connect(ME, keep_alive=0), Terms(True, 0, inf), id="no keep-alive"),
    pytest.param(five(), Terms(True, 0, 60, five=True), id="5 without a word"),
    pytest.param(five(expiry=60), Terms(True, 60, 60, five=True), id="5 that lasts a minute"),
    pytest.param(five(expiry=0xFFFFFFFF), Terms(True, inf, 60, five=True), id="5 that lasts for ever"),
    pytest.param(five(receive_most=2, packet_most=300),
                 Terms(True, 0, 60, five=True, receive_most=2, packet_most=300), id="5 that takes little"),
    pytest.param(five(packet_most=255), Terms(True, 0, 60, five=True, packet_most=255, explains=False),
                 id="5 that takes no words"),
    pytest.param(five(packet_most=2**32 - 1), Terms(True, 0, 60, five=True, packet_most=PACKET_BYTES), id="5, large"),
    pytest.param(five(request_problem=0), Terms(True, 0, 60, five=True, explains=False), id="5 that wants no reasons"),
    pytest.param(five(""), Terms(True, 0, 60, five=True, assigned=ME), id="5 without an id"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "granted"), GRANTED)
def test_granted(asked, granted):
    assert refuses(asked, ME) is None
    assert terms_of(asked, ME) == granted


@pytest.mark.parametrize(("delay", "expiry", "waits"), [(5, 60, 5), (60, 5, 5), (60, 0, 0), (0, 60, 0)])
def test_a_will_waits_no_longer_than_its_session_lasts(delay, expiry, waits):
    asked = Connect(ME, will=Will("w", b"", properties={"delay": delay}), level=5, properties={"expiry": expiry})
    assert terms_of(asked, ME).will_delay == waits


REFUSED = [
    pytest.param(Connect(""), 2, id="3.1.1 without an id"),
    pytest.param(Connect("cam-1-002"), 2, id="another's id"),
    pytest.param(five("cam-1-002"), 2, id="another's id in 5"),
    pytest.param(five(auth_method="SCRAM"), 0x8C, id="MQTT-4.12.0-1 an authentication method"),
    pytest.param(five(auth_data=b"x"), 0x82, id="3.1.2.11.10 data without a method"),
    pytest.param(five(packet_most=20), 0x95, id="packets too small for any answer"),
]


@pytest.mark.parametrize(("asked", "code"), REFUSED)
def test_refused(asked, code):
    assert refuses(asked, ME)[0] == code


def test_what_is_offered_is_said():
    assert welcome(Terms(), present=True) == ConnAck(0, present=True)
    said = welcome(Terms(five=True, assigned=ME), present=False).properties
    assert said == {"receive_most": 64, "packet_most": PACKET_BYTES, "alias_most": 16, "shared": 0, "client": ME}


@pytest.mark.parametrize(("code", "code_5"), [(1, 0x84), (2, 0x85), (3, 0x88), (5, 0x87)])
def test_who_is_turned_away_is_told_in_its_own_words(code, code_5):
    assert turned_away(code, "no", five=False) == ConnAck(code)
    assert turned_away(code, "no", five=True) == ConnAck(code_5, properties={"reason": "no"})
