import pytest
from makers import Maker

from careful import devices
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, Refused


@pytest.fixture
def maker(world, staff, tmp_path):
    return Maker(world, staff, tmp_path)


@pytest.fixture
def cam(world, staff, maker):
    return maker.device("cam-1-001")


def changed(world):
    with world.look() as connection:
        return [one.data for one in ledger.read(connection, names=["devices.traits_changed"])]


def test_what_is_given_changes_and_the_rest_stays(world, staff, cam):
    assert devices.traits(world, cam) == devices.Traits()
    devices.set_traits(world, staff, cam, region="eu", zone="Europe/Berlin", tag=["beta", "lab"])
    devices.set_traits(world, staff, cam, consent="ask", untag=["lab"])
    expected = devices.Traits(region="eu", zone="Europe/Berlin", consent="ask", tags=("beta",))
    assert devices.traits(world, cam) == expected
    assert devices.traits_of(world, "cam-1") == {cam: expected}
    assert devices.traits_of(world, "lock-1") == {}
    assert len(changed(world)) == 2
    devices.set_traits(world, staff, cam, tag=["beta"])
    assert len(changed(world)) == 2
    assert devices.set_traits(world, staff, cam, region="").region == ""


def test_lists_by_region_and_tag(world, staff, maker, cam):
    other = maker.device("cam-1-002")
    devices.set_traits(world, staff, cam, region="eu", tag=["beta_1"])
    devices.set_traits(world, staff, other, region="us", tag=["betax1"])
    assert [one.id for one in devices.list_devices(world, region="eu")] == [cam]
    assert [one.id for one in devices.list_devices(world, tag="beta_1")] == [cam]
    assert devices.list_devices(world, tag="beta") == []


@pytest.mark.parametrize(
    ("given", "where"),
    [
        pytest.param({"region": "EU west"}, "region", id="no word"),
        pytest.param({"tag": ['a"b']}, "tag", id="a quote"),
        pytest.param({"tag": [f"t{n}" for n in range(33)]}, "tag", id="too many"),
        pytest.param({"zone": "Mars/Base"}, "zone", id="no zone"),
        pytest.param({"consent": "maybe"}, "consent", id="no consent"),
    ],
)
def test_what_makes_no_sense_is_refused(world, staff, cam, given, where):
    with pytest.raises(Invalid) as refused:
        devices.set_traits(world, staff, cam, **given)
    assert refused.value.where == where
    assert devices.traits(world, cam) == devices.Traits()


def test_only_devices_that_live_have_traits(world, staff, cam):
    with pytest.raises(NotFound):
        devices.set_traits(world, staff, "nobody", region="eu")
    devices.retire(world, staff, cam, "broken")
    with pytest.raises(Refused):
        devices.set_traits(world, staff, cam, region="eu")
