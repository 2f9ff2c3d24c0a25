import pytest
from makers import Maker

from careful import devices
from careful.devices import gateway_tokens_store
from careful.kernel import ledger
from careful.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.device("cam-1-001")
    made.device("lock-1-001", product="lock-1")
    return made


def who(world, device, text):
    return devices.identify_by_gateway_token(world, device, text)


def test_it_speaks_for_the_devices_of_its_product_or_of_all(world, staff, maker):
    _, cams = devices.make_gateway_token(world, staff, "shop floor", product="cam-1")
    _, every = devices.make_gateway_token(world, staff, "everywhere")
    assert who(world, "cam-1-001", cams).product == "cam-1"
    assert who(world, "lock-1-001", every).device == "lock-1-001"
    for device, text in (("lock-1-001", cams), ("cam-1-002", cams), ("cam-1-002", every), ("cam-1-001", "guess")):
        with pytest.raises(Unauthenticated):
            who(world, device, text)


def test_it_is_shown_once_and_kept_as_a_digest(world, staff, maker):
    made, text = devices.make_gateway_token(world, staff, "shop floor", product="cam-1")
    assert len(text) >= 40
    [kept] = devices.gateway_tokens(world)
    assert kept == made
    with world.look() as connection:
        assert text not in str(connection.execute(gateway_tokens_store.gateway_token.select()).all())
        assert text not in str([one.data for one in ledger.read(connection)])


def test_it_ends_at_once(world, staff, maker):
    made, text = devices.make_gateway_token(world, staff, "shop floor")
    before = devices.last_cut(world)
    devices.revoke_gateway_token(world, staff, made.id)
    assert devices.last_cut(world) > before  # gateways that remember it look again
    with pytest.raises(Unauthenticated, match="not in force"):
        who(world, "cam-1-001", text)
    with pytest.raises(NotFound):
        devices.revoke_gateway_token(world, staff, made.id)
    assert devices.gateway_tokens(world)[0].revoked_at is not None


def test_a_quarantined_device_is_refused_all_the_same(world, staff, maker):
    _, text = devices.make_gateway_token(world, staff, "shop floor")
    devices.quarantine(world, staff, "cam-1-001", "odd")
    with pytest.raises(Forbidden):
        who(world, "cam-1-001", text)


def test_it_brings_in_so_many_unknown_devices_and_no_more(world, staff, maker):
    _, text = devices.make_gateway_token(world, staff, "old fleet", product="cam-1", hardware="rev-a", room=2)
    for name in ("old-1", "old-2", "old-1"):
        assert who(world, name, text).state == "active"
    assert devices.get(world, "old-2").hardware == "rev-a"
    with pytest.raises(Unauthenticated, match="all the devices|no device"):
        who(world, "old-3", text)
    with pytest.raises(NotFound):
        devices.get(world, "old-3")
    with world.look() as connection:
        told = [one.data["device"] for one in ledger.read(connection, names=["devices.registered"])]
    assert told == ["old-1", "old-2"]


def test_a_name_that_can_be_none_is_not_brought_in(world, staff, maker):
    _, text = devices.make_gateway_token(world, staff, "old fleet", product="cam-1", hardware="rev-a", room=2)
    with pytest.raises(Invalid):
        who(world, "../etc", text)


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("", {}, "name"),
        ("x" * 65, {}, "name"),
        ("a\x00b", {}, "name"),
        ("fleet", {"room": 1}, "product, hardware"),
        ("fleet", {"room": 1, "hardware": "rev-a"}, "product, hardware"),
        ("fleet", {"hardware": "rev-a", "product": "cam-1"}, "how many"),
        ("fleet", {"room": 20_001, "hardware": "rev-a", "product": "cam-1"}, "bring in"),
        ("fleet", {"room": 1, "hardware": "rev a", "product": "cam-1"}, "hardware"),
    ],
)
def test_what_makes_no_sense(world, staff, maker, name, more, says):
    with pytest.raises(Invalid, match=says):
        devices.make_gateway_token(world, staff, name, **more)


def test_a_product_that_nobody_declared(world, staff, maker):
    with pytest.raises(NotFound):
        devices.make_gateway_token(world, staff, "fleet", product="no-such")
