"""Reading SPDX 2.2 and 2.3 (ISO/IEC 5962), from JSON or tag-value (spdx2_tag.py).

A package is a component; single files are not listed. A set of documents that refer to each other (Yocto's archive,
Zephyr's four files) is read as one: references are resolved by namespace.

Yocto writes a recipe, with the CPEs and the flaws its patches mend, and packages made of it, without: what is said of
the recipe is said of its packages, and only packages that the image contains are in it. The packages of one recipe are
one piece of software.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from careful.kernel.errors import Invalid, Refused, TooLarge
from careful.releases import sources
from careful.releases.identifiers import names_linux, parse_purl
from careful.releases.listing import (
    LONGEST_NAME,
    MOST_COMPONENTS,
    MOST_RECIPES,
    MOST_REMARKS,
    MOST_STATEMENTS,
    Entry,
    Listing,
    Subject,
    chosen,
    flaws_in,
    plain,
    say,
    settled,
    stated,
    with_upstream,
)
from careful.releases.model import Found, SbomRemark, Statement
from careful.releases.spdx2_elements import Document, Package

VERSIONS = ("SPDX-2.2", "SPDX-2.3")
_FIXED = re.compile(r"CVEs fixed:\s*(?P<flaws>.*)", re.IGNORECASE | re.DOTALL)
_BUILT_FROM = re.compile(r"built package from: (?P<name>\S+)(?: (?P<version>\S+))?")
_EXCLUDED = re.compile(r"^cve-exclude-list:\s*$(?P<list>.*)", re.MULTILINE | re.DOTALL)
_EXCLUSION = re.compile(r"^-\s+cve:\s*(?P<flaw>\S+)(?:\s+reason:(?P<reason>[^\n]*(?:\n[ ]{2,}[^\n]*)*))?", re.MULTILINE)
_KIND = re.compile(r"(?:Organization|Person|Tool):\s*", re.IGNORECASE)
_IMAGE_PURLS = frozenset({"oci", "docker"})
_YOCTO = "openembedded"
_INSIDE = {"CONTAINS": False, "CONTAINED_BY": True}  # whether the part stands first
_MADE_OF = {"GENERATED_FROM": False, "GENERATES": True}  # whether the source stands first
_ABOUT = {"DESCRIBES": False, "DESCRIBED_BY": True}  # whether what is described stands first
_UNRELATED = frozenset({"DESCRIBES", "DESCRIBED_BY", "AMENDS", "OTHER", "COPY_OF"})
_BUILD_ONLY = {
    "BUILD_TOOL_OF": "a build tool", "DEV_TOOL_OF": "a development tool", "TEST_TOOL_OF": "a test tool",
    "DEV_DEPENDENCY_OF": "only needed to develop", "TEST_DEPENDENCY_OF": "only needed to test", "TEST_OF": "a test",
}  # fmt: skip
"""What such a package is, that stands first. What is needed to build may be linked into the image, so it stays."""

_Node = tuple[str, str]
"""A document's namespace and an id in it."""
_Names = tuple[tuple[str, ...], tuple[str, ...]]
"""Purls and CPEs."""


@dataclass(slots=True)
class _Web:
    """All packages of a set of documents, and what relates them. No walk takes a relation twice: cycles do no harm."""

    yocto: bool
    packages: dict[_Node, tuple[str, Package]] = field(default_factory=dict)
    sources: dict[_Node, list[_Node]] = field(default_factory=lambda: defaultdict(list))
    parts: dict[_Node, list[_Node]] = field(default_factory=lambda: defaultdict(list))
    described: dict[_Node, None] = field(default_factory=dict)
    build_only: dict[_Node, str] = field(default_factory=dict)
    related: set[_Node] = field(default_factory=set)
    image: _Node | None = None
    contained: set[_Node] = field(default_factory=set)
    mended: dict[_Node, tuple[Statement, ...]] = field(default_factory=dict)
    names: dict[_Node, _Names] = field(default_factory=dict)
    remarks: list[SbomRemark] = field(default_factory=list)
    listed: dict[str, frozenset[str]] = field(default_factory=lambda: defaultdict(frozenset))
    debugged: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def remark(self, where: str, says: str) -> None:
        if len(self.remarks) < MOST_REMARKS:
            self.remarks.append(SbomRemark(where, says))

    def recipes(self, node: _Node) -> list[_Node]:
        """Return the packages that this one was made from, where that means recipes."""
        sources = self.sources.get(node, ())[:MOST_RECIPES] if self.yocto else ()
        return [one for one in sources if one in self.packages]

    def named(self, node: _Node) -> _Names:
        """Return the purls and the CPEs of a package, read once."""
        if node not in self.names:
            self.names[node] = _names(self.packages[node][1])
        return self.names[node]

    def compiled(self, node: _Node, recipes: Iterable[_Node]) -> frozenset[str]:
        """Return the source files that a package was compiled from: those of its recipe, else of its debug information.

        The recipe's are only those that were compiled, where Yocto was asked for that, and else all that there are.
        """
        of_recipe = next((files for space, _ in recipes if (files := self.listed[space])), frozenset[str]())
        return of_recipe or frozenset(self.debugged[node[0]])

    def fixed(self, node: _Node) -> tuple[Statement, ...]:
        """Return the flaws that the source of a package, or of its recipes, mends; each source is read once."""
        if node not in self.mended:
            said = _FIXED.search(self.packages[node][1].source or "")
            flaws = flaws_in(said["flaws"]) if said else []
            patches = "CVEs fixed by patches of the recipe"
            self.mended[node] = (
                *(say(flaw, "patched", "SPDX sourceInfo", patches) for flaw in flaws),
                *_excluded(self.packages[node][1].comment),
            )
        return self.mended[node]


def listing(documents: Sequence[tuple[str, Document]], form: str) -> Listing:
    """Return the packages of one document, or of a set; each comes with the name of its file (empty for a single one).

    Raises Invalid (another version), Refused (everything is in documents that are not here), TooLarge.
    """
    for name, document in documents:
        if document.version not in VERSIONS:
            raise Invalid(
                f"{plain(document.version, 20)} is not read.",
                do=f"Hand in one of {', '.join(VERSIONS)}.",
                where=f"{name} $.spdxVersion".strip(),
            )
    creators = [
        one for _, document in documents for one in (document.creation.creators if document.creation else None) or ()
    ]
    web = _woven(documents, yocto=any(_YOCTO in one.lower() for one in creators))
    if not any(node != web.image for node in web.packages) and any(document.outside for _, document in documents):
        raise Refused(
            "This SPDX document lists no component itself: they are in other documents, which it refers to.",
            do="Hand in the archive of all of them (Yocto: IMAGE.spdx.tar.zst; Zephyr: a zip or tar of build/spdx).",
            where="externalDocumentRefs",
        )
    first = documents[0][1]
    about = web.packages[web.image][1] if web.image else None
    return Listing(
        format=f"SPDX {first.version.removeprefix('SPDX-')} {form}",
        entries=_entries(web),
        subject=Subject(plain(about.name), plain(about.version) or None, frozenset()) if about else None,
        author=next((_named(one) for one in creators if not one.lower().startswith("tool:") and _named(one)), ""),
        tool=next((_named(one) for one in creators if one.lower().startswith("tool:")), ""),
        timestamp=plain(first.creation.created if first.creation else None, 64),
        remarks=web.remarks,
    )


def _woven(documents: Sequence[tuple[str, Document]], *, yocto: bool) -> _Web:
    web = _Web(yocto)
    for name, document in documents:
        _put(web, name, document)
    spaces = {document.namespace or name for name, document in documents}
    for name, document in documents:
        _tie(web, document.namespace or name, document, spaces)
        document.relationships = None  # the largest part by far
    if files := sum(len(document.files or ()) for _, document in documents):
        web.remark("files", f"{files} single files are not looked up: known flaws are listed by package")
    web.image = _image(web)
    web.contained = _contained(web)
    return web


def _put(web: _Web, name: str, document: Document) -> None:
    for at, package in enumerate(document.packages or ()):
        where = f"line {package.line}" if package.line else f"$.packages[{at}]"
        place = f"{name} {where}".strip()
        node = (document.namespace or name, package.id)
        if node in web.packages:
            web.remark(place, f"the id {plain(package.id, 200)} is used before, at {web.packages[node][0]}")
            node = (node[0], f"{package.id} {place}")
        web.packages[node] = place, package
        if len(web.packages) > MOST_COMPONENTS:
            raise TooLarge(f"An SBOM may list {MOST_COMPONENTS} components.", where=place)
    if web.yocto and document.files and any(names_linux(_names(one)[1]) for one in document.packages or ()):
        files = (one.name for one in document.files if "SOURCE" in (one.types or ()))
        web.listed[document.namespace or name] = frozenset(path for one in files if (path := sources.of_source(one)))


def _tie(web: _Web, space: str, document: Document, spaces: set[str]) -> None:
    outside = {one.id: one.document for one in document.outside or ()}

    def node(text: str) -> _Node:
        prefix, colon, rest = text.partition(":")
        return (outside[prefix], rest) if colon and prefix in outside else (space, text)

    web.described.update((node(one), None) for one in document.described or ())
    for one in document.relationships or ():
        kind, first, second = one.kind.upper(), node(one.first), node(one.second)
        if kind not in _UNRELATED:
            web.related.update(end for end in (first, second) if end in web.packages)
        if kind in _ABOUT:
            web.described[first if _ABOUT[kind] else second] = None
        elif kind in _MADE_OF:
            made, source = (second, first) if _MADE_OF[kind] else (first, second)
            _take_source(web, made, source, one.comment)
        elif kind in _INSIDE:
            whole, part = (second, first) if _INSIDE[kind] else (first, second)
            _take_part(web, whole, part, known=part[0] in spaces)
        elif kind in _BUILD_ONLY:
            web.build_only.setdefault(first, _BUILD_ONLY[kind])


def _take_source(web: _Web, made: _Node, source: _Node, comment: str | None) -> None:
    """Note from which recipe a package was made, or (by Yocto, in words) from which source file a file of it was."""
    if source in web.packages:
        web.sources[made].append(source)
    if web.yocto and (file := sources.of_source(comment)):
        web.debugged[made[0]].add(file)


def _take_part(web: _Web, whole: _Node, part: _Node, *, known: bool) -> None:
    """Note which package is inside which; files, of which there are many more, are not looked up."""
    if part in web.packages or not known:
        web.parts[whole].append(part)
    if not known:
        web.remark("relationships", f"{plain(part[1], 200)} is in a document that is not here ({plain(part[0], 200)})")


def _image(web: _Web) -> _Node | None:
    """Return the package that is the image itself: described, not alone, and of no name that flaws are listed by."""
    described = [one for one in web.described if one in web.packages]
    if len(described) != 1:
        described = [one for one in described if any(part in web.packages for part in web.parts.get(one, ()))]
    outside = any(part not in web.packages for one in described for part in web.parts.get(one, ()))
    for one in described:
        purls, cpes = web.named(one)
        purl = parse_purl(purls[0]) if purls else None
        if (len(web.packages) > 1 or (web.yocto and outside)) and not cpes and (not purl or purl.type in _IMAGE_PURLS):
            return one
    return None


def _contained(web: _Web) -> set[_Node]:
    """Return what the image contains, and what that contains."""
    inside: set[_Node] = set()
    todo = [web.image] if web.image else []
    while todo:
        for part in web.parts.get(todo.pop(), ()):
            if part not in inside and part in web.packages:
                inside.add(part)
                todo.append(part)
    return inside


def _entries(web: _Web) -> Iterator[Entry]:
    used = {recipe for node in web.packages for recipe in web.recipes(node)}
    for node, (place, package) in web.packages.items():
        recipes = web.recipes(node)
        found = _found(web, node, recipes)
        family = "|".join(("recipe", *recipes[0], found.version, *found.cpes)) if recipes and found.cpes else ""
        yield Entry(
            where=place,
            found=found,
            left_out=_left_out(web, node, package, used),
            family=family,
            kin="made from the same recipe" if family else "",
            related=node in web.related,
        )


def _left_out(web: _Web, node: _Node, package: Package, used: set[_Node]) -> str:
    if node == web.image:
        return "the image itself: what is in it is listed"
    if node in web.contained:
        return ""
    if any((one.comment or "").strip() == "isNative" for one in package.annotations or ()):
        return "a recipe for the build host, not in the image (isNative)"
    if web.yocto:
        return _left_out_by_yocto(web, node, package, used)
    return f"{web.build_only[node]}, not in the image" if node in web.build_only else ""


def _left_out_by_yocto(web: _Web, node: _Node, package: Package, used: set[_Node]) -> str:
    if node in used and not web.recipes(node):
        return "a recipe: the packages made from it are listed"
    if not package.version and not package.references:
        return "a source archive, not in the image"
    return "built, but the image does not contain it" if web.contained else ""


def _found(web: _Web, node: _Node, recipes: Iterable[_Node]) -> Found:
    """Return the component; what it lacks itself is taken from its recipe."""
    package = web.packages[node][1]
    told = [package, *(web.packages[one][1] for one in recipes)]
    purls, cpes = web.named(node)
    for recipe in recipes:
        inherited = web.named(recipe)
        purls, cpes = purls or inherited[0], cpes or inherited[1]
    purl = parse_purl(purls[0]) if purls else None
    suppliers = [_named(name or "") for one in told for name in (one.supplier, one.originator)]
    return Found(
        name=plain(package.name),
        version=stated(package.version) or (plain(purl.version) if purl else ""),
        purl=with_upstream(purls[0], *_source(package)) if purls else "",
        cpe=cpes[0] if cpes else "",
        more_cpes=cpes[1:],
        type=plain((package.purpose or "library").lower(), 64),
        supplier=next((name for name in suppliers if name), ""),
        licence=next((said for one in told for said in (stated(one.declared), stated(one.concluded)) if said), ""),
        hashes={plain(one.algorithm, 64): plain(one.content, 256) for one in package.checksums or ()},
        statements=settled(said for one in (node, *recipes) for said in web.fixed(one)),
        files=web.compiled(node, recipes) if names_linux(cpes) else frozenset(),
    )


def _source(package: Package) -> tuple[str, str]:
    """Return the source package that a package was built from, and its version, as trivy writes them."""
    found = _BUILT_FROM.match(package.source or "")
    return (found["name"], found["version"] or "") if found else ("", "")


def _excluded(comment: str | None) -> Iterator[Statement]:
    """Yield the flaws that ESP-IDF's list excludes, each with its reason: they were evaluated, and do not matter."""
    listed = _EXCLUDED.search(comment or "")
    for one in islice(_EXCLUSION.finditer(listed["list"]), MOST_STATEMENTS) if listed else ():
        reason = " ".join((one["reason"] or "").split()).strip("'\"")
        yield say(one["flaw"].strip("'\""), "not_affected", "ESP-IDF cve-exclude-list", reason)


def _names(package: Package) -> _Names:
    """Return the purls and the CPEs of a package. Tools write the type bare, or as the URL of its definition."""
    kinds = [(one.type.rpartition("/")[2].lower(), one.locator) for one in package.references or ()]
    purls = [locator for kind, locator in kinds if kind == "purl"]
    cpes = [locator for kind, locator in kinds if kind in {"cpe23type", "cpe22type"}]
    return chosen(purls, "purl"), chosen(cpes, "cpe")


def _named(text: str) -> str:
    """Return who is named (`Organization: Example (mail@example.org)`), without the address."""
    name = _KIND.sub("", text.strip()[:LONGEST_NAME], count=1)
    return stated(name.rpartition("(")[0] if name.endswith(")") else name)
