"""A camera with a code on its label."""

from pathlib import Path

import pytest
from household import House, make_house

from careful import owners
from careful.kernel.actors import Actor
from careful.kernel.work import World


@pytest.fixture
def house(world: World, staff: Actor, tmp_path: Path) -> House:
    """A declared camera, and one device."""
    return make_house(world, staff, tmp_path)


@pytest.fixture
def code(house: House, staff: Actor) -> str:
    """The code on the label."""
    return owners.make_codes(house.world, staff, "cam-1", ())[0].code
