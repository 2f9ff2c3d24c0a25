"""Owners: told when asked for, forgotten when they say so, never in the ledger."""

from typing import Any

import pytest
from sqlalchemy import select

from careful import devices
from careful.devices import store
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import World

EMAIL = "kim@example.com"


def events(world: World) -> list[ledger.Entry]:
    with world.look() as connection:
        return [entry for entry in ledger.read(connection) if entry.name.startswith("devices.owner")]


def held(world: World) -> list[str]:
    with world.look() as connection:
        return list(connection.execute(select(store.owner.c.email)).scalars())


def test_an_owner_is_told_and_the_ledger_knows_a_reference_only(world: World, staff: Actor, fleet: Any) -> None:
    fleet.token()
    ref = devices.set_owner(world, staff, "cam-1-001", f" {EMAIL} ")
    [contact] = devices.owner_contacts(world, ["cam-1-001", "other"])
    assert (contact.device, contact.email) == ("cam-1-001", EMAIL)
    assert devices.get(world, "cam-1-001").owner_ref == ref
    assert [entry.data for entry in events(world)] == [{"device": "cam-1-001", "owner": ref}]
    assert "@" not in str(events(world))


def test_a_new_owner_erases_the_old_one(world: World, staff: Actor, fleet: Any) -> None:
    fleet.token()
    devices.set_owner(world, staff, "cam-1-001", EMAIL)
    devices.set_owner(world, staff, "cam-1-001", "new@example.com")
    assert held(world) == ["new@example.com"]
    assert [entry.data.get("why") for entry in events(world)] == [None, "replaced", None]


def test_forgetting_erases(world: World, staff: Actor, fleet: Any) -> None:
    fleet.token()
    devices.set_owner(world, staff, "cam-1-001", EMAIL)
    assert devices.forget_owner(world, staff, "cam-1-001") is True
    assert devices.forget_owner(world, staff, "cam-1-001") is False
    assert held(world) == []
    assert devices.get(world, "cam-1-001").owner_ref is None
    assert devices.owner_contacts(world, ["cam-1-001"]) == []


def test_the_link_in_a_mail_unsubscribes_once_and_says_so_twice(world: World, staff: Actor, fleet: Any) -> None:
    fleet.token()
    devices.set_owner(world, staff, "cam-1-001", EMAIL)
    [contact] = devices.owner_contacts(world, ["cam-1-001"])
    assert devices.unsubscribe(world, contact.unsubscribe_token) is True
    assert held(world) == []
    assert devices.unsubscribe(world, contact.unsubscribe_token) is False
    assert events(world)[-1].actor.startswith("owner:")


def test_one_link_ends_the_mail_for_all_devices_of_one_address(world: World, staff: Actor, fleet: Any) -> None:
    for name, email in (("a", EMAIL), ("b", EMAIL), ("c", "other@example.com")):
        fleet.token(name)
        devices.set_owner(world, staff, name, email)
    [contact] = devices.owner_contacts(world, ["b"])
    assert devices.unsubscribe(world, contact.unsubscribe_token) is True
    assert held(world) == ["other@example.com"]


def test_an_old_link_does_not_forget_the_new_owner(world: World, staff: Actor, fleet: Any) -> None:
    fleet.token()
    devices.set_owner(world, staff, "cam-1-001", EMAIL)
    [old] = devices.owner_contacts(world, ["cam-1-001"])
    devices.set_owner(world, staff, "cam-1-001", "new@example.com")
    assert devices.unsubscribe(world, old.unsubscribe_token) is False
    assert held(world) == ["new@example.com"]


@pytest.mark.parametrize("forged", ["", "x", "x.y", ".", "é.é"])
def test_a_forged_link_is_refused(world: World, staff: Actor, fleet: Any, forged: str) -> None:
    fleet.token()
    ref = devices.set_owner(world, staff, "cam-1-001", EMAIL)
    for link in (forged, f"{ref}.{'0' * 32}", ref):
        with pytest.raises(NotFound):
            devices.unsubscribe(world, link)
    assert held(world) == [EMAIL]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("", id="empty"),
        pytest.param("kim", id="no host"),
        pytest.param("kim@", id="empty host"),
        pytest.param("a@b.org\nBcc: c@d.org", id="header injection"),
        pytest.param("a@b.org, c@d.org", id="two"),
        pytest.param("a" * 65 + "@b.org", id="over-long name"),
        pytest.param("a@" + "b" * 64 + ".org", id="over-long host"),
        pytest.param("<a@b.org>", id="brackets"),
    ],
)
def test_what_is_no_address_is_refused(world: World, staff: Actor, fleet: Any, bad: str) -> None:
    fleet.token()
    with pytest.raises(Invalid):
        devices.set_owner(world, staff, "cam-1-001", bad)
    assert held(world) == []


def test_retiring_a_device_forgets_its_owner(world: World, staff: Actor, fleet: Any) -> None:
    fleet.token()
    devices.set_owner(world, staff, "cam-1-001", EMAIL)
    devices.retire(world, staff, "cam-1-001", "scrapped")
    assert held(world) == []
    assert events(world)[-1].data["why"] == "retired"


def test_only_a_living_device_has_an_owner(world: World, staff: Actor, fleet: Any) -> None:
    with pytest.raises(NotFound):
        devices.set_owner(world, staff, "missing", EMAIL)
    fleet.token()
    devices.retire(world, staff, "cam-1-001", "scrapped")
    with pytest.raises(Refused):
        devices.set_owner(world, staff, "cam-1-001", EMAIL)
