"""A device that says something at regular times no longer does: messages are missing, added, or doubled."""

from statistics import median

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.learnt import Beat
from careful.monitoring.model import Action, Detection, Expected, LimitFrom, Window

ID = "off_beat"
TITLE = "Off its beat"
WORDS = (
    "The device says something at regular times, and now a message came far too early, did not come, or came more or "
    "fewer times than always. Somebody may hold messages back, add some, or double them."
)
LIMIT = (
    "The baseline: messages that came at least 8 times within 5 % of one period of 10 seconds or more; then a quarter "
    "of that period. The period of the quiet days, where some were recorded."
)
BUDGET = 0.05
ACTION: Action = "note"

_KEPT, _LEAST = 12, 8
_SHORTEST = 10.0
_STEADY, _OFF = 0.05, 0.25
_BURST_SECONDS, _BURST_SHARE = 2.0, 0.05
_TOPICS = 16
_GIVEN_UP = 20


class Track(Struct, array_like=True, frozen=True):
    """One topic: the burst under way, and the gaps and sizes of those before."""

    began: float = 0.0
    count: int = 0
    gaps: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    odd: int = 0
    """Gaps off the beat, one after the other: when there are many, it is another beat."""
    told: bool = False
    """That the next burst is missing was told."""


class Memory(Struct, array_like=True, frozen=True):
    """The topics."""

    topics: dict[str, Track] = {}


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Follow each topic's beat."""
    if not window.messages and not memory.topics:
        return None, memory
    if window.connects or window.counters.get("left"):
        # It said good-bye, or began anew: that its beat is broken is no riddle.
        memory = Memory({name: Track(0.0, 0, one.gaps, one.counts) for name, one in memory.topics.items()})
    topics, found = dict(memory.topics), None
    for topic, count in window.messages.items():
        track = topics.pop(topic, None)  # what was heard last stands last
        if track is None and len(topics) >= _TOPICS:
            del topics[next(iter(topics))]
        why, topics[topic] = _heard(track or Track(), window, count, _beat(track, topic, window, expected))
        found = found or _say(why, window, topic, expected)
    for topic, track in topics.items():
        if topic not in window.messages:
            why, topics[topic] = _waited(track, window, _beat(track, topic, window, expected))
            found = found or _say(why, window, topic, expected)
    return found, Memory(topics)


Why = tuple[str, float, float] | None
"""A sentence without its subject, what was observed, and the limit."""


def _beat(track: Track | None, topic: str, window: Window, expected: Expected) -> Beat | None:
    known = expected.learnt.beats.get(f"{window.device} {topic}") if expected.learnt is not None else None
    if track is not None and len(track.gaps) >= _LEAST:
        return beat_of(track.gaps, track.counts)
    return known


def beat_of(gaps: tuple[float, ...], counts: tuple[int, ...]) -> Beat | None:
    """Return the beat of these gaps, or None where they have none."""
    if len(gaps) < _LEAST:
        return None
    period = median(gaps)
    if period < _SHORTEST or max(abs(gap - period) for gap in gaps) > max(_STEADY * period, 1.5):
        return None
    return Beat(period, counts[0] if len(set(counts)) == 1 else 0)


def _heard(track: Track, window: Window, count: int, beat: Beat | None) -> tuple[Why, Track]:
    if not track.began:
        return None, Track(window.start, count)
    gap = window.start - track.began
    if gap <= _burst(beat):
        return None, Track(track.began, track.count + count, track.gaps, track.counts, track.odd, track.told)
    odd_size = _odd_size(track, beat)
    if beat is None or abs(gap - beat.period) <= _slack(beat):
        counts = track.counts if odd_size else (*track.counts, track.count)
        kept = Track(window.start, count, (*track.gaps, gap)[-_KEPT:], counts[-_KEPT:])
        return odd_size, kept
    odd = track.odd + 1
    if odd > _GIVEN_UP:
        return None, Track(window.start, count)
    kept = Track(window.start, count, track.gaps, track.counts, odd)
    if gap > beat.period and track.told:
        return odd_size, kept  # that it is missing was told while it was
    word = "after" if gap > beat.period else "already after"
    why = f"came {word} {number(gap)} seconds, not after {number(beat.period)} as always"
    return odd_size or (why, gap, beat.period), kept


def _waited(track: Track, window: Window, beat: Beat | None) -> tuple[Why, Track]:
    """Judge a burst that is over, and one that does not come."""
    if beat is None or not track.began:
        return None, track
    silent = window.end - track.began
    told = track if track.told else Track(track.began, track.count, track.gaps, track.counts, track.odd, told=True)
    if silent > beat.period + _slack(beat):
        return (
            f"did not come for {number(silent)} seconds; always it came after {number(beat.period)}",
            silent,
            beat.period,
        ), told
    return None, track


def _odd_size(track: Track, beat: Beat | None) -> Why:
    if beat is None or not beat.count or track.count == beat.count:
        return None
    return f"came {number(track.count)} times at once, not {number(beat.count)} as always", track.count, beat.count


def _burst(beat: Beat | None) -> float:
    return _BURST_SECONDS if beat is None else max(_BURST_SECONDS, _BURST_SHARE * beat.period)


def _slack(beat: Beat) -> float:
    return max(_OFF * beat.period, 3.0)


def _say(why: Why, window: Window, topic: str, expected: Expected) -> Detection | None:
    if why is None:
        return None
    source: LimitFrom = "baseline"
    del expected
    return fired(ID, window, why[1], why[2], source, f"Its message {topic[:80]} {why[0]}.", ACTION, topic[:80])
