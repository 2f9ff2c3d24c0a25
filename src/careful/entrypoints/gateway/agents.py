"""The topics of AWS IoT Device Defender's agents, under the device's own name: taken, looked at, answered, not kept.

$aws/things/<device>/defender/metrics/json     a report (or `cbor`)
…/accepted and …/rejected                      our answer, to whoever has subscribed to it
"""

from collections.abc import Sequence

import cbor2
import msgspec

from careful import monitoring

FORMS = ("json", "cbor")
TOPICS = {form: f"defender/{form}" for form in FORMS}
"""What a report's topic is called within, without the device's prefix."""
REPORTS = frozenset(TOPICS.values())
_BELOW = ["defender", "metrics"]


def report_topic(device: str, levels: Sequence[str]) -> str | None:
    """Return what the topic of a report is called within, or None where it is none, or another device's."""
    if list(levels[:5]) != ["$aws", "things", device, *_BELOW] or len(levels) != 6:  # noqa: PLR2004
        return None
    return TOPICS.get(levels[5])


ANSWERS = [[*_BELOW, form, word] for form in FORMS for word in ("accepted", "rejected")]
"""The topics on which a device may hear our answers, as levels below `$aws/things/<device>`."""


def answer(device: str, topic: str, payload: bytes, now: float) -> tuple[str, bytes]:
    """Return topic and words with which a report is answered, in the report's form; `payload` is JSON by now."""
    form = topic.rpartition("/")[2]
    word, said = _judged(device, payload, int(now))
    if form == "cbor":
        said = cbor2.dumps(msgspec.json.decode(said))
    return f"$aws/things/{device}/defender/metrics/{form}/{word}", said


def _judged(device: str, payload: bytes, now: int) -> tuple[str, bytes]:
    try:
        report = monitoring.understand_report(msgspec.json.decode(payload))
    except (msgspec.DecodeError, RecursionError):
        return "rejected", monitoring.report_rejected(device, "it cannot be read", now)
    except monitoring.NoReport as why:
        return "rejected", monitoring.report_rejected(device, str(why), now)
    return "accepted", monitoring.report_accepted(device, report.number, now)
