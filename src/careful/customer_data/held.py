"""What is held of a device's present customer, and who opened it: for that customer's own eyes; no staff is named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from careful import devices, people, products
from careful.customer_data import queries, reads_store, receipts_store
from careful.customer_data.reading import REQUEST, Reading, open_whole
from careful.customer_data.stores import records_of
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid
from careful.kernel.work import World
from careful.products import FieldRule

COUNT_MOST = 10_000
"""Records of one stream that are counted for a page; the export has them all."""
SHOWN_MOST = 100
_OPENINGS_MOST = 500
_WHO: Mapping[str, str] = {
    "token": "a program of ours",
    "operator": "whoever runs our server",
    "system": "our system by itself",
    "device": "the device",
}


@dataclass(frozen=True, slots=True)
class HeldStream:
    """One kind of data, such as `up/climate`: what it may hold, how many records there are, from when to when."""

    stream: str
    fields: tuple[FieldRule, ...]
    records: int
    more: bool
    """Whether there are more than were counted; then the oldest is not known here."""
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Opening:
    """That somebody on the maker's side opened readings: in which role, what for, how many."""

    at: datetime
    who: str
    purpose: str
    stream: str
    fields: tuple[str, ...]
    records: int


def time_began(world: World, device: str) -> datetime | None:
    """Return since when what a device said is its present customer's: the end of the time before, if there was one."""
    ended = [one.ended_at for one in queries.customers_of(world, device) if one.ended_at is not None]
    with world.look() as connection:
        ended += [one.at for one in receipts_store.listed(connection, device=device)]
    return max(ended, default=None)


def held(world: World, device: str) -> list[HeldStream]:
    """Return what kinds of data a device's product declares, each with what is stored for the present customer."""
    known = devices.get(world, device)
    permit, since, records = products.permit_of(world, known.product), time_began(world, device), records_of(world)
    found = []
    for topic, shape in (
        *((f"up/{name}", one) for name, one in permit.streams.items()),
        *((f"event/{name}", one) for name, one in permit.shapes.items()),
    ):
        rows = records.read(device, topics=(topic,), since=since, most=COUNT_MOST + 1)
        times, more = [row.at for row in rows], len(rows) > COUNT_MOST
        found.append(
            HeldStream(
                topic, tuple(shape.rules.values()), min(len(rows), COUNT_MOST), more,
                None if more or not times else min(times), max(times, default=None),
            )
        )  # fmt: skip
    return found


def own_readings(world: World, actor: Actor, device: str, stream: str, most: int = SHOWN_MOST) -> list[Reading]:
    """Return the newest readings of one stream, whole, to their own customer; logged like any read."""
    if actor.kind != "owner":
        raise Invalid("Only a device's owner reads so.", do="Use: careful data read DEVICE --purpose …")
    rows = records_of(world).read(device, topics=(stream,), since=time_began(world, device), most=most)
    return open_whole(world, actor, device, rows, REQUEST)


def openings(world: World, device: str) -> list[Opening]:
    """Return who opened what of the present customer, the newest first, by role; the customer's own visits left out."""
    since = time_began(world, device)
    with world.look() as connection:
        rows = reads_store.reads(connection, device=device, most=_OPENINGS_MOST)
    return [
        Opening(row.at, who_of(world, row.actor), row.purpose, row.stream, tuple(row.fields), row.records)
        for row in rows
        if (since is None or row.at >= since) and row.records and _kind(row) != "owner"
    ]


def who_of(world: World, actor: str) -> str:
    """Return in which role somebody acted, in words; never who it was."""
    kind, _, one = actor.partition(":")
    if kind != "staff":
        return _WHO.get(kind, "somebody on our side")
    roles = people.roles_of(world, Actor("staff", one))
    return " and ".join(sorted(role.replace("-", " ") for role in roles)) or "somebody who left"


def _kind(row: Any) -> str:  # noqa: ANN401 (a row of the log)
    return str(row.actor).partition(":")[0]
