"""The tables of the updates domain, and every statement that writes them.

`updates_device` holds all that a poll needs in one row; its `change` numbers let a gateway learn, with one small read,
whose row is new since it last looked. Orders end by statements that ask for an open order, so that of two that would
end one (a report and a deadline) exactly one does.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    false,
    func,
    insert,
    select,
    text,
    update,
)

from careful.kernel.database import JSONText, Moment, metadata, upsert
from careful.updates import delta_store as _delta_store  # noqa: F401 (its table is the domain's too)
from careful.updates import manifest_store as _manifest_store  # noqa: F401 (its table too)
from careful.updates.model import OPEN_ORDER, Member, MemberState, Order, OrderState, Report, Status

MISSED: tuple[MemberState, ...] = ("failed", "silent")
UNDER_WAY: tuple[MemberState, ...] = ("offered", "deferred")
NOT_BEGUN: tuple[MemberState, ...] = ("waiting", "offered", "deferred")
UNSETTLED: tuple[MemberState, ...] = ("waiting", "deferred", "offered", "installed", "failed", "silent")
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_NAME = String(64)

rollout = Table(
    "updates_rollout",
    metadata,
    Column("id", _NAME, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("product", _NAME, nullable=False, index=True),
    Column("version", _NAME, nullable=False),
    Column("release", _NAME, nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("limits", JSONText, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("asked", JSONText, nullable=False),
    Column("opened", JSONText, nullable=False),
    Column("excluded", JSONText, nullable=False),
    Column("policy", JSONText, nullable=False, server_default="{}"),
    Column("rules", JSONText, nullable=False, server_default="[]"),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment, nullable=True),
)
member = Table(
    "updates_member",
    metadata,
    Column("rollout", _NAME, primary_key=True),
    Column("device", _NAME, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("deadline", Moment, nullable=True),
    Column("excused", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("first_offered", Moment, nullable=True),
    Column("changed_at", Moment, nullable=True),
    Index("ix_updates_member_by_state", "rollout", "wave", "state"),
    Index("ix_updates_member_of_device", "device", "rollout"),
)
order = Table(
    "updates_order",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("device", _NAME, nullable=False, index=True),
    Column("product", _NAME, nullable=False),
    Column("release", _NAME, nullable=False),
    Column("version", _NAME, nullable=False),
    Column("rollout", _NAME, nullable=False, index=True),
    Column("drill", String(16), nullable=False),
    Column("state", String(12), nullable=False),
    Column("cancelling", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
    Column("statuses", Integer, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("retrieved_at", Moment, nullable=True),
    Column("deadline", Moment, nullable=False),
    Column("closed_at", Moment, nullable=True),
    Column("forced_from", Moment, nullable=True),
    Column("window", String(96), nullable=False, server_default=text("''")),
    Column("needs_confirmation", Boolean, nullable=False, server_default=false()),
    Column("confirmed_at", Moment, nullable=True),
    Column("conditions", JSONText, nullable=False, server_default="{}"),
    Column("progress", String(12), nullable=False, server_default="assigned"),
    Index("ix_updates_order_due", "state", "deadline"),
)
status = Table(
    "updates_status",
    metadata,
    Column("order", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("execution", String(32), nullable=False),
    Column("finished", String(8), nullable=False),
    Column("code", Integer, nullable=True),
    Column("details", JSONText, nullable=False),
    Column("late", Boolean, nullable=False),
)
device = Table(
    "updates_device",
    metadata,
    Column("device", _NAME, primary_key=True),
    Column("action", Integer, nullable=True),
    Column("cancelling", Boolean, nullable=False),
    Column("installed", Integer, nullable=True),
    Column("wants_attributes", Boolean, nullable=False),
    Column("attributes", JSONText, nullable=False),
    Column("postponed_until", Moment, nullable=True),
    Column("asking", Boolean, nullable=False, server_default=false()),
    Column("forced_from", Moment, nullable=True),
    Column("window", String(96), nullable=False, server_default=text("''")),
    Column("confirms", JSONText, nullable=True),
    Column("change", _NUMBER, nullable=False, unique=True),
)
counter = Table(
    "updates_counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", _NUMBER, nullable=False),
)


def next_number(connection: Connection, name: str, by: int = 1) -> int:
    """Count on by `by` and return the first of the new numbers; the row's lock makes number order commit order."""
    counted = (
        update(counter).where(counter.c.name == name).values(value=counter.c.value + by).returning(counter.c.value)
    )
    value = connection.execute(counted).scalar_one_or_none()
    if value is None:
        upsert(connection, counter, [{"name": name, "value": 0}], ["name"], [])
        value = connection.execute(counted).scalar_one()
    return int(value) - by + 1


def set_number(connection: Connection, name: str, value: int) -> None:
    """Set a counter, such as how far the ledger was read."""
    upsert(connection, counter, [{"name": name, "value": value}], ["name"])


def get_number(connection: Connection, name: str) -> int:
    """Return a counter, 0 before its first use."""
    return connection.execute(select(counter.c.value).where(counter.c.name == name)).scalar_one_or_none() or 0


_FRESH: Mapping[str, Any] = {
    "action": None,
    "cancelling": False,
    "installed": None,
    "wants_attributes": True,
    "attributes": {},
    "asking": False,
    "forced_from": None,
    "window": "",
    "confirms": None,
}


def turn_devices(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change what polls of devices are told; each of `rows` names `device` and the same columns to change."""
    if not rows:
        return
    first = next_number(connection, "change", len(rows))
    named = [{**_FRESH, **row, "change": first + place} for place, row in enumerate(rows)]
    upsert(connection, device, named, ["device"], [*(name for name in rows[0] if name != "device"), "change"])


def turn_device(connection: Connection, name: str, **values: object) -> None:
    """Change what polls of one device are told, making its row at first."""
    turn_devices(connection, [{"device": name, **values}])


def add_rollout(connection: Connection, values: Mapping[str, Any], members: Sequence[Member]) -> None:
    """Store a new rollout with its devices, all waiting."""
    number = next_number(connection, "rollout")
    connection.execute(insert(rollout).values(number=number, **values))
    rows = [
        {
            "rollout": values["id"],
            "device": one.device,
            "place": place,
            "wave": one.wave,
            "state": one.state,
            "attempts": 0,
            "excused": False,
            "detail": "",
            "outcome": "",
        }
        for place, one in enumerate(members)
    ]
    connection.execute(insert(member), rows)


def next_generation(connection: Connection, name: str, generation: int, **values: object) -> bool:
    """Change a rollout that is still of `generation`, and lock it; tell whether it was."""
    changed = (
        update(rollout)
        .where(rollout.c.id == name, rollout.c.generation == generation)
        .values(generation=generation + 1, **values)
    )
    return connection.execute(changed).rowcount == 1


def lock_rollout(connection: Connection, name: str) -> bool:
    """Begin a new generation of a rollout, whatever it is now, and lock it; tell whether there is such a rollout."""
    changed = update(rollout).where(rollout.c.id == name).values(generation=rollout.c.generation + 1)
    return connection.execute(changed).rowcount == 1


def set_rollout(connection: Connection, name: str, **values: object) -> None:
    """Change a rollout that was locked before."""
    connection.execute(update(rollout).where(rollout.c.id == name).values(**values))


def set_member(
    connection: Connection, name: str, devices: Sequence[str], was: Sequence[MemberState], **values: object
) -> list[str]:
    """Change those of `devices` that are in one of the states `was`, and return them."""
    changed: list[str] = []
    for start in range(0, len(devices), 500):
        part = devices[start : start + 500]
        rows = connection.execute(
            update(member)
            .where(member.c.rollout == name, member.c.device.in_(part), member.c.state.in_(was))
            .values(**values)
            .returning(member.c.device)
        )
        changed.extend(rows.scalars())
    return sorted(changed)


def offer_to(connection: Connection, name: str, devices: Sequence[str], now: datetime, deadline: datetime) -> list[str]:
    """Mark waiting, failed or silent devices as offered, counting the try; return those that were."""
    return set_member(
        connection,
        name,
        devices,
        ("waiting", "deferred", "failed", "silent"),
        state="offered",
        attempts=member.c.attempts + 1,
        deadline=deadline,
        first_offered=func.coalesce(member.c.first_offered, now),
        changed_at=now,
        detail="",
    )


def take_back(connection: Connection, name: str, devices: Sequence[str], now: datetime) -> list[str]:
    """Mark offered devices as waiting again: the try came to nothing, and does not count."""
    return set_member(
        connection,
        name,
        devices,
        UNDER_WAY,
        state="waiting",
        attempts=member.c.attempts - 1,
        deadline=None,
        changed_at=now,
    )


_FRESH_ORDER: Mapping[str, Any] = {
    "state": "offered",
    "cancelling": False,
    "detail": "",
    "statuses": 0,
    "progress": "assigned",
    "conditions": {},
    "forced_from": None,
    "window": "",
    "needs_confirmation": False,
    "confirmed_at": None,
}


def add_orders(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new orders, and let the devices' polls tell them."""
    agreeing = _agreeing(connection, [row["device"] for row in rows if row.get("needs_confirmation")])
    made = [
        {**_FRESH_ORDER, "confirmed_at": row["made_at"] if row["device"] in agreeing else None, **row} for row in rows
    ]
    connection.execute(insert(order), made)
    told = [
        {
            "device": row["device"],
            "action": row["id"],
            "cancelling": False,
            "asking": row["needs_confirmation"] and row["confirmed_at"] is None,
            "forced_from": row["forced_from"],
            "window": row["window"],
        }
        for row in made
    ]
    turn_devices(connection, told)


def _agreeing(connection: Connection, devices: Sequence[str]) -> set[str]:
    """Return those of `devices` that agree to every order by themselves."""
    found: set[str] = set()
    for start in range(0, len(devices), 500):
        part = device.c.device.in_(devices[start : start + 500])
        found.update(connection.execute(select(device.c.device).where(part, device.c.confirms.is_not(None))).scalars())
    return found


def withdraw(
    connection: Connection, name: str, now: datetime, *, of: Sequence[str] | None = None, read_too: bool = False
) -> list[str]:
    """Cancel a rollout's orders that no device has read yet (or all that are open), those of some devices or of all.

    Return the devices.
    """
    states = OPEN_ORDER if read_too else ("offered",)
    changed = (
        update(order)
        .where(order.c.rollout == name, order.c.state.in_(states))
        .values(state="cancelled", closed_at=now, detail="withdrawn")
        .returning(order.c.device)
    )
    parts = [of[start : start + 500] for start in range(0, len(of), 500)] if of is not None else [None]
    statements = [changed if part is None else changed.where(order.c.device.in_(part)) for part in parts]
    devices = sorted(one for statement in statements for one in connection.execute(statement).scalars())
    turn_devices(connection, [{"device": one, "action": None, "cancelling": False} for one in devices])
    return devices


def ask_to_cancel(connection: Connection, name: str) -> list[str]:
    """Let devices that have read their order be asked to drop it; return the devices."""
    changed = (
        update(order)
        .where(order.c.rollout == name, order.c.state.in_(OPEN_ORDER), order.c.cancelling.is_(False))
        .values(cancelling=True)
        .returning(order.c.device)
    )
    devices = sorted(connection.execute(changed).scalars())
    turn_devices(connection, [{"device": one, "cancelling": True} for one in devices])
    return devices


def turn_order(
    connection: Connection, number: int, *, was: Sequence[OrderState] = OPEN_ORDER, **values: object
) -> bool:
    """Change an order that is in one of the states `was`; tell whether it was."""
    changed = update(order).where(order.c.id == number, order.c.state.in_(was)).values(**values)
    return connection.execute(changed).rowcount == 1


def add_status(connection: Connection, number: int, at: datetime, report: Report, *, late: bool) -> None:
    """Keep one report about an order."""
    count = update(order).where(order.c.id == number).values(statuses=order.c.statuses + 1).returning(order.c.statuses)
    place = connection.execute(count).scalar_one()
    connection.execute(
        insert(status).values(
            order=number,
            number=place,
            at=at,
            execution=report.execution,
            finished=report.finished,
            code=report.code,
            details=list(report.details),
            late=late,
        )
    )


def as_order(row: Row[Any]) -> Order:
    """Return a row of `order` as the model has it."""
    mapping = row._mapping  # noqa: SLF001 (SQLAlchemy's documented name for a row as a mapping)
    return Order(**{name: mapping[name] for name in Order.__slots__})


def as_member(row: Row[Any]) -> Member:
    """Return a row of `member` as the model has it."""
    mapping = row._mapping  # noqa: SLF001 (SQLAlchemy's documented name for a row as a mapping)
    return Member(**{name: mapping[name] for name in Member.__slots__})


def as_status(row: Row[Any]) -> Status:
    """Return a row of `status` as the model has it."""
    report = Report(execution=row.execution, finished=row.finished, details=tuple(row.details), code=row.code)
    return Status(number=row.number, at=row.at, report=report, late=bool(row.late))
