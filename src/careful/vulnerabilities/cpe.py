"""Matching of CPE 2.3 names (NISTIR 7696); reading them is the releases' affair; pure."""

from careful.releases import Cpe, parse_cpe

ANY, NA = "*", "-"


def parse(text: str) -> Cpe:
    """Read a CPE name. Raises ValueError where it is none."""
    found = parse_cpe(text)
    if found is None:
        raise ValueError(f"{text[:80]!r} is no CPE name")
    return found


def names_fit(ours: Cpe, theirs: Cpe) -> bool:
    """Tell whether part, vendor and product may be the same thing; ANY fits everything, NA only itself."""
    pairs = ((ours.part, theirs.part), (ours.vendor, theirs.vendor), (ours.product, theirs.product))
    return all(one == other or ANY in {one, other} for one, other in pairs)
