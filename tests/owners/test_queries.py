"""A claim stands while its owner's address is the device's contact."""

from careful import devices, owners
from careful.kernel.actors import SYSTEM
from careful.owners.actions import claim_in, end_claim, owner_in
from careful.owners.queries import mail_of

ONE, ANN = "cam-1-001", "ann@example.org"


def test_what_stands(house, staff, code):
    world = house.world
    with world.change(SYSTEM) as work:
        owner = owner_in(work, mail_of(world, ANN))
        assert owner == owner_in(work, mail_of(world, f" {ANN.upper()} "))
        claim_in(work, world, ONE, owner, ANN, lambda *_: None)
    claim = owners.claim_of(world, ONE)
    assert claim.owner == owner
    assert owners.claims(world) == owners.claims(world, owner=owner) == [claim]
    assert owners.claims(world, owner="other") == owners.stale(world) == []
    devices.set_owner(world, staff, ONE, "Ann@Example.org")  # the same address, written otherwise
    assert owners.claim_of(world, ONE) == claim
    devices.set_owner(world, staff, ONE, "ben@example.org")
    assert owners.claim_of(world, ONE) is None
    assert owners.stale(world) == owners.stale(world, ONE) == [claim]
    assert owners.stale(world, "other") == []
    assert end_claim(world, claim, "address-gone")
    assert not end_claim(world, claim, "address-gone")
