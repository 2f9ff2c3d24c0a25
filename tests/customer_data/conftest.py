"""A maker whose camera says where something moved: personal fields, kept two weeks."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from makers import Maker

from careful import products
from careful.kernel.actors import Actor
from careful.kernel.work import World

CAM = """\
schema: product/1
product: {id: cam-1, name: Camera, models: [C-1]}
data:
  - {id: climate, fields: [celsius], personal: false, purpose: [see that it is well], access_roles: [support, engineer],
     retention: {days: 30}}
  - {id: clip, fields: [zone, seconds], personal: true, purpose: [show what moved, help the owner],
     access_roles: [support], retention: {days: 14}}
events:
  - {name: motion, fields: [zone], personal: true}
"""


@dataclass
class House:
    """Whoever makes cameras, and the devices that are out there."""

    world: World
    maker: Maker

    def device(self, name: str = "cam-1-001") -> str:
        """Bring a camera to life."""
        return self.maker.device(name)


@pytest.fixture
def house(world: World, staff: Actor, tmp_path: Path) -> House:
    """A declared camera, and one device."""
    products.declare(world, staff, CAM.encode())
    products.approve(world, staff, "cam-1")
    made = House(world, Maker(world, staff, tmp_path))
    made.device()
    return made
