"""The documents of a feed, one by one: what their files say, or why they say nothing.

JSON and YAML (OSV) are decoded; a table (EPSS, KEV; CSV) comes as text. A document that cannot be read is handed on
with the reason, so that the rest of the feed is not lost.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path
from typing import Any

import msgspec
import yaml

from careful.vulnerabilities.feeds.packing import Packed, contents, unpacked

JSON_VALUES = 50_000_000  # of a file; more would take more than 4 GiB of memory
_YAML_BYTES, _YAML_NODES, _YAML_DEPTH = 4 << 20, 500_000, 100
_BEFORE = re.compile(rb"^[ \t?:-]+", re.MULTILINE)
_COMPRESSED = re.compile(r"\.(?:gz|xz|bz2)$")
_LINES: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_MARK = b"\xef\xbb\xbf"  # a byte order mark: RFC 8259 section 8.1 lets a reader pass over it


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its name below the feed, its bytes as they came, and what they say or why they say nothing."""

    name: str
    content: bytes
    raw: Any = None
    wrong: str = ""


def documents(path: Path) -> Iterator[Document]:
    """Yield what is in a file, a folder or an archive. Raises Invalid, TooLarge as `contents` does."""
    yield from map(decoded, contents(path))


def decoded(one: Packed) -> Document:
    """Read one document, or say why it cannot be read."""
    if one.wrong:
        return Document(one.name, one.content, wrong=one.wrong)
    try:
        return Document(one.name, one.content, _said(_COMPRESSED.sub("", one.name), one.content))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        return Document(one.name, one.content, wrong=f"no readable JSON ({wrong})")
    except (yaml.YAMLError, ValueError, EOFError, OSError, zlib.error, LZMAError) as wrong:
        return Document(one.name, one.content, wrong=" ".join(str(wrong).split())[:200])


def _said(name: str, content: bytes) -> Any:  # noqa: ANN401 (JSON is Any)
    plain = unpacked(content).removeprefix(_MARK)
    if name.endswith(".csv"):
        return plain.decode()
    if name.endswith((".yaml", ".yml")):
        return _yaml(plain)
    if name.endswith((".jsonl", ".ndjson")):
        return _LINES.decode_lines(_json(plain))
    return msgspec.json.decode(_json(plain))


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
