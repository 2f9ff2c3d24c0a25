"""The order of versions, per scheme, as sortable keys and as bytes that sort alike; pure, cached.

Each scheme turns a version into a tuple that compares as the scheme's own rules say, or raises ValueError for what the
scheme cannot read: such a version is for a person to check, never silently out of range. `blob` is the same order for
an index of a database. Which scheme a package follows: BY_PURL_TYPE and `scheme_of_purl`, BY_VERS for a range's own
name, `scheme_of_cpe` for a CPE, which names no scheme.
"""

from collections.abc import Callable
from functools import lru_cache

from careful.vulnerabilities.versions import blobs
from careful.vulnerabilities.versions.blobs import Key
from careful.vulnerabilities.versions.distributions import alpm, apk, dpkg, gentoo, rpm
from careful.vulnerabilities.versions.languages import conan, gem, maven, pep440, perl
from careful.vulnerabilities.versions.semantic import bitnami, composer, golang, nuget, pub, semver
from careful.vulnerabilities.versions.tags import version_of_tag
from careful.vulnerabilities.versions.upstream import date, generic, intdot, kernel, lexicographic, moment, openssl

__all__ = [
    "BY_PURL_TYPE",
    "BY_VERS",
    "SCHEMES",
    "Key",
    "blob",
    "floor",
    "key",
    "scheme_of_cpe",
    "scheme_of_purl",
    "version_of_tag",
]

_LONGEST = 200

SCHEMES: dict[str, Callable[[str], Key]] = {
    "pep440": pep440,
    "semver": semver,
    "golang": golang,
    "pub": pub,
    "nuget": nuget,
    "composer": composer,
    "bitnami": bitnami,
    "maven": maven,
    "gem": gem,
    "perl": perl,
    "conan": conan,
    "dpkg": dpkg,
    "rpm": rpm,
    "alpm": alpm,
    "apk": apk,
    "gentoo": gentoo,
    "openssl": openssl,
    "kernel": kernel,
    "date": date,
    "datetime": moment,
    "intdot": intdot,
    "lexicographic": lexicographic,
    "generic": generic,
}
"""The readers by name of scheme; each raises ValueError for what it cannot read."""

BY_PURL_TYPE = {
    "pypi": "pep440",
    "npm": "semver",
    "cargo": "semver",
    "hex": "semver",
    "swift": "semver",
    "golang": "golang",
    "pub": "pub",
    "nuget": "nuget",
    "composer": "composer",
    "bitnami": "bitnami",
    "maven": "maven",
    "gem": "gem",
    "cpan": "perl",
    "conan": "conan",
    "deb": "dpkg",
    "opam": "dpkg",
    "rpm": "rpm",
    "alpm": "alpm",
    "apk": "apk",
    "ebuild": "gentoo",
}
"""Type of a package URL -> scheme; every other type is `generic`."""

BY_VERS = BY_PURL_TYPE | {
    "semver": "semver",
    "nginx": "semver",
    "alpine": "apk",
    "arch": "alpm",
    "gentoo": "gentoo",
    "openssl": "openssl",
    "datetime": "datetime",
    "intdot": "intdot",
    "lexicographic": "lexicographic",
    "generic": "generic",
}
"""Type of a VERS range -> scheme; one that is not here cannot be ordered."""

_OWN = {"openssl": "openssl", "linux": "kernel", "linux_kernel": "kernel", "linux-kernel": "kernel"}
"""Projects whose versions follow a rule of their own, by the names that SBOMs and CPEs give them."""
_OWN_VENDORS = {"openssl": {"openssl"}, "kernel": {"linux", "*", "-"}}

_FLOORS = {"pep440": ".dev0", "kernel": "-rc0", "dpkg": "~", "rpm": "~", "generic": "~0"} | dict.fromkeys(
    ("semver", "golang", "pub", "nuget"), "-0"
)


@lru_cache(maxsize=200_000)
def key(scheme: str, text: str) -> Key:
    """Return the sort key of `text`. Raises ValueError for what the scheme cannot read."""
    if not text or len(text) > _LONGEST:
        raise ValueError(f"no version, or one of more than {_LONGEST} characters")
    return SCHEMES[scheme](text)


def blob(scheme: str, text: str) -> bytes:
    """Return bytes that sort (memcmp) as `key` does within the scheme. Raises ValueError as `key` does."""
    return blobs.blob(key(scheme, text))


def floor(scheme: str, text: str) -> str:
    """Return a version just before `text` and all of its pre-releases, or `text` where the scheme has none."""
    return text + _FLOORS.get(scheme, "")


def scheme_of_purl(kind: str, name: str = "") -> str:
    """Return the scheme of a package URL's type; a generic package may follow its project's own."""
    return BY_PURL_TYPE.get(kind) or _OWN.get(name, "generic")


def scheme_of_cpe(vendor: str, product: str) -> str:
    """Return the scheme of a CPE's product: OpenSSL's letters, the kernel's numbers, or the generic one."""
    scheme = _OWN.get(product, "generic")
    return scheme if scheme == "generic" or vendor in _OWN_VENDORS[scheme] | {"*"} else "generic"
