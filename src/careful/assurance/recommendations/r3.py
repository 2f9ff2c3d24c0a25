"""R3: intrusion detection and leak prevention maintained: sources that report, and drills that were seen."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.drilled import DRILLED, WATCHED, of_drills, of_source
from careful.assurance.judging import Facts, Finding, Recommendation

SOURCES = {"mqtt": "The gateway for MQTT", "https": "The doors for HTTPS"}


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the newest sign of every source, and at the newest drills of an intrusion and of a leak."""
    if facts.first(WATCHED) is None and facts.first(DRILLED) is None:
        return
    for source, name in SOURCES.items():
        yield of_source(facts, source, name)
    yield from of_drills(facts, ("stolen-credential", "exfiltration"))


RECOMMENDATION = Recommendation(
    id="R3",
    title="Intrusion detection and leak prevention",
    asks="Maintain systems that detect intrusions and prevent leaks of data.",
    fact="The newest sign of life of every source of signals, and the newest drills of an intrusion and of a leak.",
    reads=(WATCHED, DRILLED),
    decide=decide,
    max_age=timedelta(days=90),
)
