"""The order of versions, per scheme, as sortable keys; pure.

Each function turns a version into a tuple that compares as the scheme's own rules say, or raises ValueError for what
the scheme cannot read: such a version is for a person to check, never silently out of range. Sources: PEP 440; SemVer
2.0.0 section 11; Debian Policy 5.6.12; rpm's rpmvercmp; Alpine's apk-package(5); OpenSSL's letter releases.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from packaging.version import InvalidVersion, Version

Key = tuple[Any, ...]
_LONGEST = 200
_SEMVER = re.compile(
    r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", re.ASCII
)
_APK = re.compile(
    r"(\d+(?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~[0-9a-f]+)?(?:-r(\d+))?", re.ASCII
)
_APK_SUFFIX = re.compile(r"_(alpha|beta|pre|rc|cvs|svn|git|hg|p)(\d*)")
_APK_ORDER = {"alpha": -4, "beta": -3, "pre": -2, "rc": -1, "cvs": 1, "svn": 2, "git": 3, "hg": 4, "p": 5}
_OPENSSL = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-(alpha|beta|pre|dev)(\d*))?([a-z]{0,2})(?:-(?:fips|dev))?", re.ASCII)
_PARTS = re.compile(r"\d+|[a-z]+", re.ASCII)
_PRE_WORDS = {"dev": -5, "alpha": -4, "a": -4, "beta": -3, "b": -3, "pre": -2, "preview": -2, "rc": -1, "c": -1}


def pep440(text: str) -> Key:
    """PEP 440, as Python's own packaging library orders it."""
    try:
        return (Version(text),)
    except InvalidVersion as wrong:
        raise ValueError(str(wrong)) from wrong


def semver(text: str) -> Key:
    """SemVer 2.0.0; missing parts are zero, a fourth number is allowed, build metadata does not count."""
    found = _SEMVER.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no semantic version")
    numbers = tuple(int(part or 0) for part in found.groups()[:4])
    pre = found[5]
    if pre is None:
        return (*numbers, 1, ())
    parts = tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in pre.split("."))
    return (*numbers, 0, parts)


def dpkg(text: str) -> Key:
    """Debian: epoch, upstream version, revision; `~` sorts before the end."""
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    if not epoch.isdigit() or not rest or not re.fullmatch(r"[0-9A-Za-z.+~:-]+", rest, re.ASCII):
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
    # The end sorts after "~" (-1) and before anything else.
    return (*key, ((0,), 0))


def rpm(text: str) -> Key:
    """RPM: epoch, then segments of digits or letters; digits above letters, `~` below the end, `^` above it."""
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    if not epoch.isdigit() or not rest:
        raise ValueError(f"{text!r} is no RPM version")
    version, _, release = rest.partition("-")
    return (int(epoch), _rpm_part(version), _rpm_part(release))


def _rpm_part(text: str) -> Key:
    key: list[tuple[int, int, str]] = []
    for one in re.findall(r"\d+|[A-Za-z]+|~|\^", text):
        if one == "~":
            key.append((-1, 0, ""))
        elif one == "^":
            key.append((1, 0, ""))
        elif one.isdigit():
            key.append((3, int(one), ""))
        else:
            key.append((2, 0, one))
    return (*key, (0, 0, ""))


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
    """Versions of C projects: numbers compare as numbers, 1.10 > 1.9; rc, beta and the like sort before the end."""
    low = text.strip().lower().removeprefix("v")
    if not low[:1].isdigit():
        raise ValueError(f"{text!r} does not begin with a number")
    key: list[tuple[int, int, str]] = []
    for one in _PARTS.findall(low.partition("+")[0]):
        if one.isdigit():
            key.append((2, int(one), ""))
        elif one in _PRE_WORDS:
            key.append((-1, _PRE_WORDS[one], ""))
        else:
            key.append((1, 0, one))
    while key and key[-1] == (2, 0, ""):
        key.pop()  # 1.0 is 1
    return (*key, (0, 0, ""))


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
    "bitnami": "semver",
    "deb": "dpkg",
    "rpm": "rpm",
    "apk": "apk",
}


@lru_cache(maxsize=200_000)
def key(scheme: str, text: str) -> Key:
    """Return the sort key of `text`. Raises ValueError for what the scheme cannot read."""
    if not text or len(text) > _LONGEST:
        raise ValueError("no version, or one of more than 200 characters")
    return SCHEMES[scheme](text)
