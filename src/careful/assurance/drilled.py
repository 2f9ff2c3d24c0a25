"""What drills and signs of life of the watch tell, for the recommendations that rest on them. Pure."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Value, span
from careful.kernel.ledger import Entry

DRILLED, WATCHED = "monitoring.drilled", "monitoring.watched"
QUIET = timedelta(hours=3)
"""A source of signals says every hour that it is watched."""
SAYS = {
    "exfiltration": ("Data was planted to leave", "No leak of data was ever rehearsed."),
    "stolen-credential": ("A copied key was used", "No stolen key was ever rehearsed."),
    "flood": ("A flood was planted", "No flood was ever rehearsed."),
    "scan": ("A scan was planted", "No scan was ever rehearsed."),
}


def of_drills(facts: Facts, kinds: Sequence[str]) -> Iterator[Finding]:
    """Judge the newest drill of each kind."""
    for kind in kinds:
        what, never = SAYS[kind]
        newest = facts.last(DRILLED, kind=kind)
        if newest is None:
            yield Finding(Value.UNKNOWN, f"{never} Run: careful drill {kind}")
            continue
        when = f"{what} at {newest.at:%Y-%m-%d %H:%M}Z"
        if newest.data["held"]:
            yield Finding(Value.MET, f"{when}: {_times(newest)}.", (newest,))
        elif newest.data["seen_ms"] is None:
            yield Finding(Value.NOT_MET, f"{when}, noticed never. Drill failed.", (newest,))
        else:
            yield Finding(Value.NOT_MET, f"{when}: {_times(newest)}, too late. Drill failed.", (newest,))


def of_source(facts: Facts, source: str, what: str) -> Finding:
    """Judge whether a source of signals is being watched now."""
    newest = facts.last(WATCHED, source=source)
    if newest is None:
        return Finding(Value.NOT_MET, f"{what} never sent a signal to the watch.")
    quiet = facts.now - newest.at
    if quiet > QUIET:
        return Finding(Value.NOT_MET, f"{what} has sent no signal to the watch for {span(quiet)}.", (newest,))
    return Finding(Value.MET, f"{what} is being watched.", (newest,))


def _times(entry: Entry) -> str:
    seen, cut = entry.data["seen_ms"], entry.data["cut_ms"]
    end = "" if cut is None else f", cut off after {cut / 1000:.1f} s"
    return f"seen after {seen / 1000:.1f} s{end}"
