"""The director's word, as a device verifies it against the `targets` that the product's root leads to."""

from datetime import timedelta

import flat_repository
import pytest
from tuf.api.metadata import Metadata

from careful import updates
from careful.kernel.errors import NotFound, Unavailable
from careful.updates import publishing
from careful.updates.delegation import Tree
from careful.updates.director import LIFE, assignment


@pytest.fixture
def order(world, staff, maker, hands):
    """An open order for cam-1-001; cam-1-002 has none."""
    maker.release("1.0.0")
    maker.fleet(2)
    maker.release("1.0.1")
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=["1", "100%"], first=["cam-1-001"])
    hands.advance()
    return updates.order_for(world, "cam-1-001")


def top(world):
    repository = publishing.ensure_repository(world, "cam-1")
    return Tree(repository, repository.in_force()).metadata("targets").signed


def test_it_gives_one_image_to_one_device(world, clock, order):
    said = Metadata.from_bytes(assignment(world, "cam-1-001", order.id))
    top(world).verify_delegate("director", said.signed_bytes, said.signatures)
    assert said.signed.unrecognized_fields["assignment"] == {
        "device": "cam-1-001", "product": "cam-1", "action": order.id
    }  # fmt: skip
    assert said.signed.version == int(order.made_at.timestamp())
    assert said.signed.expires == (clock.now() + LIFE).replace(microsecond=0)
    repository = publishing.ensure_repository(world, "cam-1")
    [(path, target)] = said.signed.targets.items()
    assert target == Tree(repository, repository.in_force()).find(path)


@pytest.mark.parametrize(("device", "other"), [("cam-1-002", 0), ("cam-1-001", 1)], ids=["another's", "unknown"])
def test_nobody_elses_order(world, order, device, other):
    with pytest.raises(NotFound):
        assignment(world, device, order.id + other)


def test_not_once_the_order_is_over(world, hands, order):
    hands.answer(["cam-1-001"])
    with pytest.raises(NotFound, match="no such open order"):
        assignment(world, "cam-1-001", order.id)


def test_a_later_order_has_a_higher_number(world, staff, clock, maker, hands, order):
    first = Metadata.from_bytes(assignment(world, "cam-1-001", order.id)).signed.version
    hands.answer(["cam-1-001"])
    hands.answer(["cam-1-002"])
    clock.advance(timedelta(seconds=1))
    maker.release("1.0.2")
    updates.start_rollout(world, staff, "cam-1", "1.0.2", waves=["1", "100%"], first=["cam-1-001"])
    hands.advance()
    later = updates.order_for(world, "cam-1-001")
    assert Metadata.from_bytes(assignment(world, "cam-1-001", later.id)).signed.version > first


def test_without_the_directors_key(world, staff, order, tmp_path):
    updates.export_keys(world, staff, "cam-1", tmp_path / "stick", ["director"])
    with pytest.raises(Unavailable, match="director key of cam-1 is not here"):
        assignment(world, "cam-1-001", order.id)


def test_an_earlier_repository_has_no_director(world, staff, maker, hands):
    maker.declare()
    flat_repository.make(world, "cam-1")
    maker.release("1.0.1")
    maker.fleet(1, "1.0.0")
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=["100%"])
    hands.advance()
    with pytest.raises(NotFound, match="no director yet"):
        assignment(world, "cam-1-001", updates.order_for(world, "cam-1-001").id)
