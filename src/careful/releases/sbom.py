"""Reading a CycloneDX SBOM (JSON, 1.2 to 1.7): every entry accounted for, nothing guessed; pure.

Entries that name the same thing (same purl, or same name, version and CPE) are merged. An entry that could never be
looked up stays on the list with its reason, because zero coverage must not read as zero flaws.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
from packageurl import PackageURL

from careful.kernel.errors import Invalid, Problem, TooLarge
from careful.releases.model import Found, SbomReport, SbomRow

BYTES = 64 << 20
COMPONENTS = 100_000
DEPTH = 32
VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
_TEXT = 1000
_IGNORED_TYPES = {"file"}


class _Hash(msgspec.Struct):
    alg: str = ""
    content: str = ""


class _Entity(msgspec.Struct):
    name: str = ""


class _Component(msgspec.Struct):
    name: str
    type: str = "library"
    version: str = ""
    purl: str = ""
    cpe: str = ""
    group: str = ""
    publisher: str = ""
    supplier: _Entity | None = None
    hashes: list[_Hash] = []
    licenses: list[dict[str, Any]] = []
    components: list["_Component"] = []


class _Metadata(msgspec.Struct):
    component: _Component | None = None


class _Bom(msgspec.Struct):
    bomFormat: str  # noqa: N815 (CycloneDX's own name)
    specVersion: str  # noqa: N815 (CycloneDX's own name)
    components: list[_Component] = []
    metadata: _Metadata | None = None


_DECODER = msgspec.json.Decoder(_Bom)


def read(content: bytes) -> tuple[list[Found], SbomReport]:
    """Return the components and an account of every entry.

    Raises TooLarge beyond 64 MiB or 100,000 entries, Invalid where it is no CycloneDX JSON, naming the JSON path.
    """
    bom = _decode(content)
    kept: dict[tuple[str, ...], Found] = {}
    rows: list[SbomRow] = []
    for number, (where, entry) in enumerate(_flatten(bom.components, "$.components", 1)):
        if number >= COMPONENTS:
            raise TooLarge(f"The SBOM has more than {COMPONENTS:,} components.", do="Split the product.")
        found = _component(entry)
        key = (found.purl,) if found.purl else (found.name, found.version, found.cpe)
        said = {"where": where, "name": found.name[:_TEXT], "version": found.version[:_TEXT]}
        if key in kept:
            rows.append(SbomRow(**said, outcome="merged", reason=f"the same as {' '.join(filter(None, key))}"))
            continue
        kept[key] = found
        outcome = "taken" if found.matchable else "unmatchable"
        rows.append(SbomRow(**said, outcome=outcome, reason=found.reason))  # type: ignore[arg-type]  # one of two literals
    return list(kept.values()), SbomReport(format=f"CycloneDX {bom.specVersion}", rows=tuple(rows))


@lru_cache(maxsize=65536)
def parse_purl(text: str) -> PackageURL | None:
    """Return the package URL, or None where it is malformed."""
    try:
        return PackageURL.from_string(text)
    except ValueError:
        return None


def _decode(content: bytes) -> _Bom:
    if len(content) > BYTES:
        raise TooLarge(f"The SBOM has {len(content):,} bytes; {BYTES:,} are taken.", do="Leave out file entries.")
    try:
        bom = _DECODER.decode(content)
    except msgspec.ValidationError as wrong:
        said, _, where = str(wrong).partition(" - at ")
        raise Invalid(
            f"This is no CycloneDX SBOM: {said}.",
            do="Write CycloneDX JSON, version 1.2 to 1.7.",
            where=where.strip("`") or "$",
            problems=(Problem(where=where.strip("`") or "$", expected="CycloneDX JSON", found=said),),
        ) from wrong
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise Invalid(f"This is no readable JSON: {wrong}.", do="Write CycloneDX JSON, version 1.2 to 1.7.") from wrong
    if bom.bomFormat != "CycloneDX" or bom.specVersion not in VERSIONS:
        raise Invalid(
            f"It says {bom.bomFormat[:40]!r} {bom.specVersion[:20]!r}, not CycloneDX 1.2 to 1.7.",
            do="Convert it to CycloneDX JSON.",
            where="$.specVersion",
        )
    return bom


def _flatten(components: list[_Component], where: str, depth: int) -> Iterator[tuple[str, _Component]]:
    if depth > DEPTH:
        raise TooLarge(f"Components are nested deeper than {DEPTH}.", where=where)
    for number, one in enumerate(components):
        place = f"{where}[{number}]"
        yield place, one
        yield from _flatten(one.components, f"{place}.components", depth + 1)


def _component(entry: _Component) -> Found:
    purl = parse_purl(entry.purl) if entry.purl else None
    version = entry.version or (purl.version or "" if purl else "")
    return Found(
        name=(f"{entry.group}/" if entry.group else "") + entry.name,
        version=version,
        purl=entry.purl if purl else "",
        cpe=entry.cpe,
        type=entry.type,
        supplier=(entry.supplier.name if entry.supplier else "") or entry.publisher,
        licence=_licence(entry.licenses),
        hashes={one.alg: one.content for one in entry.hashes},
        reason=_why_not(entry, version, has_purl=purl is not None),
    )


def _why_not(entry: _Component, version: str, *, has_purl: bool) -> str:
    if entry.type in _IGNORED_TYPES:
        return "a file, not a package"
    if not version:
        return "no version is stated"
    if entry.purl and not has_purl:
        return f"its purl {entry.purl[:80]!r} is malformed"
    if not has_purl and not entry.cpe:
        return "neither purl nor CPE is stated"
    return ""


def _licence(licences: list[dict[str, Any]]) -> str:
    words = []
    for one in licences[:20]:
        licence = one.get("license")
        named = licence.get("id") or licence.get("name") if isinstance(licence, dict) else one.get("expression")
        if isinstance(named, str):
            words.append(named[:_TEXT])
    return " AND ".join(words)
