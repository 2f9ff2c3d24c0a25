"""The two names by which the world's lists of flaws know software: package URLs and CPEs. Pure, cached.

Package URL: ECMA-427 (purl). CPE: NISTIR 7695, formatted string `cpe:2.3:…` and URI `cpe:/…` binding.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from packageurl import PackageURL

_LONGEST = 2000
_CPE_PARTS = 11
_ESCAPED_COLON = re.compile(r"(?<!\\):")


@dataclass(frozen=True, slots=True)
class Purl:
    """A package URL in parts; `key` is type/namespace/name, by which feeds list it."""

    type: str
    namespace: str
    name: str
    version: str
    qualifiers: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """Return type, namespace and name as one text."""
        return "/".join(part for part in (self.type, self.namespace, self.name) if part)


@dataclass(frozen=True, slots=True)
class Cpe:
    """A CPE name: eleven attributes, each a value, `*` (any) or `-` (none), lower case, still escaped."""

    part: str
    vendor: str
    product: str
    version: str = "*"
    update: str = "*"
    edition: str = "*"
    language: str = "*"
    sw_edition: str = "*"
    target_sw: str = "*"
    target_hw: str = "*"
    other: str = "*"


@lru_cache(maxsize=65_536)
def parse_purl(text: str) -> Purl | None:
    """Read a package URL; None where it is none."""
    if len(text) > _LONGEST:
        return None
    try:
        found = PackageURL.from_string(text)
    except ValueError:
        return None
    qualifiers = found.qualifiers if isinstance(found.qualifiers, dict) else {}
    return Purl(
        type=found.type,
        namespace=found.namespace or "",
        name=found.name,
        version=found.version or "",
        qualifiers=tuple(sorted(qualifiers.items())),
    )


@lru_cache(maxsize=65_536)
def parse_cpe(text: str) -> Cpe | None:
    """Read a CPE 2.3 formatted string, or a 2.2 URI; None where it is neither."""
    if len(text) > _LONGEST:
        return None
    lower = text.strip().lower()
    if lower.startswith("cpe:2.3:"):
        parts = _ESCAPED_COLON.split(lower[len("cpe:2.3:") :])
        if len(parts) != _CPE_PARTS or not all(parts):
            return None
    elif lower.startswith("cpe:/"):
        parts = [unquote(part) or "*" for part in lower[len("cpe:/") :].split(":")]
        if len(parts) > 7 or len(parts) < 3:  # noqa: PLR2004 (a URI has part:vendor:product[:version:update:edition:language])
            return None
        parts = [_escaped(part) for part in parts]
    else:
        return None
    cpe = Cpe(*parts)
    return cpe if cpe.part in {"a", "o", "h", "*"} and cpe.product not in {"*", "-"} else None


def _escaped(value: str) -> str:
    """Escape what a formatted string escapes (NISTIR 7695 section 6.2)."""
    if value in {"*", "-"}:
        return value
    return re.sub(r"([^A-Za-z0-9_.\-])", r"\\\1", value)


def unescaped(value: str) -> str:
    """Return a CPE value as people write it."""
    return re.sub(r"\\(.)", r"\1", value)
