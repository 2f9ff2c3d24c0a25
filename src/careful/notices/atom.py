"""The advisories as an Atom feed (RFC 4287); pure."""

from collections.abc import Sequence
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from careful.kernel.clock import iso
from careful.notices.model import Advisory

_ATOM = "http://www.w3.org/2005/Atom"
register_namespace("", _ATOM)


def feed(advisories: Sequence[Advisory], *, maker: str, url: str, updated: datetime) -> bytes:
    """Return the feed, newest first. `updated` serves while there is no advisory; `url` is the public site's root."""
    root = Element(f"{{{_ATOM}}}feed")
    _text(root, "title", f"{maker}: security notices")
    _text(root, "id", f"{url}/advisories.atom")
    SubElement(root, f"{{{_ATOM}}}link", rel="self", type="application/atom+xml", href=f"{url}/advisories.atom")
    SubElement(root, f"{{{_ATOM}}}link", rel="alternate", type="text/html", href=f"{url}/advisories")
    _text(root, "updated", iso(max((one.published_at for one in advisories if one.published_at), default=updated)))
    _text(SubElement(root, f"{{{_ATOM}}}author"), "name", maker)
    for one in advisories:
        if one.published_at is None:
            continue
        entry = SubElement(root, f"{{{_ATOM}}}entry")
        _text(entry, "title", one.title)
        _text(entry, "id", f"{url}/advisories/{one.id}")
        _text(entry, "published", iso(one.published_at))
        _text(entry, "updated", iso(one.published_at))
        SubElement(entry, f"{{{_ATOM}}}link", rel="alternate", type="text/html", href=f"{url}/advisories/{one.id}")
        related = f"{url}/advisories/{one.id.lower()}.json"
        SubElement(entry, f"{{{_ATOM}}}link", rel="related", type="application/json", href=related)
        _text(entry, "summary", f"{one.action} {one.summary}")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode").encode()


def _text(parent: Element, name: str, value: str) -> None:
    SubElement(parent, f"{{{_ATOM}}}{name}").text = value
