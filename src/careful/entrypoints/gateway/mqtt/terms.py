"""What a CONNECT asks for and what is granted, in either MQTT: how long a session lasts, what may be in flight."""

from math import inf
from typing import Any

from msgspec import Struct

from careful.entrypoints.gateway.mqtt import reasons
from careful.entrypoints.gateway.mqtt.packets import LEVEL_5, PACKET_BYTES, ConnAck, Connect

RECEIVE_MOST = 64
"""Publishes of one connection that may be in flight to us."""
ALIASES_MOST = 16
"""Topics of one connection that may have a number for a name."""
_FOR_EVER = 0xFFFFFFFF
_CONNACK_BYTES = 128  # the largest CONNACK that says what is granted


class Terms(Struct, frozen=True):
    """What holds for one connection.

    `lasts` is for how many seconds the session outlives it. `receive_most` and `packet_most` bound what is sent down.
    """

    clean: bool = True
    lasts: float = 0.0
    keep_alive: float = inf
    five: bool = False
    receive_most: int = 0xFFFF
    packet_most: int = PACKET_BYTES
    will_delay: float = 0.0
    explains: bool = True
    assigned: str = ""


def terms_of(packet: Connect, device: str) -> Terms:
    """Return what holds when this CONNECT is accepted. Without keep-alive, TCP asks whether the peer is there."""
    keep_alive = packet.keep_alive or inf
    if packet.level != LEVEL_5:
        return Terms(packet.clean, 0.0 if packet.clean else inf, keep_alive)
    given = packet.properties or {}
    will = (packet.will.properties if packet.will else None) or {}
    lasts = seconds(given.get("expiry", 0))
    most = min(given.get("packet_most", PACKET_BYTES), PACKET_BYTES)
    return Terms(
        packet.clean,
        lasts,
        keep_alive,
        five=True,
        receive_most=given.get("receive_most", 0xFFFF),
        packet_most=most,
        will_delay=min(float(will.get("delay", 0)), lasts),
        explains=given.get("request_problem", 1) == 1 and most >= reasons.REASON_BYTES,
        assigned="" if packet.client else device,
    )


def refuses(packet: Connect, device: str) -> tuple[int, str] | None:
    """Return the CONNACK code and the reason why these terms cannot be granted, or None where they can."""
    five = packet.level == LEVEL_5
    if packet.client != device and not (five and not packet.client):
        return 2, "the client id is not the certificate's name"
    given = packet.properties or {}
    if "auth_method" in given:
        return reasons.BAD_AUTH_METHOD, "a certificate says who it is; there is no other method"
    if "auth_data" in given:
        return reasons.PROTOCOL_ERROR, "authentication data without a method"
    if given.get("packet_most", PACKET_BYTES) < _CONNACK_BYTES:
        return reasons.PACKET_TOO_LARGE, f"packets of less than {_CONNACK_BYTES} bytes are too small for our answers"
    return None


def seconds(expiry: int) -> float:
    """Return a session expiry as seconds."""
    return inf if expiry == _FOR_EVER else float(expiry)


def welcome(terms: Terms, *, present: bool) -> ConnAck:
    """Return the CONNACK that accepts; in MQTT 5 with all that differs from the standard's defaults."""
    if not terms.five:
        return ConnAck(0, present)
    given: dict[str, Any] = {
        "receive_most": RECEIVE_MOST,
        "packet_most": PACKET_BYTES,
        "alias_most": ALIASES_MOST,
        "shared": 0,
    }
    if terms.assigned:
        given["client"] = terms.assigned
    return ConnAck(0, present, given)


def turned_away(code: int, why: str, *, five: bool) -> ConnAck:
    """Return the CONNACK that refuses; MQTT 5 says why."""
    return ConnAck(reasons.connack(code), False, {"reason": why}) if five else ConnAck(code)
