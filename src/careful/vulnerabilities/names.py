"""Names in words as CPE names: `Apache Software Foundation`, `Apache Airflow` is `apache:airflow`.

CPE writes names in small letters with underscores (NISTIR 7695, section 5.3.3). What cannot be a name is none. Where
the world's lists know a product by another name than its maker, `aliases.toml` says so, each line with its source.
"""

import re
from functools import lru_cache

from careful.releases import parse_cpe
from careful.vulnerabilities.aliases import Aliases, Name, shipped

_NONE = {"", "n/a", "na", "-", "unknown", "unspecified", "multiple vendors", "various"}
_FORGE = re.compile(
    r"(?:https?://)?(?:www\.)?(?:(?:github|gitlab|gitee)\.com|codeberg\.org|bitbucket\.org|gitlab\.[a-z0-9.-]+)"
    r"/(?P<owner>[^/\s]+)/(?P<name>[^/\s#?]+)/?"
)
_ADDRESS = re.compile(r"[a-z+]+://[^/\s]+/(?:[^\s#?]*/)?(?P<name>[^/\s#?]+)/?")
_TAIL = re.compile(r"(?:[ ,]+(?:inc|llc|ltd|gmbh|ag|corp|corporation|co|group|foundation|software|project|team))+\.?$")
_LONGEST = 100


@lru_cache(maxsize=16_384)
def named_in_words(vendor: str | None, product: str | None) -> tuple[Name, ...]:
    """Return the CPE names that the words may mean, the plainest first; empty where they name nothing."""
    words = _words(vendor, product)
    return tuple(dict.fromkeys([*words, *(name for one in words for name in shipped().by_words.get(one, ()))]))


def known_by_words(vendor: str, product: str, aliases: Aliases) -> tuple[tuple[Name, ...], tuple[Name, ...]]:
    """Return the CPE names that a table knows for a supplier and a name, and those that the words alone make.

    Where no supplier is stated, only the table can tell: names of products collide.
    """
    words = _words(vendor, product)
    asked = [*words, *(("*", title) for _, title in words)]
    told = [name for one in asked for name in aliases.by_words.get(one, ())]
    known = tuple(dict.fromkeys([*told, *(one for one in words if one in aliases.others)]))
    return known, tuple(one for one in words if one[0] != "*" and one not in known)


def _words(vendor: str | None, product: str | None) -> list[Name]:
    owner, name = _plain(vendor), _plain(product)
    forge = _FORGE.fullmatch(name)
    if forge:
        owner, name = forge["owner"], forge["name"].removesuffix(".git")
    elif address := _ADDRESS.fullmatch(name):  # a repository elsewhere, whose owner its address does not tell
        name = address["name"].removesuffix(".git")
    if not name or max(len(owner), len(name)) > _LONGEST:
        return []
    short = _TAIL.sub("", owner).strip()
    titles = [name, name.removeprefix(f"{short} ")] if short else [name]
    if name.startswith(f"{owner}/"):  # some give owner/name as the product
        titles.append(name.removeprefix(f"{owner}/"))
    owners = [owner, short] if owner else ["*"]
    found = dict.fromkeys((_value(one), _value(title)) for one in owners for title in titles if title)
    return [(owner, title) for owner, title in found if parse_cpe(f"cpe:2.3:*:{owner}:{title}:*:*:*:*:*:*:*:*")]


def _plain(text: str | None) -> str:
    low = re.sub(r"\s+", " ", (text or "").strip().lower())
    return "" if low in _NONE else low


def _value(text: str) -> str:
    return text if text == "*" else re.sub(r"([^a-z0-9_.\-])", r"\\\1", text.replace(" ", "_"))
