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

_T = TypeVar("_T")


def decode(content: bytes, kind: type[_T], name: str, do: str = "") -> _T:
    """Decode JSON as `kind`; `name` is what the format is called. Raises Invalid with the place, TooLarge."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as wrong:
        problem = _problem(wrong, name)
        raise Invalid(f"The SBOM is not valid {name}: {problem}", where="sbom", problems=(problem,)) from wrong
    except (msgspec.DecodeError, UnicodeDecodeError) as broken:
        raise Invalid(f"The SBOM is not JSON: {broken}.", do=do, where="sbom") from broken
    except RecursionError as deep:
        raise TooLarge(f"The SBOM is nested more than {MOST_DEPTH} deep.", where="sbom") from deep


def doubled(content: bytes) -> str | None:
    """Return a name that the outermost object has twice, None where it has none; decoders keep the last in silence.

    RFC 8259, section 4: names should be unique, and what a reader makes of others is unpredictable.
    """
    values = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
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
