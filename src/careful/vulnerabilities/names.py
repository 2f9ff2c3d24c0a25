"""Names in words as CPE names: `Apache Software Foundation`, `Apache Airflow` is `apache:airflow`.

CPE writes names in small letters with underscores (NISTIR 7695, section 5.3.3). What cannot be a name is none. Where
the world's lists know a product by another name than its maker, `aliases.toml` says so, each line with its source.
"""

import re
import tomllib
from functools import lru_cache
from importlib import resources

from careful.releases import parse_cpe

_NONE = {"", "n/a", "na", "-", "unknown", "unspecified", "multiple vendors", "various"}
_FORGE = re.compile(r"(?:https?://)?(?:www\.)?(?:github|gitlab)\.com/(?P<owner>[^/\s]+)/(?P<name>[^/\s#?]+)")
_TAIL = re.compile(r"(?:[ ,]+(?:inc|llc|ltd|gmbh|ag|corp|corporation|co|group|foundation|software|project|team))+\.?$")
_LONGEST = 100
Name = tuple[str, str]
"""Vendor and product, escaped as in a CPE name; the vendor `*` where none is named."""


def named_in_words(vendor: str | None, product: str | None) -> tuple[Name, ...]:
    """Return the CPE names that the words may mean, the plainest first; empty where they name nothing."""
    owner, name = _plain(vendor), _plain(product)
    forge = _FORGE.fullmatch(name)
    if forge:
        owner, name = forge["owner"], forge["name"].removesuffix(".git")
    if not name or max(len(owner), len(name)) > _LONGEST:
        return ()
    short = _TAIL.sub("", owner).strip()
    titles = [name, name.removeprefix(f"{short} ")] if short else [name]
    if name.startswith(f"{owner}/"):  # some give owner/name as the product
        titles.append(name.removeprefix(f"{owner}/"))
    owners = [owner, short] if owner else ["*"]
    words = [(_value(one), _value(title)) for one in owners for title in titles if title]
    found = dict.fromkeys([*words, *(known for one in words for known in _aliases().get(one, ()))])
    return tuple((owner, title) for owner, title in found if parse_cpe(f"cpe:2.3:*:{owner}:{title}:*:*:*:*:*:*:*:*"))


@lru_cache(maxsize=1)
def _aliases() -> dict[Name, tuple[Name, ...]]:
    listed = tomllib.loads(resources.files("careful.vulnerabilities").joinpath("aliases.toml").read_text("utf-8"))
    found: dict[Name, tuple[Name, ...]] = {}
    for one in listed["alias"]:
        vendor, _, product = one["cpe"].partition(":")
        for words in one["words"]:
            theirs, _, title = words.partition(":")
            found[theirs, title] = (*found.get((theirs, title), ()), (vendor, product))
    return found


def _plain(text: str | None) -> str:
    low = re.sub(r"\s+", " ", (text or "").strip().lower())
    return "" if low in _NONE else low


def _value(text: str) -> str:
    return text if text == "*" else re.sub(r"([^a-z0-9_.\-])", r"\\\1", text.replace(" ", "_"))
