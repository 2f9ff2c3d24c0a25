"""Versions of packages for Python, Java, Ruby, Perl and C (Conan), as sortable keys; pure.

Sources: PEP 440; Maven's version order specification (POM reference) and its ComparableVersion; RubyGems' Gem::Version;
Perl's version.pm; Conan's Version.
"""

import itertools
import re
from collections.abc import Sequence

from careful.vulnerabilities.versions.blobs import Key

_PEP440 = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?P<pre_n>\d*))?"
    r"(?P<post>-(?P<post_bare>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_n>\d*))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_n>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.ASCII,
)
_PEP440_PRE = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
_GEM = re.compile(r"\d+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?", re.ASCII)
_GEM_PARTS = re.compile(r"\d+|[a-z]+", re.IGNORECASE | re.ASCII)
_MAVEN = re.compile(r"[0-9A-Za-z._+~-]+", re.ASCII)
_MAVEN_PARTS = re.compile(r"([.-]?)(\d+|[^\d.-]+|(?=[.-]|$))", re.ASCII)
_MAVEN_WORDS = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "cr": 3, "snapshot": 4}
_MAVEN_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_MAVEN_RELEASE = frozenset({"", "ga", "final", "release"})
_PERL = re.compile(r"v?\d+(?:\.\d+)*(?:_\d+)?", re.ASCII)
_CONAN = re.compile(r"[0-9a-z.+*~_-]*", re.ASCII)
_CONAN_ITEM = re.compile(r"(\d*)(.*)", re.ASCII)


def pep440(text: str) -> Key:
    """PEP 440, by the rules of its appendix B; local versions sort after what they extend."""
    found = _PEP440.fullmatch(text.strip().lower())
    if not found:
        raise ValueError(f"{text!r} is no Python version")
    release = [int(part) for part in found["release"].split(".")]
    while release and not release[-1]:
        release.pop()
    pre: Key = (1,)
    if found["pre"]:
        pre = (0, _PEP440_PRE.get(found["pre"], found["pre"]), int(found["pre_n"] or 0))
    elif found["dev"] and not found["post"]:
        pre = (-1,)
    post = (1, int(found["post_bare"] or found["post_n"] or 0)) if found["post"] else (0,)
    dev = (0, int(found["dev_n"] or 0)) if found["dev"] else (1,)
    parts = re.split(r"[-_.]", found["local"]) if found["local"] else []
    local = tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts)
    return (int(found["epoch"] or 0), tuple(release), pre, post, dev, local)


def maven(text: str) -> Key:
    """Maven: numbers and words, padded with nothing; alpha < beta < milestone < rc < snapshot < release < sp < words.

    A word weighs the same after a dot as after a dash, a number weighs more after a dot. Zeros and words for a release
    do not count at the end, nor before a dash.
    """
    low = text.strip().lower()
    if not _MAVEN.fullmatch(low):
        raise ValueError(f"{text!r} is no Maven version")
    key: list[tuple[int, int, str]] = []
    parts = _MAVEN_PARTS.findall(low)
    parts = [*parts[:-1], ("", "")] if parts and parts[-1] == ("", "") else [*parts, ("", "")]
    for (sign, part), (next_sign, next_part) in itertools.pairwise(parts):
        if part.isdecimal() or not part:
            dotted = sign == "." or not key
            if not dotted:
                _trim(key)
            key.append((5 if dotted else 4, int(part or 0), ""))
            continue
        _trim(key)
        short = not next_sign and next_part[:1].isdecimal()
        key.append(_maven_word(_MAVEN_SHORT.get(part, part) if short else part))
    _trim(key)
    return (*key, _RELEASED)


_RELEASED = (1, 0, "")


def _maven_word(word: str) -> tuple[int, int, str]:
    if word in _MAVEN_RELEASE:
        return _RELEASED
    if word in _MAVEN_WORDS:
        return (0, _MAVEN_WORDS[word], "")
    return (2, 0, "") if word == "sp" else (3, 0, word)


def _trim(key: list[tuple[int, int, str]]) -> None:
    """Drop what counts for nothing before a dash, or at the end."""
    while key and (key[-1] == _RELEASED or (key[-1][0] in {4, 5} and not key[-1][1])):
        key.pop()


def gem(text: str) -> Key:
    """RubyGems: words (pre-releases) before the end before numbers; a missing part is zero, a dash means `.pre.`.

    A run of zeros is told with what follows it, since the end stands for zeros without end.
    """
    clean = text.strip()
    if not _GEM.fullmatch(clean):
        raise ValueError(f"{text!r} is no version of a gem")
    parts = _GEM_PARTS.findall(clean.replace("-", ".pre."))
    words = [at for at, one in enumerate(parts) if not one.isdecimal()]
    if words:
        head = words[0]
        while head and not int(parts[head - 1]):
            head -= 1
        parts = parts[:head] + parts[words[0] :]
    return (*_gem_tokens(parts), (1, 0, ""))


def _gem_tokens(parts: Sequence[str]) -> Key:
    tokens: list[tuple[int, int, int | str]] = []
    zeros = 0
    for one in parts:
        if not one.isdecimal():
            tokens.append((0, zeros, one))
        elif int(one):
            tokens.append((2, -zeros, int(one)))
        else:
            zeros += 1
            continue
        zeros = 0
    return tuple(tokens)


def perl(text: str) -> Key:
    """Perl: 1.10 is the decimal 1.1, and so 1.100; with two dots or a `v` its parts are numbers."""
    clean = text.strip().lower()
    if not _PERL.fullmatch(clean):
        raise ValueError(f"{text!r} is no Perl version")
    dotted = clean.startswith("v") or clean.count(".") > 1
    clean = clean.removeprefix("v").replace("_", "")
    whole, _, fraction = clean.partition(".")
    if dotted:
        parts = [int(one) for one in clean.split(".")]
    else:
        parts = [int(whole), *(int(fraction[at : at + 3].ljust(3, "0")) for at in range(0, len(fraction), 3))]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


def conan(text: str) -> Key:
    """Conan: parts as numbers or texts; a pre-release after the first dash, a build after the last plus.

    Conan compares 10 with 1a as texts but 10 with 2 as numbers, which is no order. Here a part is its number, then its
    rest: 2 < 10, 1 < 1a < 2, and words come after numbers.
    """
    low = text.strip().lower()
    if not low or not _CONAN.fullmatch(low):
        raise ValueError(f"{text!r} is no Conan version")
    rest, plus, build = low.rpartition("+")
    if not plus:
        rest, build = low, ""
    main, dash, pre = rest.partition("-")
    return (
        _conan_items(main),
        (0, _conan_items(pre)) if dash else (1, ()),
        (1, _conan_items(build)) if plus else (0, ()),
    )


def _conan_items(text: str) -> Key:
    items: list[tuple[int, int, str]] = []
    for one in text.split("."):
        number, rest = _CONAN_ITEM.fullmatch(one).groups()  # type: ignore[union-attr]  # it matches every line
        if number:
            items.append((0, int(number), rest))
        else:
            items.append((1 if rest[:1].isalpha() else -1, 0, rest))
    while items and items[-1] == (0, 0, ""):
        items.pop()
    return tuple(items)
