"""Reading an SBOM within limits, and accounting for every component in it.

What cannot be looked up in the known flaws is kept and says why, so that no coverage never reads as no flaws. A file
that is malformed is refused with the place, what was expected there and what was found. Pure.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from careful.kernel.errors import Invalid, Problem, Refused, TooLarge
from careful.releases import cyclonedx
from careful.releases.identifiers import parse_cpe, parse_purl
from careful.releases.model import Found, SbomReport, SbomRow

MOST_BYTES = 64 << 20
MOST_OBJECTS = 2_000_000
READ = "CycloneDX JSON 1.2 to 1.7"
_MOST_NUMBERED = 16 << 20  # larger ones are not read a second time to number what is wrong
_DO = f"Hand in {READ}."
_SAID = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?", re.DOTALL)
_FOUND = re.compile(r"Expected (?P<expected>.*?), got (?P<found>.*)", re.DOTALL)
_MISSING = re.compile(r"Object missing required field (?P<field>`[^`]*`)")


class _Header(msgspec.Struct, rename={"bom_format": "bomFormat", "context": "@context"}):
    bom_format: msgspec.Raw = msgspec.Raw()
    spdxVersion: msgspec.Raw = msgspec.Raw()  # noqa: N815 (the file's own word)
    context: msgspec.Raw = msgspec.Raw()


_Key = tuple[str, str, str, str, bool]


@dataclass(frozen=True, slots=True)
class Sbom:
    """What an SBOM says is in an image, and how each line of it was taken."""

    components: tuple[Found, ...]
    report: SbomReport
    subject: cyclonedx.Subject | None


def read(content: bytes) -> Sbom:
    """Read an SBOM. Raises Invalid (with the JSON path of what is wrong), Refused (another format), TooLarge."""
    if len(content) > MOST_BYTES:
        raise TooLarge(f"An SBOM may have {MOST_BYTES >> 20} MiB.", where="sbom")
    if content.count(b"{") > MOST_OBJECTS:
        raise TooLarge(f"An SBOM may have {MOST_OBJECTS:,} objects.", where="sbom")
    try:
        _know_format(content)
        bom = msgspec.json.decode(content, type=cyclonedx.Bom)
    except msgspec.ValidationError as wrong:
        problem = _problem(content, wrong)
        raise Invalid(f"The SBOM is not valid CycloneDX: {problem}", where="sbom", problems=(problem,)) from wrong
    except (msgspec.DecodeError, UnicodeDecodeError) as broken:
        raise Invalid(f"The SBOM is not JSON: {broken}.", do=_DO, where="sbom") from broken
    except RecursionError as deep:
        raise TooLarge(f"The SBOM is nested more than {cyclonedx.MOST_DEPTH} deep.", where="sbom") from deep
    if bom.spec_version not in cyclonedx.VERSIONS:
        found = bom.spec_version[:20]
        problem = Problem(where="$.specVersion", expected=", ".join(cyclonedx.VERSIONS), found=repr(found))
        raise Invalid(f"CycloneDX {found} is not read.", do=_DO, where="$.specVersion", problems=(problem,))
    return _account(bom)


def check_subject(read_sbom: Sbom, image_sha256: str) -> None:
    """Raise Refused where the SBOM states the digest of another image."""
    about = read_sbom.subject
    if about and about.sha256 and image_sha256 not in about.sha256:
        stated = min(about.sha256)[:16]
        raise Refused(
            f"The SBOM is of another image: it states SHA-256 {stated}…, this image has {image_sha256[:16]}….",
            do="Hand in the SBOM that was made with this image.",
            where="$.metadata.component.hashes",
        )


def _know_format(content: bytes) -> None:
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:512]
    if start.startswith(b"<"):
        raise Refused("This SBOM is XML, which is not read yet.", do=_DO, where="sbom")
    if start.startswith(b"SPDXVersion:"):
        raise Refused("This SBOM is SPDX tag-value, which is not read yet.", do=_DO, where="sbom")
    header = msgspec.json.decode(content, type=_Header)
    if bytes(header.spdxVersion) or b"spdx.org" in bytes(header.context):
        raise Refused("This SBOM is SPDX, which is not read yet.", do=_DO, where="sbom")
    said = (bytes(header.bom_format) or b"nothing")[:40]
    if said != b'"CycloneDX"':
        problem = Problem(where="$.bomFormat", expected='"CycloneDX"', found=said.decode(errors="replace"))
        raise Invalid("This is no SBOM that we read.", do=_DO, where="$.bomFormat", problems=(problem,))


def _account(bom: cyclonedx.Bom) -> Sbom:
    kept: dict[_Key, tuple[str, Found]] = {}
    rows: list[SbomRow] = []
    counts = {"taken": 0, "merged": 0, "unmatchable": 0, "left out": 0}
    for entry in cyclonedx.entries(bom):
        row = _place_one(entry, kept)
        counts[row.outcome] += 1
        rows.append(row)
    report = SbomReport(
        format=f"CycloneDX {bom.spec_version} JSON",
        taken=counts["taken"],
        merged=counts["merged"],
        unmatchable=counts["unmatchable"],
        left_out=counts["left out"],
        rows=tuple(rows),
    )
    return Sbom(tuple(found for _, found in kept.values()), report, cyclonedx.subject(bom))


def _place_one(entry: cyclonedx.Entry, kept: dict[_Key, tuple[str, Found]]) -> SbomRow:
    where, one = entry.where, entry.found
    if entry.left_out:
        return SbomRow(where, one.name, one.version, "left out", entry.left_out)
    key = (one.name, one.version, one.purl, one.cpe, one.type == "file")
    if key in kept:
        elder, first = kept[key]
        joined = tuple(dict.fromkeys(first.statements + one.statements))
        kept[key] = elder, replace(first, statements=joined)
        return SbomRow(where, one.name, one.version, "merged", f"listed before, at {elder}", elder)
    reason = one.reason or why_unmatchable(one)
    kept[key] = where, replace(one, reason=reason)
    return SbomRow(where, one.name, one.version, "unmatchable" if reason else "taken", reason)


def why_unmatchable(one: Found) -> str:
    """Say why a component cannot be looked up; empty when it can."""
    purl = parse_purl(one.purl) if one.purl else None
    cpe = parse_cpe(one.cpe) if one.cpe else None
    if purl is None and cpe is None:
        if one.type == "file":
            return "a single file: known flaws are listed by package"
        if one.purl or one.cpe:
            return f"its {'purl' if one.purl else 'CPE'} cannot be read"
        return "no purl and no CPE"
    return "" if one.version or (cpe and cpe.version not in {"*", "-"}) else "no version"


def _problem(content: bytes, wrong: msgspec.ValidationError) -> Problem:
    said = _SAID.fullmatch(str(wrong))
    what, path = (said["what"], said["path"] or "$") if said else (str(wrong), "$")
    found = _FOUND.fullmatch(what)
    missing = _MISSING.fullmatch(what)
    path = _numbered(content, path)
    if missing:
        return Problem(where=path, expected=f"the field {missing['field']}", found="none")
    if found:
        return Problem(where=path, expected=found["expected"], found=found["found"])
    return Problem(where=path, expected="valid CycloneDX", found=what)


def _numbered(content: bytes, path: str) -> str:
    """Replace each `[...]` of the decoder's path by the number of the element that it refused.

    Elements are decoded in order, so the wrong one is the last of the shortest list that is still refused there.
    """
    if "[...]" not in path or len(content) > _MOST_NUMBERED:
        return path
    try:
        document = msgspec.json.decode(content)
    except RecursionError:
        return path
    while "[...]" in path:
        before = path[: path.index("[...]")]
        holder, name, elements = _array_at(document, before)
        if not isinstance(elements, list):
            return path
        low, high = 1, len(elements)
        while low < high:
            middle = (low + high) // 2
            holder[name] = elements[:middle]
            low, high = (low, middle) if _refused_under(document, f"{before}[...]") else (middle + 1, high)
        holder[name] = elements
        path = f"{before}[{low - 1}]{path[len(before) + len('[...]') :]}"
        holder[name] = elements[low - 1 : low]
    return path


def _array_at(document: Any, path: str) -> tuple[Any, str, Any]:  # noqa: ANN401 (JSON is Any)
    names = [part.split("[")[0] for part in path.split(".")[1:]]
    indexed = ["[" in part for part in path.split(".")[1:]]
    holder = document
    for name, inside in zip(names[:-1], indexed[:-1], strict=True):
        holder = holder[name]
        if inside:
            holder = holder[0]  # narrowed to the one wrong element before
    return holder, names[-1], holder.get(names[-1])


def _refused_under(document: Any, path: str) -> bool:  # noqa: ANN401 (JSON is Any)
    try:
        msgspec.convert(document, type=cyclonedx.Bom)
    except msgspec.ValidationError as wrong:
        return path in str(wrong)
    return False
