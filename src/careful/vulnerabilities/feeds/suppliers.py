"""What suppliers publish, as a feed: CSAF 2.0 documents and OpenVEX; pure.

A document speaks of many flaws in many products: each flaw becomes a record of its own. A vendor's document is the
vendor's word on its own products; one by a coordinator (CISA) or anybody else is a list like others. Products are named
by purl or CPE, else by vendor and product in words as CVE records do. What is said of a product as part of another is
for a person to check. Sources: CSAF 2.0 sections 3.2.2 and 3.2.3.9; OpenVEX 0.2.0.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from careful.releases import parse_cpe, parse_purl, unescaped
from careful.vulnerabilities import cpe as cpe_names
from careful.vulnerabilities import versions
from careful.vulnerabilities.feeds.cve5_versions import Version, read_versions
from careful.vulnerabilities.feeds.record import (
    Affected,
    Malformed,
    Record,
    Source,
    as_list,
    moment,
    severity_of,
    severity_of_vector,
)
from careful.vulnerabilities.names import named_in_words

_TEXT, _DEPTH, _MOST = 500, 32, 20_000
_ALL = re.compile(r"all versions?\s*", re.IGNORECASE)
_STATES = {
    "known_affected": "affected",
    "first_affected": "affected",
    "last_affected": "affected",
    "fixed": "unaffected",
    "first_fixed": "unaffected",
    "known_not_affected": "unaffected",
    "under_investigation": "open",
}
_OPENVEX_STATES = {
    "affected": "affected",
    "fixed": "unaffected",
    "not_affected": "unaffected",
    "under_investigation": "open",
}
_OPENVEX_DATES = ("last_updated", "timestamp")
_OPEN = "its supplier is still looking"
_WORDS = {"moderate": "medium", "important": "high", **{word: word for word in ("critical", "high", "medium", "low")}}
Name = tuple[str, str, str]
"""Kind, key and CPE name, as in `Affected`."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product of a document: its names, its versions as written ("*" for all), and the product it is part of."""

    names: tuple[Name, ...] = ()
    version: str = "*"
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What a document says of one flaw: about each product, affected, unaffected or open.

    `document` begins the `id` of every part of a document, in all its versions; empty where it has no name of its own.
    """

    document: str
    id: str
    names: tuple[str, ...]
    said: tuple[tuple[Product, str], ...]
    source: Source
    at: object
    summary: str = ""
    severity: str = "unknown"
    nameless: int = 0
    """How many products it speaks of that have no name by which anything can be looked up."""


def parse(raw: Part) -> Record:
    """Read one flaw of a document. Raises Malformed, naming what it lacks."""
    if not raw.names:
        raise Malformed("it names no flaw")
    entries: dict[tuple[Name, str], list[Version]] = {}
    for product, status in raw.said[:_MOST]:
        for name in product.names:
            doubt = _OPEN if status == "open" else f"as part of {product.inside}" if product.inside else ""
            if status == "unaffected" and product.inside and product.version == "*":
                continue  # of one product that holds it, and no word about the others
            word = "unaffected" if status == "unaffected" else "affected"
            doubt = "" if word == "unaffected" else doubt
            entries.setdefault((name, doubt), []).append(Version(product.version, word))
    if not entries:
        raise Malformed("it names no product by purl, CPE or plain words")
    modified = moment(raw.at)
    if modified is None:
        raise Malformed("expected a date")
    return Record(
        id=raw.id,
        aliases=raw.names,
        summary=raw.summary[:_TEXT],
        severity=raw.severity,
        modified=modified,
        affected=tuple(dict.fromkeys(_rows(entries, raw.source))),
    )


def _rows(entries: Mapping[tuple[Name, str], list[Version]], source: Source) -> Iterator[Affected]:
    for ((kind, key, cpe), doubt), said in entries.items():
        frame = Affected(kind, key, _scheme(kind, key, cpe), cpe=cpe, source=source)
        for row in read_versions(said, "unknown", frame):
            yield replace(row, condition="; ".join(filter(None, (doubt, row.condition))))


def _scheme(kind: str, key: str, name: str) -> str:
    if kind == "purl":
        return versions.scheme_of_purl(key.partition("/")[0], key.rpartition("/")[2])
    cpe = parse_cpe(name)
    return versions.scheme_of_cpe(unescaped(cpe.vendor), unescaped(cpe.product)) if cpe else "generic"


def of_csaf(raw: dict[str, Any]) -> Iterator[tuple[str, Part]]:
    """Yield each flaw of a CSAF document with its place."""
    about = _object(raw, "document")
    tracking, publisher = _object(about, "tracking"), _object(about, "publisher")
    products = _products(_object(raw, "product_tree"))
    by_vendor = _text(publisher, "category") == "vendor"
    publisher_name, document = _text(publisher, "name")[:_TEXT], _text(tracking, "id")[:_TEXT]
    name = f"{publisher_name or 'CSAF'} {document}: "
    for number, one in enumerate(as_list(raw.get("vulnerabilities"))):
        if not isinstance(one, dict):
            continue
        ids = [_text(each, "text") for each in as_list(one.get("ids"))]
        names = tuple(dict.fromkeys(name for name in (_text(one, "cve"), *ids) if name))
        states = _object(one, "product_status")
        listed = [(name, status) for state, status in _STATES.items() for name in as_list(states.get(state))]
        said = [(products[name], status) for name, status in listed if isinstance(name, str) and name in products]
        yield (
            f"#$.vulnerabilities[{number}]",
            Part(
                document=name if publisher_name and document else "",
                id=f"{name}{names[0] if names else number}",
                names=names,
                said=tuple(said),
                source="vendor" if by_vendor else "feed",
                at=tracking.get("current_release_date"),
                summary=_text(one, "title") or _note(one) or _text(about, "title"),
                severity=_severity(one, about),
                nameless=len(listed) - sum(bool(product.names) for product, _ in said),
            ),
        )


def _products(tree: dict[str, Any]) -> dict[str, Product]:
    """Return the products of a tree by id, those that are parts of others among them."""
    found: dict[str, Product] = {}
    titles: dict[str, str] = {}
    stack: list[tuple[Any, dict[str, str], int]] = [(one, {}, 0) for one in as_list(tree.get("branches"))]
    stack += [({"product": one}, {}, 0) for one in as_list(tree.get("full_product_names"))]
    while stack:
        branch, path, depth = stack.pop()
        if not isinstance(branch, dict) or depth > _DEPTH:
            continue
        path = {**path, _text(branch, "category"): _text(branch, "name")}
        stack += [(one, path, depth + 1) for one in as_list(branch.get("branches"))]
        product = _object(branch, "product")
        if product:
            found[_text(product, "product_id")] = _product(product, path)
            titles[_text(product, "product_id")] = _text(product, "name")
    for link in as_list(tree.get("relationships")):
        whole = _object(link, "full_product_name") if isinstance(link, dict) else {}
        part = found.get(_text(link, "product_reference"))
        holder = _text(link, "relates_to_product_reference")
        if whole and part:
            found[_text(whole, "product_id")] = replace(part, inside=titles.get(holder, holder) or "another product")
    return found


def _product(product: dict[str, Any], path: Mapping[str, str]) -> Product:
    helper = _object(product, "product_identification_helper")
    written = path.get("product_version_range") or path.get("product_version") or ""
    names, stated = _named([_text(helper, "purl"), _text(helper, "cpe")])
    if not names:
        words = named_in_words(path.get("vendor"), path.get("product_name"))
        names = tuple(("cpe", unescaped(title), _cpe("*", vendor, title)) for vendor, title in words)
    return Product(names, _plain_range(written) or stated or "*")


def _named(ids: list[str]) -> tuple[tuple[Name, ...], str]:
    """Return the names that purls and CPE names give, and the version that they state."""
    found: list[Name] = []
    stated = ""
    for text in ids:
        purl, name = parse_purl(text), parse_cpe(text)
        if purl:
            found.append(("purl", purl.key.lower(), ""))
            stated = stated or purl.version
        elif name:
            found.append(("cpe", unescaped(name.product), _cpe(name.part, name.vendor, name.product)))
            stated = stated or cpe_names.version_of(name)
    return tuple(dict.fromkeys(found)), stated


def _cpe(part: str, vendor: str, product: str) -> str:
    return f"cpe:2.3:{part}:{vendor}:{product}:*:*:*:*:*:*:*:*"


def _plain_range(text: str) -> str:
    """Return a version, or a range as people write it: `vers:all/>=1.0|<V4.3` is `>=1.0 <V4.3` (CSAF, 3.1.2.3)."""
    if not text.strip():
        return ""
    text = text.strip()
    if text.lower().startswith("vers:"):
        text = text.partition("/")[2]
    text = _ALL.sub("", text, count=1) or "*"
    return " ".join(text.replace("|", " ").split())


def _severity(one: dict[str, Any], about: dict[str, Any]) -> str:
    for score in as_list(one.get("scores")):
        for name in ("cvss_v4", "cvss_v3", "cvss_v2"):
            data = _object(score, name) if isinstance(score, dict) else {}
            base = data.get("baseScore")
            if isinstance(base, (int, float)):
                return severity_of(float(base))
            if _text(data, "vectorString"):
                return severity_of_vector(_text(data, "vectorString"))
    return _WORDS.get(_text(_object(about, "aggregate_severity"), "text").lower(), "unknown")


def _note(one: dict[str, Any]) -> str:
    notes = [note for note in as_list(one.get("notes")) if isinstance(note, dict)]
    return next((_text(note, "text") for note in notes if _text(note, "category") in {"summary", "description"}), "")


def of_openvex(raw: dict[str, Any]) -> Iterator[tuple[str, Part]]:
    """Yield each statement of an OpenVEX document with its place."""
    statements = as_list(raw.get("statements"))
    dated = [one.get(name) for one in (raw, *statements) if isinstance(one, dict) for name in _OPENVEX_DATES]
    at = max((found.isoformat() for found in map(moment, dated) if found), default="")
    for number, one in enumerate(statements):
        if not isinstance(one, dict):
            continue
        flaw = one.get("vulnerability")
        flaw = flaw if isinstance(flaw, dict) else {"name": flaw}
        listed = (_text(flaw, "name"), _text(flaw, "@id"), *as_list(flaw.get("aliases")))
        names = tuple(dict.fromkeys(name for name in listed if isinstance(name, str) and name))
        status = _OPENVEX_STATES.get(_text(one, "status"), "")
        reason = _text(one, "justification") or _text(one, "impact_statement")
        unfounded = _text(one, "status") == "not_affected" and not reason  # section "Status Justifications"
        said = [] if unfounded or not status else [(product, status) for product in _openvex_products(one)]
        yield (
            f"#$.statements[{number}]",
            Part(
                document=f"{_text(raw, '@id')}#" if _text(raw, "@id") else "",
                id=f"{_text(raw, '@id')}#{number}",
                names=names,
                said=tuple(said),
                source="vendor",
                at=at,
                summary=_text(flaw, "description"),
                nameless=sum(not product.names for product, _ in said),
            ),
        )


def _openvex_products(one: dict[str, Any]) -> Iterator[Product]:
    for product in as_list(one.get("products")):
        ids = _openvex_ids(product)
        parts = as_list(product.get("subcomponents")) if isinstance(product, dict) else []
        for part in parts:
            names, version = _named(_openvex_ids(part))
            yield Product(names, version or "*", inside=ids[0] if ids else "another product")
        if not parts:
            names, version = _named(ids)
            yield Product(names, version or "*")


def _openvex_ids(product: object) -> list[str]:
    if isinstance(product, str):
        return [product]
    if not isinstance(product, dict):
        return []
    ids = product.get("identifiers")
    listed = (product.get("@id"), *(ids.values() if isinstance(ids, dict) else ()))
    return [one for one in listed if isinstance(one, str)]


def _object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _text(holder: object, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""
