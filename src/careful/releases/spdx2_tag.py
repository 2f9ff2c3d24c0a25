"""Reading SPDX 2.2 and 2.3 tag-value (specification, chapter 4): lines of `Tag: value`, made into the structs of spdx2.

Zephyr (`west spdx`), trivy and syft write it. A value may run over lines between `<text>` and `</text>`. A package
begins at `PackageName`; the tags that follow are its own until another package, a file, a snippet or a licence begins.
"""

import codecs
import io
import re
import sys
from collections.abc import Iterator

from careful.kernel.errors import Invalid, Problem, TooLarge
from careful.releases import spdx2_elements as spdx2
from careful.releases.listing import MOST_COMPONENTS, plain

MOST_LINES = 4_000_000
LONGEST_LINE = 1 << 20
_TAG = re.compile(r"(?P<tag>[A-Za-z][A-Za-z0-9]*)[ \t]*:[ \t]*(?P<value>.*)", re.DOTALL)
_SECTIONS = {"PackageName": "package", "FileName": "file", "SnippetSPDXID": "snippet", "LicenseID": "licence"}
_TEXT, _END = "<text>", "</text>"
_FIELDS = {
    "PackageVersion": "version", "PackageSupplier": "supplier", "PackageOriginator": "originator",
    "PrimaryPackagePurpose": "purpose", "PackageLicenseDeclared": "declared", "PackageLicenseConcluded": "concluded",
    "PackageSourceInfo": "source", "PackageComment": "comment",
}  # fmt: skip


def read(content: bytes) -> spdx2.Document:
    """Read a document. Raises Invalid with the line of what is wrong, TooLarge."""
    if content.count(b"\n") > MOST_LINES:
        raise TooLarge(f"An SBOM may have {MOST_LINES:,} lines.", where="sbom")
    reader = _Reader()
    for line, tag, value in _tags(content):
        reader.take(line, tag, value)
    return reader.done()


def _tags(content: bytes) -> Iterator[tuple[int, str, str]]:
    """Yield line number, tag and value; a value between `<text>` and `</text>` is one value."""
    lines = _lines(content)
    for number, raw in lines:
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        found = _TAG.fullmatch(line)
        if found is None:
            raise _wrong(number, "`Tag: value`", repr(plain(line, 40)))
        value = found["value"]
        if value.startswith(_TEXT):
            value = _block(number, value, lines)
        yield number, found["tag"], value.strip()


def _lines(content: bytes) -> Iterator[tuple[int, str]]:
    """Yield the lines, one after the other: as a whole, text takes four times its size for one sign of an emoji."""
    for number, raw in enumerate(io.BytesIO(content.removeprefix(codecs.BOM_UTF8)), 1):
        if len(raw) > LONGEST_LINE:
            raise TooLarge(f"A line may have {LONGEST_LINE >> 20} MiB.", where=f"line {number}")
        try:
            yield number, raw.decode()
        except UnicodeDecodeError as broken:
            raise _wrong(number, "UTF-8", f"byte 0x{raw[broken.start]:02x}") from broken


def _block(number: int, value: str, lines: Iterator[tuple[int, str]]) -> str:
    """Return a text up to its end, or to a length that nothing we use has."""
    kept, left = [value.removeprefix(_TEXT)], LONGEST_LINE
    last = kept[0]
    while _END not in last:
        _, line = next(lines, (0, None))
        if line is None:
            raise _wrong(number, f"`{_END}` after `{_TEXT}`", "the end of the file")
        last = line
        left -= len(line)
        if left > 0:
            kept.append(line)
    return "".join(kept).partition(_END)[0]


class _Reader:
    """Fills a document from tags, remembering which part of it they belong to."""

    def __init__(self) -> None:
        self.section = "document"
        self.facts: dict[str, str] = {}
        self.creators: list[str] = []
        self.outside: list[spdx2.Outside] = []
        self.packages: list[spdx2.Package] = []
        self.relationships: list[spdx2.Relationship] = []
        self.files = 0

    def take(self, line: int, tag: str, value: str) -> None:
        if tag in _SECTIONS:
            self._begin(line, _SECTIONS[tag], value)
        elif tag == "Relationship":
            first, kind, second = _words(line, tag, value, 3)
            self.relationships.append(spdx2.Relationship(first, sys.intern(kind), second.split()[0]))
        elif self.section == "document":
            self._of_document(line, tag, value)
        elif self.section == "package":
            self._of_package(line, tag, value)

    def done(self) -> spdx2.Document:
        self._end()
        if "SPDXVersion" not in self.facts:
            raise _wrong(1, "the tag `SPDXVersion`", "none")
        return spdx2.Document(
            version=self.facts["SPDXVersion"],
            name=self.facts.get("DocumentName"),
            namespace=self.facts.get("DocumentNamespace"),
            creation=spdx2.CreationInfo(created=self.facts.get("Created"), creators=self.creators),
            packages=self.packages,
            relationships=self.relationships,
            outside=self.outside,
            files=[spdx2.File()] * self.files,
        )

    def _begin(self, line: int, section: str, value: str) -> None:
        self._end()
        self.section = section
        self.files += section == "file"
        if section == "package":
            if len(self.packages) >= MOST_COMPONENTS:
                raise TooLarge(f"An SBOM may list {MOST_COMPONENTS} components.", where=f"line {line}")
            self.packages.append(
                spdx2.Package(name=value, id="", line=line, references=[], checksums=[], annotations=[])
            )

    def _end(self) -> None:
        if self.section == "package" and not self.packages[-1].id:
            raise _wrong(self.packages[-1].line, "the tag `SPDXID` in the package that begins here", "none")

    def _of_document(self, line: int, tag: str, value: str) -> None:
        if tag == "Creator":
            self.creators.append(value)
        elif tag == "ExternalDocumentRef":
            self.outside.append(spdx2.Outside(*_words(line, tag, value, 3)[:2]))
        else:
            self.facts.setdefault(tag, value)

    def _of_package(self, line: int, tag: str, value: str) -> None:
        package = self.packages[-1]
        if tag in _FIELDS:
            setattr(package, _FIELDS[tag], value)
        elif tag == "SPDXID":
            package.id = value
        elif tag == "ExternalRef" and package.references is not None:
            package.references.append(spdx2.Reference(*_words(line, tag, value, 3)[1:]))
        elif tag == "PackageChecksum" and package.checksums is not None:
            algorithm, content = _words(line, tag, value, 2)
            package.checksums.append(spdx2.Checksum(algorithm.rstrip(":"), content))


def _words(line: int, tag: str, value: str, number: int) -> list[str]:
    words = value.split(None, number - 1)
    if len(words) != number:
        raise _wrong(line, f"{number} words after `{tag}:`", repr(plain(value, 40)))
    return words


def _wrong(line: int, expected: str, found: str) -> Invalid:
    problem = Problem(where="sbom", line=line, expected=expected, found=found)
    return Invalid(f"The SBOM is not valid SPDX tag-value: {problem}", where=f"line {line}", problems=(problem,))
