"""How long what is kept is kept: promised beside measured, stream by stream."""

from collections.abc import Mapping
from typing import Any

from careful import customer_data
from careful.customer_data import Age
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.work import World

ORDER = 30
ID, TITLE = "kept", "Kept, and for how long"
NOTE = "The oldest record of each stream, measured in the store at least once a day, beside the days it may be kept."
TEMPLATE = "console/data/kept.html"
KEYS = ("kept",)
_COLUMNS: tuple[Column[Age], ...] = (
    Column("Stream", "stream", lambda one: (one.product, one.stream, one.field)),
    Column("Store", "store", lambda one: one.store),
    Column("May be kept", "limit", lambda one: one.limit_days, num=True, down_first=True),
    Column("Oldest", "oldest", lambda one: one.oldest),
    Column("Says", "says", lambda one: (not one.too_long, one.limit_days is not None)),
    Column("Measured", "measured", lambda one: one.as_of, down_first=True),
)


def shown(world: World, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the table, sorted as asked."""
    found = customer_data.ages(world, asked["product"] or None)
    rows = [one for one in found if one.personal or one.limit_days is not None]
    return {"table": arrange(rows, _COLUMNS, "/data", asked, name="kept")}
