"""A maker whose camera says where something moved: personal fields, kept two weeks."""

from pathlib import Path

import pytest
from household import House, make_house

from careful.kernel.actors import Actor
from careful.kernel.work import World


@pytest.fixture
def house(world: World, staff: Actor, tmp_path: Path) -> House:
    """A declared camera, and one device."""
    return make_house(world, staff, tmp_path)
