"""Who is there: by certificate or target token, and refused the moment that either ends."""

from datetime import timedelta
from typing import Any

import pytest

from careful import devices
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.clock import ManualClock
from careful.kernel.errors import CarefulError, Forbidden, NotFound, Refused, Unauthenticated
from careful.kernel.work import World


def test_the_first_use_makes_a_device_active_once(world: World, fleet: Any) -> None:
    certificate = fleet.enrol()
    assert devices.get(world, "cam-1-001").state == "enrolled"
    for _ in range(3):
        identity = devices.identify(world, certificate)
    assert (identity.device, identity.product, identity.hardware, identity.state) == (
        "cam-1-001",
        "cam-1",
        "rev-a",
        "active",
    )
    with world.look() as connection:
        [entry] = ledger.read(connection, names=["devices.activated"])
    assert entry.actor == "device:cam-1-001"


def test_a_used_certificate_is_looked_up_without_writing(world: World, fleet: Any) -> None:
    certificate = fleet.active()
    with world.look() as connection:
        before = ledger.size(connection)
    devices.identify(world, certificate)
    with world.look() as connection:
        assert ledger.size(connection) == before


@pytest.mark.parametrize(("end", "kind"), [("quarantine", Forbidden), ("revoke", Forbidden), ("retire", Forbidden)])
@pytest.mark.parametrize("used", [True, False])
def test_what_was_cut_off_is_refused_at_once(
    world: World, staff: Actor, fleet: Any, end: str, kind: type[CarefulError], *, used: bool
) -> None:
    certificate = fleet.active() if used else fleet.enrol()
    getattr(devices, end)(world, staff, "cam-1-001", "stolen")
    with pytest.raises(kind):
        devices.identify(world, certificate)


def test_a_restored_device_comes_back_with_the_same_certificate(world: World, staff: Actor, fleet: Any) -> None:
    certificate = fleet.active()
    devices.quarantine(world, staff, "cam-1-001", "odd")
    devices.restore(world, staff, "cam-1-001", "explained")
    assert devices.identify(world, certificate).state == "active"


@pytest.mark.parametrize(
    ("by", "says"),
    [
        pytest.param(timedelta(days=30, seconds=1), "has expired", id="too late"),
        pytest.param(timedelta(minutes=-11), "not valid yet", id="clock set back"),
    ],
)
def test_time_is_checked_here_because_tls_does_not(
    world: World, clock: ManualClock, fleet: Any, by: timedelta, says: str
) -> None:
    certificate = fleet.active()
    clock.advance(by)
    with pytest.raises(Unauthenticated, match=says):
        devices.identify(world, certificate)


def test_a_certificate_that_we_did_not_issue_to_a_device_is_nobody(world: World) -> None:
    for der in (*devices.authority_chain(world), b"", b"noise"):
        with pytest.raises(Unauthenticated):
            devices.identify(world, der)


def test_a_target_token_stands_in_for_a_certificate(world: World, staff: Actor, fleet: Any) -> None:
    fleet.token()
    token = devices.set_target_token(world, staff, "cam-1-001")
    identity = devices.identify_by_token(world, "cam-1-001", token)
    assert (identity.device, identity.certificate_sha256) == ("cam-1-001", "")
    assert devices.get(world, "cam-1-001").state == "active"
    newer = devices.set_target_token(world, staff, "cam-1-001")
    with pytest.raises(Unauthenticated):
        devices.identify_by_token(world, "cam-1-001", token)
    devices.quarantine(world, staff, "cam-1-001", "odd")
    with pytest.raises(Forbidden):
        devices.identify_by_token(world, "cam-1-001", newer)


def test_no_other_token_and_no_other_device_passes(world: World, staff: Actor, fleet: Any) -> None:
    fleet.token("a")
    fleet.token("b")
    token = devices.set_target_token(world, staff, "a")
    for device, shown in (("b", token), ("a", ""), ("a", "guess"), ("missing", token)):
        with pytest.raises(Unauthenticated):
            devices.identify_by_token(world, device, shown)


def test_revoking_ends_the_target_token_too(world: World, staff: Actor, fleet: Any) -> None:
    fleet.token()
    token = devices.set_target_token(world, staff, "cam-1-001")
    devices.revoke(world, staff, "cam-1-001", "leaked")
    with pytest.raises(Unauthenticated):
        devices.identify_by_token(world, "cam-1-001", token)
    devices.retire(world, staff, "cam-1-001", "scrapped")
    with pytest.raises(Refused):
        devices.set_target_token(world, staff, "cam-1-001")
    with pytest.raises(NotFound):
        devices.set_target_token(world, staff, "missing")
