"""What owners may reach: a device that is theirs, while it is; the pages are tried in entrypoints/public/test_my.py."""

from datetime import timedelta

import pytest
from household import make_house

from careful import customer_data, devices, owners
from careful.kernel.actors import SYSTEM
from careful.kernel.errors import NotFound, TooMany
from careful.owners.actions import claim_in, owner_in
from careful.owners.links import _begin
from careful.owners.queries import mail_of
from careful.workflows import ownership

ONE, ANN = "cam-1-001", "ann@example.org"


def claimed(world, staff, address):
    if not owners.claims(world):
        owners.make_codes(world, staff, "cam-1", [ONE], again=True)
    with world.change(SYSTEM) as work:
        owner = owner_in(work, mail_of(world, address))
        claim_in(work, world, ONE, owner, address, lambda *_: None)
        secret = _begin(work, owner)
    return owners.find_session(world, secret)


def test_only_what_is_theirs_while_it_is(world, staff, tmp_path):
    house = make_house(world, staff, tmp_path)
    house.say("up/clip", zone="hall", seconds=1)
    ann = claimed(world, staff, ANN)
    assert ownership.progress(world, ONE)[0][1].state == "done"
    assert [one.device for one in ownership.mine(world, ann)] == [ONE]
    with pytest.raises(NotFound, match="no such device of yours"):
        ownership.theirs(world, ann, "nobody")
    with pytest.raises(NotFound, match="no such request"):
        ownership.request_of(world, ann, ONE, "none")
    staffs = customer_data.open_request(world, staff, ONE, "access").id  # what support noted for her is hers to see
    assert ownership.request_of(world, ann, ONE, staffs).kind == "access"
    for _ in range(ownership.REQUESTS_A_DAY):
        ownership.take_copy(world, ann, ONE)
    with pytest.raises(TooMany, match="today"):
        ownership.erase(world, ann, ONE)
    world.clock.advance(timedelta(days=1))
    devices.retire(world, staff, ONE, "broken")
    customer_data.Retirement().advance(world)
    assert ownership.mine(world, ann) == []
    assert ownership.end_stale(world) == 1
    assert ownership.progress(world, ONE)[1][1].says == "The last claim ended: retired."


def test_the_next_owner_never_sees_the_former_ones_requests(world, staff, tmp_path):
    house = make_house(world, staff, tmp_path)
    house.say("up/clip", zone="hall", seconds=1)
    ann = claimed(world, staff, ANN)
    hers = ownership.take_copy(world, ann, ONE).id
    world.clock.advance(timedelta(seconds=1))
    receipt = ownership.pass_on(world, ann, ONE)
    assert receipt.why == "transfer"
    with pytest.raises(NotFound):
        ownership.fetch(world, ann, ONE, hers)
    world.clock.advance(timedelta(seconds=1))
    ben = claimed(world, staff, "ben@example.org")
    assert ownership.requests(world, ben, ONE) == []
    with pytest.raises(NotFound):
        ownership.receipt(world, ben, ONE, hers)
