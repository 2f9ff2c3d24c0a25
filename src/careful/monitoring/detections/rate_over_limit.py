"""A device sends more of a stream than was declared."""

from msgspec import Struct

from careful.monitoring.firing import fired, number, size
from careful.monitoring.model import Action, Detection, Expected, Rate, Window
from careful.monitoring.numbers import Recent, most_by_chance

ID = "rate_over_limit"
TITLE = "More than declared"
WORDS = (
    "The device sent more messages or bytes of a stream than declared. The declared number is taken for a mean: the "
    "limit lies above it by what chance alone brings. What it could not send while it was away, up to a day, it may "
    "send afterwards. Or the gateway refused five messages over the rate within a minute."
)
LIMIT = "The declaration: `data[].rate`, in periods of its own length. Streams without a rate are not judged."
BUDGET = 0.01
ACTION: Action = "alert"

_DAY = 86400.0
_REFUSED_MOST = 5


class Period(Struct, array_like=True, frozen=True):
    """When it began, messages and bytes in it, when the last came, and how many periods before it were missed."""

    began: float
    messages: float = 0.0
    sent: float = 0.0
    last: float = 0.0
    missed: float = 0.0


class Memory(Struct, array_like=True, frozen=True):
    """Stream -> its period under way."""

    periods: dict[str, Period] = {}
    refused: Recent = Recent()


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Count what came in the present period of every stream that has a rate."""
    over = window.refusals.get("over-rate", 0)
    if not over and (not expected.rates or not window.messages):
        return None, memory
    refused = memory.refused.add(window, over)
    periods, found = dict(memory.periods), None
    if over and refused.count >= _REFUSED_MOST:
        says = f"{number(refused.count)} of its messages were refused within a minute: more than declared."
        found = fired(ID, window, refused.count, _REFUSED_MOST, "declaration", says, ACTION, "refused")
    for stream, rate in sorted(expected.rates.items()):
        topic = f"up/{stream}"
        count = window.messages.get(topic, 0)
        if not count:
            continue
        period = _period(periods.get(stream), window.start, rate)
        sent = period.sent + window.bytes.get(topic, 0)
        period = Period(period.began, period.messages + count, sent, window.end, period.missed)
        periods[stream] = period
        found = found or _judge(window, stream, rate, period, len(expected.rates))
    return found, Memory(periods, refused)


def limits(rate: Rate, streams: int, missed: float = 0.0) -> tuple[float | None, float | None]:
    """Return the most messages and bytes that a period of this rate may have after so many missed ones."""
    chance, times = BUDGET / (2 * streams * max(1.0, _DAY / rate.seconds)), 1.0 + missed
    messages = None if rate.messages is None else float(most_by_chance(rate.messages * times, chance))
    if rate.bytes is None:
        return messages, None
    # Bytes come in messages: as many more of them as there may be more messages.
    share = messages / rate.messages if messages and rate.messages else 2.0 * times
    return messages, rate.bytes * share


def _period(known: Period | None, start: float, rate: Rate) -> Period:
    if known is None:
        return Period(start)
    if known.began <= start < known.began + rate.seconds:
        return known
    away = min(max(start - known.last, 0.0), _DAY)
    return Period(start, missed=away / rate.seconds if away > rate.seconds else 0.0)


def _judge(window: Window, stream: str, rate: Rate, period: Period, streams: int) -> Detection | None:
    most, most_bytes = limits(rate, streams, period.missed)
    messages, sent = period.messages, period.sent
    span = f"in {number(rate.seconds)} s"
    if most is not None and messages > most:
        says = f"It sent {number(messages)} messages of {stream} {span}; {number(rate.messages or 0)} are declared."
        return fired(ID, window, messages, most, "declaration", says, ACTION, stream)
    if most_bytes is not None and sent > most_bytes:
        says = f"It sent {size(sent)} of {stream} {span}; {size(rate.bytes or 0)} are declared."
        return fired(ID, window, sent, most_bytes, "declaration", says, ACTION, stream)
    return None
