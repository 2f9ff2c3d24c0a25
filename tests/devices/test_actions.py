"""Verbs: what each changes, records and orders to be cut."""

from datetime import timedelta
from typing import Any

import pytest

from careful import devices
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.clock import ManualClock
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import World

VERBS = ["quarantine", "restore", "revoke", "retire"]


def last(world: World) -> ledger.Entry:
    with world.look() as connection:
        return ledger.read(connection, newest_first=True, limit=1)[0]


@pytest.mark.parametrize(
    ("verb", "state", "event"),
    [
        ("quarantine", "quarantined", "devices.quarantined"),
        ("revoke", "made", "devices.revoked"),
        ("retire", "retired", "devices.retired"),
    ],
)
def test_cutting_off(world: World, staff: Actor, fleet: Any, verb: str, state: str, event: str) -> None:
    fleet.active()
    assert devices.last_cut(world) == 0
    getattr(devices, verb)(world, staff, "cam-1-001", "  seen on\n two continents ")
    assert devices.get(world, "cam-1-001").state == state
    assert devices.cut_list(world, 0) == [devices.Cut(1, "cam-1-001")]
    assert devices.cut_list(world, 1) == []
    assert devices.last_cut(world) == 1
    entry = last(world)
    assert (entry.name, entry.actor, entry.data["reason"]) == (event, "staff:ann", "seen on two continents")


def test_cuts_are_numbered_in_order(world: World, staff: Actor, fleet: Any) -> None:
    for name in ("a", "b"):
        fleet.active(name)
    devices.quarantine(world, staff, "b", "odd")
    devices.retire(world, staff, "a", "old")
    devices.retire(world, staff, "b", "old")
    assert [cut.device for cut in devices.cut_list(world, 0)] == ["b", "a", "b"]
    assert [cut.device for cut in devices.cut_list(world, 2)] == ["b"]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("device", "reason", "kind"),
    [
        pytest.param("missing", "why", NotFound, id="no such device"),
        pytest.param("cam-1-001", " ", Invalid, id="no reason"),
        pytest.param("cam-1-001", "x" * 501, Invalid, id="over-long reason"),
    ],
)
def test_a_verb_that_cannot_be_changes_nothing(
    world: World, staff: Actor, fleet: Any, verb: str, device: str, reason: str, kind: type[Exception]
) -> None:
    fleet.active()
    before = last(world), devices.list_devices(world)
    with pytest.raises(kind):
        getattr(devices, verb)(world, staff, device, reason)
    assert (last(world), devices.list_devices(world)) == before


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_can_be_done_to_a_retired_device(world: World, staff: Actor, fleet: Any, verb: str) -> None:
    fleet.active()
    devices.retire(world, staff, "cam-1-001", "scrapped")
    with pytest.raises(Refused, match="is retired"):
        getattr(devices, verb)(world, staff, "cam-1-001", "again")


def test_a_revoked_device_comes_back_by_a_new_token(world: World, staff: Actor, fleet: Any) -> None:
    fleet.active()
    devices.revoke(world, staff, "cam-1-001", "key lost")
    assert devices.get(world, "cam-1-001").certificate_sha256 is None
    fleet.active()
    assert devices.get(world, "cam-1-001").state == "active"
    assert [one.ended_why for one in devices.certificates_of(world, "cam-1-001")] == [None, "revoked"]


def test_a_version_is_noted_when_it_changes(world: World, fleet: Any, clock: ManualClock) -> None:
    fleet.active()
    for version in ("1.0.0", "1.0.0", "1.0.1"):
        clock.advance(timedelta(minutes=1))
        devices.report_version(world, "cam-1-001", version, "ddi")
    with world.look() as connection:
        said = [entry.data["version"] for entry in ledger.read(connection, names=["devices.version_reported"])]
    assert said == ["1.0.0", "1.0.1"]
    assert devices.get(world, "cam-1-001").version_at == clock.now()


@pytest.mark.parametrize(
    ("device", "version", "how", "kind"),
    [
        pytest.param("cam-1-001", "", "ddi", Invalid, id="empty"),
        pytest.param("cam-1-001", "1 0", "ddi", Invalid, id="space"),
        pytest.param("cam-1-001", "<b>", "ddi", Invalid, id="markup"),
        pytest.param("cam-1-001", "1" * 65, "ddi", Invalid, id="over-long"),
        pytest.param("cam-1-001", "1.0", "DDI!", Invalid, id="no protocol"),
        pytest.param("missing", "1.0", "ddi", NotFound, id="no such device"),
    ],
)
def test_what_is_no_version_is_refused(
    world: World, fleet: Any, device: str, version: str, how: str, kind: type[Exception]
) -> None:
    fleet.active()
    with pytest.raises(kind):
        devices.report_version(world, device, version, how)
    assert devices.get(world, "cam-1-001").version is None


def test_last_seen_moves_forward_only(world: World, fleet: Any, clock: ManualClock) -> None:
    fleet.token("a")
    fleet.token("b")
    now = clock.now()
    devices.seen(world, {"a": now, "b": now, "missing": now})
    devices.seen(world, {"a": now - timedelta(hours=1), "b": now + timedelta(seconds=1)})
    devices.seen(world, {})
    assert devices.get(world, "a").last_seen == now
    assert devices.get(world, "b").last_seen == now + timedelta(seconds=1)
