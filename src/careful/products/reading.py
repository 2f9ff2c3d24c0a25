"""Safe reading of YAML from strangers: limits before and during parsing, and the line of every value.

The parser is asked for one event at a time and told to stop at the first limit passed, so that a file made to explode
(aliases of aliases), to nest without end or to be simply too big costs next to nothing. What we read is a plain subset
of YAML 1.2: text, whole numbers, true, false, blank, lists and mappings. `no` is a text and not a boolean; `1.20` is
a text too, so no version loses a digit.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from careful.kernel.errors import Invalid, Problem

MAX_BYTES = 1 << 20
MAX_DEPTH = 16
MAX_NODES = 20_000
MAX_ANCHORS = 64
MAX_KEY = 128
MAX_TEXT = 20_000

Path = tuple[str | int, ...]
Place = tuple[int, int]
"""Line and column, both from 1."""

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_BLANK = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_TAB_INDENT = re.compile(r"^ *\t", re.MULTILINE)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser where PyYAML was built with it


class Unreadable(Invalid):
    """The bytes are no YAML that we read: nothing can be said about their content."""


@dataclass(frozen=True, slots=True)
class Document:
    """What was read: `value` is plain data, `places` the line and column of each path in it."""

    name: str
    value: Any
    places: Mapping[Path, Place]

    def place(self, path: Path) -> Place:
        """Return where `path` stands, or where its nearest existing parent does."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))


def field_path(path: Path) -> str:
    """Write a path as people do: `data[0].retention.days`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.lstrip(".") or "the file"


def read(text: bytes, name: str) -> Document:
    """Read one YAML document of at most 1 MiB. Raises Unreadable, naming file, line and field."""
    if len(text) > MAX_BYTES:
        raise unreadable(
            name,
            1,
            "the file",
            f"at most {MAX_BYTES // 1024} KiB",
            f"{len(text) // 1024} KiB" if len(text) > MAX_BYTES + 1 else "more",
            "A declaration holds facts, not data. Take out what is not part of it.",
        )
    decoded = _decode(text, name)
    reader = _Reader(name, decoded)
    try:
        return reader.document()
    except yaml.MarkedYAMLError as failure:
        raise _syntax(name, failure, decoded) from failure
    except yaml.YAMLError as failure:  # ReaderError: a character that YAML does not allow
        position = getattr(failure, "position", 0)
        line = decoded.count("\n", 0, position if isinstance(position, int) else 0) + 1
        raise unreadable(
            name, line, "the file", "printable text", "a control character", "Remove it; it may not be visible."
        ) from failure


def unreadable(name: str, line: int, where: str, expected: str, found: str, do: str) -> Unreadable:
    """Make the error for one place."""
    problem = Problem(where=f"{name}: {where}", line=line, expected=expected, found=found, do=do)
    return Unreadable(
        f"The file cannot be read: expected {expected}, found {found}.",
        do=do,
        where=f"{name}:{line}",
        problems=(problem,),
    )


def _decode(text: bytes, name: str) -> str:
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        line = text.count(b"\n", 0, failure.start) + 1
        raise unreadable(
            name, line, "the file", "UTF-8 text", f"byte 0x{text[failure.start]:02x}", "Save the file as UTF-8."
        ) from failure
    tab = _TAB_INDENT.search(decoded)
    if tab:
        line = decoded.count("\n", 0, tab.start()) + 1
        raise unreadable(name, line, "indentation", "spaces", "a tab", "Replace the tab by spaces.")
    return decoded


def _syntax(name: str, failure: yaml.MarkedYAMLError, text: str) -> Unreadable:
    mark = failure.problem_mark or failure.context_mark
    line = mark.line + 1 if mark else 1
    lines = text.splitlines()
    shown = lines[line - 1].strip()[:60] if 0 < line <= len(lines) else "the end of the file"
    what = failure.problem or "this cannot be read"
    return unreadable(
        name,
        line,
        "YAML",
        "`key: value` lines and `- item` lists",
        f"{shown!r} ({what})",
        "Check indentation, colons and quotes here and on the line above.",
    )


@dataclass(slots=True)
class _Reader:
    """Builds plain data from parser events and stops at the first limit."""

    name: str
    text: str
    places: dict[Path, Place] = field(default_factory=dict)
    nodes: int = 0
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    opening: set[str] = field(default_factory=set)
    events: Iterator[yaml.Event] = field(init=False)

    def document(self) -> Document:
        self.events = iter(yaml.parse(self.text, Loader=_LOADER))
        value: Any = None
        seen = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                seen += 1
                if seen > 1:
                    raise self._refuse(event, (), "one document", "a second one", "Put each product in its own file.")
                value = self._node(next(self.events), ())
        return Document(self.name, value, self.places)

    def _node(self, event: yaml.Event, path: Path) -> Any:  # noqa: ANN401 (plain data of any shape)
        self._count(event, path, 1)
        self.places.setdefault(path, self._place(event))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        if getattr(event, "tag", None) not in {None, "!"}:
            raise self._refuse(event, path, "plain values", f"the tag {str(event.tag)[:60]!r}", "Remove the tag.")  # type: ignore[attr-defined]  # node events have a tag
        if len(path) > MAX_DEPTH:
            raise self._refuse(event, path, f"at most {MAX_DEPTH} levels", "more", "Lists and sections nest too deep.")
        anchor: str | None = getattr(event, "anchor", None)
        before = self.nodes
        if anchor is not None:
            self._open(anchor, event, path)
        value = self._content(event, path)
        if anchor is not None:
            self.opening.discard(anchor)
            self.anchors[anchor] = (value, self.nodes - before + 1)
        return value

    def _content(self, event: yaml.Event, path: Path) -> Any:  # noqa: ANN401 (plain data of any shape)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._mapping(path)

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event, path)
            if key in entries:
                first = self.places[(*path, key)][0]
                raise self._refuse(
                    event, (*path, key), "each key once", f"it again (first on line {first})", "Remove one of the two."
                )
            self.places[(*path, key)] = self._place(event)
            entries[key] = self._node(next(self.events), (*path, key))
        return entries

    def _key(self, event: yaml.Event, path: Path) -> str:
        self._count(event, path, 1)
        if not isinstance(event, yaml.ScalarEvent) or event.tag not in {None, "!"} or event.anchor is not None:
            raise self._refuse(event, path, "a plain word as key", "something else", "Write `key: value`.")
        if not 0 < len(event.value) <= MAX_KEY:
            raise self._refuse(
                event, path, f"a key of 1 to {MAX_KEY} characters", f"one of {len(event.value)}", "Shorten it."
            )
        if event.value == "<<" and not event.style:
            raise self._refuse(event, path, "a named field", "a merge key '<<'", "Write the fields out.")
        return str(event.value)

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> str | int | bool | None:
        text = event.value
        if len(text) > MAX_TEXT:
            raise self._refuse(event, path, f"at most {MAX_TEXT} characters", str(len(text)), "Shorten the text.")
        if event.style:  # quoted, or a block: always text
            return str(text)
        if text in _BLANK:
            return None
        if text in _BOOLEAN:
            return _BOOLEAN[text]
        return int(text) if _WHOLE.fullmatch(text) else str(text)

    def _open(self, anchor: str, event: yaml.Event, path: Path) -> None:
        if len(self.anchors) + len(self.opening) >= MAX_ANCHORS:
            raise self._refuse(event, path, f"at most {MAX_ANCHORS} anchors", "more", "Write the values out.")
        if anchor in self.anchors:
            raise self._refuse(event, path, "each anchor once", f"&{anchor[:40]} again", "Give it another name.")
        self.opening.add(anchor)

    def _alias(self, event: yaml.AliasEvent, path: Path) -> Any:  # noqa: ANN401 (plain data of any shape)
        anchor = str(event.anchor)
        shown = anchor[:40]
        if anchor in self.opening:
            raise self._refuse(event, path, "a value that ends", f"*{shown} inside itself", "Write it out.")
        if anchor not in self.anchors:
            raise self._refuse(event, path, "an anchor given above", f"*{shown}", f"Define &{shown} first.")
        value, size = self.anchors[anchor]
        self._count(event, path, size)
        if len(path) + _depth(value) > MAX_DEPTH:
            raise self._refuse(event, path, f"at most {MAX_DEPTH} levels", "more", "Write the values out, flatter.")
        return value

    def _count(self, event: yaml.Event, path: Path, by: int) -> None:
        self.nodes += by
        if self.nodes > MAX_NODES:
            raise self._refuse(
                event, path, f"at most {MAX_NODES} values", "more", "Write fewer, and no aliases of aliases."
            )

    def _refuse(self, event: yaml.Event, path: Path, expected: str, found: str, do: str) -> Unreadable:
        return unreadable(self.name, self._place(event)[0], field_path(path), expected, found, do)

    @staticmethod
    def _place(event: yaml.Event) -> Place:
        mark = event.start_mark
        return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
