"""Which lists there are, and which are only additions to others."""

from datetime import UTC, datetime

from careful.assurance.judging import Facts
from careful.assurance.lists import newest
from careful.kernel.ledger import Entry

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def entry(seq: int, name: str, feed: str) -> Entry:
    return Entry(seq, NOW, "system:careful", f"vulnerabilities.{name}", "feed", {"feed": feed})


def test_every_list_with_its_newest_good_pull() -> None:
    first, last = entry(0, "feed_taken", "osv"), entry(3, "feed_taken", "osv")
    said, failed = entry(1, "feed_taken", "csaf"), entry(2, "feed_failed", "nvd")
    assert newest(Facts([first, said, failed, last], NOW)) == {"nvd": None, "osv": last}
    assert newest(Facts([], NOW)) == {}
