"""Reading SPDX 3.0 (JSON-LD, `@graph`), as Yocto, Zephyr and others write it, with one typed struct for all elements.

A `software_Package` is a component; files are not listed. What a Yocto build only took in (source archives, patches) is
left out, since what came out of it is listed, and so are recipes, whose statements go to the packages made of them. The
packages of one recipe that go by the same names are one piece of software. Assessments of flaws (VEX relationships of
the security profile) are kept with every package they name, and so are patches that are named for a flaw.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from careful.kernel.errors import Invalid, TooLarge
from careful.releases import sources
from careful.releases.identifiers import names_linux, parse_purl
from careful.releases.listing import (
    MOST_COMPONENTS,
    MOST_RECIPES,
    MOST_REMARKS,
    MOST_STATEMENTS,
    Entry,
    Listing,
    Subject,
    chosen,
    flaws_in,
    named,
    plain,
    say,
    settled,
    stated,
)
from careful.releases.model import Found, SbomRemark, Statement
from careful.releases.spdx3_elements import Agent, Creation, Document, Element

_BITBAKE = "openembedded.org/bitbake/"
_STATES = {
    "Fixed": "resolved",
    "NotAffected": "not_affected",
    "Affected": "exploitable",
    "UnderInvestigation": "in_triage",
}
"""SPDX's VEX relationships as words of CycloneDX, which the rest of Careful speaks."""
_RELATES = frozenset({
    "contains", "dependsOn", "hasInput", "hasOutput", "hasPrerequisite", "hasStaticLink", "hasDynamicLink",
    "hasOptionalDependency", "hasProvidedDependency", "packagedBy", "generates", "ancestorOf", "descendantOf",
})  # fmt: skip
"""Relations that say what depends on what, or is part of it."""
_FLAW_NAMES = frozenset({"cve", "securityOther"})
_RECIPE = "specification"  # as Yocto describes recipes since its version 5.3
_UNDONE = frozenset({"test", "development"})


@dataclass(slots=True)
class _Web:
    """What the graph says, by the id of the element that it says it of. No walk takes a relation twice."""

    elements: dict[str, Element] = field(default_factory=dict)
    packages: list[tuple[str, Element]] = field(default_factory=list)
    said: dict[str, list[Statement]] = field(default_factory=lambda: defaultdict(list))
    licences: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    outputs: set[str] = field(default_factory=set)
    made_by: dict[str, str] = field(default_factory=dict)
    recipes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    by_purl: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    mended: dict[str, list[Statement]] = field(default_factory=dict)
    patches: dict[str, tuple[str, ...]] = field(default_factory=dict)
    compiled: dict[str, frozenset[str]] = field(default_factory=dict)
    specifications: set[str] = field(default_factory=set)
    needed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    related: set[str] = field(default_factory=set)
    roots: set[str] = field(default_factory=set)
    remarks: list[SbomRemark] = field(default_factory=list)
    bitbake: bool = False
    files: int = 0

    def remark(self, where: str, says: str) -> None:
        if len(self.remarks) < MOST_REMARKS:
            self.remarks.append(SbomRemark(where, says))


def listing(document: Document) -> Listing:
    """Return the packages of a document. Raises Invalid (another version), TooLarge."""
    web = _woven(document.graph)
    about = next((one for one in document.graph if one.what == "SpdxDocument"), None)
    made = _creation(web, about)
    if made.spec and not made.spec.startswith("3.0"):
        raise Invalid(f"SPDX {plain(made.spec, 20)} is not read.", do="Hand in SPDX 3.0.", where="$.@graph")
    image = _image(web)
    return Listing(
        format=f"SPDX {plain(made.spec, 20) or '3.0'} JSON-LD",
        entries=_entries(web, image),
        subject=Subject(plain(image.name), plain(image.version) or None, frozenset()) if image else None,
        author=_agents(web, made.by),
        tool=_agents(web, made.using),
        timestamp=plain(made.created, 64),
        remarks=web.remarks,
    )


def _creation(web: _Web, about: Element | None) -> Element:
    """Return by whom the document was made, as an element, wherever the file puts that."""
    said = about.creation if about else None
    if isinstance(said, Creation):
        return Element(created=said.created, by=said.by, using=said.using, spec=said.spec)
    named = web.elements.get(said or "")
    return named or next((one for one in web.elements.values() if one.what == "CreationInfo"), Element())


def _woven(graph: list[Element]) -> _Web:
    web = _Web()
    for at, one in enumerate(graph):
        _put(web, f"$.@graph[{at}]", one)
    installs = any(one.purpose == "install" for _, one in web.packages)
    for _, one in web.packages if web.bitbake and installs else ():
        if one.purpose == _RECIPE:
            web.specifications.add(one.place)
            _add(web.by_purl[one.purl or ""], one.place)
    web.by_purl.pop("", None)
    for at, one in enumerate(graph):
        if one.what.endswith("Relationship"):
            _tie(web, f"$.@graph[{at}]", one)
    _take_patches(web)
    if web.files:
        web.remark("$.@graph", f"{web.files} single files are not looked up: known flaws are listed by package")
    return web


def _put(web: _Web, where: str, one: Element) -> None:
    what = one.what
    if one.place in web.elements and not what.endswith("Relationship"):
        web.remark(where, f"the id {plain(one.place, 200)} is used before")
    elif one.place:
        web.elements[one.place] = one
    if what.endswith("Package"):
        web.packages.append((where, one))
        if len(web.packages) > MOST_COMPONENTS:
            raise TooLarge(f"An SBOM may list {MOST_COMPONENTS} components.", where=where)
    web.files += what == "File"
    web.bitbake = web.bitbake or _BITBAKE in (one.build or "") or (one.purl or "").startswith("pkg:yocto/")
    if what in {"SpdxDocument", "Sbom", "Bom"}:
        web.roots.update([one.root] if isinstance(one.root, str) else one.root or ())


def _tie(web: _Web, where: str, one: Element) -> None:
    first, relation = one.first or "", one.relation or ""
    if relation in _RELATES:
        web.related.update(place for place in (first, *one.to) if place in web.elements)
    if one.what.startswith("Vex"):
        _assess(web, where, one)
    elif relation in {"hasDeclaredLicense", "hasConcludedLicense"} and one.to:
        web.licences.setdefault(first, one.to[0])
    elif relation == "dependsOn":
        for target in one.to:
            if target in web.elements:
                web.needed[target].add(one.scope or "")
    else:
        _tie_build(web, first, relation, one.to)


def _tie_build(web: _Web, first: str, relation: str, to: list[str]) -> None:
    """Note what went into a build and came out of it, and which recipes belong to what."""
    if relation == "hasInput":
        web.inputs[first].extend(to)
    elif relation == "hasOutput":
        web.outputs.add(first)
        web.made_by.update(dict.fromkeys(to, first))
    for target in to if web.specifications else ():
        if target in web.specifications:
            _add(web.recipes[first], target)
        if first in web.specifications:
            _add(web.recipes[target], first)


def _assess(web: _Web, where: str, one: Element) -> None:
    """Keep an assessment with every package that it names."""
    kind = one.what.removeprefix("Vex").removesuffix("VulnAssessmentRelationship")
    flaw = _flaw(web, one.first or "")
    if kind not in _STATES or not flaw:
        web.remark(
            where, f"a statement on {plain(one.first, 200) or 'no flaw'} that cannot be read ({plain(one.what, 80)})"
        )
        return
    if one.withdrawn:
        web.remark(where, f"the statement on {flaw} was withdrawn ({plain(one.withdrawn, 40)}), so it does not count")
        return
    parts = (one.justification, one.impact, one.action, one.notes)
    statement = say(flaw, _STATES[kind], "SPDX 3 VEX", *parts, *([] if any(parts) else [kind]))
    for target in one.to:
        if target not in web.elements:
            web.remark(where, f"the statement on {flaw} is about {plain(target, 200)}, which is not in the file")
        if len(web.said[target]) < MOST_STATEMENTS:
            web.said[target].append(statement)


def _flaw(web: _Web, place: str) -> str:
    """Return the flaw's name: its CVE number, else any name; from the id where the element is in another file."""
    known = web.elements.get(place)
    if known is None:
        return next(iter(flaws_in(place)), "")
    named = [
        one.identifier for one in known.identifiers or () if one.external_identifier_type in {"cve", "securityOther"}
    ]
    for text in (*named, known.name, place):
        if found := flaws_in(text):
            return found[0]
    return next((plain(text, 100) for text in (*named, known.name) if text), "")


def _add(recipes: list[str], one: str) -> None:
    if len(recipes) < MOST_RECIPES:
        recipes.append(one)


def _recipes(web: _Web, one: Element) -> dict[str, None]:
    """Return the recipes that a package was made of: related to it or to its build, or of the same purl."""
    of_build = web.recipes.get(web.made_by.get(one.place, ""), ())
    found = dict.fromkeys((*web.recipes.get(one.place, ()), *of_build, *web.by_purl.get(one.purl or "", ())))
    found.pop(one.place, None)
    return found


def _take_patches(web: _Web) -> None:
    """Note the flaws that the patches of a build mend by name (`CVE-2023-1234.patch`)."""
    for build, taken in web.inputs.items():
        patches: dict[str, str] = {}
        names: list[str] = []
        for place in taken if build in web.outputs else ():
            name = file.name or "" if (file := web.elements.get(place)) and file.what == "File" else ""
            if not name.endswith((".patch", ".diff")):
                continue
            names.append(name)
            for flaw in flaws_in(name):
                patches.setdefault(flaw, name)
        web.patches[build] = named(names)
        web.mended[build] = [
            say(flaw, "patched", "a patch of the build names it", name)
            for flaw, name in islice(patches.items(), MOST_STATEMENTS)
        ]


def _image(web: _Web) -> Element | None:
    """Return the package that is the image itself: a root of the document without a name that flaws are listed by."""
    if len(web.packages) > 1:
        for _, one in web.packages:
            purls, cpes = _names(one)
            if one.place in web.roots and not cpes and (not purls or purls[0].startswith(("pkg:oci/", "pkg:docker/"))):
                return one
    return None


def _entries(web: _Web, image: Element | None) -> Iterator[Entry]:
    for where, one in web.packages:
        found = _found(web, one)
        source = next(iter(_recipes(web, one)), web.made_by.get(one.place, ""))
        family = "|".join((source, found.version, *found.cpes)) if source and found.cpes and web.bitbake else ""
        yield Entry(
            where=where,
            found=found,
            left_out="the image itself: what is in it is listed" if one is image else _left_out(web, one),
            family=family,
            kin="made from the same recipe" if family else "",
            related=one.place in web.related,
        )


def _left_out(web: _Web, one: Element) -> str:
    if web.bitbake and one.purpose == "source":
        return "a source that went into the build: what came out of it is listed"
    if one.place in web.specifications:
        return "a recipe: the packages made of it are listed"
    scopes = web.needed.get(one.place)
    if scopes and scopes <= _UNDONE:
        return f"only needed for {' and '.join(sorted(scopes))}, not in the image"
    return ""


def _found(web: _Web, one: Element) -> Found:
    purls, cpes = _names(one)
    recipes = _recipes(web, one)
    mended = web.mended.get(web.made_by.get(one.place, ""), [])
    if not cpes:
        cpes = next((names for place in recipes if (names := _names(web.elements[place])[1])), ())
    purl = parse_purl(purls[0]) if purls else None
    return Found(
        name=plain(one.name),
        version=stated(one.version) or (plain(purl.version) if purl else ""),
        purl=purls[0] if purls else "",
        cpe=cpes[0] if cpes else "",
        more_cpes=cpes[1:],
        type=plain(one.purpose or "library", 64),
        supplier=_agents(web, one.supplier),
        licence=_licence(web, web.licences.get(one.place, "")),
        hashes={plain(each.algorithm, 64): plain(each.content, 256) for each in one.hashes or ()},
        statements=settled([*(said for place in (one.place, *recipes) for said in web.said.get(place, ())), *mended]),
        patches=web.patches.get(web.made_by.get(one.place, ""), ()),
        files=_compiled(web, web.made_by.get(one.place, "")) if names_linux(cpes) else frozenset(),
    )


def _compiled(web: _Web, build: str) -> frozenset[str]:
    """Return the source files that went into a build, where the file lists them; read once for all its packages."""
    if build not in web.compiled:
        taken = (web.elements.get(place) for place in web.inputs.get(build, ()))
        names = (one.name for one in taken if one and one.what == "File" and one.purpose == "source")
        web.compiled[build] = frozenset(path for name in names if (path := sources.of_source(name)))
    return web.compiled[build]


def _names(one: Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
    by_kind = [(each.external_identifier_type.lower(), each.identifier) for each in one.identifiers or ()]
    purls = [one.purl, *(name for kind, name in by_kind if kind in {"packageurl", "purl"})]
    return chosen(purls, "purl"), chosen((name for kind, name in by_kind if kind in {"cpe22", "cpe23"}), "cpe")


def _agents(web: _Web, said: list[str | Agent] | str | Agent | None) -> str:
    """Return the name of the first that is named; agents stand inside, or are elements of their own."""
    for one in said if isinstance(said, list) else [said]:
        named = one.name if isinstance(one, Agent) else web.elements[one].name if one in web.elements else None
        if found := stated(named):
            return found
    return ""


def _licence(web: _Web, place: str) -> str:
    known = web.elements.get(place)
    return stated(known.expression or known.name) if known else stated(place.rpartition("/")[2])
