"""A3: authentication is tried before a release and regularly after it; what was found expires with the next release."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value
from careful.assurance.recommendations.a1 import CREDENTIALS, INTERFACES


def decide(facts: Facts) -> Iterator[Finding]:
    """Compare when every interface was last tried with every wrong credential with what was signed since."""
    cells = [(interface, credential) for interface in INTERFACES for credential in CREDENTIALS]
    tried = [
        probe
        for interface, credential in cells
        if (probe := facts.last("devices.access_probed", interface=interface, credential=credential)) is not None
    ]
    if len(tried) < len(cells):
        yield Finding(Value.UNKNOWN, "Not every interface was ever tried. Run: careful drill access")
        return
    oldest = min(tried, key=lambda probe: probe.at)
    signed = {entry.data["product"]: entry for entry in facts.all("releases.signed")}
    for product, release in sorted(signed.items()):
        version = release.data["version"]
        if release.at > oldest.at:
            says = f"{version} was signed after authentication was last tried. Run: careful drill access"
            yield Finding(Value.UNKNOWN, f"{product}: {says}", (oldest,), product)
        else:
            yield Finding(Value.MET, f"{product}: authentication was tried since {version}.", (oldest,), product)
    if not signed:
        yield Finding(Value.MET, "Authentication was tried; nothing was released yet.", (oldest,))


RECOMMENDATION = Recommendation(
    id="A3",
    title="Authentication tried before and after release",
    asks="Test authentication before release and periodically thereafter.",
    fact="When every device interface was last tried with wrong credentials, and what was signed since.",
    reads=("devices.access_probed", "releases.signed"),
    decide=decide,
    max_age=timedelta(days=90),
)
