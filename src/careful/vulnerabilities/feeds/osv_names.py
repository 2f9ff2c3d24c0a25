"""Which packages and products an OSV record speaks of: by ecosystem, package URL, CPE name, or repository; pure.

Bitnami's records name the products that they package by CPE beside the package URL, and `oss_fuzz.toml` says what the
projects of OSS-Fuzz are called in CPE: SBOMs of images built from source (Buildroot, Yocto) have no other names.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any
from urllib.parse import unquote

from careful.releases import parse_cpe, unescaped
from careful.vulnerabilities import versions
from careful.vulnerabilities.feeds.record import Affected, Malformed, Source, as_list, is_distribution
from careful.vulnerabilities.names import named_in_words

_TYPES = {
    "pypi": "pypi",
    "npm": "npm",
    "go": "golang",
    "crates.io": "cargo",
    "maven": "maven",
    "nuget": "nuget",
    "rubygems": "gem",
    "packagist": "composer",
    "hex": "hex",
    "pub": "pub",
    "swifturl": "swift",
    "conancenter": "conan",
    "cran": "cran",
    "bioconductor": "bioconductor",
    "hackage": "hackage",
    "opam": "opam",
    "julia": "julia",
    "github actions": "githubactions",
    "bitnami": "bitnami",
    "oss-fuzz": "generic",
    "debian": "deb/debian",
    "ubuntu": "deb/ubuntu",
    "alpine": "apk/alpine",
    "alpaquita": "apk/alpaquita",
    "wolfi": "apk/wolfi",
    "chainguard": "apk/chainguard",
    "minimos": "apk/minimos",
    "red hat": "rpm/redhat",
    "rocky linux": "rpm/rocky",
    "almalinux": "rpm/almalinux",
    "azure linux": "rpm/azurelinux",
    "photon os": "rpm/photon",
    "openeuler": "rpm/openeuler",
    "mageia": "rpm/mageia",
    "opensuse": "rpm/opensuse",
    "suse": "rpm/suse",
}
_KERNEL = ("linux", "kernel")
"""Ecosystem and name under which OSV lists the Linux kernel."""
_RELEASE = re.compile(r"(\d+(?:\.\d+)?)(?:\s+SP(\d+))?", re.IGNORECASE)
_SAME = {"rpm/rocky-linux/": "rpm/rocky/"}
"""Namespaces of package URLs that OSV writes otherwise than the tools that write SBOMs."""
_BITNAMI = {
    "golang": "go",
    "apache": "http_server",
    "nats": "nats_server",
    "node": "node.js",
    "apr": "portable_runtime",
}
"""Products by the package of Bitnami, where their names differ. A record may name others, of other versions, too."""
_MOST = 8


def type_of(ecosystem: str) -> str:
    """Return which packages a full export of an ecosystem covers (`pypi`, `deb/debian`), empty for what covers none.

    OSS-Fuzz knows the projects that it tests, which are not all that have no ecosystem.
    """
    found = _TYPES.get(ecosystem.partition(":")[0].lower(), "")
    return "" if found == "generic" or ":" in ecosystem else found


@lru_cache(maxsize=1)
def products_of() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return what a project of OSS-Fuzz is called in CPE, as vendor and product; the table comes with the program."""
    text = resources.files("careful.vulnerabilities.feeds").joinpath("oss_fuzz.toml").read_text("utf-8")
    split = {name: tuple(one.partition(":") for one in listed) for name, listed in tomllib.loads(text)["cpe"].items()}
    return {name: tuple((vendor, product) for vendor, _, product in listed) for name, listed in split.items()}


def frames(record: Mapping[str, Any], part: Mapping[str, Any], where: str) -> Iterator[Affected]:
    """Yield a row without versions for each name of what a part of a record affects. Raises Malformed."""
    package = part.get("package")
    if not isinstance(package, dict):
        yield from _by_repository(record["id"], part, where)
        return
    named = (str(package.get("ecosystem")).lower(), str(package.get("name")).lower())
    if named == _KERNEL:
        yield _product("linux", "linux_kernel", part="o")
        return
    key = _key(package, where)
    if not key:
        return
    kind, _, name = key.partition("/")
    scheme = versions.scheme_of_purl(kind, key.rpartition("/")[2])
    source: Source = "vendor" if is_distribution(key) else "feed"
    yield Affected("purl", key, scheme, distro=_distro(package.get("ecosystem")), source=source)
    if kind == "bitnami":
        yield from _bitnami(name, record)
    elif named[0] == "oss-fuzz":
        yield from (_product(*found) for found in products_of().get(name, ()))


def _bitnami(package: str, record: Mapping[str, Any]) -> Iterator[Affected]:
    """Yield the product that a package of Bitnami is, by the CPE names of the record that mean it and no other."""
    own = package.removesuffix("-min")
    wanted = _plain(_BITNAMI.get(own, own))
    specific = record.get("database_specific")
    listed = as_list(specific.get("cpes")) if isinstance(specific, dict) else []
    named = [name for one in listed if isinstance(one, str) and (name := parse_cpe(one))]
    editions: dict[tuple[str, str], dict[str, None]] = {}
    for one in named:
        if _plain(unescaped(one.product)) == wanted and one.vendor not in {"*", "-"}:
            edition = "*" if one.sw_edition == "-" else one.sw_edition
            editions.setdefault((one.vendor, one.product), {})[edition] = None
    # An edition (enterprise) is another product; a target (python) only says what the package is for.
    for (vendor, product), found in editions.items():
        for edition in ["*"] if "*" in found else list(found)[:_MOST]:
            yield _product(vendor, product, edition)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text)


def _product(vendor: str, product: str, edition: str = "*", *, part: str = "a") -> Affected:
    return Affected(
        kind="cpe",
        key=unescaped(product),
        scheme=versions.scheme_of_cpe(unescaped(vendor), unescaped(product)),
        cpe=f"cpe:2.3:{part}:{vendor}:{product}:*:*:*:*:{edition}:*:*:*",
    )


def _by_repository(name: str, part: Mapping[str, Any], where: str) -> Iterator[Affected]:
    """Yield the rows of a record that names no package but a repository, as projects do in lists of their own.

    A list whose ids bear the project's name (`CURL-CVE-2024-7264` of curl/curl) is the project's own word.
    """
    listed = part.get("ranges") or []
    if not isinstance(listed, list):
        raise Malformed(f"{where}.ranges: expected a list")
    repositories = [one.get("repo") for one in listed if isinstance(one, dict)]
    own = name.partition("-")[0].lower()
    for repository in dict.fromkeys(one for one in repositories if isinstance(one, str)):
        parts = repository.lower().removesuffix(".git").split("/")
        for vendor, product in named_in_words(None, repository):
            yield Affected(
                kind="cpe",
                key=unescaped(product),
                scheme=versions.scheme_of_cpe(unescaped(vendor), unescaped(product)),
                cpe=f"cpe:2.3:*:{vendor}:{product}:*:*:*:*:*:*:*:*",
                source="vendor" if own in parts[-2:] else "feed",
            )


def _distro(ecosystem: object) -> str:
    """Return a distribution with its release (`Debian:12` is `debian:12`), empty for what has no releases."""
    name, _, release = str(ecosystem or "").partition(":")
    number = _RELEASE.search(release)
    kind = _TYPES.get(name.lower(), "")
    if "/" not in kind or not number:
        return ""
    pack = f".{number[2]}" if number[2] and "." not in number[1] else ""
    return f"{kind.partition('/')[2]}:{number[1]}{pack}"


def _key(package: Mapping[str, Any], where: str) -> str:
    purl, ecosystem, name = package.get("purl"), package.get("ecosystem"), package.get("name")
    if isinstance(purl, str) and purl.startswith("pkg:"):
        key = unquote(purl[4:].partition("?")[0].partition("#")[0].rpartition("@")[0] or _bare(purl)).lower()
        return _normal(next((key.replace(one, ours, 1) for one, ours in _SAME.items() if key.startswith(one)), key))
    if not isinstance(ecosystem, str) or not isinstance(name, str):
        raise Malformed(f"{where}.package: expected ecosystem and name, or a purl")
    kind = _TYPES.get(ecosystem.partition(":")[0].lower())
    if kind is None:
        return ""
    low = name.lower().replace(":", "/") if kind == "maven" else name.lower()
    return _normal(f"{kind}/{low}")


def _bare(purl: str) -> str:
    return purl[4:].partition("?")[0].partition("#")[0]


def _normal(key: str) -> str:
    """Return the name of a Python package as PEP 503 has it."""
    return key.replace("_", "-").replace(".", "-") if key.startswith("pypi/") else key
