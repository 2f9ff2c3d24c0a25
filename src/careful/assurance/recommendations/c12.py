"""C12: owners are told without waiting, on a clock that starts at the confirmation."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value, span

EXPLOITED = timedelta(hours=24)
OTHERWISE = timedelta(hours=72)


def decide(facts: Facts) -> Iterator[Finding]:
    """Compare, for each confirmed flaw, the time to tell with the time allowed."""
    confirmed = facts.all("vulnerabilities.judged", status="affected")
    if not confirmed:
        yield Finding(Value.NOT_APPLICABLE, "No flaw has been confirmed in a product yet.")
    for case in sorted({entry.data["case"] for entry in confirmed}):
        judged = facts.first("vulnerabilities.judged", case=case, status="affected")
        opened = facts.last("vulnerabilities.case_opened", case=case)
        told = facts.first("notices.owners_told", case=case)
        if judged is None:
            continue
        allowed = EXPLOITED if opened and opened.data["exploited"] else OTHERWISE
        took = (told.at if told else facts.now) - judged.at
        flaw = f"{judged.data['flaw']} in {judged.data['product']}"
        if told and took <= allowed:
            yield Finding(Value.MET, f"{flaw}: told after {span(took)}, allowed {span(allowed)}.", (judged, told))
        elif took <= allowed:
            yield Finding(
                Value.UNKNOWN, f"{flaw}: not told yet, {span(allowed - took)} of {span(allowed)} left.", (judged,)
            )
        else:
            yield Finding(Value.NOT_MET, f"{flaw}: {span(took)} without telling, allowed {span(allowed)}.", (judged,))


RECOMMENDATION = Recommendation(
    id="C12",
    title="Told without waiting",
    asks="Do not wait to notify customers when security issues arise.",
    fact="The time from confirming a flaw to telling the owners: 24 hours where it is exploited, else 72.",
    reads=("vulnerabilities.judged", "vulnerabilities.case_opened", "notices.owners_told"),
    decide=decide,
)
