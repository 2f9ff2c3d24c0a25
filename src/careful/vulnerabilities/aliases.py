"""Products that go by several names: the shipped table, and a maker's own on top of it; pure but for reading files.

A line says in `words` what records and SBOMs call a product ("vendor:product", in small letters with underscores; the
vendor `*` where any may be meant), in `cpe` what it is called in CPE, and in `source` where both names stand.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from careful.kernel.errors import Invalid
from careful.releases import parse_cpe

FILE = "aliases.toml"
"""Its name in the folder of an installation."""

Name = tuple[str, str]
"""Vendor and product, escaped as in a CPE name; the vendor `*` where none is named."""

_KEYS = {"words", "cpe", "source"}
_MOST_BYTES, _MOST, _MOST_SHOWN = 1 << 20, 10_000, 5
_DO = 'Write each as { words = ["vendor:product"], cpe = "vendor:product", source = "where both names stand" }.'


@dataclass(frozen=True, slots=True)
class Aliases:
    """Which names mean the same product: CPE names by words, and all other names of a CPE name."""

    by_words: Mapping[Name, tuple[Name, ...]] = field(default_factory=dict)
    others: Mapping[Name, tuple[Name, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[tuple[Name, Name]]) -> "Aliases":
        """Make the table of pairs of words and CPE name."""
        by_words: dict[Name, dict[Name, None]] = {}
        others: dict[Name, dict[Name, None]] = {}
        for words, cpe in pairs:
            by_words.setdefault(words, {})[cpe] = None
            if "*" not in {words[0], cpe[0]} and words != cpe:
                others.setdefault(words, {})[cpe] = None
                others.setdefault(cpe, {})[words] = None
        return cls(
            {name: tuple(found) for name, found in by_words.items()},
            {name: tuple(found) for name, found in others.items()},
        )

    def plus(self, more: "Aliases") -> "Aliases":
        """Return both tables as one."""
        return Aliases.of(
            (words, cpe) for table in (self, more) for words, names in table.by_words.items() for cpe in names
        )


@lru_cache(maxsize=1)
def shipped() -> Aliases:
    """Return the table that comes with the program."""
    return read(resources.files("careful.vulnerabilities").joinpath(FILE).read_text("utf-8"), FILE)


def with_own(file: Path) -> Aliases:
    """Return the shipped table and a maker's file, just the shipped one where there is no such file. Raises Invalid."""
    if not file.exists():
        return shipped()
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise Invalid(f"{file.name} cannot be read: {failure}.", do=_DO, where=str(file)) from failure
    if len(content) > _MOST_BYTES:
        raise Invalid(f"{file.name} has more than {_MOST_BYTES >> 20} MiB.", do=_DO, where=str(file))
    return shipped().plus(read(text, str(file)))


def read(text: str, where: str) -> Aliases:
    """Read a table. Raises Invalid, naming each line of it that is wrong and why."""
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise Invalid(f"The table of names is no TOML: {wrong}.", do=_DO, where=where) from wrong
    listed = raw.get("alias")
    if not isinstance(listed, list) or set(raw) != {"alias"} or len(listed) > _MOST:
        raise Invalid(f"The table of names is one list, `alias`, of at most {_MOST:,} lines.", do=_DO, where=where)
    wrong_ones = [f"alias {number}: {why}" for number, one in enumerate(listed, 1) if (why := _why_not(one))]
    if wrong_ones:
        more = f"; and {len(wrong_ones) - _MOST_SHOWN} more" if len(wrong_ones) > _MOST_SHOWN else ""
        raise Invalid(
            f"The table of names has errors: {'; '.join(wrong_ones[:_MOST_SHOWN])}{more}.", do=_DO, where=where
        )
    return Aliases.of(_pairs(listed))


def _pairs(listed: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Name, Name]]:
    for one in listed:
        for words in one["words"]:
            yield _name(words), _name(one["cpe"])


def _name(text: str) -> Name:
    vendor, _, product = text.partition(":")
    return vendor, product


def _why_not(one: object) -> str:
    if not isinstance(one, dict) or set(one) != _KEYS:
        return f"expected {', '.join(sorted(_KEYS))}"
    words = one["words"]
    if not isinstance(words, list) or not words or not isinstance(one["source"], str) or not one["source"].strip():
        return "expected words as a list and source as a text that is not empty"
    for text in (*words, one["cpe"]):
        vendor, product = _name(text) if isinstance(text, str) else ("", "")
        if (
            not parse_cpe(f"cpe:2.3:a:{vendor}:{product}:*:*:*:*:*:*:*:*")
            or product in {"*", "-"}
            or text != text.lower()
        ):
            return f'{str(text)[:60]!r} is no "vendor:product" in small letters with underscores'
    return "the vendor of a CPE name is missing" if one["cpe"].startswith("*:") else ""
