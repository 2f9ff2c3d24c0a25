"""The two names by which the world's lists of flaws know software: package URLs and CPEs. Pure, cached.

Package URLs are `careful.releases.purl`. CPE 2.3 is NISTIR 7695: the well-formed name (`wfn:[…]`), and its bindings as
a formatted string (`cpe:2.3:…`) and as a URI (`cpe:/…`, CPE 2.2). All are read into one form, a formatted string's
values with the fewest escapes, so that what is the same compares the same.
"""

import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import lru_cache
from urllib.parse import quote, unquote

from careful.releases.purl import Purl, make_purl, parse_purl, read_purl

__all__ = ["Cpe", "Purl", "make_purl", "names_linux", "parse_cpe", "parse_purl", "read_purl", "unescaped"]

_LONGEST = 2000
_CPE_PARTS = 11
_URI_PARTS = range(3, 8)  # part:vendor:product[:version:update:edition:language]
_PACKED = 5  # ~edition~sw_edition~target_sw~target_hw~other
_ANY, _NA = "*", "-"
_BETWEEN_COLONS = re.compile(r"((?:\\.|[^:\\])*)(?::|$)", re.DOTALL)
_PLAIN = re.compile(r"[a-z0-9._-]*", re.ASCII)
_SIGNS = re.compile(r"\\(.)|(.)", re.DOTALL)
_NEEDS_NONE = re.compile(r"[a-z0-9._-]", re.ASCII)
_WFN = re.compile(r"wfn:\[(.*)\]", re.DOTALL)
_WFN_PAIR = re.compile(r'\s*([a-z_]+)\s*=\s*(any|na|"((?:\\.|[^"\\])*)")\s*(?:,|$)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cpe:
    """A CPE name: eleven attributes, each a value, `*` (any) or `-` (none), lower case, still escaped.

    As text it is a formatted string.
    """

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

    def __str__(self) -> str:
        return "cpe:2.3:" + ":".join(astuple(self))

    @property
    def uri(self) -> str:
        """Return the binding to a URI (NISTIR 7695 section 6.1)."""
        extended = (self.edition, self.sw_edition, self.target_sw, self.target_hw, self.other)
        edition = _to_uri(self.edition)
        if any(value != _ANY for value in extended[1:]):
            edition = "".join("~" + _to_uri(value) for value in extended)
        first = (self.part, self.vendor, self.product, self.version, self.update)
        return "cpe:/" + ":".join([*map(_to_uri, first), edition, _to_uri(self.language)]).rstrip(":")


@lru_cache(maxsize=65_536)
def parse_cpe(text: str) -> Cpe | None:
    """Read a CPE 2.3 formatted string, a 2.2 URI or a well-formed name; None where it is none of them."""
    if len(text) > _LONGEST:
        return None
    lower = text.strip().lower()
    try:
        if lower.startswith("cpe:2.3:"):
            cpe = _from_formatted(lower[len("cpe:2.3:") :])
        elif lower.startswith("cpe:/"):
            cpe = _from_uri(lower[len("cpe:/") :])
        else:
            cpe = _from_wfn(lower)
    except ValueError:
        return None
    return cpe if cpe.part in {"a", "o", "h", _ANY} and cpe.product not in {_ANY, _NA} else None


def unescaped(value: str) -> str:
    """Return a CPE value as people write it."""
    return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL) if "\\" in value else value


def names_linux(cpes: Iterable[str]) -> bool:
    """Tell whether one of these CPEs is that of the Linux kernel."""
    return any((cpe := parse_cpe(name)) and unescaped(cpe.product) == "linux_kernel" for name in cpes)


def _from_formatted(text: str) -> Cpe:
    parts = text.split(":") if "\\" not in text else _BETWEEN_COLONS.findall(text + ":")[:-1]
    if len(parts) != _CPE_PARTS or not all(parts):
        raise ValueError(f"a CPE 2.3 name has {_CPE_PARTS} parts")
    return Cpe(*map(_normal, parts))


def _from_uri(text: str) -> Cpe:
    parts = text.split(":")
    if len(parts) not in _URI_PARTS:
        raise ValueError("a CPE URI has three to seven parts")
    parts += [""] * (_URI_PARTS[-1] - len(parts))
    edition, extended = parts[5], [""] * (_PACKED - 1)
    if edition.startswith("~"):
        packed = edition[1:].split("~")
        if len(packed) != _PACKED:
            raise ValueError(f"a packed edition has {_PACKED} parts")
        edition, *extended = packed
    return Cpe(*map(_value_of_uri, [*parts[:5], edition, parts[6], *extended]))


def _from_wfn(text: str) -> Cpe:
    found = _WFN.fullmatch(text)
    values: dict[str, str] = {}
    at, inside = 0, found[1] if found else ""
    while at < len(inside):
        pair = _WFN_PAIR.match(inside, at)
        if not pair or pair[1] in values or pair[1] not in Cpe.__dataclass_fields__:
            raise ValueError("a well-formed CPE name has attributes with values")
        values[pair[1]] = {"any": _ANY, "na": _NA}.get(pair[2]) or _normal(pair[3])
        at = pair.end()
    if not {"part", "product"} <= set(values):
        raise ValueError("no CPE name, or one without part or product")
    return Cpe(**{"vendor": _ANY} | values)


def _normal(value: str) -> str:
    """Escape what a formatted string escapes and nothing else (section 6.2); a star or a query stays what it is."""
    if value and (_PLAIN.fullmatch(value) or value == _ANY):
        return value
    if not value or not value.isprintable() or value.replace("\\\\", "").endswith("\\"):
        raise ValueError("a value of a CPE name is empty, has signs that cannot be printed, or ends in its escape")
    if value == r"\-":
        return value  # a dash, where a bare one is "not applicable"
    return "".join(
        (f"\\{quoted}" if not _NEEDS_NONE.match(quoted) else quoted) if quoted else _unquoted(bare)
        for quoted, bare in _SIGNS.findall(value)
    )


def _unquoted(sign: str) -> str:
    return sign if sign in "*?" or _NEEDS_NONE.match(sign) else f"\\{sign}"


def _value_of_uri(value: str) -> str:
    """Unbind one part: nothing is any, %01 and %02 are the wildcards, what else is encoded means itself."""
    if value in {"", _ANY}:
        return _ANY
    if value == _NA:
        return _NA
    if _PLAIN.fullmatch(value):
        return value
    wild = {"%01": "?", "%02": "*"}
    return _normal(
        "".join(
            wild.get(part) or re.sub(r"([^a-z0-9._-])", r"\\\1", unquote(part, errors="strict"))
            for part in re.split("(%0[12])", value)
        )
    )


def _to_uri(value: str) -> str:
    if value == _ANY:
        return ""
    return "".join(
        quote(quoted, safe="").lower() if quoted else {"?": "%01", "*": "%02"}.get(bare, bare)
        for quoted, bare in _SIGNS.findall(value)
    ).replace("~", "%7e")
