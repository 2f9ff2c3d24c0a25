"""The order of versions, per scheme, as sortable keys; pure.

Each function turns a version into a tuple that compares as the scheme's own rules say, or raises ValueError for what
the scheme cannot read: such a version is for a person to check, never silently out of range. Sources: PEP 440; SemVer
2.0.0 section 11; Debian Policy 5.6.12; rpm's rpmvercmp; Alpine's apk-package(5); OpenSSL's letter releases.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Key = tuple[Any, ...]
_LONGEST = 200
_PEP440 = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?P<pre_n>\d*))?"
    r"(?P<post>-(?P<post_bare>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_n>\d*))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_n>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.ASCII,
)
_PEP440_PRE = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
_SEMVER = re.compile(
    r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", re.ASCII
)
_APK = re.compile(
    r"(\d+(?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~[0-9a-f]+)?(?:-r(\d+))?", re.ASCII
)
_APK_SUFFIX = re.compile(r"_(alpha|beta|pre|rc|cvs|svn|git|hg|p)(\d*)")
_APK_ORDER = {"alpha": -4, "beta": -3, "pre": -2, "rc": -1, "cvs": 1, "svn": 2, "git": 3, "hg": 4, "p": 5}
_OPENSSL = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-(alpha|beta|pre|dev)(\d*))?([a-z]{0,2})(?:-(?:fips|dev))?", re.ASCII)
_GENERIC = re.compile(r"[0-9a-z][0-9a-z.,_:~^+-]*", re.ASCII)
_PARTS = re.compile(r"\d+|[a-z]+", re.ASCII)
_PRE_WORDS = {"dev": -6, "pre": -5, "preview": -5, "alpha": -4, "beta": -3, "rc": -1}
_PRE_LETTERS = {"a": -4, "b": -3, "c": -1}  # only before a number: 2.0b1 is a beta, jpeg's 6b is a release
_NUMBER, _WORD, _END = 2, 1, (0, 0, "")


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


def semver(text: str) -> Key:
    """SemVer 2.0.0; missing parts are zero, a fourth number is allowed, build metadata does not count."""
    found = _SEMVER.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no semantic version")
    numbers = tuple(int(part or 0) for part in found.groups()[:4])
    pre = found[5]
    if pre is None:
        return (*numbers, 1, ())
    parts = tuple((0, int(one), "") if one.isdecimal() else (1, 0, one) for one in pre.split("."))
    return (*numbers, 0, parts)


def dpkg(text: str) -> Key:
    """Debian: epoch, upstream version, revision; `~` sorts before the end, no revision is revision 0."""
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    if not re.fullmatch(r"\d+", epoch, re.ASCII) or not re.fullmatch(r"[0-9A-Za-z.+~:-]+", rest, re.ASCII):
        raise ValueError(f"{text!r} is no Debian version")
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, ""
    return (int(epoch), _debian_part(upstream), _debian_part(revision))


def _debian_part(text: str) -> Key:
    """Alternate non-digits and digits; letters before other signs, `~` before the end, which is 0."""
    key: list[Any] = []
    for word, number in re.findall(r"(\D*)(\d*)", text):
        if word or number:
            order = [-1 if sign == "~" else ord(sign) if sign.isalpha() else ord(sign) + 256 for sign in word]
            key.append(((*order, 0), int(number or 0)))
    end = ((0,), 0)
    while key and key[-1] == end:
        key.pop()
    return (*key, end)  # the end sorts after "~" (-1) and before anything else


def rpm(text: str) -> Key:
    """RPM: epoch, then segments of digits or letters; digits above letters, `~` below the end, `^` above it."""
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    if not re.fullmatch(r"\d+", epoch, re.ASCII) or not re.fullmatch(r"[0-9A-Za-z._+~^-]+", rest, re.ASCII):
        raise ValueError(f"{text!r} is no RPM version")
    version, _, release = rest.partition("-")
    return (int(epoch), _rpm_part(version), _rpm_part(release))


def _rpm_part(text: str) -> Key:
    key: list[tuple[int, int, str]] = []
    for one in re.findall(r"[0-9]+|[A-Za-z]+|~|\^", text):
        if one == "~":
            key.append((-1, 0, ""))
        elif one == "^":
            key.append((1, 0, ""))
        elif one.isdecimal():
            key.append((3, int(one), ""))
        else:
            key.append((2, 0, one))
    return (*key, _END)


def apk(text: str) -> Key:
    """Alpine: numbers, a letter, suffixes such as _rc1 or _p2, then -r revision."""
    found = _APK.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no Alpine version")
    numbers = tuple(int(part) for part in found[1].split("."))
    suffixes = tuple((_APK_ORDER[word], int(number or 0)) for word, number in _APK_SUFFIX.findall(found[3]))
    return (numbers, found[2], (*suffixes, (0, 0)), int(found[4] or 0))


def openssl(text: str) -> Key:
    """OpenSSL: 1.0.2 < 1.0.2a < ... < 1.0.2z < 1.0.2za; pre-releases before."""
    found = _OPENSSL.fullmatch(text.strip().lower())
    if not found:
        raise ValueError(f"{text!r} is no OpenSSL version")
    pre = (_PRE_WORDS.get(found[4], 0), int(found[5] or 0)) if found[4] else (0, 0)
    return (int(found[1]), int(found[2]), int(found[3]), *pre, len(found[6]), found[6])


def generic(text: str) -> Key:
    """Versions of C projects: numbers compare as numbers, 1.10 > 1.9; rc, beta and the like sort before the end.

    Zeros at the end of a run of numbers do not count (1.0 is 1), nor does what follows a plus sign. A letter after a
    number is a later release (6b > 6, 9.8p1 > 9.8) unless it is a, b or c before another number (2.0b1 < 2.0).
    """
    low = text.strip().lower().removeprefix("v")
    if not low[:1].isdecimal() or not _GENERIC.fullmatch(low):
        raise ValueError(f"{text!r} is no version of numbers")
    parts = _PARTS.findall(low.partition("+")[0])
    key: list[tuple[int, int, str]] = []
    for at, one in enumerate(parts):
        if one.isdecimal():
            key.append((_NUMBER, int(one), ""))
            continue
        _drop_zeros(key)
        before_number = at + 1 < len(parts) and parts[at + 1].isdecimal()
        order = _PRE_WORDS.get(one) or (_PRE_LETTERS.get(one) if before_number else None)
        key.append((_WORD, 0, one) if order is None else (-1, order, ""))
    _drop_zeros(key)
    return (*key, _END)


def _drop_zeros(key: list[tuple[int, int, str]]) -> None:
    while key and key[-1] == (_NUMBER, 0, ""):
        key.pop()


SCHEMES: dict[str, Callable[[str], Key]] = {
    "pep440": pep440,
    "semver": semver,
    "dpkg": dpkg,
    "rpm": rpm,
    "apk": apk,
    "openssl": openssl,
    "generic": generic,
}

BY_PURL_TYPE = {
    "pypi": "pep440",
    "npm": "semver",
    "cargo": "semver",
    "golang": "semver",
    "hex": "semver",
    "pub": "semver",
    "swift": "semver",
    "composer": "semver",
    "nuget": "semver",
    "bitnami": "semver",
    "deb": "dpkg",
    "rpm": "rpm",
    "apk": "apk",
}


@lru_cache(maxsize=200_000)
def key(scheme: str, text: str) -> Key:
    """Return the sort key of `text`. Raises ValueError for what the scheme cannot read."""
    if not text or len(text) > _LONGEST:
        raise ValueError(f"no version, or one of more than {_LONGEST} characters")
    return SCHEMES[scheme](text)
