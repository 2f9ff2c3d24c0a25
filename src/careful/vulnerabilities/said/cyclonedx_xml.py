"""CycloneDX VEX as XML: the part of it that speaks of flaws, as the JSON of the same document would be; pure.

A file with a document type is refused: entities, which could grow without end or name other files, exist only with one.
"""

import re
from typing import Any
from xml.parsers import expat

from careful.kernel.errors import CarefulError, Invalid, Refused, TooLarge

_DEPTH, _ELEMENTS = 200, 2_000_000
_SPACE = re.compile(r"https?://cyclonedx\.org/schema/bom/1\.\d+")
_LISTS = frozenset(
    {
        "components",
        "vulnerabilities",
        "affects",
        "references",
        "properties",
        "hashes",
        "versions",
        "authors",
        "services",
    }
)
_ATTRIBUTES = frozenset({"bom-ref", "alg", "name", "serialNumber", "version"})
_WORDS = {"hash": "content", "property": "value"}
"""Elements that are a text with attributes -> where JSON keeps the text."""


def as_json(content: bytes) -> dict[str, Any]:
    """Return the document as JSON would say it. Raises Invalid, Refused, TooLarge."""
    if content.count(b"<") > _ELEMENTS * 2:
        raise TooLarge(f"A VEX document may have {_ELEMENTS:,} elements.", where="vex")
    return _Reader().read(content)


class _Reader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.frames: list[tuple[str, Any, list[str]]] = []
        self.made: dict[str, Any] | None = None

    def read(self, content: bytes) -> dict[str, Any]:
        try:
            self.parser.Parse(content, True)
        except CarefulError:
            raise
        except expat.ExpatError as broken:
            why = f"{expat.ErrorString(broken.code)} (line {broken.lineno})"
            raise Invalid(f"This is no XML: {why}.", do="Hand it in as published.", where="vex") from broken
        except (ValueError, LookupError) as broken:
            raise Invalid(f"The encoding cannot be read: {broken}.", do="Use UTF-8.", where="vex") from broken
        if self.made is None:
            raise Invalid("This is no VEX document.", do="Hand in CycloneDX, as XML or JSON.", where="vex")
        return {"bomFormat": "CycloneDX", **self.made}

    def _refuse(self, *_: object) -> None:
        raise Refused(
            "The document has a document type (DOCTYPE), by which XML can read other files and grow without end.",
            do="Remove the DOCTYPE; no VEX needs it.",
            where=f"line {self.parser.CurrentLineNumber}",
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, name = tag.rpartition(" ")
        if len(self.frames) >= _DEPTH:
            raise TooLarge(f"XML elements are nested more than {_DEPTH} deep.", where="vex")
        if not self.frames and (name != "bom" or not _SPACE.fullmatch(space)):
            raise Invalid(
                f"This is `{name[:40]}` of {space[:80] or 'no namespace'}.", do="Hand in CycloneDX.", where="vex"
            )
        is_list = name in _LISTS and not (name == "versions" and not self._within("target"))
        made: Any = [] if is_list else {key: value for key, value in attributes.items() if key in _ATTRIBUTES}
        self.frames.append((name, made, []))

    def _within(self, name: str) -> bool:
        return bool(self.frames) and self.frames[-1][0] == name

    def _text(self, words: str) -> None:
        if self.frames:
            self.frames[-1][2].append(words)

    def _end(self, _: str) -> None:
        name, made, words = self.frames.pop()
        said = "".join(words).strip()
        value = made if isinstance(made, list) else _value(name, made, said)
        if not self.frames:
            self.made = value if isinstance(value, dict) else {}
            number = self.made.get("version", "")
            if number.isdigit():
                self.made["version"] = int(number)
            return
        holder = self.frames[-1][1]
        if isinstance(holder, list):
            holder.append(value)
        elif isinstance(holder, dict):
            holder[name] = value


def _value(name: str, made: dict[str, Any], said: str) -> Any:  # noqa: ANN401 (an object or a text)
    if name in _WORDS:
        return {**made, _WORDS[name]: said}
    return made or said
