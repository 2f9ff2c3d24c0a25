"""The tables of monitoring, and every statement that writes them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from careful.kernel.database import JSONText, Moment, metadata, upsert

alert = Table(
    "monitoring_alert",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("rule", String(40), nullable=False),
    Column("product", String(64), nullable=False),
    Column("cause", String(200), nullable=False),
    Column("open_cause", String(210), nullable=True, unique=True),
    Column("says", Text, nullable=False),
    Column("action", String(12), nullable=False),
    Column("limit", Float, nullable=False),
    Column("limit_from", String(12), nullable=False),
    Column("observed", Float, nullable=False),
    Column("devices", Integer, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False, index=True),
    Column("state", String(12), nullable=False, index=True),
    Column("drill", Boolean, nullable=False),
    Column("judged_by", String(200), nullable=False),
    Column("judged_at", Moment, nullable=True),
    Column("why", Text, nullable=False),
    Column("names", JSONText, nullable=False, server_default="[]"),
    Column("more", BigInteger, nullable=False, server_default="0"),
)
"""One row for each cause. `open_cause` is the cause while nobody has judged it: there is one such row at most."""

alert_device = Table(
    "monitoring_alert_device",
    metadata,
    Column("alert", String(32), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("product", String(64), nullable=False),
    Column("release", String(64), nullable=True),
    Column("fate", String(8), nullable=False, index=True),
    Column("says", Text, nullable=False),
    Column("observed", Float, nullable=False),
    Column("limit", Float, nullable=False),
    Column("past", JSONText, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("cut_at", Moment, nullable=True),
    Column("drill", Boolean, nullable=False),
    Index("ix_monitoring_alert_device_of", "device", "last_at"),
    Index("ix_monitoring_alert_device_cut", "product", "cut_at"),
)
expectation = Table(
    "monitoring_expectation",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("alert", String(32), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("cause", String(200), nullable=False, index=True),
    Column("scope", String(8), nullable=False),
    Column("value", String(64), nullable=False),
    Column("product", String(64), nullable=False),
    Column("until", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Column("by", String(200), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
    Column("times", BigInteger, nullable=False),
    Column("names", JSONText, nullable=False, server_default="[]"),
)
memory = Table(
    "monitoring_memory",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("kept", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)
"""What the detections remember of a device, so that a restart does not forget."""

nonce = Table(
    "monitoring_nonce",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("newest", String(64), nullable=False),
    Column("before", String(64), nullable=False),
    Column("at", Moment, nullable=False),
)
"""Digests of the last two nonces of each device that takes part in the chain."""

drill = Table(
    "monitoring_drill",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("began_at", Moment, nullable=False),
)
"""Devices that are a drill's, as long as it runs."""

AlertRow = Row[Any]


def hold(connection: Connection) -> None:
    """Let one at a time raise alerts: two would both fill the share of a fleet. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE monitoring_alert_device IN SHARE ROW EXCLUSIVE MODE"))


def open_alert(connection: Connection, cause: str) -> AlertRow | None:
    """Return the open alert of a cause, holding it until the transaction ends."""
    return connection.execute(select(alert).where(alert.c.open_cause == cause).with_for_update()).one_or_none()


def open_count(connection: Connection, rule: str, product: str, *, drill: bool) -> int:
    """Count the open alerts of one detection and product."""
    chosen = (alert.c.rule == rule) & (alert.c.product == product) & (alert.c.drill.is_(drill))
    query = select(func.count()).select_from(alert).where(chosen, alert.c.state == "open")
    return int(connection.execute(query).scalar_one())


def lock_alert(connection: Connection, wanted: str) -> AlertRow | None:
    """Return an alert, holding it until the transaction ends."""
    return connection.execute(select(alert).where(alert.c.id == wanted).with_for_update()).one_or_none()


def add_alert(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add an alert; where another server has just opened one of this cause, the rest of its row counts."""
    upsert(connection, alert, [row], ["open_cause"], change=[])


def change_alert(connection: Connection, wanted: str, **values: object) -> None:
    """Set columns of an alert."""
    connection.execute(update(alert).where(alert.c.id == wanted).values(**values))


def devices_in(connection: Connection, wanted: str, devices: Iterable[str]) -> dict[str, AlertRow]:
    """Return those of `devices` that are in an alert already."""
    query = select(alert_device).where(alert_device.c.alert == wanted, alert_device.c.device.in_(sorted(devices)))
    return {row.device: row for row in connection.execute(query)}


def put_devices(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add devices to an alert, or bring those in it up to date."""
    fixed = {"alert", "device", "first_at", "product", "drill"}
    if rows:
        changing = [name for name in rows[0] if name not in fixed]
        upsert(connection, alert_device, rows, ["alert", "device"], change=changing)


def set_fate(connection: Connection, wanted: str, devices: Sequence[str], fate: str, cut_at: datetime | None) -> None:
    """Note what became of devices in an alert."""
    chosen = (alert_device.c.alert == wanted) & alert_device.c.device.in_(devices)
    values: dict[str, object] = {"fate": fate} | ({} if cut_at is None else {"cut_at": cut_at})
    connection.execute(update(alert_device).where(chosen).values(**values))


def due(connection: Connection, limit: int) -> list[AlertRow]:
    """Return devices that are to be cut off and are not yet."""
    query = select(alert_device.c.alert, alert_device.c.device, alert_device.c.says).where(alert_device.c.fate == "due")
    return list(connection.execute(query.order_by(alert_device.c.device).limit(limit)))


def cut_since(connection: Connection, product: str, since: datetime) -> int:
    """Count devices of a product that were cut off (or are to be) without a person since a moment; drills apart."""
    query = select(func.count(func.distinct(alert_device.c.device))).where(
        alert_device.c.product == product, alert_device.c.cut_at > since, alert_device.c.drill.is_(False)
    )
    return int(connection.execute(query).scalar_one())


def held(connection: Connection, wanted: str) -> list[str]:
    """Return the devices of an alert that are held for a person."""
    query = select(alert_device.c.device).where(alert_device.c.alert == wanted, alert_device.c.fate == "held")
    return list(connection.execute(query.order_by(alert_device.c.device)).scalars())


def add_expectation(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep what a person said was expected."""
    connection.execute(insert(expectation), dict(row))


def end_expectation(connection: Connection, wanted: str, at: datetime) -> str | None:
    """End an expectation that had not ended; return its alert, None where there is none such."""
    living = (expectation.c.id == wanted) & expectation.c.ended_at.is_(None)
    query = select(expectation.c.alert).where(living).with_for_update()
    found: str | None = connection.execute(query).scalar_one_or_none()
    connection.execute(update(expectation).where(living).values(ended_at=at))
    return found


def count_expected(connection: Connection, wanted: str) -> None:
    """Count one detection that was expected."""
    chosen = update(expectation).where(expectation.c.id == wanted)
    connection.execute(chosen.values(times=expectation.c.times + 1))


def keep_memories(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what is remembered of devices."""
    upsert(connection, memory, rows, ["device"])


def kept_memories(connection: Connection, devices: Sequence[str]) -> dict[str, bytes]:
    """Return what was kept of devices."""
    query = select(memory.c.device, memory.c.kept).where(memory.c.device.in_(devices))
    return {row.device: row.kept for row in connection.execute(query)}


def nonces(connection: Connection, device: str, *, lock: bool = False) -> tuple[str, str] | None:
    """Return the digests of a device's last two nonces, newest first; None where it takes no part."""
    query = select(nonce.c.newest, nonce.c.before).where(nonce.c.device == device)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else (row.newest, row.before)


def put_nonces(connection: Connection, device: str, newest: str, before: str, at: datetime) -> None:
    """Keep the digests of a device's last two nonces."""
    row = {"device": device, "newest": newest, "before": before, "at": at}
    upsert(connection, nonce, [row], ["device"])


def drop_nonces(connection: Connection, device: str) -> int:
    """Begin a device's chain anew: the next nonce it presents, or none, is taken."""
    return connection.execute(delete(nonce).where(nonce.c.device == device)).rowcount


def begin_drill(connection: Connection, device: str, kind: str, at: datetime) -> None:
    """Mark a device as a drill's."""
    upsert(connection, drill, [{"device": device, "kind": kind, "began_at": at}], ["device"])


def close_drills(connection: Connection, device: str, by: str, at: datetime, why: str) -> None:
    """Close the open alerts that a drill's device caused: nobody need judge them."""
    mine = select(alert_device.c.alert).where(alert_device.c.device == device)
    chosen = alert.c.drill.is_(True) & (alert.c.state == "open") & alert.c.id.in_(mine)
    values = {"state": "expected", "open_cause": None, "judged_by": by, "judged_at": at, "why": why}
    connection.execute(update(alert).where(chosen).values(**values))


def forget(connection: Connection, device: str, *, drilled: bool = False) -> None:
    """Forget what was remembered of a device."""
    connection.execute(delete(memory).where(memory.c.device == device))
    connection.execute(delete(nonce).where(nonce.c.device == device))
    if drilled:
        connection.execute(delete(drill).where(drill.c.device == device))
