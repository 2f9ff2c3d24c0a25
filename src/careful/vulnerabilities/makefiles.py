"""The language of makefiles, as much of it as Kbuild's lists of objects use: lines, assignments, variables; pure.

What is left unread has a dollar sign. Source: GNU make's manual, "Functions for Transforming Text".
"""

import re
from collections.abc import Callable, Iterator, Mapping

_REFERENCE = re.compile(r"\$(?:\(([^()$]*)\)|\{([^{}$]*)\})")
"""One that holds no other: what is inside is put in first."""
_MOST_ROUNDS, _MOST_TEXT = 200, 1 << 20


def lines(text: str) -> Iterator[str]:
    """Yield logical lines: continued ones joined, without remarks and recipes."""
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        bare = line.partition("#")[0].strip()
        if bare and not line.startswith("\t"):
            yield bare


def assignment(line: str) -> tuple[str, str, str] | None:
    """Return name, sign and value of an assignment; the name may hold calls, `obj-$(subst m,y,$(CONFIG_X))`."""
    depth = 0
    for at, sign in enumerate(line):
        depth += (sign in "({") - (sign in ")}")
        if sign == "=" and depth == 0:
            name = line[:at].rstrip(":+?!").strip().removeprefix("export ").removeprefix("override ").strip()
            return name, line[at - 1 : at + 1] if at else "=", line[at + 1 :].strip()
    return None


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Put in the variables that are known and what functions make of words. A list that nobody made is empty."""

    def put(found: re.Match[str]) -> str:
        inside = found[1] if found[1] is not None else found[2]
        name, _, rest = inside.strip().partition(" ")
        if rest and name in _FUNCTIONS:
            return _FUNCTIONS[name](rest)
        plain, _, replacing = inside.partition(":")
        value = variables.get(plain, "" if "-" in plain else None)
        if value is None or not _NAME.fullmatch(plain):
            return f"{_UNREAD}{inside}{_END}"
        return _substituted(value, replacing) if replacing else value

    for _ in range(_MOST_ROUNDS):
        if "$" not in text or len(text) > _MOST_TEXT:
            break
        text, changed = _REFERENCE.subn(put, text)
        if not changed:
            break
    return text.replace(_UNREAD, "$(").replace(_END, ")")


_NAME = re.compile(r"[\w.-]+", re.ASCII)
_UNREAD, _END = "\x01", "\x02"


def _substituted(value: str, replacing: str) -> str:
    """Replace the ends of words: `:.o=-x32.o`, or by a pattern, `:%=vdso-%.o`."""
    old, _, new = replacing.partition("=")
    return _patsubst(f"{old},{new},{value}" if "%" in old else f"%{old},%{new},{value}")


def _addprefix(rest: str) -> str:
    prefix, _, words = rest.partition(",")
    return " ".join(prefix.strip() + word for word in words.split())


def _addsuffix(rest: str) -> str:
    suffix, _, words = rest.partition(",")
    return " ".join(word + suffix.strip() for word in words.split())


def _subst(rest: str) -> str:
    old, _, others = rest.partition(",")
    new, _, text = others.partition(",")
    return text.strip().replace(old, new) if old else text.strip()


def _patsubst(rest: str) -> str:
    pattern, _, others = rest.partition(",")
    replacement, _, words = others.partition(",")
    return " ".join(_replaced(word, pattern.strip(), replacement.strip()) for word in words.split())


def _replaced(word: str, pattern: str, replacement: str) -> str:
    before, holds_stem, after = pattern.partition("%")
    if not holds_stem:
        return replacement if word == pattern else word
    if len(word) < len(before) + len(after) or not (word.startswith(before) and word.endswith(after)):
        return word
    return replacement.replace("%", word[len(before) : len(word) - len(after)], 1)


def _filter_out(rest: str) -> str:
    """Leave out what is named word for word; by a pattern, keep all: too much is never too little."""
    out, _, words = rest.partition(",")
    return " ".join(word for word in words.split() if word not in out.split())


_FUNCTIONS: dict[str, Callable[[str], str]] = {
    "addprefix": _addprefix,
    "addsuffix": _addsuffix,
    "subst": _subst,
    "patsubst": _patsubst,
    "filter-out": _filter_out,
    "strip": lambda rest: " ".join(rest.split()),
    "sort": lambda rest: " ".join(dict.fromkeys(rest.split())),
    "filter": lambda rest: rest.partition(",")[2].strip(),  # too much is never too little
}
