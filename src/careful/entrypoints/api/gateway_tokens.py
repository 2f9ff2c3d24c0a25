"""Gateway tokens: one secret with which something in front of devices polls for any of them."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from careful import devices
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked
from careful.kernel.actors import Actor

router = APIRouter(prefix="/gateway-tokens", tags=["devices"], route_class=TokenFirst)


class NewGatewayToken(Asked):
    """For which devices, and how many unknown ones it may bring in."""

    name: str = Field(min_length=1, max_length=64, description="Where it is kept.")
    product: str = Field(default="", max_length=64, description="Empty: for devices of every product.")
    hardware: str = Field(default="", max_length=64, description="What devices that it brings in are.")
    room: int = Field(default=0, ge=0, le=devices.MOST_ROOM)


class MadeGatewayToken(BaseModel):
    """The token, shown this once."""

    id: str
    gateway_token: str


@router.get("")
def list_gateway_tokens(
    world: TheWorld, _: Annotated[Actor, Depends(needs("devices", "read"))]
) -> list[devices.GatewayToken]:
    """List all tokens, oldest first, without their secrets."""
    return devices.gateway_tokens(world)


@router.post("", status_code=201)
def make_gateway_token(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("devices", "enrol"))], asked: NewGatewayToken
) -> MadeGatewayToken:
    """Make a token."""
    made, text = devices.make_gateway_token(
        world, actor, asked.name, product=asked.product, hardware=asked.hardware, room=asked.room
    )
    return MadeGatewayToken(id=made.id, gateway_token=text)


@router.delete("/{token}", status_code=204)
def revoke_gateway_token(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("devices", "revoke"))], token: str
) -> None:
    """End a token, by its id."""
    devices.revoke_gateway_token(world, actor, token)
