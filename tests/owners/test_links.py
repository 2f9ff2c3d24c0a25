"""Links: the same work for an address that nobody has, and nothing in tables that a thief could use."""

import pytest
from sqlalchemy import select

from careful import devices, owners
from careful.kernel.errors import Forbidden, NotFound, Refused
from careful.kernel.outbox import messages
from careful.owners import store
from careful.owners.links import digest

ONE, ANN = "cam-1-001", "ann@example.org"


def nothing(_work, _device):
    """Nobody had it before."""


def posted(world):
    with world.look() as connection:
        return list(connection.execute(select(messages.c.payload).where(messages.c.kind == "owners.link")).scalars())


def test_who_is_asked_for_leaves_the_same_traces(house, code):
    world = house.world
    owners.ask_claim(world, ONE, code, ANN, "browser", "203.0.113.1")
    secret = posted(world)[0]["secret"]
    with pytest.raises(NotFound, match="another browser"):
        owners.redeem(world, secret, "thief", "203.0.113.9", nothing)
    session, device = owners.redeem(world, secret, "browser", "203.0.113.1", nothing)
    assert device == ONE
    with pytest.raises(NotFound, match="used already"):
        owners.redeem(world, secret, "browser", "203.0.113.1", nothing)
    assert owners.find_session(world, session).owner == owners.claim_of(world, ONE).owner
    for address in (ANN, "nobody@example.org"):
        owners.ask_link(world, address, "browser", "203.0.113.1")
    with world.look() as connection:
        links = connection.execute(select(store.link)).all()
        kept = str(links) + str(connection.execute(select(store.session)).all())
    assert [(row.address, row.device) for row in links] == [("", ""), ("", "")]
    assert not [one["secret"] for one in posted(world) if one["secret"] in kept]
    assert session not in kept
    assert digest(session) in kept
    with pytest.raises(NotFound):  # a link for nobody opens nothing
        owners.redeem(world, posted(world)[-1]["secret"], "browser", "203.0.113.1", nothing)


def test_a_claim_takes_the_code_and_a_free_device(house, code, staff):
    world = house.world
    for device, typed in ((ONE, "wrong"), ("nobody", code), ("not/a/device", code)):
        with pytest.raises(Forbidden, match="not on that device"):
            owners.ask_claim(world, device, typed, ANN, "browser", "203.0.113.1")
    for number in (1, 2):  # two who both hold the unit ask; the first to open the link has it
        owners.ask_claim(world, ONE, code, f"ann{number}@example.org", f"browser{number}", "203.0.113.1")
    first, second = (one["secret"] for one in posted(world))
    owners.redeem(world, first, "browser1", "203.0.113.1", nothing)
    with pytest.raises(Refused, match="somebody's already"):
        owners.redeem(world, second, "browser2", "203.0.113.1", nothing)
    with pytest.raises(Refused, match="somebody's already"):
        owners.ask_claim(world, ONE, code, ANN, "browser", "203.0.113.1")
    assert [one.email for one in devices.owner_contacts(world, [ONE])] == ["ann1@example.org"]


def test_whose_it_was_before_is_ended_first(house, code, staff):
    world, ended = house.world, []

    def anew(_work, device):
        ended.append(device)

    def claim(address):
        owners.ask_claim(world, ONE, code, address, "browser", "203.0.113.1")
        return owners.redeem(world, posted(world)[-1]["secret"], "browser", "203.0.113.1", anew)[0]

    claim(ANN)
    devices.forget_owner(world, staff, ONE)
    assert owners.claims(world) == []
    claim(ANN.upper())
    assert ended == []  # hers again
    devices.forget_owner(world, staff, ONE)
    session = claim("ben@example.org")
    assert ended == [ONE]
    found = owners.find_session(world, session)
    with pytest.raises(Refused, match="somebody's already"):
        owners.claim_more(world, found, ONE, code, "203.0.113.1", anew)
    devices.forget_owner(world, staff, ONE)
    with pytest.raises(Forbidden, match="Nothing is yours"):
        owners.claim_more(world, found, ONE, code, "203.0.113.1", anew)
