"""OpenVEX 0.2.0 and 0.0.1, also inside an in-toto attestation; pure.

A statement's own date goes before the document's, and products before the attestation's subjects (OpenVEX 0.2.0, "Data
Inheritance"). Before 0.2.0 products and flaws were plain texts, and a statement listed subcomponents of all its
products.
"""

from collections.abc import Iterator
from typing import Any

from careful.vulnerabilities.feeds.record import as_list, moment
from careful.vulnerabilities.feeds.supplied import said_at
from careful.vulnerabilities.said.model import About, Head, Said, Thing, hashes, names_something, statement, text


def head(raw: dict[str, Any]) -> Head:
    """Return what the document says of itself."""
    version = raw.get("version")
    return Head(
        "OpenVEX",
        text(raw, "@id"),
        text(raw, "author"),
        raw.get("last_updated") or raw.get("timestamp"),
        str(version) if isinstance(version, int | str) else "",
    )


def read(raw: dict[str, Any], subjects: tuple[About, ...] = ()) -> Iterator[Said]:
    """Yield every statement; `subjects` are what an attestation around the document is about."""
    issued = moment(raw.get("timestamp"))
    for number, one in enumerate(as_list(raw.get("statements"))):
        one = one if isinstance(one, dict) else {}  # noqa: PLW2901 (what is no object says nothing)
        impact = text(one, "impact_statement")
        status = text(one, "status")
        action = text(one, "action_statement") if status == "affected" else ""
        yield statement(
            f"$.statements[{number}]",
            _names(one),
            tuple(_about(one)) or subjects,
            status,
            justification=text(one, "justification"),
            detail=impact or action or text(one, "status_notes"),
            reasoned=bool(impact),
            at=said_at(one, issued),
        )


def _names(one: dict[str, Any]) -> list[object]:
    flaw = one.get("vulnerability")
    if not isinstance(flaw, dict):
        return [flaw]
    return [flaw.get("name"), flaw.get("@id"), *as_list(flaw.get("aliases"))]


def _about(one: dict[str, Any]) -> Iterator[About]:
    shared = [found for part in as_list(one.get("subcomponents")) if (found := thing(part))]
    for product in as_list(one.get("products")):
        whole = thing(product)
        if whole is None:
            continue
        own = as_list(product.get("subcomponents")) if isinstance(product, dict) else []
        parts = [found for part in own if (found := thing(part))] or shared
        yield from (About(whole, part) for part in parts)
        if not parts:
            yield About(whole)


def thing(raw: object) -> Thing | None:
    """Return a product or subcomponent; an @id that is neither purl nor CPE is what it is called."""
    if isinstance(raw, str):
        return Thing((raw,)) if names_something(raw) else Thing(title=raw) if raw.strip() else None
    if not isinstance(raw, dict):
        return None
    ids = raw.get("identifiers")
    own = text(raw, "@id")
    listed = [own, *(ids.values() if isinstance(ids, dict) else ())]
    known = tuple(dict.fromkeys(one for one in listed if isinstance(one, str) and names_something(one)))
    digests = raw.get("hashes")
    found = hashes(digests.items()) if isinstance(digests, dict) else ()
    title = "" if names_something(own) else own
    return Thing(known, (), found, title) if known or found or title.strip() else None


def attested(raw: dict[str, Any]) -> tuple[About, ...]:
    """Return the subjects of an in-toto attestation, each with its digests."""
    found = []
    for one in as_list(raw.get("subject")):
        name, digests = text(one, "name"), one.get("digest") if isinstance(one, dict) else None
        known = hashes(digests.items()) if isinstance(digests, dict) else ()
        if name or known:
            ids = (name,) if names_something(name) else ()
            found.append(About(Thing(ids, (), known, "" if ids else name)))
    return tuple(found)
