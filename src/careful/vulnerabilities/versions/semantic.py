"""Semantic versions and their relatives, as sortable keys; pure.

SemVer 2.0.0 section 11 (npm, cargo, hex, swift); Go's module versions with `v`, pseudo-versions and `+incompatible`;
Dart's pub, where a build counts; NuGet's four numbers; Composer's stability words; Bitnami's revisions.
"""

import re

from careful.vulnerabilities.versions.blobs import Key

_SEMVER = re.compile(
    r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?", re.ASCII
)
_GO_TOOL = re.compile(r"(?:go)?(\d+(?:\.\d+){1,2})(beta|rc)(\d+)", re.ASCII)
_COMPOSER = re.compile(
    r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.(\d+))?"
    r"(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\d+)*))?([.-]?dev)?(?:\+\S*)?",
    re.ASCII,
)
_STABILITY = {"a": 1, "alpha": 1, "b": 2, "beta": 2, "rc": 3, "stable": 4, "p": 5, "pl": 5, "patch": 5}
_DEV, _STABLE = 0, 4
_DIGITS = re.compile(r"\d+", re.ASCII)


def semver(text: str) -> Key:
    """SemVer 2.0.0; missing parts are zero, a fourth number is allowed, build metadata does not count."""
    return _semver(text)[0]


def pub(text: str) -> Key:
    """Dart's pub: SemVer, and a build sorts after none, its parts as those of a pre-release."""
    order, build = _semver(text)
    return (*order, _identifiers(build)) if build else (*order, ())


def golang(text: str) -> Key:
    """Go: SemVer with `v`; releases of Go itself are named go1.21rc2."""
    low = text.strip()
    if tool := _GO_TOOL.fullmatch(low):
        low = f"{tool[1]}-{tool[2]}.{tool[3]}"
    return semver(low.removeprefix("go"))


def nuget(text: str) -> Key:
    """NuGet: SemVer with four numbers, in any case."""
    return semver(text.lower())


def bitnami(text: str) -> Key:
    """Bitnami: SemVer, but a bare number after the dash is a revision, later than the version itself."""
    found = _match(text)
    pre = found[5]
    if pre is None or not pre.isdecimal():
        return (*semver(text), 0)
    return (*semver(found[0][: found.start(5) - 1]), int(pre))


def composer(text: str) -> Key:
    """Composer: four numbers, then dev < alpha < beta < RC < stable < patch; branches (dev-main) have no order."""
    found = _COMPOSER.fullmatch(text.strip().lower())
    if not found:
        raise ValueError(f"{text!r} is no Composer version")
    numbers = tuple(int(part or 0) for part in found.groups()[:4])
    word, dev = found[5], bool(found[7])
    rank = _STABILITY[word] if word else _DEV if dev else _STABLE
    return (*numbers, rank, tuple(int(one) for one in _DIGITS.findall(found[6] or "")), 0 if dev else 1)


def _match(text: str) -> re.Match[str]:
    found = _SEMVER.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no semantic version")
    return found


def _semver(text: str) -> tuple[Key, str]:
    found = _match(text)
    major, minor, patch, fourth, pre, build = found.groups()
    numbers = (int(major), int(minor or 0), int(patch or 0), int(fourth or 0))
    return ((*numbers, 1, ()) if pre is None else (*numbers, 0, _identifiers(pre))), build or ""


def _identifiers(text: str) -> Key:
    return tuple((0, int(one), "") if one.isdecimal() else (1, 0, one) for one in text.split("."))
