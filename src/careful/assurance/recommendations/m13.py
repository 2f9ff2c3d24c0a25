"""M13: large transfers and misuse raise an alert: drills that plant them, and alerts that do not wait for ever."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.drilled import DRILLED, of_drills
from careful.assurance.judging import Facts, Finding, Recommendation, Value, span

RAISED, JUDGED = "monitoring.alert_raised", "monitoring.alert_judged"
PATIENCE = timedelta(days=3)
RULES = {"large_transfer": "a large transfer", "flood": "a flood"}


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the newest drill of each kind, and at real alerts that nobody has judged."""
    yield from of_drills(facts, ("exfiltration", "flood"))
    judged = {entry.data["alert"] for entry in facts.all(JUDGED)}
    for entry in facts.all(RAISED, drill=False):
        rule, waits = entry.data["rule"], facts.now - entry.at
        if rule in RULES and entry.data["alert"] not in judged and waits > PATIENCE:
            says = f"An alert of {RULES[rule]} in {entry.data['product']} has waited for a person for {span(waits)}."
            yield Finding(Value.NOT_MET, says, (entry,))


RECOMMENDATION = Recommendation(
    id="M13",
    title="Alerts of large transfers and misuse",
    asks="Use tools that alert when somebody moves large amounts of data or uses devices inappropriately.",
    fact="The newest drill of a leak and of a flood, and how long real alerts of them have waited for a person.",
    reads=(DRILLED, RAISED, JUDGED),
    decide=decide,
    max_age=timedelta(days=90),
)
