"""A toy that says more than it should: declared data, records taken and refused, for the tests of what shows them."""

from dataclasses import dataclass

from careful import customer_data, devices, products
from careful.customer_data import Stopped
from careful.kernel.actors import Actor
from careful.kernel.work import World

FILE = b"""\
schema: product/1
product: {id: toy-1, name: Talking Toy, models: [T-1]}
audience: {child_directed: true}
data:
  - id: voice
    fields: [clip, seconds]
    types: {seconds: number}
    details: {seconds: {min: 0, max: 60, unit: s, personal: false, consent: none}}
    personal: true
    purpose: [answer questions]
    recipients: []
    consent: parental
    retention: {days: 30}
  - {id: climate, fields: [celsius, humidity], personal: false, refusal: field, rate: {messages: 60, per: hour}}
  - {id: account, fields: [email], from: app}
"""


@dataclass
class Collected:
    """An installation in which devices have said things."""

    world: World
    staff: Actor
    product: str = "toy-1"

    def declare(self) -> None:
        """Put the toy's file in force, and make two toys."""
        products.declare(self.world, self.staff, FILE)
        products.approve(self.world, self.staff, self.product)
        devices.make_tokens(self.world, self.staff, self.product, ["toy-1-001", "toy-1-002"], "rev-a")

    def take(self) -> None:
        """Take some records."""
        customer_data.count_observed(
            self.world, self.product, {("climate", ("celsius",)): 40, ("voice", ("clip", "seconds")): 2}
        )

    def refuse(self, field: str = "ssid", kind: str = "undeclared-field", release: str = "1.0.0", **more: str) -> None:
        """Refuse something of each device."""
        here = {"item": "climate"} | more
        customer_data.count_stopped(
            self.world,
            [
                Stopped(
                    product=self.product, release=release, device=device, field=field, kind=kind, count=3, left_out=1,
                    at=self.world.clock.now(), **here,
                )
                for device in ("toy-1-001", "toy-1-002")
            ],
        )  # fmt: skip
