"""Refused at the door: what devices sent and was not taken, by release and field."""

from collections.abc import Mapping
from typing import Any

from careful import customer_data
from careful.customer_data import RefusedField
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.work import World

ORDER = 20
ID, TITLE = "refused", "Refused at the door"
NOTE = "What devices sent in the last 90 days and was not taken. No value is kept, only names."
TEMPLATE = "console/data/refused.html"
KEYS = ("kind", "release", "refused")
MOST = 500
WHY: Mapping[str, str] = {
    "undeclared-stream": "not declared",
    "undeclared-event": "event not declared",
    "undeclared-field": "field not declared",
    "wrong-type": "wrong type",
    "out-of-range": "out of range",
    "too-long": "too long",
    "missing-consent": "no consent yet",
    "over-rate": "over the declared rate",
    "future-time": "a time ahead of ours",
    "ancient-time": "older than it may be kept",
}
COLUMNS: tuple[Column[RefusedField], ...] = (
    Column("Field", "field", lambda one: (one.item, one.field)),
    Column("Why", "why", lambda one: one.kind),
    Column("Product", "product", lambda one: one.product),
    Column("Release", "release", lambda one: one.release or None),
    Column("Times", "times", lambda one: one.count, num=True, down_first=True),
    Column("Rest taken", "rest", lambda one: one.left_out, num=True, down_first=True),
    Column("Devices", "devices", lambda one: one.devices, num=True, down_first=True),
    Column("Last", "last", lambda one: one.last_at, down_first=True),
)


def shown(world: World, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the table, filtered and sorted as asked."""
    rows = customer_data.refused_fields(world, asked["product"] or None)
    wanted = [one for one in rows if asked["kind"] in {"", one.kind} and asked["release"] in {"", one.release}]
    return {
        "table": arrange(wanted[:MOST], COLUMNS, "/data", asked, name="refused"),
        "total": len(wanted),
        "any": bool(rows),
        "kinds": tuple((one, WHY[one]) for one in WHY),
        "releases": tuple((one, one) for one in sorted({each.release for each in rows if each.release})),
        "why": WHY,
        "pinned": sorted(customer_data.pinned_away(world, wanted[:MOST]).items()),
    }
