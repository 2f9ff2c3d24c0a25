"""The tables of what else is known of a device, traits and crashes, and every statement over them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    Text,
    delete,
    select,
    type_coerce,
    update,
)

from careful.devices.model import Crashed, Traits
from careful.kernel.database import JSONText, Moment, metadata, upsert

_AT_ONCE = 1000

traits = Table(
    "devices_traits",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("product", String(64), nullable=False, index=True),
    Column("region", String(32), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("consent", String(12), nullable=False),
    Column("tags", JSONText, nullable=False),
)
crash = Table(
    "devices_crash",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("hour", Moment, primary_key=True),
    Column("product", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("times", Integer, nullable=False),
    Index("ix_devices_crash_of_product", "product", "hour"),
)
crash_counter = Table(
    "devices_crash_counter",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("said", Integer, nullable=False),
)


def put_traits(connection: Connection, device: str, product: str, said: Traits) -> None:
    """Keep a device's traits."""
    words = {"region": said.region, "zone": said.zone, "consent": said.consent, "tags": list(said.tags)}
    upsert(connection, traits, [{"device": device, "product": product, **words}], ["device"])


def traits_in(connection: Connection, product: str) -> dict[str, Traits]:
    """Return the traits of a product's devices, where anything was said of them."""
    rows = connection.execute(select(traits).where(traits.c.product == product))
    return {row.device: _as_traits(row) for row in rows}


def traits_for(connection: Connection, devices: Sequence[str]) -> dict[str, Traits]:
    """Return the traits of those of `devices` of which anything was said."""
    found: dict[str, Traits] = {}
    for start in range(0, len(devices), _AT_ONCE):
        rows = connection.execute(select(traits).where(traits.c.device.in_(devices[start : start + _AT_ONCE])))
        found.update((row.device, _as_traits(row)) for row in rows)
    return found


def _as_traits(row: Row[Any]) -> Traits:
    return Traits(region=row.region, zone=row.zone, consent=row.consent, tags=tuple(row.tags))


def in_region(region: str) -> Select[tuple[str]]:
    """Return the query for the devices of a region."""
    return select(traits.c.device).where(traits.c.region == region)


def tagged(tag: str) -> Select[tuple[str]]:
    """Return the query for the devices with a tag; tags are words without quotes, kept as canonical JSON."""
    return select(traits.c.device).where(type_coerce(traits.c.tags, Text).contains(f'"{tag}"', autoescape=True))


def crash_counters(connection: Connection, devices: Sequence[str]) -> dict[str, int]:
    """Return device -> what its crash counter stood at."""
    found: dict[str, int] = {}
    for start in range(0, len(devices), _AT_ONCE):
        query = select(crash_counter).where(crash_counter.c.device.in_(devices[start : start + _AT_ONCE]))
        found.update((row.device, row.said) for row in connection.execute(query))
    return found


def put_crash_counters(connection: Connection, counts: Mapping[str, int]) -> None:
    """Keep what devices' crash counters stand at."""
    rows = [{"device": device, "said": said} for device, said in sorted(counts.items())]
    upsert(connection, crash_counter, rows, ["device"])


def add_crashes(connection: Connection, device: str, product: str, said: Crashed) -> None:
    """Add to the crashes of one hour; the version is the one of the hour's last crash."""
    here = (crash.c.device == device, crash.c.hour == said.hour)
    row = {"device": device, "hour": said.hour, "product": product, "version": said.version, "times": 0}
    upsert(connection, crash, [row], ["device", "hour"], change=[])
    connection.execute(update(crash).where(*here).values(times=crash.c.times + said.times, version=said.version))


def forget_crashes(connection: Connection, before: datetime) -> None:
    """Drop hours that no rollout asks about any more."""
    connection.execute(delete(crash).where(crash.c.hour < before))


def crashed(connection: Connection, product: str, since: datetime) -> list[Crashed]:
    """Return the hours since `since` in which devices of a product crashed."""
    query = (
        select(crash).where(crash.c.product == product, crash.c.hour >= since).order_by(crash.c.hour, crash.c.device)
    )
    return [
        Crashed(device=row.device, version=row.version, hour=row.hour, times=row.times)
        for row in connection.execute(query)
    ]
