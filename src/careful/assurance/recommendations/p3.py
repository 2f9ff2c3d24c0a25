"""P3: no pathway into other networks, no weapon against others: no open door that nobody declared, nothing to aim."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.compared import COMPARED
from careful.assurance.judging import Facts, Finding, Recommendation, Value
from careful.kernel.ledger import Entry

AGE = timedelta(days=180)
LATELY = timedelta(days=30)
AMPLIFIES_FROM = 5
WEAPONS = {
    "flood": "floods others",
    "scan": "scans others",
    "slow_scan": "scans others, slowly",
    "login_guessing": "guesses logins",
    "amplification": "answers small questions at length",
    "open_service": "has a service open that finds, maps or amplifies, and is not declared",
    "undeclared_caller": "lets in callers that are not declared",
}


def decide(facts: Facts) -> Iterator[Finding]:
    """Look, per product, at live alerts of the last 30 days, then at the newest recording."""
    for product in facts.products():
        alerts = [_alert(one, product) for one in _standing(facts, product)]
        yield from alerts
        newest = facts.last(COMPARED, product=product)
        if newest is None:
            says = f"Nobody has recorded whom a device of {product} lets in and whom it calls."
            yield Finding(Value.UNKNOWN, says, (), product)
        elif not alerts:
            yield _recorded(product, newest)


def _standing(facts: Facts, product: str) -> Iterator[Entry]:
    """Yield alerts of such behaviour that nobody has called expected."""
    for rule in WEAPONS:
        for raised in facts.all("monitoring.alert_raised", product=product, rule=rule, drill=False):
            judged = facts.last("monitoring.alert_judged", alert=raised.data["alert"])
            expected = judged is not None and judged.data["verdict"] == "expected"
            if facts.now - raised.at <= LATELY and not expected:
                yield raised


def _alert(raised: Entry, product: str) -> Finding:
    what = WEAPONS[raised.data["rule"]]
    return Finding(Value.NOT_MET, f"A device of {product} {what}: alert {raised.data['alert']}.", (raised,), product)


def _recorded(product: str, newest: Entry) -> Finding:
    said = newest.data
    faults = []
    if said["callers"]:
        faults.append(f"it answered {said['callers']} kinds of callers that are not declared")
    if said["amplification"] >= AMPLIFIES_FROM:
        faults.append(f"a service gave {said['amplification']} times the bytes it was asked with")
    if said["undeclared"] > said["callers"]:
        faults.append(f"it had {said['undeclared'] - said['callers']} other conversations that are not declared")
    if faults:
        return Finding(Value.NOT_MET, f"{product}, in the newest recording: {'; '.join(faults)}.", (newest,), product)
    if not said["seen"]:
        return Finding(Value.UNKNOWN, f"{product}: the newest recording shows no conversation.", (newest,), product)
    says = f"{product}: the newest recording shows no caller that is not declared and no answer that amplifies."
    return Finding(Value.MET, says, (newest,), product)


RECOMMENDATION = Recommendation(
    id="P3",
    title="No pathway, no weapon",
    asks="See that a device opens no unnoticed way into a network and cannot be used against others.",
    fact="No standing alert of such behaviour or of such an open service (SSDP, mDNS, NAT-PMP, ...) in 30 days, and"
    " the newest recording: no undeclared caller, nothing undeclared called, no answer that amplifies.",
    reads=("products.declared", COMPARED, "monitoring.alert_raised", "monitoring.alert_judged"),
    decide=decide,
    max_age=AGE,
)
