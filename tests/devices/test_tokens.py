"""Enrolment tokens: shown once, stored as digests, bound to product and device."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from careful import devices
from careful.devices import store
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused, Unauthenticated
from careful.kernel.work import World


def test_a_token_is_stored_as_a_digest_and_ends(world: World, fleet: Any) -> None:
    made = fleet.token()
    assert made.device == "cam-1-001"
    assert made.expires == world.clock.now() + timedelta(hours=world.settings.enrolment_token_hours)
    with world.look() as connection:
        [row] = connection.execute(select(store.token)).all()
    assert made.token not in map(str, row)
    assert len(made.token) == 32
    assert devices.get(world, "cam-1-001").state == "made"


def test_batch_tokens_name_no_device(world: World, staff: Actor) -> None:
    made = devices.make_tokens(world, staff, "cam-1", 3, "rev-a")
    assert [one.device for one in made] == ["", "", ""]
    assert len({one.token for one in made}) == 3
    assert devices.list_devices(world) == []


def test_a_new_token_ends_the_earlier_one(world: World, fleet: Any) -> None:
    first, _second = fleet.token(), fleet.token()
    with pytest.raises(Unauthenticated, match="used"):
        devices.enrol(world, first.token, fleet.csr("cam-1-001"), None, "test")


@pytest.mark.parametrize(
    ("wanted", "hardware"),
    [
        pytest.param(0, "rev-a", id="none"),
        pytest.param(1001, "rev-a", id="too many"),
        pytest.param([], "rev-a", id="no device"),
        pytest.param(["a", "a"], "rev-a", id="twice the same"),
        pytest.param(["a/b"], "rev-a", id="no device id"),
        pytest.param(["a"], "", id="no hardware"),
        pytest.param(["a"], "rev a", id="no hardware id"),
    ],
)
def test_what_cannot_be_is_refused(world: World, staff: Actor, wanted: Any, hardware: str) -> None:
    with pytest.raises(Invalid):
        devices.make_tokens(world, staff, "cam-1", wanted, hardware)
    assert devices.list_devices(world) == []


def test_a_product_that_nobody_declared_has_no_devices(world: World, staff: Actor) -> None:
    with pytest.raises(NotFound, match="cam1"):
        devices.make_tokens(world, staff, "cam1", 1, "rev-a")


def test_another_products_device_gets_no_token(world: World, staff: Actor, fleet: Any) -> None:
    fleet.token()
    with pytest.raises(Refused, match="a device of cam-1"):
        devices.make_tokens(world, staff, "lock-1", ["cam-1-001"], "rev-a")


def test_a_device_keeps_its_hardware(world: World, staff: Actor, fleet: Any) -> None:
    fleet.token()
    with pytest.raises(Refused, match="is rev-a, not rev-b"):
        devices.make_tokens(world, staff, "cam-1", ["cam-1-001"], "rev-b")


@pytest.mark.parametrize("end", ["quarantine", "retire"])
def test_a_device_that_was_cut_off_gets_no_token(world: World, staff: Actor, fleet: Any, end: str) -> None:
    fleet.active()
    getattr(devices, end)(world, staff, "cam-1-001", "odd")
    with pytest.raises(Refused):
        fleet.token()
