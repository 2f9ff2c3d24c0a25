"""How much of one data item a device has sent, against the rate that its declaration states. Pure.

The time of a rate starts with a message, and when it is over with the next one: so nobody's clock is asked, and one
comparison settles it. What is remembered outlives a connection, not the gateway.
"""

from collections.abc import Mapping
from types import MappingProxyType

from careful.products import Rate

Spent = dict[str, tuple[float, int, int]]
"""Data item -> when its present time began, messages and bytes since."""
SECONDS: Mapping[str, float] = MappingProxyType({"minute": 60.0, "hour": 3600.0, "day": 86_400.0})


def within(spent: Spent, item: str, rate: Rate, size: int, now: float) -> bool:
    """Tell whether one more message of `size` bytes is within the rate; if so, it is counted."""
    began, messages, octets = spent.get(item, (now, 0, 0))
    if now - began >= SECONDS[rate.per or "day"]:
        began, messages, octets = now, 0, 0
    messages, octets = messages + 1, octets + size
    if (rate.messages is not None and messages > rate.messages) or (rate.bytes is not None and octets > rate.bytes):
        return False
    spent[item] = began, messages, octets
    return True
