"""Reading libconfig, the language of sw-description: groups {}, lists (), arrays [], texts, numbers and booleans.

Comments in all three forms; texts that follow each other are one. `@include` is refused: a description from a stranger
names no files of ours.
"""

import re
from typing import Any

from careful.kernel.errors import Invalid

_MOST_DEPTH = 32
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|//[^\n]*|/\*.*?\*/                          # what says nothing
    |(?P<text>"(?:[^"\\]|\\.)*")
    |(?P<hex>0[xX][0-9A-Fa-f]+)L{0,2}
    |(?P<number>[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?))L{0,2}
    |(?P<name>[A-Za-z*][A-Za-z0-9_*-]*)
    |(?P<sign>[{}()\[\],;:=])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", '"': '"', "\\": "\\"}


def read(source: str) -> dict[str, Any]:
    """Return the settings of a file. Raises Invalid with the line."""
    return _Reader(source).settings("")


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._depth = 0
        self._kind = self._word = ""
        self._next()

    def settings(self, end: str) -> dict[str, Any]:
        """Read settings up to `end` (a sign, or the end of the file)."""
        found: dict[str, Any] = {}
        while self._word != end or self._kind not in {"sign", ""}:
            if self._kind != "name":
                raise self._wrong("a name")
            name = self._word
            if name in found:
                raise self._wrong(f"{name} once")
            self._next()
            self._take({"=", ":"})
            found[name] = self._value()
            if self._kind == "sign" and self._word in {";", ","}:
                self._next()
        return found

    def _value(self) -> Any:  # noqa: ANN401 (whatever was written)
        kind, word = self._kind, self._word
        if kind == "text":
            parts = []
            while self._kind == "text":
                parts.append(_unquoted(self._word))
                self._next()
            return "".join(parts)
        if kind == "sign" and word in {"{", "(", "["}:
            return self._inside(word)
        self._next()
        if kind == "hex":
            return int(word[:20], 16)
        if kind == "number":
            return int(word[:20]) if re.fullmatch(r"[+-]?\d+", word) else float(word[:40])
        if kind == "name" and word.lower() in {"true", "false"}:
            return word.lower() == "true"
        raise self._wrong("a value")

    def _inside(self, word: str) -> Any:  # noqa: ANN401 (a table or a list)
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise Invalid(f"sw-description is nested deeper than {_MOST_DEPTH}.", where="sw-description")
        self._next()
        if word == "{":
            found: Any = self.settings("}")
            self._take({"}"})
        else:
            end = ")" if word == "(" else "]"
            found = []
            while not (self._kind == "sign" and self._word == end):
                found.append(self._value())
                if self._kind == "sign" and self._word == ",":
                    self._next()
                elif not (self._kind == "sign" and self._word == end):
                    raise self._wrong(f"a comma or {end}")
            self._take({end})
        self._depth -= 1
        return found

    def _take(self, wanted: set[str]) -> None:
        if self._kind != "sign" or self._word not in wanted:
            raise self._wrong(" or ".join(sorted(wanted)))
        self._next()

    def _next(self) -> None:
        while self._at < len(self._source):
            found = _TOKEN.match(self._source, self._at)
            if found is None:
                raise self._wrong("a setting")
            self._at = found.end()
            if found.lastgroup is not None:
                self._kind, self._word = found.lastgroup, found[found.lastgroup]
                return
        self._kind = self._word = ""

    def _wrong(self, wanted: str) -> Invalid:
        line = self._source.count("\n", 0, self._at) + 1
        seen = self._word[:40] or self._source[self._at : self._at + 20].strip() or "the end"
        return Invalid(f"sw-description, line {line}: expected {wanted}, found {seen!r}.", where="sw-description")


def _unquoted(word: str) -> str:
    def plain(match: re.Match[str]) -> str:
        escaped = match[1]
        return chr(int(escaped[1:], 16)) if escaped[0] == "x" else _ESCAPES.get(escaped, escaped)

    return re.sub(r"\\(x[0-9A-Fa-f]{2}|.)", plain, word[1:-1], flags=re.DOTALL)
