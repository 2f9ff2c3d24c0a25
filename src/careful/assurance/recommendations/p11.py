"""P11: regular news of known flaws, shown by the age of each feed."""

from collections.abc import Iterator

from careful.assurance.judging import Facts, Finding, Recommendation, Value, span, true_time
from careful.assurance.lists import MAX_AGE, READS, newest


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the newest good pull of every list ever taken or tried."""
    lists = newest(facts)
    if not lists:
        yield Finding(Value.UNKNOWN, "No list of known flaws has ever been taken in.")
    for feed, taken in lists.items():
        if taken is None:
            yield Finding(Value.UNKNOWN, f"{feed} has been tried but never taken in.")
            continue
        age = facts.now - true_time(taken)
        if age <= MAX_AGE:
            yield Finding(Value.MET, f"{feed} is {span(age)} old.", (taken,))
        else:
            yield Finding(
                Value.UNKNOWN, f"{feed} is {span(age)} old; what became known since then is not known here.", (taken,)
            )


RECOMMENDATION = Recommendation(
    id="P11",
    title="News of known flaws",
    asks="Follow trusted sources and databases of vulnerabilities, regularly.",
    fact="The age of the last good pull of each feed.",
    reads=READS,
    decide=decide,
    max_age=MAX_AGE,
)
