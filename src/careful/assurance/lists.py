"""The lists of known flaws as the ledger knows them: what several recommendations ask of them; pure."""

from datetime import timedelta

from careful.assurance.judging import Facts
from careful.kernel.ledger import Entry

MAX_AGE = timedelta(hours=24)
"""Past this a list says nothing of what became known lately."""
READS = ("vulnerabilities.feed_taken", "vulnerabilities.feed_failed")
_ADDING = frozenset({"nvd-overrides", "csaf", "openvex"})  # corrections and suppliers' words: no list to wait for


def newest(facts: Facts) -> dict[str, Entry | None]:
    """Return every list that was ever taken in or tried, by name, with its newest good pull."""
    named = {entry.data["feed"] for name in READS for entry in facts.all(name)} - _ADDING
    return {feed: facts.last("vulnerabilities.feed_taken", feed=feed) for feed in sorted(named)}
