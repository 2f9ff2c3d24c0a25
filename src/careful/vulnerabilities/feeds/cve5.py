"""CVE records (CVE JSON 5.x): what the CVE numbering authority (CNA) says is affected, and what CISA adds; pure.

The CNA's word is its own product's. CISA's container (an ADP, "Vulnrichment") adds CPE names, CVSS and SSVC. A product
that is named in words gets the CPE name that its words make; where CISA names the same product by CPE in the same
record, its vendor is taken. Sources: CVE Record Format 5.1; its `affected` and `versions` rules.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from careful.releases import parse_cpe, parse_purl, unescaped
from careful.vulnerabilities import versions
from careful.vulnerabilities.feeds import nvd
from careful.vulnerabilities.feeds.cve5_versions import Stated, Version, in_commits, stated
from careful.vulnerabilities.feeds.record import (
    Affected,
    Malformed,
    Record,
    Source,
    moment,
    severity_of,
    severity_of_vector,
)
from careful.vulnerabilities.names import named_in_words

_SUMMARY = 500
_MOST_FILES = 400
_SCORES = ("cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0")
_DISTRIBUTIONS = {
    "access.redhat.com": "redhat",
    "catalog.redhat.com": "redhat",
    "packages.fedoraproject.org": "fedora",
}
"""Where packages of a distribution come from, and its name in package URLs."""
_WORDS = {"low": "low", "moderate": "medium", "medium": "medium", "important": "high", "high": "high"} | {
    "critical": "critical"
}
_REGISTRIES = {
    "pypi.python.org": "pypi",
    "pypi.org": "pypi",
    "registry.npmjs.org": "npm",
    "www.npmjs.com": "npm",
    "npmjs.com": "npm",
    "crates.io": "cargo",
    "pkg.go.dev": "golang",
    "rubygems.org": "gem",
    "packagist.org": "composer",
    "hex.pm": "hex",
    "repo.hex.pm": "hex",
    "nuget.org": "nuget",
    "www.nuget.org": "nuget",
    "repo.maven.apache.org": "maven",
    "repo1.maven.org": "maven",
    "mvnrepository.com": "maven",
}


class Product(msgspec.Struct, rename="camel"):
    """One product that a container names; `cpes`, or a package of a registry, or vendor and product in words."""

    vendor: str | None = None
    product: str | None = None
    cpes: list[str] = []
    package_name: str | None = None
    collection_url: str | None = msgspec.field(default=None, name="collectionURL")
    package_url: str | None = msgspec.field(default=None, name="packageURL")
    program_files: list[str] = []
    versions: list[Version] = []
    default_status: str = "unknown"


class Text(msgspec.Struct):
    """A text in one language."""

    value: str = ""
    lang: str = ""


class Container(msgspec.Struct, rename="camel"):
    """What one party says of a flaw."""

    title: str = ""
    affected: list[Product] = []
    descriptions: list[Text] = []
    metrics: list[dict[str, Any]] = []
    cpe_applicability: list[Any] = []
    date_public: str | None = None
    provider_metadata: dict[str, Any] = {}


class Containers(msgspec.Struct):
    """The CNA's own words, and what others added."""

    cna: Container = msgspec.field(default_factory=Container)
    adp: list[Container] = []


class About(msgspec.Struct, rename="camel"):
    """Number, state and dates of a record."""

    cve_id: str
    state: str = "PUBLISHED"
    date_updated: str | None = None
    date_published: str | None = None


class CveRecord(msgspec.Struct, rename="camel"):
    """A CVE record."""

    cve_metadata: About
    containers: Containers = msgspec.field(default_factory=Containers)


def parse(raw: Any) -> Record:  # noqa: ANN401 (JSON is Any)
    """Read one record. Raises Malformed, naming the field."""
    try:
        read = msgspec.convert(raw, type=CveRecord)
    except msgspec.ValidationError as wrong:
        raise Malformed(str(wrong).replace(" - at `", " at ").rstrip("`")) from wrong
    said = read.containers
    texts = [one.value for one in said.cna.descriptions if one.lang.lower().startswith("en")]
    parties: list[tuple[Container, Source]] = [(said.cna, "cna"), *((one, "adp") for one in said.adp)]
    metrics = [metric for party, _ in parties for metric in party.metrics]
    vendors = _vendors(said.adp)
    return Record(
        id=read.cve_metadata.cve_id,
        summary=(said.cna.title or (texts[0] if texts else ""))[:_SUMMARY],
        severity=_severity(metrics),
        modified=_modified(read),
        withdrawn=read.cve_metadata.state == "REJECTED",
        affected=tuple(dict.fromkeys(_affected(parties, vendors))),
        vector=_vector(metrics),
        ssvc=_ssvc(metrics),
    )


def _modified(read: CveRecord) -> datetime | None:
    """Return the last date that a record states: in a vendor's own folder, as OpenSSL's, it has not its own.

    Without any, it would replace what is younger.
    """
    about, said = read.cve_metadata, read.containers.cna
    dates = (about.date_updated, said.provider_metadata.get("dateUpdated"), about.date_published, said.date_public)
    return next((found for one in dates if (found := moment(one))), None)


def _affected(parties: Iterable[tuple[Container, Source]], vendors: dict[str, set[str]]) -> Iterator[Affected]:
    for party, source in parties:
        clear: set[str] = set()
        for product in _without_commits(party.affected):
            for row in _rows(product, vendors, source):
                if not row.condition:
                    clear.add(row.cpe)
                yield row
        yield from _by_configuration(party, source, clear)


def _rows(product: Product, vendors: dict[str, set[str]], source: Source) -> Iterator[Affected]:
    """Yield what a product's entry says, under each of its names; they are read once for all names of a scheme."""
    said: dict[str, list[Stated]] = {}
    files, words = _files(product), _words(product)
    for frame in _frames(product, vendors, source):
        if frame.condition:
            yield frame
            continue
        if frame.scheme not in said:
            said[frame.scheme] = list(stated(product.versions, product.default_status, frame.scheme, words))
        known = replace(frame, files=files) if files else frame
        yield from (one.of(known) for one in said[frame.scheme])


def _words(product: Product) -> tuple[str, ...]:
    """Return what a product is called in words, with its vendor's name and without."""
    name, vendor = (product.product or product.package_name or "").lower(), (product.vendor or "").lower()
    return tuple(dict.fromkeys((name, name.removeprefix(f"{vendor} "), f"{vendor} {name}")))


def _by_configuration(party: Container, source: Source, clear: set[str]) -> Iterator[Affected]:
    """Yield what a container says in NVD's way (`cpeApplicability`) of products that it states not otherwise."""
    for number, one in enumerate(party.cpe_applicability):
        try:
            rows = list(nvd.configuration(one, f"cpeApplicability[{number}]", source))
        except Malformed:  # it repeats what `affected` says, and some put names of other kinds there
            continue
        yield from (row for row in rows if not any(_is_same(row.cpe, text) for text in clear))


def _is_same(one: str, other: str) -> bool:
    return one.split(":")[3:5] == other.split(":")[3:5]


def _without_commits(products: list[Product]) -> Iterator[Product]:
    """Leave out what is stated in commits where the same product is also stated in versions, as Linux does."""
    in_versions = {(one.vendor, one.product) for one in products if not _in_commits(one)}
    yield from (one for one in products if not _in_commits(one) or (one.vendor, one.product) not in in_versions)


def _in_commits(product: Product) -> bool:
    return bool(product.versions) and all(in_commits(one) for one in product.versions)


def _frames(product: Product, vendors: dict[str, set[str]], source: Source) -> Iterator[Affected]:
    """Yield a row without versions for every name that the product goes by."""
    host = (product.collection_url or "").partition("://")[2].partition("/")[0].lower()
    if host in _DISTRIBUTIONS and product.package_name:
        yield from _of_distribution(product, _DISTRIBUTIONS[host], source)
        return
    key = _package(product, host)
    if key:
        yield Affected(
            "purl", key, versions.scheme_of_purl(key.partition("/")[0], key.rpartition("/")[2]), source=source
        )
    found = {(name.vendor, name.product, name.part) for text in product.cpes if (name := parse_cpe(text))}
    if not found:
        words = _in_words(product)
        by_cisa = {(vendor, title, "*") for _, title in words for vendor in vendors.get(title, ())}
        found = by_cisa or {(vendor, title, "*") for vendor, title in words}
    for vendor, title, part in sorted(found):
        yield _product(vendor, title, part, source)


def _product(vendor: str, title: str, part: str, source: Source) -> Affected:
    return Affected(
        "cpe",
        unescaped(title),
        versions.scheme_of_cpe(unescaped(vendor), unescaped(title)),
        cpe=f"cpe:2.3:{part}:{vendor}:{title}:*:*:*:*:*:*:*:*",
        source=source,
    )


def _in_words(product: Product) -> tuple[tuple[str, str], ...]:
    """Return the CPE names that the words may mean; a package without vendor and product is its repository's."""
    if product.product:
        return named_in_words(product.vendor, product.product)
    by_forge = named_in_words(None, product.collection_url)
    owned = bool(product.package_name) and any(vendor != "*" for vendor, _ in by_forge)
    return by_forge if owned else named_in_words(product.vendor, product.package_name)


def _of_distribution(product: Product, namespace: str, source: Source) -> Iterator[Affected]:
    """Yield a package of a distribution: its versions are the package's, its CPE names the distribution's release.

    In products on top of the distribution (OpenShift) a package is theirs, and only a person can tell which they have.
    """
    named = [name for text in product.cpes if (name := parse_cpe(text))]
    key = f"rpm/{namespace}/{(product.package_name or '').lower()}"
    own = {name.version for name in named if name.product == "enterprise_linux" or name.product.startswith("rhel_")}
    for release in sorted(own if named else {""}):
        distro = f"{namespace}:{unescaped(release)}" if release[:1].isdecimal() else ""
        yield Affected("purl", key, "rpm", distro=distro, source=source)
    if own or (product.default_status == "unaffected" and not product.versions):
        return
    for vendor, title, part in sorted({(one.vendor, one.product, one.part) for one in named}):
        doubt = f"its versions are those of the package {product.package_name} in it"[:200]
        yield replace(_product(vendor, title, part, source), condition=doubt)


def _vendors(parties: Iterable[Container]) -> dict[str, set[str]]:
    """Return, by product, the vendors that CISA's CPE names of this record give."""
    found: dict[str, set[str]] = {}
    for party in parties:
        for product in party.affected:
            for text in product.cpes:
                name = parse_cpe(text)
                if name:
                    found.setdefault(name.product, set()).add(name.vendor)
    return found


def _package(product: Product, host: str) -> str:
    """Return the purl's key of a package, where its registry is one that we know."""
    if product.package_url:
        purl = parse_purl(product.package_url)
        return purl.key.lower() if purl else ""
    kind = _REGISTRIES.get(host, "")
    name = (product.package_name or "").strip()
    if not kind or not name:
        return ""
    if kind == "maven":
        name = name.replace(":", "/")
    if kind == "pypi":
        name = name.replace("_", "-").replace(".", "-")
    return f"{kind}/{name}".lower()


def _files(product: Product) -> tuple[str, ...]:
    return tuple(sorted(set(product.program_files)))[:_MOST_FILES]


def _severity(metrics: list[dict[str, Any]]) -> str:
    for name in _SCORES:
        for metric in metrics:
            data = metric.get(name)
            score = data.get("baseScore") if isinstance(data, dict) else None
            if isinstance(score, (int, float)):
                return severity_of(float(score))
    vector = _vector(metrics)
    return severity_of_vector(vector) if vector else _in_own_words(metrics)


def _in_own_words(metrics: list[dict[str, Any]]) -> str:
    """Return the severity that a CNA gives in words of its own, as OpenSSL and Red Hat do."""
    for metric in metrics:
        other = metric.get("other")
        content = other.get("content") if isinstance(other, dict) else None
        said = (content.get("text"), content.get("value")) if isinstance(content, dict) else ()
        for word in said:
            if isinstance(word, str) and word.lower() in _WORDS:
                return _WORDS[word.lower()]
    return "unknown"


def _vector(metrics: list[dict[str, Any]]) -> str:
    for name in _SCORES:
        for metric in metrics:
            data = metric.get(name)
            text = data.get("vectorString") if isinstance(data, dict) else None
            if isinstance(text, str) and text:
                return text[:200]
    return ""


def _ssvc(metrics: list[dict[str, Any]]) -> str:
    """Return CISA's SSVC choices as `exploitation/automatable/technical impact`, empty where there are none."""
    for metric in metrics:
        other = metric.get("other")
        content = other.get("content") if isinstance(other, dict) and other.get("type") == "ssvc" else None
        options = content.get("options") if isinstance(content, dict) else None
        if isinstance(options, list):
            chosen = {str(k): str(v) for one in options if isinstance(one, dict) for k, v in one.items()}
            names = ("Exploitation", "Automatable", "Technical Impact")
            return "/".join(chosen.get(name, "unknown") for name in names)[:100]
    return ""
