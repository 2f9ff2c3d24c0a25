"""Typed JSON with errors that name the place: which element of which list is wrong, and what belongs there."""

import re
from typing import TypeVar

import msgspec

from careful.kernel.errors import Invalid, Problem, TooLarge
from careful.releases.listing import MOST_DEPTH

_SAID = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?", re.DOTALL)
_FOUND = re.compile(r"Expected (?P<expected>.*?), got (?P<found>.*)", re.DOTALL)
_MISSING = re.compile(r"Object missing required field (?P<field>`[^`]*`)")

_NAME = re.compile(rb'[ \t\r\n,]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*', re.DOTALL)

_AT = re.compile(r"\(byte (\d+)\)")
_SURROGATES = re.compile(
    rb"(?<!\\)(?:\\\\)*\\u(?:[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]|(?P<lone>[dD][89a-fA-F]))[0-9a-fA-F]{2}"
)
_MOST_SURROGATES = 100_000

_T = TypeVar("_T")


def decode(content: bytes, kind: type[_T], name: str, do: str = "") -> _T:
    """Decode JSON as `kind`; `name` is what the format is called. Raises Invalid with the place, TooLarge."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as wrong:
        problem = _problem(wrong, name)
        raise Invalid(f"The SBOM is not valid {name}: {problem}", where="sbom", problems=(problem,)) from wrong
    except (msgspec.DecodeError, UnicodeDecodeError) as broken:
        whole = mended(content)
        if whole != content:
            return decode(whole, kind, name, do)
        raise _broken(content, broken, do) from broken
    except RecursionError as deep:
        raise TooLarge(f"The SBOM is nested more than {MOST_DEPTH} deep.", where="sbom") from deep


def mended(content: bytes) -> bytes:
    """Return JSON in which half a pair of surrogates is U+FFFD, as long as before, so that places stay what they are.

    Python writes so the bytes of a file name that are no text (PEP 383), and no reader of Unicode takes it.
    """
    number = content.count(b"\\ud") + content.count(b"\\uD")
    return _SURROGATES.sub(_whole, content) if 0 < number <= _MOST_SURROGATES else content


def _whole(escape: re.Match[bytes]) -> bytes:
    return escape[0][: escape.start("lone") - escape.start()] + b"fffd" if escape["lone"] else escape[0]


def _broken(content: bytes, broken: Exception, do: str) -> Invalid:
    at = _AT.search(str(broken))
    place = int(at[1]) if at else len(content)
    says = str(broken)
    if isinstance(broken, UnicodeDecodeError):
        try:
            content.decode()
        except UnicodeDecodeError as wrong:
            place, says = wrong.start, f"0x{content[wrong.start]:02x} is no UTF-8 (byte {wrong.start})"
    line = content.count(b"\n", 0, place) + 1
    return Invalid(f"The SBOM is not JSON: {says}.", do=do, where=f"line {line}")


def doubled(content: bytes) -> str | None:
    """Return a name that the outermost object has twice, None where it has none; decoders keep the last in silence.

    RFC 8259, section 4: names should be unique, and what a reader makes of others is unpredictable. Raises Invalid.
    """
    content = mended(content)
    values = decode(content, dict[str, msgspec.Raw], "JSON")
    seen: set[str] = set()
    at = content.index(b"{") + 1
    while name := _NAME.match(content, at):
        key = msgspec.json.decode(name[1], type=str)
        value = bytes(values[key])
        if key in seen or not content.startswith(value, name.end()):
            return key
        seen.add(key)
        at = name.end() + len(value)
    return None


def _problem(wrong: msgspec.ValidationError, name: str) -> Problem:
    said = _SAID.fullmatch(str(wrong))
    what, path = (said["what"], said["path"] or "$") if said else (str(wrong), "$")
    found = _FOUND.fullmatch(what)
    missing = _MISSING.fullmatch(what)
    if missing:
        return Problem(where=path, expected=f"the field {missing['field']}", found="none")
    if found:
        return Problem(where=path, expected=found["expected"], found=found["found"])
    return Problem(where=path, expected=f"valid {name}", found=what)
