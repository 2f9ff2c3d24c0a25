"""M10: interfaces secured and monitored: each of the devices' doors refuses wrong credentials, and is being watched."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.drilled import WATCHED, of_source
from careful.assurance.judging import Facts, Finding, Recommendation, Value

PROBED = "devices.access_probed"
DOORS = {"mqtt": ("The MQTT door", "mqtt"), "ddi": ("The update door", "https"), "est": ("The enrolment door", "https")}
"""Interface -> what people call it, and the source of its signals."""


def decide(facts: Facts) -> Iterator[Finding]:
    """Look, for each door, at the newest answer to each kind of credential, and at the newest sign of the watch."""
    if facts.first(PROBED) is None and facts.first(WATCHED) is None:
        return
    for door, (name, source) in DOORS.items():
        newest = {entry.data["credential"]: entry for entry in facts.all(PROBED, interface=door)}
        failed = [entry for entry in newest.values() if not entry.data["held"]]
        secured = bool(newest) and not failed
        if failed:
            kinds = ", ".join(sorted(entry.data["credential"] for entry in failed))
            yield Finding(Value.NOT_MET, f"{name} let in a credential it must refuse: {kinds}.", tuple(failed))
        elif secured:
            yield Finding(Value.MET, f"{name} refused every wrong credential.", tuple(newest.values()))
        else:
            yield Finding(Value.UNKNOWN, f"Nobody has tried {name.lower()} with a wrong credential.")
        watched = of_source(facts, source, name)
        if watched.value is Value.NOT_MET and secured:
            watched = Finding(Value.NOT_MET, f"{watched.says} Secured, not monitored.", watched.entries)
        yield watched


RECOMMENDATION = Recommendation(
    id="M10",
    title="Interfaces secured and monitored",
    asks="Protect the interfaces between the product and other devices or services; secure and monitor each.",
    fact="The newest answer of each of the devices' doors to each wrong credential, and the newest sign of its watch.",
    reads=(PROBED, WATCHED),
    decide=decide,
    max_age=timedelta(days=90),
)
