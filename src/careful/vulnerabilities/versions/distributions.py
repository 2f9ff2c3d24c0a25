"""Versions of packages in Linux distributions, as sortable keys; pure.

Sources: Debian Policy 5.6.12; rpm's rpmvercmp; Arch Linux's vercmp(8); Alpine's apk-package(5); Gentoo's PMS 3.3.
"""

import re
from typing import Any

from careful.vulnerabilities.versions.blobs import Key

_EPOCH = re.compile(r"\d+", re.ASCII)
_DEBIAN = re.compile(r"[0-9A-Za-z.+~:-]+", re.ASCII)
_RPM = re.compile(r"[0-9A-Za-z._+~^-]+", re.ASCII)
_ARCH = re.compile(r"[0-9A-Za-z._+~@-]+", re.ASCII)
_DEBIAN_PARTS = re.compile(r"(\D*)(\d*)")
_RPM_PARTS = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")
_ARCH_PARTS = re.compile(r"([^0-9A-Za-z]*)([0-9]+|[A-Za-z]+|$)")
_APK = re.compile(
    r"(\d+(?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~[0-9a-f]+)?(?:-r(\d+))?", re.ASCII
)
_GENTOO = re.compile(r"(\d+(?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)\d*)*)(?:-r(\d+))?", re.ASCII)
_SUFFIX = re.compile(r"_(alpha|beta|pre|rc|cvs|svn|git|hg|p)(\d*)")
_SUFFIXES = {"alpha": -4, "beta": -3, "pre": -2, "rc": -1, "cvs": 1, "svn": 2, "git": 3, "hg": 4, "p": 5}
_SUFFIX_END = (0, 0)
_DEBIAN_END = ((0,), 0)  # after "~" (-1) and before anything else
_RPM_END = (0, 0, "")


def dpkg(text: str) -> Key:
    """Debian: epoch, upstream version, revision; `~` sorts before the end, no revision is revision 0."""
    epoch, rest = _epoch(text, "Debian", _DEBIAN)
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, "0"
    if not upstream or not revision:
        raise ValueError(f"{text!r} is no Debian version: a part is empty")
    return (epoch, _debian_part(upstream), _debian_part(revision))


def rpm(text: str) -> Key:
    """RPM: epoch, then segments of digits or letters; digits above letters, `~` below the end, `^` above it."""
    epoch, rest = _epoch(text, "RPM", _RPM)
    version, _, release = rest.partition("-")
    return (epoch, _rpm_part(version), _rpm_part(release))


def alpm(text: str) -> Key:
    """Arch Linux: epoch, version, package release; a letter right after a number is before the end (1.0rc1 < 1.0).

    vercmp(8) takes a missing package release for any, which is no order; here it is the first one, 1.
    """
    epoch, rest = _epoch(text, "Arch Linux", _ARCH)
    version, dash, release = rest.rpartition("-")
    if not dash:
        version, release = rest, "1"
    return (epoch, _arch_part(version), _arch_part(release))


def apk(text: str) -> Key:
    """Alpine: numbers (one with a zero in front is a decimal fraction), a letter, suffixes, then -r revision."""
    found = _APK.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no Alpine version")
    return _gentoo_key(found)


def gentoo(text: str) -> Key:
    """Gentoo: as Alpine, which has its rules from here, with fewer suffixes."""
    found = _GENTOO.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no Gentoo version")
    return _gentoo_key(found)


def _epoch(text: str, name: str, allowed: re.Pattern[str]) -> tuple[int, str]:
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    if not _EPOCH.fullmatch(epoch) or not allowed.fullmatch(rest):
        raise ValueError(f"{text!r} is no {name} version")
    return int(epoch), rest


def _debian_part(text: str) -> Key:
    """Alternate non-digits and digits; letters before other signs, `~` before the end."""
    key: list[Any] = []
    for word, number in _DEBIAN_PARTS.findall(text):
        if word or number:
            order = [-1 if sign == "~" else ord(sign) if sign.isalpha() else ord(sign) + 256 for sign in word]
            key.append(((*order, 0), int(number or 0)))
    return (*key, _DEBIAN_END)


def _rpm_part(text: str) -> Key:
    key: list[tuple[int, int, str]] = []
    for one in _RPM_PARTS.findall(text):
        if one == "~":
            key.append((-1, 0, ""))
        elif one == "^":
            key.append((1, 0, ""))
        elif one.isdecimal():
            key.append((3, int(one), ""))
        else:
            key.append((2, 0, one))
    return (*key, _RPM_END)


def _arch_part(text: str) -> Key:
    """Compare the length of what separates, then letters < end < numbers."""
    key: list[tuple[int, int, int, str]] = []
    for signs, part in _ARCH_PARTS.findall(text):
        if not part:
            key.append((len(signs), 1, 0, ""))
            break
        key.append((len(signs), 2, int(part), "") if part.isdecimal() else (len(signs), 0, 0, part))
    return tuple(key)


def _gentoo_key(found: re.Match[str]) -> Key:
    first, *others = found[1].split(".")
    numbers = [(0, one.rstrip("0"), 0) if one[0] == "0" else (1, "", int(one)) for one in others]
    suffixes = [(_SUFFIXES[word], int(number or 0)) for word, number in _SUFFIX.findall(found[3])]
    return (int(first), tuple(numbers), found[2], (*suffixes, _SUFFIX_END), int(found[4] or 0))
