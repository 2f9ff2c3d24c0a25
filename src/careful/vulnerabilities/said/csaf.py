"""CSAF 2.0: a statement for every product of every status, with what its flags and threats say of it; pure.

Groups of products count wherever products do (CSAF 2.0 sections 3.2.2.3 and 3.2.3). A product may be part of another,
in several steps: a package in a module of a distribution. A product without purl, CPE or hash is known by vendor and
name in words, as in a feed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from careful.releases import parse_cpe, parse_purl
from careful.vulnerabilities.feeds.record import as_list, moment
from careful.vulnerabilities.feeds.supplied import tlp_of, version_of_branch
from careful.vulnerabilities.names import named_in_words
from careful.vulnerabilities.said.model import About, Head, Said, Thing, hashes, part_of, statement, text

_DEPTH = 32
STATES: Mapping[str, str] = {
    "known_affected": "affected",
    "first_affected": "affected",
    "last_affected": "affected",
    "known_not_affected": "not_affected",
    "fixed": "fixed",
    "first_fixed": "fixed",
    "recommended": "fixed",
    "under_investigation": "under_investigation",
    "unknown": "under_investigation",
}
"""CSAF 2.0 section 3.2.3.9 (`unknown` is of 2.1): what is recommended "has a fix"."""


@dataclass(frozen=True, slots=True)
class _Tree:
    """The products of a document by id, and what is part of what."""

    things: Mapping[str, Thing]
    inside: Mapping[str, tuple[str, str]]
    groups: Mapping[str, tuple[str, ...]]

    def about(self, product: str) -> About | None:
        """Return what an id stands for: its innermost part, in the outermost product that holds it."""
        if product not in self.inside:
            return About(self.things[product]) if product in self.things else None
        part, whole = product, product
        for _ in range(_DEPTH):
            if part in self.things or part not in self.inside:
                break
            part = self.inside[part][0]
        for _ in range(_DEPTH):
            if whole not in self.inside:
                break
            whole = self.inside[whole][1]
        if part not in self.things:
            return None
        return About(self.things.get(whole, Thing(title=whole)), self.things[part])


def head(raw: dict[str, Any]) -> Head:
    """Return what the document says of itself."""
    about = part_of(raw, "document")
    tracking, publisher = part_of(about, "tracking"), part_of(about, "publisher")
    return Head(
        "CSAF",
        text(tracking, "id"),
        text(publisher, "name"),
        tracking.get("current_release_date"),
        text(tracking, "version"),
        tlp_of(raw),
    )


def read(raw: dict[str, Any]) -> Iterator[Said]:
    """Yield a statement for every product that some status of some flaw lists."""
    tree = _tree(part_of(raw, "product_tree"))
    issued = moment(head(raw).at)
    for number, one in enumerate(as_list(raw.get("vulnerabilities"))):
        if not isinstance(one, dict):
            continue
        names = [one.get("cve"), *(text(each, "text") for each in as_list(one.get("ids")))]
        flags = _by_product(as_list(one.get("flags")), "label", tree.groups)
        impacts = [each for each in as_list(one.get("threats")) if text(each, "category") == "impact"]
        reasons = _by_product(impacts, "details", tree.groups)
        remedies = _by_product(as_list(one.get("remediations")), "details", tree.groups)
        for state, listed in part_of(one, "product_status").items():
            for place, product in enumerate(as_list(listed)):
                where = f"$.vulnerabilities[{number}].product_status.{state[:40]}[{place}]: {str(product)[:80]}"
                about = tree.about(product) if isinstance(product, str) else None
                impact = reasons.get(product, reasons.get("", "")) if isinstance(product, str) else ""
                status = STATES.get(state, state)
                remedy = remedies.get(product, remedies.get("", "")) if status == "affected" and about else ""
                yield statement(
                    where,
                    names,
                    (about,) if about else (),
                    status,
                    justification=flags.get(product, flags.get("", "")) if about else "",
                    detail=impact or remedy,
                    reasoned=bool(impact),
                    at=issued,
                )


def _by_product(listed: Iterable[object], name: str, groups: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return what is said of each product; what names neither products nor groups is said of all, under ""."""
    found: dict[str, str] = {}
    for one in listed:
        if not isinstance(one, dict):
            continue
        ids = [each for each in as_list(one.get("product_ids")) if isinstance(each, str)]
        ids += [
            each for group in as_list(one.get("group_ids")) if isinstance(group, str) for each in groups.get(group, ())
        ]
        if not one.get("product_ids") and not one.get("group_ids"):
            ids = [""]
        for each in ids:
            found.setdefault(each, text(one, name))
    return found


def _tree(raw: dict[str, Any]) -> _Tree:
    things: dict[str, Thing] = {}
    stack: list[tuple[object, dict[str, str], int]] = [(one, {}, 0) for one in as_list(raw.get("branches"))]
    stack += [({"product": one}, {}, 0) for one in as_list(raw.get("full_product_names"))]
    while stack:
        branch, path, depth = stack.pop()
        if not isinstance(branch, dict) or depth > _DEPTH:
            continue
        path = {**path, text(branch, "category"): text(branch, "name")}
        stack += [(one, path, depth + 1) for one in as_list(branch.get("branches"))]
        product = part_of(branch, "product")
        if product:
            things[text(product, "product_id")] = _thing(product, path)
    inside: dict[str, tuple[str, str]] = {}
    for link in as_list(raw.get("relationships")):
        whole = part_of(link, "full_product_name")
        if whole:
            name = text(whole, "product_id")
            inside[name] = (text(link, "product_reference"), text(link, "relates_to_product_reference"))
            own = _thing(whole, {})
            if own.ids or own.hashes:  # the part in the whole has a name of its own
                things[name] = own
    groups = {
        text(one, "group_id"): tuple(each for each in as_list(one.get("product_ids")) if isinstance(each, str))
        for one in as_list(raw.get("product_groups"))
        if isinstance(one, dict)
    }
    return _Tree(things, inside, groups)


def _thing(product: dict[str, Any], path: Mapping[str, str]) -> Thing:
    helper = part_of(product, "product_identification_helper")
    several = [*as_list(helper.get("purls")), helper.get("purl"), helper.get("cpe")]  # `purls` is of CSAF 2.1
    ids = tuple(dict.fromkeys(one for one in several if isinstance(one, str) and one))
    written = (path.get("product_version_range") or version_of_branch(path.get("product_version", ""), ids)).strip()
    digests = hashes(
        (text(each, "algorithm"), text(each, "value"))
        for one in as_list(helper.get("hashes"))
        for each in as_list(one.get("file_hashes") if isinstance(one, dict) else None)
    )
    versions = (written,) if written and not any(map(_states_version, ids)) else ()
    if not ids:
        words = named_in_words(path.get("vendor"), path.get("product_name"))
        ids = tuple(f"cpe:2.3:*:{vendor}:{title}:*:*:*:*:*:*:*:*" for vendor, title in words)
    return Thing(ids, versions, digests, path.get("product_name") or text(product, "name"))


def _states_version(identifier: str) -> bool:
    purl, name = parse_purl(identifier), parse_cpe(identifier)
    return bool(purl and purl.version) or bool(name and name.version not in {"*", "-"})
