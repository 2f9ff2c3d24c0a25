"""R7: automatic security patches, shown by devices that took one by themselves."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the newest rollout of each product that has a signed release."""
    for product in facts.products():
        if facts.first("releases.signed", product=product) is None:
            yield Finding(Value.NOT_APPLICABLE, f"{product} has no signed release.", (), product)
            continue
        started = facts.last("updates.rollout_started", product=product)
        if started is None:
            yield Finding(Value.UNKNOWN, f"No update of {product} was ever rolled out.", (), product)
            continue
        updated = facts.all("updates.device_updated", rollout=started.data["rollout"])
        devices = started.data["devices"]
        said = f"{len(updated)} of {devices} devices of {product} took {started.data['version']} by themselves."
        if updated:
            yield Finding(Value.MET, said, (updated[-1],), product)
        elif facts.last("updates.rollout_halted", rollout=started.data["rollout"]):
            yield Finding(Value.NOT_MET, f"{said} The rollout halted.", (started,), product)
        else:
            yield Finding(Value.UNKNOWN, said, (started,), product)


RECOMMENDATION = Recommendation(
    id="R7",
    title="Automatic security patches",
    asks="Provide security patches automatically.",
    fact="How many devices took the newest release by themselves.",
    reads=(
        "releases.signed",
        "updates.rollout_started",
        "updates.rollout_halted",
        "updates.device_updated",
    ),
    decide=decide,
    max_age=timedelta(days=365),
)
