"""Matching of CPE 2.3 names (NISTIR 7696); reading them is the releases' affair; pure."""

from careful.releases import Cpe, parse_cpe, unescaped
from careful.vulnerabilities.ranges import Hit

ANY, NA = "*", "-"
_NAMES = ("part", "vendor", "product")
_PLACES = ("edition", "sw_edition", "target_sw", "target_hw")
_BARE_WILD = ("*", "?")


def parse(text: str) -> Cpe:
    """Read a CPE name. Raises ValueError where it is none."""
    found = parse_cpe(text)
    if found is None:
        raise ValueError(f"{text[:80]!r} is no CPE name")
    return found


def fit(ours: Cpe, theirs: Cpe) -> tuple[Hit, str]:
    """Tell whether a feed's name may mean our component, versions apart, and what makes it a matter to check.

    Part, vendor and product must be equal or open on a side. A vendor left open, or a place (edition, target) that the
    feed narrows and our name leaves open, is for a person to check.
    """
    if not all(_may_be(getattr(ours, name), getattr(theirs, name)) for name in _NAMES):
        return "no", ""
    doubt = ""
    if ours.vendor == ANY and theirs.vendor != ANY:
        doubt = f"the SBOM names no vendor, the feed says {unescaped(theirs.vendor)}"
    elif theirs.vendor == ANY:
        doubt = "the record names no vendor"
    for name in _PLACES:
        mine, wanted = getattr(ours, name), getattr(theirs, name)
        if wanted in {ANY, NA} or mine == wanted:
            continue
        if mine not in {ANY, NA}:
            return "no", ""
        doubt = f"only for {name} {unescaped(wanted)}"
    return ("check", doubt) if doubt else ("yes", "")


def version_of(name: Cpe) -> str:
    """Return version and update as one text (`1.0.2` and `beta1` are `1.0.2beta1`), empty where it names none."""
    if name.version in {ANY, NA}:
        return ""
    update = "" if name.update in {ANY, NA} else unescaped(name.update)
    return unescaped(name.version) + update


def without_version(text: str) -> str:
    """Return a CPE name without version and update: what the names of a product have in common; else the text."""
    one = parse_cpe(text)
    if one is None:
        return text
    rest = (one.edition, one.language, one.sw_edition, one.target_sw, one.target_hw, one.other)
    return ":".join(("cpe:2.3", one.part, one.vendor, one.product, ANY, ANY, *rest))


def is_wild(name: Cpe) -> bool:
    """Tell whether the version has a wildcard inside (`1.2.*`), which no order can place."""
    bare = name.version.replace("\\*", "").replace("\\?", "")
    return name.version not in {ANY, NA} and any(sign in bare for sign in _BARE_WILD)


def _may_be(one: str, other: str) -> bool:
    return one == other or ANY in {one, other} or unescaped(one) == unescaped(other)
