"""Sets for others without persons."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from careful import customer_data
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked
from careful.kernel.actors import Actor

router = APIRouter(prefix="/data/deidentified", tags=["data"], route_class=TokenFirst)
_Release = Annotated[Actor, Depends(needs("data", "release"))]
_See = Annotated[Actor, Depends(needs("data", "read"))]
_Rule = Annotated[str, Field(max_length=200)]


class WantedSet(Asked):
    """For whom, and what is done to which field; what has no rule is left out."""

    recipient: str = Field(max_length=63)
    rules: list[_Rule] = Field(min_length=1, max_length=200)
    suppress: bool = False


@router.get("")
def sets(world: TheWorld, _: _See) -> list[customer_data.Measured]:
    """List sets that were measured for others, handed out or refused, the newest first."""
    return customer_data.deidentified_sets(world)


@router.post("/{product}/{item}", response_class=Response)
def release(world: TheWorld, actor: _Release, product: str, item: str, wanted: WantedSet) -> Response:
    """Hand out one data item without persons (JSON Lines); refused below the k that the product file declares."""
    made = customer_data.release_deidentified(
        world, actor, product, item, wanted.recipient, wanted.rules, suppress=wanted.suppress
    )
    return Response(made.text, media_type="application/jsonl", headers={"cache-control": "no-store"})
