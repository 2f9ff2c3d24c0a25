"""R2: actively monitoring and addressing flaws: every release looked up, every case decided in time."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value, span
from careful.assurance.lists import MAX_AGE, READS, newest
from careful.kernel.clock import from_iso


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the newest match of every release, at the newest pull of every list, and at the clock of every case."""
    for feed, taken in newest(facts).items():
        if taken is not None and facts.now - taken.at > MAX_AGE:
            ago = span(facts.now - taken.at)
            yield Finding(
                Value.UNKNOWN,
                f"{feed} was last taken in {ago} ago: flaws that became known since were not looked for.",
                (taken,),
            )
    for release in facts.all("releases.added"):
        name = f"{release.data['product']} {release.data['version']}"
        matched = facts.last("vulnerabilities.release_matched", release=release.data["release"])
        if matched is None:
            yield Finding(Value.UNKNOWN, f"{name} was never compared with a feed of known flaws.", (release,))
        else:
            yield Finding(Value.MET, f"{name} was compared with the known flaws.", (matched,))
    for case in facts.all("vulnerabilities.case_opened"):
        flaw, due = case.data["flaw"], from_iso(case.data["due"])
        decided = facts.last("vulnerabilities.judged", case=case.data["case"])
        closed = facts.last("vulnerabilities.case_closed", case=case.data["case"])
        settled = closed or (decided if decided and decided.data["status"] in {"not_affected", "fixed"} else None)
        asked = facts.last("vulnerabilities.review_asked", case=case.data["case"])
        again = asked if asked and asked.seq > max((one.seq for one in (decided, closed) if one), default=0) else None
        if again and again.data.get("due"):
            due = from_iso(again.data["due"])
        if settled and not again:
            yield Finding(Value.MET, f"{flaw} in {case.data['product']} is settled.", (settled,))
        elif facts.now > due:
            yield Finding(
                Value.NOT_MET, f"{flaw} in {case.data['product']} is overdue by {span(facts.now - due)}.", (case,)
            )
        else:
            yield Finding(
                Value.MET,
                f"{flaw} in {case.data['product']} is within its time, {span(due - facts.now)} left.",
                (case,),
            )


RECOMMENDATION = Recommendation(
    id="R2",
    title="Watching and mending flaws",
    asks="Have a process that monitors and addresses vulnerabilities.",
    fact="The newest comparison of each release with the feeds, the newest pull of each, and the clock of each case.",
    reads=(
        "releases.added",
        "vulnerabilities.release_matched",
        "vulnerabilities.case_opened",
        "vulnerabilities.judged",
        "vulnerabilities.review_asked",
        "vulnerabilities.case_closed",
        *READS,
    ),
    decide=decide,
    max_age=timedelta(days=90),
)
