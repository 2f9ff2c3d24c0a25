"""The documents of a feed: from a file, a folder, a zip or a compressed file, one by one, within limits.

JSON and YAML (OSV) are decoded; a table (EPSS, CSV) comes as text. A document that cannot be read is handed on with the
reason, so that the rest of the feed is not lost.
"""

import gzip
import io
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from careful.kernel.errors import Invalid, TooLarge

FILE_BYTES = 1 << 30
TOTAL_BYTES = 8 << 30
FILES = 2_000_000
_SMALL, _RATIO = 1 << 20, 200
JSON_VALUES = 50_000_000  # of a file; more would take more than 4 GiB of memory
_YAML_BYTES, _YAML_NODES, _YAML_DEPTH = 4 << 20, 500_000, 100
_BEFORE = re.compile(rb"^[ \t?:-]+", re.MULTILINE)
_LINES: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_GZIP = b"\x1f\x8b"  # some servers unpack what is called .gz on the way
_MARK = b"\xef\xbb\xbf"  # a byte order mark: RFC 8259 section 8.1 lets a reader pass over it
_KNOWN = (".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".csv", ".json.gz", ".jsonl.gz", ".ndjson.gz", ".csv.gz")


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its name below the feed, its bytes as they came, and what they say or why they say nothing."""

    name: str
    content: bytes
    raw: Any = None
    wrong: str = ""


def documents(path: Path) -> Iterator[Document]:
    """Yield what is in a file, a folder or a zip. Raises Invalid where nothing is there, TooLarge beyond the limits."""
    for name, content in contents(path):
        yield decoded(name, content)


def decoded(name: str, content: bytes) -> Document:
    """Read one document, or say why it cannot be read."""
    try:
        plain = _unpacked(content) if content.startswith(_GZIP) else content
        plain = plain.removeprefix(_MARK)
        if name.removesuffix(".gz").endswith(".csv"):
            return Document(name, content, plain.decode())
        if name.endswith((".yaml", ".yml")):
            return Document(name, content, _yaml(plain))
        if name.removesuffix(".gz").endswith((".jsonl", ".ndjson")):
            return Document(name, content, _LINES.decode_lines(_json(plain)))
        return Document(name, content, msgspec.json.decode(_json(plain)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        return Document(name, content, wrong=f"no readable JSON ({wrong})")
    except (yaml.YAMLError, ValueError, EOFError, OSError, zlib.error) as wrong:
        return Document(name, content, wrong=" ".join(str(wrong).split())[:200])


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each document's name and bytes. Raises as `documents` does."""
    if path.is_dir():
        found = (one for one in sorted(path.rglob("*")) if one.name.endswith((*_KNOWN, ".zip")) and one.is_file())
        for number, one in enumerate(found):
            place = str(one.relative_to(path))
            if one.suffix == ".zip":
                yield from ((f"{place}/{name}", content) for name, content in _zipped(one, inside=False))
                continue
            _bound(number, one.stat().st_size, one.name)
            yield place, _read(one)
    elif path.suffix == ".zip" and path.is_file():
        yield from _zipped(path, inside=False)
    elif path.is_file():
        _bound(0, path.stat().st_size, path.name)
        yield path.name, _read(path)
    else:
        raise Invalid(f"{path} is not there.", do="Name a file, a folder or a zip.", where=str(path))


def _zipped(path: Path, *, inside: bool) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            total = 0
            for number, info in enumerate(archive.infolist()):
                total += info.file_size
                holds_zip = info.filename.endswith(".zip") and not inside  # the CVE list is a zip in a zip
                _bound(number, 0 if holds_zip else info.file_size, info.filename, total)
                _no_bomb(info)
                if holds_zip:
                    with tempfile.NamedTemporaryFile(suffix=".zip") as inner:
                        with archive.open(info) as packed:
                            shutil.copyfileobj(packed, inner, 1 << 20)
                        inner.flush()
                        yield from _zipped(Path(inner.name), inside=True)
                elif info.filename.endswith(_KNOWN):
                    yield info.filename, archive.read(info)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as wrong:
        raise Invalid(f"{path} is no readable zip: {wrong}.", do="Fetch it again.", where=str(path)) from wrong


def _unpacked(content: bytes) -> bytes:
    """Unpack gzip, every member of it, to at most the bytes that a file may have. Raises ValueError beyond."""
    most = min(FILE_BYTES, max(_SMALL, len(content) * _RATIO))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as reader:
            plain = reader.read(most + 1)
    except EOFError as wrong:
        raise gzip.BadGzipFile("its end is missing") from wrong
    if len(plain) > most:
        raise ValueError("it unpacks to far more than a feed has: it is no feed but a bomb")
    return plain


def _json(plain: bytes) -> bytes:
    """Return what may be decoded: an empty object takes 3 bytes as text and 25 times that in memory."""
    if sum(plain.count(mark) for mark in b"{[,:") > JSON_VALUES:
        raise ValueError(f"it holds more than {JSON_VALUES:,} values: split it, or give one record a file")
    return plain


def _yaml(content: bytes) -> Any:  # noqa: ANN401 (YAML is Any)
    """Read YAML with every scalar as text, as OSV has them. Raises ValueError for one made to explode."""
    if len(content) > _YAML_BYTES:
        raise ValueError(f"a YAML record has at most {_YAML_BYTES >> 20} MiB")
    if _may_be_deep(content) and _depth(content) > _YAML_DEPTH:
        raise ValueError(f"it is nested more than {_YAML_DEPTH} deep")
    found = yaml.load(content, Loader=yaml.CBaseLoader)  # noqa: S506 (it makes nothing but text, lists and mappings)
    _count(found, 0)
    return found


def _may_be_deep(content: bytes) -> bool:
    """Tell whether depth must be counted: no deeper than this is what has few brackets and little before its words."""
    brackets = content.count(b"[") + content.count(b"{")
    return brackets + max(map(len, _BEFORE.findall(content)), default=0) > _YAML_DEPTH


def _depth(content: bytes) -> int:
    """Return how deep YAML is nested, up to just beyond the limit. Its composer is C that overruns the stack."""
    depth = deepest = 0
    for event in yaml.parse(content, Loader=yaml.CBaseLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        deepest = max(depth, deepest)
        if deepest > _YAML_DEPTH:
            break
    return deepest


def _count(value: object, seen: int) -> int:
    """Count what a document holds, each alias as often as it is used. Raises ValueError beyond the limit."""
    seen += 1
    if seen > _YAML_NODES:
        raise ValueError(f"it holds more than {_YAML_NODES:,} values")
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        seen = _count(one, seen)
    return seen


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise Invalid(f"{path} cannot be read ({failure.strerror}).", do="Check its permissions.") from failure


def _no_bomb(info: zipfile.ZipInfo) -> None:
    """Refuse what unpacks to far more than any list of flaws does, before unpacking it."""
    if info.file_size > _SMALL and info.file_size > info.compress_size * _RATIO:
        raise TooLarge(
            f"{info.filename[:200]} in the zip would unpack {info.compress_size:,} bytes to {info.file_size:,}: "
            "it is no feed but a zip bomb, and nothing was taken in.",
            do="Fetch the feed again from where it is published.",
        )


def _bound(number: int, size: int, name: str, total: int = 0) -> None:
    if number >= FILES or size > FILE_BYTES or total > TOTAL_BYTES:
        raise TooLarge(
            f"{name[:200]}: a feed may have {FILES:,} files of {FILE_BYTES:,} bytes, {TOTAL_BYTES:,} in all.",
            do="Split it.",
        )
