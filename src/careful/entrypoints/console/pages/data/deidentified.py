"""Sets for others without persons: for whom, which k was measured, what made it low, handed out or refused."""

from collections.abc import Mapping
from typing import Any

from careful import customer_data
from careful.customer_data import Measured
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.work import World

ORDER = 48
ID, TITLE = "deidentified", "De-identified sets for others"
NOTE = "Measured before each is handed out: k is the fewest persons who look alike. Below the declared k it is refused."
TEMPLATE = "console/data/deidentified.html"
KEYS = ("deidentified",)
_COLUMNS: tuple[Column[Measured], ...] = (
    Column("Set"),
    Column("Of", "of", lambda one: (one.product, one.stream)),
    Column("Recipient", "recipient", lambda one: one.recipient),
    Column("When", "when", lambda one: one.at, down_first=True),
    Column("Records", "records", lambda one: one.records, num=True, down_first=True),
    Column("k", "k", lambda one: one.k, num=True),
    Column("Made low by"),
)


def shown(world: World, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the table, sorted as asked."""
    rows = [one for one in customer_data.deidentified_sets(world) if asked["product"] in {"", one.product}]
    return {"table": arrange(rows, _COLUMNS, "/data", asked, name="deidentified")}
