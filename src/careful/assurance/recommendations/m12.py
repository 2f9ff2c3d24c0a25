"""M12: who is trying to get in and out is seen: drills with a copied key and with a scan, timed."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.drilled import DRILLED, of_drills
from careful.assurance.judging import Facts, Finding, Recommendation


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the newest drill of each kind."""
    yield from of_drills(facts, ("stolen-credential", "scan"))


RECOMMENDATION = Recommendation(
    id="M12",
    title="Watching who gets in and out",
    asks="Segment the network, and monitor who is trying to get in and out.",
    fact="The newest drill with a copied key and with a scan: the time until it was seen and cut off.",
    reads=(DRILLED,),
    decide=decide,
    max_age=timedelta(days=90),
)
