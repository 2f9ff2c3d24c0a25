"""Who read what for which purpose; and which fields nobody reads."""

from collections.abc import Mapping
from typing import Any

from careful import customer_data, people
from careful.customer_data import LoggedRead
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.actors import Actor
from careful.kernel.work import World

ORDER = 40
ID, TITLE = "reads", "Who read what"
NOTE = "Every read of what devices said, by its declared purpose. Values are never kept here."
TEMPLATE = "console/data/reads.html"
KEYS = ("reads",)
MOST = 100
_COLUMNS: tuple[Column[LoggedRead], ...] = (
    Column("When", "when", lambda one: one.at, down_first=True),
    Column("Who", "who", lambda one: one.actor),
    Column("Purpose", "purpose", lambda one: one.purpose),
    Column("Device", "device", lambda one: one.device),
    Column("Stream", "stream", lambda one: one.stream),
    Column("Fields"),
    Column("Withheld"),
    Column("Records", "records", lambda one: one.records, num=True, down_first=True),
)


def shown(world: World, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the log, and what nobody reads."""
    product = asked["product"]
    rows = [one for one in customer_data.reads(world, most=MOST) if product in {"", one.product}]
    unread = customer_data.unread(customer_data.uses(world, product or None), world.clock.now())
    return {"table": arrange(rows, _COLUMNS, "/data", asked, name="reads"), "unread": unread, "who": _names(world)}


def _names(world: World) -> Mapping[str, str]:
    return {str(Actor("staff", one)): name for one, name in people.names(world).items()}
