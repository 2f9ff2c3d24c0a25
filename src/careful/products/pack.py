"""Reading a law pack: the data file as typed, frozen values, refused as a whole where anything in it is odd."""

from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Any

from pydantic import Field

from careful.kernel.database import canonical_json
from careful.products.reading import read
from careful.products.vocabulary import Part

Condition = dict[str, Any]
"""A condition as written: exactly one of all, any, not, sold_in, use, some, or a field with `is` or `in`."""


class Due(Part):
    """A span of wall-clock time."""

    hours: int | None = None
    days: int | None = None
    months: int | None = None

    def __str__(self) -> str:
        amount, unit = next((n, u) for n, u in ((self.hours, "hour"), (self.days, "day"), (self.months, "month")) if n)
        return f"{amount} {unit}" if amount == 1 else f"{amount} {unit}s"


class LawClock(Part):
    """How long there is: from what, how much, until what. It never pauses."""

    id: str
    starts: str
    due: Due
    stops: str


class Obligation(Part):
    """One thing that a law asks, in our words, and the recommendations whose evidence serves it."""

    id: str
    says: str
    recommendations: tuple[str, ...]


class Law(Part):
    """One law, as data."""

    id: str
    title: str
    citation: str
    source: str
    since: date = Field(alias="from")
    until: date | None = None
    when: Condition
    obligations: tuple[Obligation, ...]
    clocks: tuple[LawClock, ...]

    def in_force(self, on: date) -> bool:
        """Tell whether it binds on a day."""
        return self.since <= on and (self.until is None or on <= self.until)


class Definition(Part):
    """A condition with a name, said in words."""

    says: str
    when: Condition


class LawPack(Part):
    """One version of the pack: what was known on a day, and who has reviewed it, if anybody has."""

    pack: str
    version: date
    as_of: date
    reviewed_by: str | None
    note: str
    regions: dict[str, tuple[str, ...]]
    """Region -> its countries: what is sold there is sold in the region."""
    definitions: dict[str, Definition]
    laws: tuple[Law, ...]

    @property
    def caution(self) -> str:
        """Say what an answer from this pack is worth."""
        review = f"reviewed by {self.reviewed_by}" if self.reviewed_by else "not reviewed by a lawyer"
        return f"Not legal advice; laws as known on {self.as_of.isoformat()}, {review}."


def read_pack(text: bytes, name: str) -> LawPack:
    """Read a pack. Raises Unreadable, or ValueError (pydantic's) where it is no pack."""
    return LawPack.model_validate_json(canonical_json(read(text, name).value))


@lru_cache(maxsize=1)
def laws_pack() -> LawPack:
    """Return the pack that ships with Careful."""
    return read_pack(resources.files("careful.products.packs").joinpath("laws.yaml").read_bytes(), "laws.yaml")
