"""C12: owners are told without waiting, on a clock from the confirmation; beside it, the clocks of the law."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value, span
from careful.kernel.clock import from_iso
from careful.kernel.ledger import Entry

EXPLOITED = timedelta(hours=24)
OTHERWISE = timedelta(hours=72)


def decide(facts: Facts) -> Iterator[Finding]:
    """Compare the time to tell owners with the time allowed, and the reports that the law wants with their clocks."""
    confirmed = facts.all("vulnerabilities.judged", status="affected")
    if not confirmed:
        yield Finding(Value.NOT_APPLICABLE, "No flaw has been confirmed in a product yet.")
    for case in sorted({entry.data["case"] for entry in confirmed}):
        judged = facts.first("vulnerabilities.judged", case=case, status="affected")
        told = facts.first("notices.owners_told", case=case)
        if judged is None:
            continue
        allowed = EXPLOITED if _exploited(facts, case) else OTHERWISE
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
    yield from _reports(facts)


def _exploited(facts: Facts, case: str) -> bool:
    opened = facts.last("vulnerabilities.case_opened", case=case)
    heard = facts.last("vulnerabilities.exploitation_heard", case=case)
    said = facts.last("obligations.aware", matter=case)
    taken_back = facts.last("obligations.dismissed", matter=case)
    ours = said is not None and (taken_back is None or taken_back.seq < said.seq)
    return bool(opened and opened.data["exploited"]) or heard is not None or ours


def _reports(facts: Facts) -> Iterator[Finding]:
    """Look at every report of every matter. A matter of which nobody looked whether it must be reported is unknown."""
    known = {
        entry.data["case"]: entry
        for name in ("vulnerabilities.case_opened", "vulnerabilities.exploitation_heard")
        for entry in facts.all(name)
        if name.endswith("heard") or entry.data["exploited"]
    }
    rehearsed = {entry.data["matter"] for entry in facts.all("obligations.drill_started")}
    for name in ("obligations.aware", "obligations.incident_noted"):
        known |= {one.data["matter"]: one for one in facts.all(name) if one.data["matter"] not in rehearsed}
    clocks = {(one.data["matter"], one.data["duty"]): one for one in facts.all("obligations.clock_set")}
    looked_at = {matter for matter, _ in clocks}
    for matter, entry in sorted(known.items()):
        if matter not in looked_at:
            says = f"{_title(facts, matter)}: whether it must be reported, and by when, was not looked at yet."
            yield Finding(Value.UNKNOWN, says, (entry,))
    for (_, duty), clock in sorted(clocks.items()):
        yield _report(facts, duty, clock)


def _report(facts: Facts, duty: str, clock: Entry) -> Finding:
    matter = clock.data["matter"]
    report = duty.partition("-")[2].replace("-", " ").replace("final", "final report")
    name = f"{_title(facts, matter)}, {report} (CRA Art. 14)"
    due = from_iso(clock.data["due"]) if clock.data["due"] else None
    missed = facts.first("obligations.clock_missed", matter=matter, duty=duty)
    sent = facts.first("obligations.report_submitted", matter=matter, duty=duty)
    if sent is not None:
        return _submitted(name, sent, missed)
    if due is None:
        if missed is None:
            return Finding(Value.NOT_APPLICABLE, f"{name}: not owed.", (clock,))
        return Finding(Value.UNKNOWN, f"{name}: its clock ran out before it was noted as not owed.", (missed, clock))
    if due > facts.now:
        return Finding(Value.MET, f"{name}: within its time, due in {span(due - facts.now)}.", (clock,))
    return Finding(Value.NOT_MET, f"{name}: {span(facts.now - due)} late.", (missed or clock,))


def _submitted(name: str, sent: Entry, missed: Entry | None) -> Finding:
    if not sent.data["in_time"]:
        return Finding(Value.NOT_MET, f"{name}: submitted, but too late.", (sent,))
    if missed is not None:
        says = f"{name}: noted as submitted in time, but only after its clock had run out."
        return Finding(Value.UNKNOWN, says, (missed, sent))
    return Finding(Value.MET, f"{name}: submitted in time.", (sent,))


def _title(facts: Facts, matter: str) -> str:
    opened = facts.last("vulnerabilities.case_opened", case=matter)
    if opened is not None:
        return f"{opened.data['flaw']} in {opened.data['product']}"
    incident = facts.last("obligations.incident_noted", matter=matter)
    return f"Incident {matter}{' in ' + ', '.join(incident.data['products']) if incident else ''}"


RECOMMENDATION = Recommendation(
    id="C12",
    title="Told without waiting",
    asks="Do not wait to notify customers when security issues arise.",
    fact="The time from confirming a flaw to telling the owners: 24 hours where it is exploited, else 72. "
    "For each report that the law wants, whether it was submitted before its clock ran out.",
    reads=(
        "vulnerabilities.judged",
        "vulnerabilities.case_opened",
        "vulnerabilities.exploitation_heard",
        "notices.owners_told",
        "obligations.aware",
        "obligations.incident_noted",
        "obligations.drill_started",
        "obligations.clock_set",
        "obligations.clock_missed",
        "obligations.report_submitted",
        "obligations.dismissed",
    ),
    decide=decide,
)
