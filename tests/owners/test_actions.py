"""Codes are made once, kept as digests, and fit one device alone."""

import pytest

from careful import devices, owners
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.owners import store
from careful.owners.actions import fits

ONE = "cam-1-001"


def test_codes(house, staff, code):
    world = house.world
    house.device("cam-1-002")
    assert fits(world, ONE, code.upper())
    assert not fits(world, "cam-1-002", code)
    assert not fits(world, "nobody", code)
    assert not fits(world, ONE, "")
    with world.look() as connection:
        assert code not in str(store.code_of(connection, ONE))
        entries = ledger.read(connection, names=["owners.codes_made"])
    assert entries[0].data["devices"] == [ONE]
    assert code not in str(entries)
    with pytest.raises(Refused, match="has a code already"):
        owners.make_codes(world, staff, "cam-1", [ONE])
    (other,) = owners.make_codes(world, staff, "cam-1", ())  # the one without
    assert other.device == "cam-1-002"
    assert other.address.endswith("/my/claim?device=cam-1-002")
    assert owners.make_codes(world, staff, "cam-1", ()) == []
    (new,) = owners.make_codes(world, staff, "cam-1", [ONE], again=True)
    assert fits(world, ONE, new.code)
    assert not fits(world, ONE, code)


def test_what_gets_no_code(house, staff):
    with pytest.raises(NotFound):
        owners.make_codes(house.world, staff, "cam-1", ["nobody"])
    with pytest.raises(Invalid, match="is a device of cam-1"):
        owners.make_codes(house.world, staff, "other", [ONE])
    with pytest.raises(Invalid, match="at once"):
        owners.make_codes(house.world, staff, "cam-1", [str(one) for one in range(1001)])
    devices.retire(house.world, staff, ONE, "broken")
    with pytest.raises(Refused, match="retired"):
        owners.make_codes(house.world, staff, "cam-1", [ONE])
    assert owners.make_codes(house.world, staff, "cam-1", ()) == []
