"""How MQTT 5 says why not: its reason codes (section 2.4), by our words for refusals and by 3.1.1's codes."""

from careful.entrypoints.gateway import payloads

NORMAL = 0x00
NO_SUBSCRIPTION_EXISTED = 0x11
PROTOCOL_ERROR, NOT_AUTHORISED, BUSY, STOPPING = 0x82, 0x87, 0x89, 0x8B
BAD_AUTH_METHOD, KEEP_ALIVE, TAKEN_OVER, TOPIC_INVALID = 0x8C, 0x8D, 0x8E, 0x90
TOO_MANY_AT_ONCE, ALIAS_INVALID, PACKET_TOO_LARGE, QUOTA = 0x93, 0x94, 0x95, 0x97
PAYLOAD_INVALID, NOT_SHARED = 0x99, 0x9E
REASON_BYTES = 256
"""A client that takes no packets of this size is given codes alone."""
_REFUSALS = {
    "foreign-topic": NOT_AUTHORISED,
    "missing-consent": NOT_AUTHORISED,
    "will-topic": NOT_AUTHORISED,
    "unknown-topic": TOPIC_INVALID,
    "topic-too-long": TOPIC_INVALID,
    "undeclared-stream": TOPIC_INVALID,
    "undeclared-event": TOPIC_INVALID,
    "over-rate": QUOTA,
    "foreign-subscription": NOT_AUTHORISED,
    "too-many-subscriptions": QUOTA,
    "shared-subscription": NOT_SHARED,
    **dict.fromkeys(payloads.KINDS, PAYLOAD_INVALID),
}
_CONNACKS = {1: 0x84, 2: 0x85, 3: 0x88, 5: NOT_AUTHORISED}


def refusal(kind: str) -> int:
    """Return the code for a refused publish or subscription; what a field is refused for is the payload's fault."""
    return _REFUSALS.get(kind, PAYLOAD_INVALID)


def connack(code: int) -> int:
    """Return MQTT 5's code for one of 3.1.1's CONNACK."""
    return _CONNACKS.get(code, code)
