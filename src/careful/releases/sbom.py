"""The front door for SBOMs: what format a file has, and its reader. Within limits; a malformed file is refused whole.

All readers end in the same `Listing`, and accounting.py decides what becomes of each line of it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from careful.kernel.errors import Invalid, Problem, Refused, TooLarge
from careful.releases import (
    archives,
    cyclonedx,
    cyclonedx_elements,
    cyclonedx_xml,
    spdx2,
    spdx2_elements,
    spdx2_tag,
    spdx3,
    spdx3_elements,
)
from careful.releases.accounting import Sbom, account, why_unmatchable
from careful.releases.json_places import decode, doubled
from careful.releases.listing import Listing, plain

MOST_BYTES = 64 << 20
MOST_OBJECTS = 1_000_000
MOST_OBJECTS_IN_ALL = 2_000_000
MOST_VALUES = 2_500_000
"""Real SBOMs take 70 bytes or more for each value, and 190 for each object."""
READ = "CycloneDX 1.2 to 1.7 (JSON, XML) or SPDX 2.2, 2.3 (JSON, tag-value), 3.0 (JSON-LD)"
_DO = f"Hand in {READ}."
_LESS = "Let it list packages and no single files (Yocto: without SPDX_INCLUDE_SOURCES)."
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_TAG_VALUE = re.compile(rb"^[ \t]*SPDXVersion[ \t]*:", re.MULTILINE)
_YAML = re.compile(rb"^(?:---|spdxVersion[ \t]*:|bomFormat[ \t]*:|[\"']?SPDXID[\"']?[ \t]*:)", re.MULTILINE)
_START = 1 << 16
_SHOWN = 20

__all__ = ["READ", "Sbom", "check_subject", "read", "why_unmatchable"]


class _Header(msgspec.Struct, rename={"bom_format": "bomFormat", "spdx2": "spdxVersion", "context": "@context"}):
    bom_format: msgspec.Raw = msgspec.Raw()
    spdx2: msgspec.Raw = msgspec.Raw()
    context: msgspec.Raw = msgspec.Raw()
    sbom: msgspec.Raw = msgspec.Raw()
    predicate: msgspec.Raw = msgspec.Raw()

    @property
    def inside(self) -> bytes:
        """Return the SBOM that a wrapper holds: the answer of GitHub's API, or an attestation (in-toto)."""
        wrapped = bytes(self.sbom) or bytes(self.predicate)
        own = bytes(self.bom_format) or bytes(self.spdx2) or bytes(self.context)
        return wrapped if wrapped.startswith(b"{") and not own else b""


def read(content: bytes) -> Sbom:
    """Read an SBOM. Raises Invalid (with the place of what is wrong), Refused (another format), TooLarge."""
    try:
        if archives.packed(content):
            files = archives.unpack(content)
            return account(_listing_of_set(files) if len(files) > 1 else _listing(files[0][1]))
        return account(_listing(content))
    except MemoryError as full:
        raise TooLarge("To read this SBOM takes more memory than there is.", where="sbom") from full


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


def _listing(content: bytes) -> Listing:
    if len(content) > MOST_BYTES:
        raise TooLarge(f"An SBOM may have {MOST_BYTES >> 20} MiB.", do=_LESS, where="sbom")
    content = _unwrapped(content)
    return _READERS[_kind(content)](content)


def _unwrapped(content: bytes) -> bytes:
    start = content[:_START]
    if b'"sbom"' not in start and b'"predicate"' not in content:
        return content
    try:
        return msgspec.json.decode(content.removeprefix(_BOM), type=_Header).inside or content
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return content  # which its reader will refuse, with the place


def _listing_of_set(files: list[tuple[str, bytes]]) -> Listing:
    """Read several files as one: SPDX documents that refer to each other, or a CycloneDX SBOM and the VEX on it.

    Each file is let go when it is read, since they are large together.
    """
    if sum(max(content.count(b"{"), content.count(b"\nRelationship:")) for _, content in files) > MOST_OBJECTS_IN_ALL:
        raise TooLarge(f"An archive may have {MOST_OBJECTS_IN_ALL:,} objects in all.", do=_LESS, where="sbom")
    found = _Set()
    while files:
        found.take(*files.pop(0))
    return found.listing()


@dataclass(slots=True)
class _Set:
    """The SBOMs of an archive, by their kind. What is no SBOM among its files is passed over."""

    older: list[tuple[str, spdx2_elements.Document]] = field(default_factory=list)
    newer: list[spdx3_elements.Element] = field(default_factory=list)
    boms: list[cyclonedx_elements.Bom] = field(default_factory=list)
    others: list[bytes] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    objects: int = 0

    def take(self, name: str, content: bytes) -> None:
        kind = _kind_or_none(content)
        if kind in _OLDER:
            self.forms.append(kind.removeprefix("SPDX ").removeprefix("2 "))
            self.older.append((name, _OLDER[kind](content)))
        elif kind == "SPDX 3":
            self.objects += content.count(b"{")
            if self.objects > MOST_OBJECTS:
                raise TooLarge(f"An SBOM may have {MOST_OBJECTS:,} objects.", do=_LESS, where=name)
            self.newer += _spdx3(content).graph
        elif kind == "CycloneDX JSON":
            self.boms.append(_bom(content))
        elif kind:
            self.others.append(content)

    def listing(self) -> Listing:
        if self.older:
            return spdx2.listing(self.older, f"{self.forms[0]} archive")
        if self.newer:
            return spdx3.listing(spdx3_elements.Document(self.newer))
        whole = [one for one in self.boms if one.components or len(self.boms) == 1]
        if len(whole) == 1 and not self.others:
            return cyclonedx.listing(cyclonedx.with_vex(whole[0], (one for one in self.boms if one is not whole[0])))
        if len(self.others) == 1 and not self.boms:
            return _listing(self.others[0])
        number = len(self.boms) + len(self.others)
        raise Refused(
            f"The archive holds {number} SBOMs that do not refer to each other.",
            do="Hand them in one by one." if number else _DO,
        )


def _kind_or_none(content: bytes) -> str:
    try:
        return _kind(content)
    except (Invalid, Refused):
        return ""


def _kind(content: bytes) -> str:
    """Return which of `_READERS` reads it. Raises Refused for a known format that is not read, else Invalid."""
    start = content.removeprefix(_BOM).lstrip(_BLANK)[:_START]
    if start.startswith(_UTF16) and b"<" not in start[:8]:
        raise Invalid("The SBOM is UTF-16.", do="Save it as UTF-8.", where="sbom")
    if start.startswith((b"<", *_UTF16)):
        _refuse_rdf(start)
        return "CycloneDX XML"
    if not start.startswith((b"{", b"[")):
        if _TAG_VALUE.search(start):
            return "SPDX tag-value"
        if _YAML.search(start):
            raise Refused("This SBOM is YAML, which is not read.", do=f"Convert it to JSON. {_DO}", where="sbom")
        if not start:
            raise Invalid("The SBOM is empty.", do=_DO, where="sbom")
        begins = repr(plain(start[:_SHOWN].decode("utf-8", "replace")))
        raise Invalid(f"This is no SBOM: it begins with {begins}.", do=_DO, where="sbom")
    return _kind_of_json(content)


def _refuse_rdf(start: bytes) -> None:
    if b"rdf:RDF" in start or b"spdx.org/rdf/terms" in start:
        raise Refused("This SBOM is SPDX as RDF/XML, which is not read.", do=f"Convert it to JSON. {_DO}", where="sbom")
    if re.search(rb"<Document[ >]", start):
        raise Refused("This SBOM is SPDX as XML, which is not read.", do=f"Convert it to JSON. {_DO}", where="sbom")


def _kind_of_json(content: bytes) -> str:
    if content.count(b"{") > MOST_OBJECTS:
        raise TooLarge(f"An SBOM may have {MOST_OBJECTS:,} objects.", do=_LESS, where="sbom")
    if content.count(b",") > MOST_VALUES:
        raise TooLarge(f"An SBOM may have {MOST_VALUES:,} values.", do=_LESS, where="sbom")
    content = content.removeprefix(_BOM)
    header = decode(content, _Header, "JSON", _DO)
    twice = doubled(content)
    if twice is not None:
        problem = Problem(where=f"$.{twice[:40]}", expected="each name once", found="it twice", do="Leave one out.")
        raise Invalid(f"The SBOM is ambiguous: {problem}", where="sbom", problems=(problem,))
    if bytes(header.spdx2):
        return "SPDX 2 JSON"
    if b"spdx.org" in bytes(header.context):
        return "SPDX 3"
    said = (bytes(header.bom_format) or b"nothing")[:40]
    if said != b'"CycloneDX"':
        problem = Problem(where="$.bomFormat", expected='"CycloneDX"', found=said.decode(errors="replace"))
        raise Invalid("This is no SBOM that we read.", do=_DO, where="$.bomFormat", problems=(problem,))
    return "CycloneDX JSON"


def _cyclonedx(content: bytes) -> Listing:
    return cyclonedx.listing(_bom(content))


def _bom(content: bytes) -> cyclonedx_elements.Bom:
    bom = decode(content.removeprefix(_BOM), cyclonedx_elements.Bom, "CycloneDX")
    _check_version(bom, "$.specVersion")
    return bom


def _cyclonedx_xml(content: bytes) -> Listing:
    bom = cyclonedx_xml.read(content)
    _check_version(bom, "/bom/@xmlns")
    return cyclonedx.listing(bom, "XML", cyclonedx_xml.path)


def _check_version(bom: cyclonedx_elements.Bom, where: str) -> None:
    if bom.spec_version not in cyclonedx.VERSIONS:
        found = bom.spec_version[:20]
        problem = Problem(where=where, expected=", ".join(cyclonedx.VERSIONS), found=repr(found))
        raise Invalid(f"CycloneDX {found} is not read.", do=_DO, where=where, problems=(problem,))


def _spdx2(content: bytes) -> spdx2_elements.Document:
    return decode(content.removeprefix(_BOM), spdx2_elements.Document, "SPDX 2")


def _spdx3(content: bytes) -> spdx3_elements.Document:
    return decode(content.removeprefix(_BOM), spdx3_elements.Document, "SPDX 3")


_OLDER: dict[str, Callable[[bytes], spdx2_elements.Document]] = {
    "SPDX 2 JSON": _spdx2,
    "SPDX tag-value": spdx2_tag.read,
}
_READERS: dict[str, Callable[[bytes], Listing]] = {
    "CycloneDX JSON": _cyclonedx,
    "CycloneDX XML": _cyclonedx_xml,
    "SPDX 2 JSON": lambda content: spdx2.listing([("", _spdx2(content))], "JSON"),
    "SPDX tag-value": lambda content: spdx2.listing([("", spdx2_tag.read(content))], "tag-value"),
    "SPDX 3": lambda content: spdx3.listing(_spdx3(content)),
}
