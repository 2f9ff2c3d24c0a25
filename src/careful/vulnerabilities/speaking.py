"""Does a statement speak of this component, in this version? Yes, no, or perhaps, with what is not known; pure.

A name without a version speaks of every version; one with a version of that alone. Where one of a thing's names states
a version, the others mean that version too. What a package URL says beside name and version (`arch`, `distro`) must be
said of ours as well, as the package URLs' own rules of matching want it: what ours does not say is not known to be so.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from careful.releases import Cpe, Found, Purl, parse_cpe, parse_purl, unescaped
from careful.vulnerabilities import cpe, vers, versions
from careful.vulnerabilities.deciding import in_range
from careful.vulnerabilities.feeds.cve5_versions import Version, read_versions
from careful.vulnerabilities.feeds.record import Affected, is_distribution
from careful.vulnerabilities.feeds.supplied import distro_release, plain_range
from careful.vulnerabilities.ranges import Hit, listed
from careful.vulnerabilities.said.model import About, Thing, hash_name

_NEUTRAL = frozenset({"download_url", "vcs_url", "file_name", "checksum", "upstream", "package-id", "epoch"})
"""Qualifiers that say where a package is from, not which it is; the epoch is part of the version."""
_ANY_ARCH = frozenset({"all", "any", "noarch"})
_SOURCE = frozenset({"src", "source", "nosrc"})
_ARCH = {"amd64": "x86_64", "x86-64": "x86_64", "arm64": "aarch64", "armv7hl": "armhf", "armv7": "armhf", "386": "i386"}
_DEFAULTS = {("maven", "type"): "jar"}
_NAMESPACES = {("rpm", "rhel"): "redhat"}
_EPOCH = re.compile(r"(\d+):(.*)", re.DOTALL)
_WILD = ("*", "?")
Answer = tuple[Hit, str]
"""Whether it speaks of it, and what is not known where that is not sure."""
_YES: Answer = ("yes", "")
_NO: Answer = ("no", "")


def speaks(thing: Thing, component: Found) -> Answer:
    """Tell whether a thing of a statement is this component."""
    if _same_bytes(thing, component):
        return _YES
    stated = _stated(thing.ids)
    best = _NO
    for identifier in thing.ids:
        answer = _means(identifier, thing, stated, component)
        if answer[0] == "yes":
            return answer
        best = answer if answer[0] == "check" else best
    return best


def speaks_of(about: About, component: Found, subject: Found | None) -> Answer:
    """Tell whether a statement names this component of a product, which `subject` names (None: it may be any)."""
    if about.part is None:
        return speaks(about.product, component)
    answer = speaks(about.part, component)
    return answer if answer[0] == "no" else _least(answer, _holds(about, component, subject))


def is_subject(thing: Thing, subject: Found) -> Answer:
    """Tell whether a product of a statement is what an SBOM describes; one that states no version may be any."""
    if _same_bytes(thing, subject):
        return _YES
    names = _names(subject.name, subject.purl)
    stated = _stated(thing.ids)
    for identifier in thing.ids:
        purl, name = parse_purl(identifier), parse_cpe(identifier)
        if purl and names.isdisjoint(_bare(purl.name)):
            continue
        if name and names.isdisjoint(_bare(unescaped(name.product))):
            continue
        if purl or name:
            own = _version_of(purl) if purl else cpe.version_of(name) if name else ""
            return _YES if not subject.version or _within(own, thing, stated, subject.version, "generic") else _NO
    if thing.title and not names.isdisjoint(_bare(thing.title)):
        stated = tuple(filter(None, (_tag(thing.title),)))
        return _YES if not subject.version or _within("", thing, stated, subject.version, "generic") else _NO
    return _NO


def keys_of(identifier: str) -> Iterator[str]:
    """Yield the keys by which things of one name find each other, whatever the version."""
    purl, name = parse_purl(identifier), parse_cpe(identifier)
    if purl:
        yield f"purl {_key(purl, purl.name)}"
        if purl.type == "generic":
            yield f"name {purl.name.lower()}"
    elif name:
        yield f"cpe {unescaped(name.product)}"


def keys_of_component(component: Found) -> Iterator[str]:
    """Yield the keys by which a component can be named."""
    for text in (component.purl, *component.cpes):
        yield from keys_of(text) if text else ()
    purl = parse_purl(component.purl) if component.purl else None
    if purl:
        yield f"purl {_key(purl, _source(purl)[0])}"
    yield f"name {component.name.lower()}"
    yield from (f"hash {digest.lower()}" for digest in component.hashes.values())


def keys_of_thing(thing: Thing) -> Iterator[str]:
    """Yield the keys by which a thing can be found."""
    for identifier in thing.ids:
        yield from keys_of(identifier)
    yield from (f"hash {digest}" for _, digest in thing.hashes)


def _same_bytes(thing: Thing, component: Found) -> bool:
    if not thing.hashes or not component.hashes:
        return False
    ours = {(hash_name(name), digest.lower()) for name, digest in component.hashes.items()}
    return not ours.isdisjoint(thing.hashes)


def _means(identifier: str, thing: Thing, stated: tuple[str, ...], component: Found) -> Answer:
    purl = parse_purl(identifier)
    if purl:
        return _purl_means(purl, thing, stated, component)
    name = parse_cpe(identifier)
    if name is None:
        return _NO
    ours = (one for text in component.cpes if (one := parse_cpe(text)))
    return next((answer for one in ours if (answer := _cpe_means(name, one, thing, stated, component)) != _NO), _NO)


def _purl_means(purl: Purl, thing: Thing, stated: tuple[str, ...], component: Found) -> Answer:
    ours = parse_purl(component.purl) if component.purl else None
    if ours is None:
        nameless = purl.type == "generic" and not component.purl and purl.name.lower() == component.name.lower()
        own = nameless and _within(_version_of(purl), thing, stated, component.version, "generic")
        return _YES if own else _NO
    source, source_version = _source(ours)
    of_source = dict(purl.qualifiers).get("arch", "") in _SOURCE
    if _key(purl, purl.name) != _key(ours, source if of_source else ours.name):
        return _NO
    version = (of_source and source_version) or _version_of(ours) or component.version
    scheme = versions.scheme_of_purl(ours.type, ours.name)
    if purl.subpath and purl.subpath != ours.subpath:
        return _NO
    if not _within(_version_of(purl), thing, stated, version, scheme):
        return _NO
    return _qualified(purl, ours)


def _qualified(purl: Purl, ours: Purl) -> Answer:
    """Tell whether what a purl says beside name and version is true of ours."""
    mine = dict(ours.qualifiers)
    doubt = ""
    for name, value in purl.qualifiers:
        held = mine.get(name) or _DEFAULTS.get((purl.type, name), "")
        if name in _NEUTRAL or (name == "arch" and (value in _ANY_ARCH | _SOURCE or held in _ANY_ARCH)):
            continue
        if not held:
            doubt = f"it speaks of {name} {value} alone, and the SBOM does not say which {name} it has"
        elif _plain(name, value) != _plain(name, held):
            return _NO
    return ("check", doubt) if doubt else _YES


def _plain(name: str, value: str) -> str:
    if name == "distro":
        return distro_release(value)
    return _ARCH.get(value.lower(), value.lower()) if name == "arch" else value


def _cpe_means(name: Cpe, ours: Cpe, thing: Thing, stated: tuple[str, ...], component: Found) -> Answer:
    # The flaw is the same on both sides, so that a vendor left open on one of them is no other maker's product.
    vendor = name.vendor if ours.vendor == cpe.ANY else ours.vendor if name.vendor == cpe.ANY else ""
    one, other = (replace(each, vendor=vendor) for each in (ours, name)) if vendor else (ours, name)
    fits, doubt = cpe.fit(one, other)
    doubt = "" if doubt.startswith("the record names no vendor") else doubt
    version = cpe.version_of(ours) or component.version
    scheme = versions.scheme_of_cpe(unescaped(name.vendor), unescaped(name.product))
    if fits == "no" or not _cpe_version(name, ours, version, scheme):
        return _NO
    if name.version == cpe.ANY and not _within("", thing, stated, version, scheme):
        return _NO
    return ("check", doubt) if doubt else _YES


def _cpe_version(name: Cpe, ours: Cpe, version: str, scheme: str) -> bool:
    """Tell whether the version that a CPE name states, perhaps with wildcards, is this one."""
    if name.version == cpe.ANY:
        return True
    if name.version == cpe.NA:
        return not version
    if cpe.is_wild(name):
        return bool(_pattern(name.version).fullmatch(unescaped(ours.version) if cpe.version_of(ours) else version))
    if name.update == cpe.ANY and ours.version not in {cpe.ANY, cpe.NA}:
        return _same(unescaped(name.version), unescaped(ours.version), scheme)
    return _same(cpe.version_of(name), version, scheme)


@lru_cache(maxsize=4096)
def _pattern(value: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|.", value, re.DOTALL)
    signs = {"*": ".*", "?": "."}
    return re.compile("".join(signs.get(part) or re.escape(unescaped(part)) for part in parts), re.DOTALL)


def _within(own: str, thing: Thing, stated: tuple[str, ...], version: str, scheme: str) -> bool:
    """Tell whether a version is one that is meant: by the name itself, by what narrows the thing, by its other names.

    Where it is not known which version is here, only what speaks of every version is about it.
    """
    if not own and not thing.versions and not stated:
        return True
    if not version:
        return False
    if own and not _same(own, version, scheme):
        return False
    if thing.versions:
        return any(_lies_in(one, version, scheme) for one in thing.versions)
    return bool(own) or any(_same(one, version, scheme) for one in stated)


@lru_cache(maxsize=65_536)
def _same(one: str, other: str, scheme: str) -> bool:
    """Tell whether two texts are one version; an epoch counts where both state one."""
    if one == other:
        return True
    if scheme in {"dpkg", "rpm"}:
        first, second = _EPOCH.fullmatch(one), _EPOCH.fullmatch(other)
        if bool(first) != bool(second):
            one, other = (first[2] if first else one), (second[2] if second else other)
    return listed((one,), other, scheme) == "yes"


@lru_cache(maxsize=65_536)
def _lies_in(written: str, version: str, scheme: str) -> bool:
    """Tell whether a version lies for sure in a version, a `vers:` range, or a range in words."""
    if written.lower().startswith("vers:"):
        try:
            span = vers.read(written)
        except ValueError:
            return False
        if not span.constraints or span.scheme:
            return vers.contains(span, version) == "yes"
    return _read_in(plain_range(written), version, scheme)


def _read_in(written: str, version: str, scheme: str) -> bool:
    if written in {"", "*"}:
        return True
    frame = Affected("purl", "", scheme)
    rows = read_versions([Version(written, "affected")], "unknown", frame)
    return any(not row.condition and in_range(version, row)[0] == "yes" for row in rows)


def _holds(about: About, component: Found, subject: Found | None) -> Answer:
    """Tell whether the product that a part is spoken of in is the one that we have.

    A distribution's package in one exact version is the same wherever it is installed. One of every version is spoken
    of in one release of the distribution, which must be ours.
    """
    if about.part is None:
        return _YES
    purls = [purl for text in about.part.ids if (purl := parse_purl(text))]
    packages = [purl for purl in purls if is_distribution(purl.key)]
    if any(purl.version for purl in packages):
        return _YES
    release = _release_of(about.product) if packages else ""
    if release:
        return _in_release(release, component)
    if subject is None:
        return _YES
    return is_subject(about.product, subject)


def _release_of(product: Thing) -> str:
    """Return the release of a distribution that a product is: `cpe:/o:redhat:enterprise_linux:8` is 8."""
    found = (name for text in product.ids if (name := parse_cpe(text)) and name.version not in {cpe.ANY, cpe.NA})
    return next((unescaped(name.version) for name in found), "")


def _in_release(release: str, component: Found) -> Answer:
    purl = parse_purl(component.purl) if component.purl else None
    named = dict(purl.qualifiers).get("distro", "") if purl else ""
    ours = _plain("distro", named)
    if not ours:
        return "check", f"it speaks of release {release} of the distribution, and the SBOM does not say which it is"
    return _YES if ours == release or ours.startswith(f"{release}.") else _NO


@lru_cache(maxsize=65_536)
def _stated(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the versions that the names of a thing state."""
    found = (_version_of(purl) if (purl := parse_purl(one)) else _cpe_stated(one) for one in ids)
    return tuple(dict.fromkeys(one for one in found if one))


def _cpe_stated(identifier: str) -> str:
    name = parse_cpe(identifier)
    return "" if name is None or cpe.is_wild(name) else cpe.version_of(name)


def _version_of(purl: Purl) -> str:
    """Return the version of a purl, with the epoch that rpm's purls state beside it."""
    epoch = dict(purl.qualifiers).get("epoch", "")
    return f"{epoch}:{purl.version}" if epoch and purl.version and not _EPOCH.fullmatch(purl.version) else purl.version


def _source(purl: Purl) -> tuple[str, str]:
    """Return name and version of the source package that a purl was built from, its own where it names none."""
    upstream = dict(purl.qualifiers).get("upstream", "")
    if upstream.endswith(".src.rpm"):
        name, version, release = ["", "", *upstream.removesuffix(".src.rpm").rsplit("-", 2)][-3:]
        return (name, f"{version}-{release}") if name else (purl.name, "")
    name, _, version = upstream.partition("@")
    return (name or purl.name), version


@lru_cache(maxsize=65_536)
def _key(purl: Purl, name: str) -> str:
    namespace = _NAMESPACES.get((purl.type, purl.namespace.lower()), purl.namespace)
    if purl.type == "pypi":
        name = re.sub(r"[-_.]+", "-", name)
    return "/".join(part for part in (purl.type, namespace, name) if part).lower()


@lru_cache(maxsize=256)
def _names(name: str, purl: str) -> frozenset[str]:
    """Return the names that an SBOM's subject goes by."""
    named = parse_purl(purl) if purl else None
    return _bare(name) | (_bare(named.name) if named else frozenset())


@lru_cache(maxsize=65_536)
def _bare(text: str) -> frozenset[str]:
    """Return the names that a product may go by: as it is written, and without registry, tag and digest."""
    low = re.sub(r"[_-]", " ", text.strip().lower())
    last = low.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return frozenset(one for one in (low, last) if one)


def _tag(title: str) -> str:
    """Return the version that a plain name states, an image's digest or tag; empty where it states none."""
    name, _, digest = title.partition("@")
    return digest or name.rpartition("/")[2].partition(":")[2]


def _least(one: Answer, other: Answer) -> Answer:
    """Return the weaker of two answers."""
    return min((one, other), key=lambda answer: ("no", "check", "yes").index(answer[0]))
