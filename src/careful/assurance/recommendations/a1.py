"""A1: effective authentication, shown by what happened when wrong credentials were tried."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value

INTERFACES = ("est", "ddi", "mqtt")
CREDENTIALS = ("none", "wrong", "revoked")
WORDS = {"none": "a caller without credential", "wrong": "a wrong credential", "revoked": "a revoked credential"}


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the newest probe of every interface with every kind of wrong credential."""
    missing = []
    for interface in INTERFACES:
        for credential in CREDENTIALS:
            probe = facts.last("devices.access_probed", interface=interface, credential=credential)
            if probe is None:
                missing.append(f"{interface} with {credential}")
            elif not probe.data["held"]:
                yield Finding(
                    Value.NOT_MET,
                    f"{interface} answered {probe.data['got']!r} to {WORDS[credential]}; "
                    f"it should be {probe.data['expected']!r}.",
                    (probe,),
                )
            else:
                yield Finding(Value.MET, f"{interface} refused {WORDS[credential]}.", (probe,))
    if missing:
        yield Finding(Value.UNKNOWN, f"Never tried: {', '.join(missing)}. Run: careful drill access")


RECOMMENDATION = Recommendation(
    id="A1",
    title="Effective authentication",
    asks="Use effective authentication for device, data and system.",
    fact="The answer of every device interface to no, a wrong and a revoked credential.",
    reads=("devices.access_probed",),
    decide=decide,
    max_age=timedelta(days=90),
)
