"""Package URLs, the names by which package registries and most feeds know software. Pure, cached.

Source: ECMA-427 (purl) and its registered types. Read with the types' own rules of case; refused only where the
specification's own cases refuse, because a purl that leaves out what its type wants still names something.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote, unquote

_LONGEST = 2000
_MOST_QUALIFIERS = 40
_TYPE = re.compile(r"[a-z][a-z0-9.+-]*", re.ASCII)
_KEY = re.compile(r"[a-z][a-z0-9._-]*", re.ASCII)
_PLAIN = ":"
_PROHIBITED = frozenset({"otp", "vcpkg"})
_REQUIRED = frozenset({"swift", "vscode-extension"})
_LOWER = frozenset(
    {
        "alpm",
        "apk",
        "bitbucket",
        "bitnami",
        "brew",
        "chrome-extension",
        "composer",
        "deb",
        "git",
        "github",
        "hex",
        "luarocks",
        "oci",
        "otp",
        "pub",
        "pypi",
        "vscode-extension",
    }
)
_LOWER_NAMESPACE = frozenset({"rpm", "qpkg", "yocto"})
_LOWER_VERSION = frozenset({"huggingface", "oci", "pypi", "vscode-extension"})
_CHROME_NAME, _CHROME_VERSION = re.compile(r"[a-p]{32}"), re.compile(r"(?:\d+(?:\.\d+){0,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Purl:
    """A package URL in parts; `key` is type/namespace/name, by which feeds list it; as text it is canonical."""

    type: str
    namespace: str
    name: str
    version: str
    qualifiers: tuple[tuple[str, str], ...]
    subpath: str = ""

    @property
    def key(self) -> str:
        """Return type, namespace and name as one text."""
        return "/".join(part for part in (self.type, self.namespace, self.name) if part)

    def __str__(self) -> str:
        parts = [self.type, *self.namespace.split("/"), *self.name.split("/")]
        text = "pkg:" + "/".join(_quoted(part) for part in parts if part)
        if self.version:
            text += "@" + _quoted(self.version)
        if self.qualifiers:
            text += "?" + "&".join(f"{key}={_quoted(value)}" for key, value in self.qualifiers)
        if self.subpath:
            text += "#" + "/".join(map(_quoted, self.subpath.split("/")))
        return text


@lru_cache(maxsize=65_536)
def parse_purl(text: str) -> Purl | None:
    """Read a package URL; None where it is none."""
    try:
        return read_purl(text)
    except ValueError:
        return None


def read_purl(text: str) -> Purl:
    """Read a package URL. Raises ValueError that says what is wrong with it."""
    if len(text) > _LONGEST:
        raise ValueError(f"a package URL of more than {_LONGEST} characters")
    rest, subpath = _from_right(text.strip(), "#")
    rest, query = _from_right(rest, "?")
    scheme, colon, rest = rest.partition(":")
    if not colon or scheme.lower() != "pkg":
        raise ValueError("a package URL begins with pkg:")
    kind, _, rest = rest.lstrip("/").partition("/")
    path, version = _split_version(rest)
    qualifiers = query.split("&")
    if len(qualifiers) > _MOST_QUALIFIERS:
        raise ValueError(f"a package URL of more than {_MOST_QUALIFIERS} qualifiers")
    *namespace, name = [part for part in path.split("/") if part] or [""]
    return make_purl(
        kind,
        "/".join(_decoded(part) for part in namespace),
        _decoded(name),
        _decoded(version),
        dict(_pair(one) for one in qualifiers if one),
        "/".join(_decoded(part) for part in subpath.split("/") if part not in {"", ".", ".."}),
    )


def make_purl(
    kind: str,
    namespace: str,
    name: str,
    version: str = "",
    qualifiers: Mapping[str, str] | None = None,
    subpath: str = "",
) -> Purl:
    """Make a package URL of its parts, normal as its type wants. Raises ValueError for what is missing or wrong."""
    kind = kind.lower()
    if not _TYPE.fullmatch(kind):
        raise ValueError("the type of a package URL is letters, digits, dots, dashes and plus signs, a letter first")
    if not name:
        raise ValueError("a package URL names a package")
    kept = sorted((key.lower(), value) for key, value in (qualifiers or {}).items() if value)
    if not all(_KEY.fullmatch(key) for key, _ in kept):
        raise ValueError("the key of a qualifier is letters, digits, dots, dashes and underscores, a letter first")
    if not "".join((namespace, name, version, subpath, *(value for _, value in kept))).isprintable():
        raise ValueError("a package URL has signs that cannot be printed")
    if kind in (_PROHIBITED if namespace else _REQUIRED):
        raise ValueError(f"a package URL of type {kind} has {'no' if namespace else 'a'} namespace")
    if kind in _LOWER or kind in _LOWER_NAMESPACE:
        namespace = namespace.lower()
    if kind in _LOWER:
        name = name.lower()
    if kind in _LOWER_VERSION:
        version = version.lower()
    one = Purl(kind, namespace.strip("/"), name, version, tuple(kept), subpath)
    own = _OWN.get(kind)
    return own(one) if own else one


def _from_right(text: str, sign: str) -> tuple[str, str]:
    before, found, after = text.rpartition(sign)
    return (before, after) if found else (text, "")


def _split_version(rest: str) -> tuple[str, str]:
    """Split at the last @, unless it begins a namespace (@babel/core)."""
    path, version = _from_right(rest, "@")
    if "/" in version and (not path or path.endswith("/")):
        return rest, ""
    if path.endswith("/") and path != rest:
        raise ValueError("a package URL names a package")
    return path, version


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, _decoded(value)


def _decoded(text: str) -> str:
    return unquote(text, errors="strict") if "%" in text else text


def _quoted(text: str) -> str:
    return quote(text, safe=_PLAIN)


def _chrome(one: Purl) -> Purl:
    if not _CHROME_NAME.fullmatch(one.name) or not _CHROME_VERSION.fullmatch(one.version):
        raise ValueError("a Chrome extension is named by 32 letters from a to p, its version by four numbers at most")
    return one


def _cpan(one: Purl) -> Purl:
    if "::" in one.name:
        raise ValueError("a package URL of type cpan names a distribution (URI-PackageURL), not a module")
    return one


def _git(one: Purl) -> Purl:
    """Name the host, then all of the path."""
    host, _, path = one.namespace.partition("/")
    return replace(one, namespace=host, name=f"{path}/{one.name}") if path else one


def _julia(one: Purl) -> Purl:
    if "uuid" not in dict(one.qualifiers):
        raise ValueError("a package URL of type julia has a uuid")
    return one


def _mlflow(one: Purl) -> Purl:
    """Take case for nothing where the registry does (Databricks)."""
    return (
        replace(one, name=one.name.lower()) if "databricks" in dict(one.qualifiers).get("repository_url", "") else one
    )


def _pypi(one: Purl) -> Purl:
    return replace(one, name=one.name.replace("_", "-")) if "_" in one.name else one


def _pub(one: Purl) -> Purl:
    return replace(one, name=re.sub(r"[^a-z0-9_]", "_", one.name))


_OWN: dict[str, Callable[[Purl], Purl]] = {
    "chrome-extension": _chrome,
    "cpan": _cpan,
    "git": _git,
    "julia": _julia,
    "mlflow": _mlflow,
    "pub": _pub,
    "pypi": _pypi,
}
