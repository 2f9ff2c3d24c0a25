"""Declared beside observed: every data item of the product file in force, and what came of it."""

from collections.abc import Mapping
from typing import Any

from careful import customer_data
from careful.customer_data import ItemRow
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.work import World

ORDER = 10
ID, TITLE = "declared", "Declared, and seen"
NOTE = "What the product files in force say of each kind of data, beside what devices sent of it."
TEMPLATE = "console/data/declared.html"
KEYS = ("personal", "declared")
CHOICES = (("yes", "personal"), ("consent", "waits for a consent"), ("unseen", "never sent"))
_COLUMNS: tuple[Column[ItemRow], ...] = (
    Column("Data item", "item", lambda one: (one.product, one.item)),
    Column("Personal", "personal", lambda one: {True: 0, None: 1, False: 2}[one.personal]),
    Column("Purpose"),
    Column("Who gets it"),
    Column("Kept", "kept", lambda one: one.retention_days, num=True, down_first=True),
    Column("Consent", "consent", lambda one: one.consent),
    Column("At fault"),
    Column("Taken", "taken", lambda one: one.records if one.stream else None, num=True, down_first=True),
    Column("Last", "last", lambda one: one.last_at, down_first=True),
    Column("Refused", "refused", lambda one: one.refused, num=True, down_first=True),
)


def shown(world: World, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the table, filtered and sorted as asked."""
    rows = customer_data.data_table(world, asked["product"] or None)
    wanted = [one for one in rows if fits(one, asked["personal"])]
    return {
        "table": arrange(wanted, _COLUMNS, "/data", asked, name="declared"),
        "choices": CHOICES,
        "any": bool(rows),
    }


def fits(row: ItemRow, choice: str) -> bool:
    """Tell whether a row is among those chosen. Pure."""
    match choice:
        case "yes":
            return row.personal is not False or any(one.personal for one in row.fields)
        case "consent":
            return row.consent != "none" or any(one.consent != "none" for one in row.fields)
        case "unseen":
            return row.stream and (not row.records or bool(row.never_sent))
        case _:
            return True
