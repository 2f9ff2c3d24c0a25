"""Reading CycloneDX XML, versions 1.2 to 1.7: expat's events fill the structs that JSON fills too (cyclonedx.py).

Tables say which elements are used, and where; everything else is passed over without being kept. A file with a document
type is refused: entities, which could grow without end or name other files, exist only with one, and no SBOM needs one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from careful.kernel.errors import CarefulError, Invalid, Problem, Refused, TooLarge
from careful.releases import cyclonedx_elements as cyclonedx
from careful.releases.listing import plain

MOST_DEPTH = 200
MOST_ELEMENTS = 4_000_000
_SHOWN = 20
_SPACE = re.compile(r"https?://cyclonedx\.org/schema/bom/(?P<version>[0-9.]{1,10})")
_STEP = re.compile(r"\.(?P<name>\w+)\[(?P<at>\d+)\]")


@dataclass(frozen=True, slots=True)
class Shape:
    """How an object is made of its attributes, its children and (as `text`) what stands between them."""

    make: Callable[..., Any]
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: Mapping[str, "Child"] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Child:
    """Where a child element goes: the field it fills, alone or as one of `many`; without a shape it is its text.

    `inside` are the children of an element that only groups them: they belong to the object around it.
    """

    name: str = ""
    shape: Shape | None = None
    many: bool = False
    inside: Mapping[str, "Child"] | None = None


def _text(name: str) -> Child:
    return Child(name)


def _many(name: str, shape: Shape | None = None) -> Child:
    return Child(name, shape, many=True)


def _group(**children: Child) -> Child:
    return Child(inside=children)


def _licence(**fields: Any) -> cyclonedx.LicenceChoice:  # noqa: ANN401 (fields of any type)
    return cyclonedx.LicenceChoice(license=cyclonedx.Licence(**fields))


_NAMED = {"name": _text("name")}
_HASH = Shape(cyclonedx.Hash, {"alg": "alg"}, text="content")
_SUPPLIER = Child("supplier", Shape(cyclonedx.Supplier, children=_NAMED))
_LICENCE = Shape(_licence, children={"id": _text("id"), "name": _text("name")})
_EXPRESSION = Shape(cyclonedx.LicenceChoice, text="expression")
_ISSUE = Shape(cyclonedx.Issue, {"type": "type"}, {"id": _text("id"), "name": _text("name")})
_ATTACHED = Shape(cyclonedx.Attached, {"encoding": "encoding"}, text="content")
_DIFF = Shape(cyclonedx.Diff, children={"url": _text("url"), "text": Child("text", _ATTACHED)})
_PATCH = Shape(
    cyclonedx.Patch,
    {"type": "type"},
    {"diff": Child("diff", _DIFF), "resolves": _group(issue=_many("resolves", _ISSUE))},
)
_PEDIGREE = Shape(cyclonedx.Pedigree, children={"patches": _group(patch=_many("patches", _PATCH))})
_PROPERTY = Shape(cyclonedx.Property, {"name": "name"}, text="value")
_IDENTITY = Shape(cyclonedx.Identity, children={"field": _text("field"), "concludedValue": _text("value")})
_EVIDENCE = Shape(cyclonedx.Evidence, children={"identity": _many("identity", _IDENTITY)})


def _outside(*, isExternal: str = "", **fields: Any) -> cyclonedx.Part:  # noqa: ANN401, N803 (the file's own word)
    return cyclonedx.Part(external=isExternal in {"true", "1"}, **fields)


_PART_CHILDREN: dict[str, Child] = {}
_PART = Shape(_outside, {"type": "type", "bom-ref": "bom_ref", "isExternal": "isExternal"}, _PART_CHILDREN)
_PART_CHILDREN |= {name: _text(name) for name in ("name", "group", "version", "purl", "cpe", "scope", "publisher")} | {
    "versionRange": _text("version_range"),
    "supplier": _SUPPLIER,
    "hashes": _group(hash=_many("hashes", _HASH)),
    "licenses": _group(license=_many("licenses", _LICENCE), expression=_many("licenses", _EXPRESSION)),
    "pedigree": Child("pedigree", _PEDIGREE),
    "properties": _group(property=_many("properties", _PROPERTY)),
    "evidence": Child("evidence", _EVIDENCE),
    "components": _group(component=_many("components", _PART)),
}
_TOOL = Shape(cyclonedx.Tool, children=_NAMED)
_METADATA = Shape(
    cyclonedx.Metadata,
    children={
        "timestamp": _text("timestamp"),
        "component": Child("component", _PART),
        "supplier": _SUPPLIER,
        "manufacture": Child("manufacture", Shape(cyclonedx.Supplier, children=_NAMED)),
        "manufacturer": Child("manufacturer", Shape(cyclonedx.Supplier, children=_NAMED)),
        "authors": _group(author=_many("authors", Shape(cyclonedx.Supplier, children=_NAMED))),
        "tools": _group(tool=_many("tools", _TOOL), components=_group(component=_many("tools", _TOOL))),
    },
)
_ANALYSIS = Shape(
    cyclonedx.Analysis,
    children={name: _text(name) for name in ("state", "justification", "detail")}
    | {"responses": _group(response=_many("response"))},
)
_VULNERABILITY = Shape(
    cyclonedx.Vulnerability,
    children={
        "id": _text("id"),
        "analysis": Child("analysis", _ANALYSIS),
        "affects": _group(target=_many("affects", Shape(cyclonedx.Affects, children={"ref": _text("ref")}))),
    },
)
_LEADS_TO = Shape(lambda ref: ref, {"ref": "ref"})
_DEPENDENCY = Shape(cyclonedx.Dependency, {"ref": "ref"}, {"dependency": _many("depends_on", _LEADS_TO)})
_BOM = Shape(
    cyclonedx.Bom,
    children={
        "metadata": Child("metadata", _METADATA),
        "components": _group(component=_many("components", _PART)),
        "dependencies": _group(dependency=_many("dependencies", _DEPENDENCY)),
        "vulnerabilities": _group(vulnerability=_many("vulnerabilities", _VULNERABILITY)),
    },
)


@dataclass(slots=True)
class _Frame:
    """An open element: its name, the object being made (None where only text or a group), and what may stand in it."""

    step: str
    child: Child
    fields: dict[str, Any]
    children: Mapping[str, Child]
    text: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def read(content: bytes) -> cyclonedx.Bom:
    """Read a document. Raises Invalid (with line and path of what is wrong), Refused (a document type), TooLarge."""
    if content.count(b"<") > MOST_ELEMENTS:
        raise TooLarge(f"An SBOM may have {MOST_ELEMENTS // 2:,} elements.", where="sbom")
    return _Reader().read(content)


def path(where: str) -> str:
    """Return a JSON path of the structs as the path of the XML element (counted from one, as XPath does)."""
    grouped = _STEP.sub(lambda one: f"/{one['name']}/{one['name'].removesuffix('s')}[{int(one['at']) + 1}]", where)
    return grouped.replace("$", "/bom").replace(".", "/")


class _Reader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._words
        self.frames: list[_Frame] = []
        self.skipped = 0
        self.space = ""
        self.made: cyclonedx.Bom | None = None

    def read(self, content: bytes) -> cyclonedx.Bom:
        try:
            self.parser.Parse(content, True)
        except CarefulError:
            raise
        except expat.ExpatError as broken:
            line = broken.lineno
            raise Invalid(
                f"The SBOM is not XML: {expat.ErrorString(broken.code)} (line {line}).", where=f"line {line}"
            ) from broken
        except (ValueError, LookupError) as broken:  # an encoding that is none, or not one byte a sign
            raise Invalid(f"The SBOM's encoding cannot be read: {broken}.", do="Use UTF-8.", where="line 1") from broken
        if self.made is None:
            raise self._wrong("a `bom` of CycloneDX", "none")
        return self.made

    def _refuse(self, *_: object) -> None:
        raise Refused(
            "The SBOM has a document type (DOCTYPE), by which XML can read other files and grow without end.",
            do="Remove the DOCTYPE; no SBOM needs it.",
            where=f"line {self.parser.CurrentLineNumber}",
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, name = tag.rpartition(" ")
        if not self.frames:
            self._begin(space, name)
            return
        top = self.frames[-1]
        child = top.children.get(name) if not self.skipped and space == self.space else None
        if child is None:
            self.skipped += 1
            if self.skipped + len(self.frames) > MOST_DEPTH:
                raise TooLarge(f"XML elements are nested more than {MOST_DEPTH} deep.", where=self._place())
            return
        if len(self.frames) > MOST_DEPTH:
            raise TooLarge(f"XML elements are nested more than {MOST_DEPTH} deep.", where=self._place())
        top.counts[name] = number = top.counts.get(name, 0) + 1
        step = f"{name}[{number}]" if child.many else name
        if child.inside is not None:
            self.frames.append(_Frame(step, child, top.fields, child.inside))
            return
        shape = child.shape
        known = shape.attributes if shape else {}
        fields: dict[str, Any] = {known[key]: value for key, value in attributes.items() if key in known}
        self.frames.append(_Frame(step, child, fields, shape.children if shape else {}))

    def _begin(self, space: str, name: str) -> None:
        if self.made is not None or name != "bom" or not (found := _SPACE.fullmatch(space)):
            raise self._wrong("a `bom` of CycloneDX", f"`{plain(name, 40)}` of {plain(space, 80) or 'no namespace'}")
        self.space = space
        fields = {"bom_format": "CycloneDX", "spec_version": found["version"]}
        self.frames.append(_Frame("bom", Child(shape=_BOM), fields, _BOM.children))

    def _words(self, text: str) -> None:
        if not self.skipped and self.frames:
            self.frames[-1].text.append(text)

    def _end(self, _: str) -> None:
        if self.skipped:
            self.skipped -= 1
            return
        frame = self.frames[-1]
        child = frame.child
        if child.inside is None:
            made = self._make(frame)
            if len(self.frames) == 1:
                self.made = made
            elif child.many:
                self.frames[-2].fields.setdefault(child.name, []).append(made)
            else:
                self.frames[-2].fields[child.name] = made
        self.frames.pop()

    def _make(self, frame: _Frame) -> Any:  # noqa: ANN401 (any of the structs, or text)
        text = "".join(frame.text).strip()
        shape = frame.child.shape
        if shape is None:
            return text
        if shape.text:
            frame.fields[shape.text] = text
        try:
            return shape.make(**frame.fields)
        except TypeError as lacking:
            names = re.findall(r"'(\w+)'", str(lacking))
            raise self._wrong(f"`{names[-1] if names else 'more'}` inside it", "none") from lacking

    def _place(self) -> str:
        steps = [frame.step for frame in self.frames]
        return "/" + "/".join([*steps[:_SHOWN], "…", *steps[-2:]] if len(steps) > _SHOWN + 2 else steps)

    def _wrong(self, expected: str, found: str) -> Invalid:
        problem = Problem(where=self._place(), line=self.parser.CurrentLineNumber, expected=expected, found=found)
        return Invalid(f"The SBOM is not valid CycloneDX XML: {problem}", where="sbom", problems=(problem,))
