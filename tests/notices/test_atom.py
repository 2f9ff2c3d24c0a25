"""The Atom feed has what RFC 4287 asks for, and only what is public."""

import dataclasses
from datetime import UTC, datetime
from xml.etree.ElementTree import fromstring

from notices_sample import ADVISORY

from careful.notices.atom import feed

NS = {"a": "http://www.w3.org/2005/Atom"}
AT = datetime(2026, 11, 3, 9, tzinfo=UTC)


def read(*advisories):
    return fromstring(feed(advisories, maker="Hearth & Co", url="https://h.example", updated=AT))  # noqa: S314 (our own text)


def test_published_entries_only():
    public = dataclasses.replace(ADVISORY, published_at=AT)
    root = read(public, ADVISORY)
    assert [entry.findtext("a:id", namespaces=NS) for entry in root.findall("a:entry", NS)] == [
        "https://h.example/advisories/CAREFUL-2026-0001"
    ]
    for name in ("title", "id", "updated", "summary"):
        assert root.find("a:entry", NS).findtext(f"a:{name}", namespaces=NS)
    assert root.findtext("a:updated", namespaces=NS) == "2026-11-03T09:00:00.000000Z"
    assert root.findtext("a:author/a:name", namespaces=NS) == "Hearth & Co"


def test_empty_feed_is_valid():
    assert read().findtext("a:updated", namespaces=NS) == "2026-11-03T09:00:00.000000Z"
