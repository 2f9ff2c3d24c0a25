"""What one may ask about suppliers."""

import pytest

from careful import suppliers
from careful.kernel.actors import Actor
from careful.kernel.errors import NotFound
from careful.kernel.work import World


def test_nothing_at_first_and_then_all_of_it(world: World, staff: Actor) -> None:
    assert suppliers.list_all(world) == []
    assert suppliers.supplier_of(world, "x") is None
    with pytest.raises(NotFound):
        suppliers.get(world, "one")
    for one in ("two", "one"):
        suppliers.record(world, staff, one, name=one.capitalize())
    assert [one.id for one in suppliers.list_all(world)] == ["one", "two"]
    assert suppliers.get(world, "one").evidence == ()
