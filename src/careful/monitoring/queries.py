"""What one may ask about alerts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import Connection, Row, Select, func, select

from careful import devices
from careful.kernel import ledger
from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.monitoring import store
from careful.monitoring.alerts import Alert, AlertDevice, AlertState, Expectation, Scope

PAGE = 100
_PAGE_MOST = 1000
SORTS = ("last_at", "first_at", "rule", "product", "devices")
SortBy = Literal["last_at", "first_at", "rule", "product", "devices"]


def alerts(
    world: World,
    *,
    state: AlertState | None = None,
    product: str | None = None,
    rule: str | None = None,
    device: str | None = None,
    drills: bool = False,
    by: SortBy = "last_at",
    down: bool = True,
    limit: int = PAGE,
) -> list[Alert]:
    """Return alerts, those that changed last first unless asked otherwise."""
    columns = store.alert.c
    query = _alerts()
    for column, wanted in ((columns.state, state), (columns.rule, rule)):
        query = query if wanted is None else query.where(column == wanted)
    if product is not None:  # an incident of several products is in the list of each
        inside = select(store.alert_device.c.alert).where(store.alert_device.c.product == product)
        query = query.where((columns.product == product) | columns.id.in_(inside))
    if not drills:
        query = query.where(columns.drill.is_(False))
    if device is not None:
        mine = select(store.alert_device.c.alert).where(store.alert_device.c.device == device)
        query = query.where(columns.id.in_(mine))
    column = columns[by]
    query = query.order_by(column.desc() if down else column, columns.id).limit(min(limit, _PAGE_MOST))
    with world.look() as connection:
        return [_alert(row) for row in connection.execute(query)]


def alert(world: World, wanted: str) -> Alert:
    """Return one alert. Raises NotFound."""
    with world.look() as connection:
        row = connection.execute(_alerts().where(store.alert.c.id == wanted)).one_or_none()
    if row is None:
        raise unknown(wanted)
    return _alert(row)


def devices_of(world: World, wanted: str, limit: int = PAGE) -> list[AlertDevice]:
    """Return the devices in an alert, those seen last first."""
    columns = store.alert_device.c
    query = select(store.alert_device).where(columns.alert == wanted)
    query = query.order_by(columns.last_at.desc(), columns.device).limit(min(limit, _PAGE_MOST))
    with world.look() as connection:
        rows = connection.execute(query).all()
    out = {one.id for one in devices.named(world, [row.device for row in rows]) if one.state == "quarantined"}
    return [
        AlertDevice(
            alert=row.alert, device=row.device, release=row.release,
            fate="let in" if row.fate == "cut" and row.device not in out else row.fate, says=row.says,
            observed=row.observed, limit=row.limit, past=tuple(row.past), times=row.times, first_at=row.first_at,
            last_at=row.last_at,
        )
        for row in rows
    ]  # fmt: skip


def releases_of(world: World, wanted: str) -> dict[str, int]:
    """Return the releases that run on an alert's devices, with how many devices run each."""
    columns = store.alert_device.c
    query = select(columns.release, func.count()).where(columns.alert == wanted, columns.release.is_not(None))
    with world.look() as connection:
        return {row[0]: int(row[1]) for row in connection.execute(query.group_by(columns.release))}


def expectations(world: World, *, wanted: str | None = None, living: bool = True) -> list[Expectation]:
    """Return what people said was expected, newest first; of one alert, if asked. `living`: what counts now only."""
    columns = store.expectation.c
    query = select(store.expectation).order_by(columns.made_at.desc(), columns.id)
    if wanted is not None:
        query = query.where(columns.alert == wanted)
    if living:
        query = query.where(columns.ended_at.is_(None), columns.until > world.clock.now())
    with world.look() as connection:
        return [as_expectation(row) for row in connection.execute(query)]


def expectations_of(connection: Connection, cause: str) -> list[Expectation]:
    """Return what people ever said was expected of one cause."""
    query = select(store.expectation).where(store.expectation.c.cause == cause).order_by(store.expectation.c.id)
    return [as_expectation(row) for row in connection.execute(query)]


def values_of(connection: Connection, wanted: str, scope: Scope) -> set[str]:
    """Return the devices, or the releases, in an alert."""
    inside = store.alert_device.c
    column = inside.device if scope == "device" else inside.release
    query = select(column).where(inside.alert == wanted, column.is_not(None)).distinct()
    return set(connection.execute(query).scalars())


def counts(world: World) -> dict[str, int]:
    """Return how many alerts are open, how many of them ask for the hardest action, and how many devices are held."""
    columns = store.alert.c
    of = select(func.count()).select_from(store.alert).where(columns.state == "open", columns.drill.is_(False))
    held = (
        select(func.count())
        .select_from(store.alert_device.join(store.alert, store.alert.c.id == store.alert_device.c.alert))
        .where(store.alert_device.c.fate == "held", columns.state == "open")
    )
    with world.look() as connection:
        return {
            "open": int(connection.execute(of).scalar_one()),
            "hard": int(connection.execute(of.where(columns.action == "quarantine")).scalar_one()),
            "held": int(connection.execute(held).scalar_one()),
        }


def wide(world: World, since: timedelta, least: int) -> list[tuple[Alert, str, int]]:
    """Return open alerts that at least `least` devices of one release joined lately, with release and count."""
    inside, outside = store.alert_device.c, store.alert.c
    count = func.count()
    query = (
        select(inside.alert, inside.release, count)
        .join(store.alert, outside.id == inside.alert)
        .where(outside.state == "open", outside.drill.is_(False), inside.release.is_not(None))
        .where(inside.product == outside.product)
        .where(inside.first_at > world.clock.now() - since)
        .group_by(inside.alert, inside.release)
        .having(count >= least)
        .order_by(inside.alert, inside.release)
    )
    with world.look() as connection:
        rows = connection.execute(query).all()
    return [(alert(world, row[0]), row[1], int(row[2])) for row in rows]


def watched_at(world: World, source: str = "mqtt") -> datetime | None:
    """Return when a source of signals last said that it is being watched; it does so every hour."""
    with world.look() as connection:
        found = ledger.read(
            connection, names=("monitoring.watched",), subject=f"source/{source}", limit=1, newest_first=True
        )
    return found[0].at if found else None


def untold(world: World) -> list[Alert]:
    """Return open alerts for which devices were cut off or are held, and about which nobody was written to yet."""
    found = [one for one in alerts(world, state="open", limit=_PAGE_MOST) if one.cut or one.held]
    if not found:
        return []
    with world.look() as connection:
        told = {entry.data["alert"] for entry in ledger.read(connection, names=("monitoring.staff_told",))}
    return [one for one in found if one.id not in told]


def drills(connection: Connection) -> dict[str, datetime]:
    """Return the devices that are a drill's, with when it began."""
    rows = connection.execute(select(store.drill.c.device, store.drill.c.began_at)).all()
    return {row.device: row.began_at for row in rows}


def unknown(wanted: str) -> NotFound:
    """Make the error for an alert that is not there."""
    return NotFound(f"There is no alert {wanted[:40]!r}.", do="Run: careful watch list")


def as_expectation(row: Row[Any]) -> Expectation:
    """Return a row as a value."""
    names = ("id", "alert", "rule", "cause", "scope", "value", "product", "until", "why", "by", "made_at", "ended_at")
    return Expectation(**{name: getattr(row, name) for name in names}, times=row.times, names=tuple(row.names))


def _alerts() -> Select[Any]:
    inside = store.alert_device.c

    def fates(fate: str) -> Any:  # noqa: ANN401 (a scalar subquery has no short type)
        of = select(func.count()).where(inside.alert == store.alert.c.id, inside.fate == fate)
        return of.scalar_subquery().label(fate)

    return select(store.alert, fates("held"), fates("cut"))


def _alert(row: Row[Any]) -> Alert:
    names: Sequence[str] = (
        "id", "rule", "product", "cause", "says", "action", "limit", "limit_from", "observed", "devices", "held",
        "cut", "times", "first_at", "last_at", "state", "drill", "judged_by", "judged_at", "why", "more",
    )  # fmt: skip
    values = {name: cast("Any", row._mapping[name]) for name in names}  # noqa: SLF001 (SQLAlchemy's public name)
    return Alert(**values, names=tuple(row.names))
