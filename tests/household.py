"""A maker whose camera says where something moved: personal fields, kept two weeks."""

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from makers import Maker

from careful import customer_data, products
from careful.customer_data import records_of
from careful.kernel.actors import Actor
from careful.kernel.inbox import Message, to_micros
from careful.kernel.work import World

CAM = """\
schema: product/1
product: {id: cam-1, name: Camera, models: [C-1]}
data:
  - {id: climate, fields: [celsius], personal: false, purpose: [see that it is well],
     access_roles: [support, firmware-engineer], retention: {days: 30}}
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

    def say(self, topic: str, device: str = "cam-1-001", version: int = 1, **fields: object) -> None:
        """Store what a device says, sealed as a gateway would; a second passes."""
        world, at = self.world, to_micros(self.world.clock.now())
        permit = products.permit_at(world, "cam-1", version)
        kind, _, name = topic.partition("/")
        stream = (permit.streams if kind == "up" else permit.shapes)[name]
        payload = json.dumps(fields).encode()
        if stream.personal:
            key = customer_data.key_of(world, device)
            payload = customer_data.seal(key, topic, version, stream.personal, fields, secrets.token_bytes)
        records_of(world).append([Message(device, topic, payload, at)])
        world.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined] # a clock moved by hand


def make_house(world: World, staff: Actor, folder: Path) -> House:
    """Declare a camera, and bring one to life."""
    products.declare(world, staff, CAM.encode())
    products.approve(world, staff, "cam-1")
    made = House(world, Maker(world, staff, folder))
    made.device()
    return made
