"""Questions about the fleet: pages by key, exact lists by version from the index alone, the fleet in numbers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from makers import Maker
from sqlalchemy import insert, text

from careful import devices
from careful.devices import store
from careful.devices.tokens import new_device
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.clock import ManualClock
from careful.kernel.errors import NotFound
from careful.kernel.work import World


@pytest.fixture
def many(world: World) -> World:
    """300 cameras and 30 locks over three versions, every tenth retired."""
    now = world.clock.now()
    rows = []
    for product, number in (("cam-1", 300), ("lock-1", 30)):
        for n in range(number):
            row = new_device(f"{product}-{n:03}", product, "rev-a", now)
            rows.append(row | {"version": f"1.0.{n % 3}", "state": "retired" if n % 10 == 9 else "active"})
    with world.change(SYSTEM) as work:
        work.connection.execute(insert(store.device), rows)
    return world


def test_pages_follow_one_another_and_miss_nothing(many: World) -> None:
    seen: list[str] = []
    after = None
    while page := devices.list_devices(many, after=after, limit=70):
        assert len(page) <= 70
        seen += [device.id for device in page]
        after = page[-1].id
    assert len(seen) == len(set(seen)) == 330
    assert seen == sorted(seen)


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("by", ["id", "last_seen", "certificate_until"])
def test_pages_follow_one_another_in_every_order(many: World, by: devices.SortBy, down: bool) -> None:
    now = many.clock.now()
    devices.seen(many, {f"cam-1-{n:03}": now - timedelta(minutes=n % 7) for n in range(200)})
    found: list[devices.Device] = []
    after = None
    while page := devices.list_devices(many, after=after, limit=70, by=by, down=down):
        found += page
        after = page[-1].id
    assert len({one.id for one in found}) == len(found) == 330
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)
    places = [(getattr(one, by) or long_ago, one.id) for one in found]
    assert places == sorted(places, reverse=down)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"product": "lock-1"}, 30),
        ({"product": "lock-1", "state": "retired"}, 3),
        ({"product": "cam-1", "version": "1.0.0"}, 100),
        ({"version": ""}, 0),
        ({"product": "missing"}, 0),
    ],
)
def test_filters(many: World, filters: dict[str, Any], count: int) -> None:
    assert len(devices.list_devices(many, **filters, limit=1000)) == count


@pytest.mark.parametrize("limit", [-1, 0, 10**9])
def test_a_page_has_bounds(many: World, limit: int) -> None:
    assert 1 <= len(devices.list_devices(many, limit=limit)) <= 1000


def test_on_versions_is_exact_and_leaves_out_the_retired(many: World) -> None:
    found = devices.on_versions(many, "cam-1", ["1.0.1", "1.0.2", "9.9", "1.0.1"])
    expected = {f"cam-1-{n:03}" for n in range(300) if n % 3 in (1, 2) and n % 10 != 9}
    assert set(found) == expected
    assert len(found) == len(expected)
    assert devices.on_versions(many, "cam-1", []) == []


def test_on_versions_reads_the_index_alone(many: World) -> None:
    if not many.database.is_sqlite:
        pytest.skip("SQLite says in its plan that an index covers a query; PostgreSQL decides by table statistics")
    query = (
        "EXPLAIN QUERY PLAN SELECT id FROM devices_device WHERE product = 'cam-1' AND version IN ('1.0.1', '1.0.2') "
        "AND state IN ('made', 'enrolled', 'active', 'quarantined')"
    )
    with many.look() as connection:
        plan = " ".join(str(row) for row in connection.execute(text(query)))
    assert "COVERING INDEX ix_devices_on_version" in plan


def test_versions_are_counted(many: World, fleet: Any) -> None:
    fleet.token("cam-1-new")
    counted = devices.count_by_version(many, "cam-1")
    assert counted == {"": 1, "1.0.0": 90, "1.0.1": 90, "1.0.2": 90}


def test_the_fleet_in_numbers(world: World, staff: Actor, clock: ManualClock, fleet: Any) -> None:
    for name in ("cam-1-001", "cam-1-002"):
        fleet.active(name)
    fleet.enrol("lock-1-001", "lock-1")
    fleet.token("lock-1-002", "lock-1")
    devices.quarantine(world, staff, "cam-1-002", "odd")
    summary = devices.fleet_summary(world)
    assert summary.total == 4
    assert summary.by_product["cam-1"]["quarantined"] == 1
    assert summary.by_product["lock-1"] == {"made": 1, "enrolled": 1, "active": 0, "quarantined": 0, "retired": 0}
    assert (summary.ending_soon, summary.ended) == (0, 0)
    clock.advance(timedelta(days=25))
    assert devices.fleet_summary(world).ending_soon == 2
    clock.advance(timedelta(days=10))
    assert devices.fleet_summary(world).ended == 2


def test_an_empty_fleet(world: World) -> None:
    assert devices.fleet_summary(world) == devices.Fleet({}, 0, 0, 0)
    assert devices.list_devices(world) == []
    assert devices.count_by_version(world, "cam-1") == {}
    with pytest.raises(NotFound):
        devices.get(world, "cam-1-001")


def test_devices_seen_lately_are_counted(world, staff, clock, tmp_path):
    maker = Maker(world, staff, tmp_path)
    maker.declare()
    for name in ("cam-1-001", "cam-1-002", "cam-1-003"):
        maker.device(name)
    now = clock.now()
    devices.seen(world, {"cam-1-001": now, "cam-1-002": now - timedelta(days=40), "cam-1-003": now})
    devices.retire(world, staff, "cam-1-003", "sold")
    assert devices.count_seen(world, "cam-1", now - timedelta(days=30)) == 1
    assert devices.count_seen(world, "cam-1", now - timedelta(days=50)) == 2
    assert devices.count_seen(world, "lock-1", now - timedelta(days=50)) == 0


def test_what_the_https_doors_refused_since(world: World, clock: ManualClock) -> None:
    def refuse(kind: str) -> None:
        devices.record_refusals(world, [devices.Refusal("cam-1-001", kind, "", 2, clock.now())])

    refuse("other-device")
    clock.advance(timedelta(minutes=1))
    since = clock.now()
    clock.advance(timedelta(seconds=1))
    refuse("enrol.token")
    refuse("foreign-topic")
    assert [(one.kind, one.count) for one in devices.refused_since(world, since)] == [("enrol.token", 2)]
