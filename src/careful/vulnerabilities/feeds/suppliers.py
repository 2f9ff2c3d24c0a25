"""What suppliers publish, as a feed: CSAF 2.0 documents and OpenVEX; pure.

A document speaks of many flaws in many products: each flaw becomes a record of its own. A vendor's document is the
vendor's word on its own products; one by a coordinator (CISA) or anybody else is a list like others. Products are named
by purl or CPE, else by vendor and product in words as CVE records do. What is said of a product as part of another is
for a person to check, but for a distribution's package in one of its releases. Of several statements in one document
on the same product the latest counts. Each record says where it is from, under what terms; the words of a document that
must not be made public (TLP) stay in it. Sources: CSAF 2.0 sections 3.2.1, 3.2.2 and 3.2.3.9; OpenVEX 0.2.0.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
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
    is_distribution,
    moment,
    severity_of,
    severity_of_vector,
)
from careful.vulnerabilities.feeds.supplied import (
    distro_release,
    is_restricted,
    plain_range,
    said_at,
    tlp_of,
    version_of_branch,
)
from careful.vulnerabilities.names import named_in_words

_TEXT, _DEPTH, _MOST, _TERMS = 500, 32, 20_000, 240
_STATES = {
    "known_affected": "affected",
    "first_affected": "affected",
    "last_affected": "affected",
    "fixed": "unaffected",
    "first_fixed": "unaffected",
    "recommended": "unaffected",
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
_NEVER = datetime.min.replace(tzinfo=UTC)
_WORDS = {"moderate": "medium", "important": "high", **{word: word for word in ("critical", "high", "medium", "low")}}
Name = tuple[str, str, str]
"""Kind, key and CPE name, as in `Affected`."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product of a document: its names, its versions as written ("*" for all), and the product it is part of.

    `release` is that of the distribution whose package it is, where only that is meant.
    """

    names: tuple[Name, ...] = ()
    version: str = "*"
    inside: str = ""
    release: str = ""

    @property
    def is_package(self) -> bool:
        """Tell whether it is a distribution's package: in one version the same wherever it is installed."""
        return any(kind == "purl" and is_distribution(key) for kind, key, _ in self.names)

    def within(self, holder: "Product", title: str) -> "Product":
        """Return it as part of another."""
        if self.is_package and self.version != "*":
            return self
        release = next((_release(cpe) for kind, _, cpe in holder.names if kind == "cpe"), "") or holder.version
        if self.is_package and release not in {"", "*"}:
            return replace(self, release=release)
        return replace(self, inside=title or "another product")


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
    provenance: str = ""


def parse(raw: Part) -> Record:
    """Read one flaw of a document. Raises Malformed, naming what it lacks."""
    if not raw.names:
        raise Malformed("it names no flaw")
    entries: dict[tuple[Name, str, str], list[Version]] = {}
    for product, status in raw.said[:_MOST]:
        for name in product.names:
            doubt = _OPEN if status == "open" else f"as part of {product.inside}" if product.inside else ""
            if status == "unaffected" and product.inside and product.version == "*":
                continue  # of one product that holds it, and no word about the others
            word = "unaffected" if status == "unaffected" else "affected"
            doubt = "" if word == "unaffected" else doubt
            distro = f"{name[1].split('/')[1]}:{product.release}" if product.release and product.is_package else ""
            entries.setdefault((name, doubt, distro), []).append(Version(product.version, word))
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
        provenance=raw.provenance,
    )


def _rows(entries: Mapping[tuple[Name, str, str], list[Version]], source: Source) -> Iterator[Affected]:
    for ((kind, key, cpe), doubt, distro), said in entries.items():
        frame = Affected(kind, key, _scheme(kind, key, cpe), cpe=cpe, source=source, distro=distro)
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
    silent = is_restricted(tlp_of(raw))
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
                summary="" if silent else _text(one, "title") or _note(one) or _text(about, "title"),
                severity=_severity(one, about),
                nameless=len(listed) - sum(bool(product.names) for product, _ in said),
                provenance=_provenance_of_csaf(raw),
            ),
        )


def _provenance_of_csaf(raw: dict[str, Any]) -> str:
    """Return whose document it is, in which version, to whom it may be shown and under what terms (section 3.2.1)."""
    about = _object(raw, "document")
    tracking, sharing = _object(about, "tracking"), _object(about, "distribution")
    notes = [one for one in as_list(about.get("notes")) if _text(one, "category") == "legal_disclaimer"]
    label = tlp_of(raw)
    terms = "" if is_restricted(label) else _text(sharing, "text") or next((_text(one, "text") for one in notes), "")
    version = _text(tracking, "version")
    parts = (
        _text(_object(about, "publisher"), "name"),
        f"{_text(tracking, 'id')} version {version}" if version else _text(tracking, "id"),
        f"TLP:{label}" if label else "",
        " ".join(terms.split())[:_TERMS],
    )
    return "; ".join(part for part in parts if part)[:_TEXT]


def _products(tree: dict[str, Any]) -> dict[str, Product]:
    """Return the products of a tree by id, those that are parts of others among them."""
    found: dict[str, Product] = {}
    titles: dict[str, str] = {}
    outer: dict[str, str] = {}
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
        holder = outer.get(holder, holder)  # a module of a distribution is part of it, and so is what is in the module
        if whole and part:
            outer[_text(whole, "product_id")] = holder
            found[_text(whole, "product_id")] = part.within(found.get(holder, Product()), titles.get(holder, holder))
    return found


def _product(product: dict[str, Any], path: Mapping[str, str]) -> Product:
    helper = _object(product, "product_identification_helper")
    written = path.get("product_version_range") or ""
    purls = (_text(helper, "purl"), *(one for one in as_list(helper.get("purls")) if isinstance(one, str)))
    names, stated = _named([*filter(None, purls), _text(helper, "cpe")])
    if not names:
        words = named_in_words(path.get("vendor"), path.get("product_name"))
        names = tuple(("cpe", unescaped(title), _cpe("*", vendor, title)) for vendor, title in words)
    if not written and not stated:
        written = version_of_branch(path.get("product_version", ""), purls)
    return Product(names, plain_range(written) or stated or "*", release=_distro(purls))


def _release(cpe: str) -> str:
    """Return the version of a CPE name of a distribution, empty where it states none."""
    name = parse_cpe(cpe)
    return cpe_names.version_of(name) if name else ""


def _distro(ids: Iterable[str]) -> str:
    """Return the release of a distribution that a purl's qualifiers name (`distro=jammy` is 22.04)."""
    purls = (purl for one in ids if (purl := parse_purl(one)))
    return next((distro_release(value) for one in purls for name, value in one.qualifiers if name == "distro"), "")


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
    statements = [one for one in as_list(raw.get("statements")) if isinstance(one, dict)]
    dated = [one.get(name) for one in (raw, *statements) for name in _OPENVEX_DATES]
    at = max((found.isoformat() for found in map(moment, dated) if found), default="")
    issued = moment(raw.get("timestamp"))
    newest = _newest(statements, issued)
    for number, one in enumerate(as_list(raw.get("statements"))):
        if not isinstance(one, dict):
            continue
        names = _openvex_names(one)
        status = _OPENVEX_STATES.get(_text(one, "status"), "")
        reason = _text(one, "justification") or _text(one, "impact_statement")
        unfounded = _text(one, "status") == "not_affected" and not reason  # section "Status Justifications"
        listed = list(_openvex_products(one))
        current = [each for each in listed if newest[names[:1], each] == (said_at(one, issued) or _NEVER)]
        if listed and not current:
            continue  # a later statement of the document says more
        said = [] if unfounded or not status else [(product, status) for product in current]
        yield (
            f"#$.statements[{number}]",
            Part(
                document=f"{_text(raw, '@id')}#" if _text(raw, "@id") else "",
                id=f"{_text(raw, '@id')}#{number}",
                names=names,
                said=tuple(said),
                source="vendor",
                at=at,
                summary=_text(_object(one, "vulnerability"), "description"),
                nameless=sum(not product.names for product, _ in said),
                provenance=_provenance_of_openvex(raw),
            ),
        )


def _openvex_names(one: dict[str, Any]) -> tuple[str, ...]:
    flaw = one.get("vulnerability")
    flaw = flaw if isinstance(flaw, dict) else {"name": flaw}
    address = _text(flaw, "@id")
    last = address.rstrip("/").rpartition("/")[2] if "://" in address else ""
    listed = (flaw.get("name"), last, address, *as_list(flaw.get("aliases")))
    return tuple(dict.fromkeys(name for name in listed if isinstance(name, str) and name))


def _newest(
    statements: list[dict[str, Any]], issued: datetime | None
) -> dict[tuple[tuple[str, ...], Product], datetime]:
    """Return since when the latest word on each flaw in each product holds."""
    found: dict[tuple[tuple[str, ...], Product], datetime] = {}
    for one in statements:
        at = said_at(one, issued) or _NEVER
        for product in _openvex_products(one):
            key = (_openvex_names(one)[:1], product)
            found[key] = max(found.get(key, _NEVER), at)
    return found


def _provenance_of_openvex(raw: dict[str, Any]) -> str:
    version = raw.get("version")
    name = f"{_text(raw, '@id')} version {version}" if isinstance(version, int) else _text(raw, "@id")
    return "; ".join(part for part in (_text(raw, "author"), name) if part)[:_TEXT]


def _openvex_products(one: dict[str, Any]) -> Iterator[Product]:
    shared = as_list(one.get("subcomponents"))  # before OpenVEX 0.2.0
    for product in as_list(one.get("products")):
        ids = _openvex_ids(product)
        parts = (as_list(product.get("subcomponents")) if isinstance(product, dict) else []) or shared
        whole = Product(*_named_and_version(ids))
        for part in parts:
            inner = _openvex_ids(part)
            yield Product(*_named_and_version(inner), release=_distro(inner)).within(whole, ids[0] if ids else "")
        if not parts:
            yield replace(whole, release=_distro(ids))


def _named_and_version(ids: list[str]) -> tuple[tuple[Name, ...], str]:
    names, version = _named(ids)
    return names, version or "*"


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
