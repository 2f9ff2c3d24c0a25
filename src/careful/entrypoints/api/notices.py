"""Notices: draft, publish, tell the owners."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from careful import notices
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked
from careful.kernel.actors import Actor

router = APIRouter(prefix="/notices", tags=["notices"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("notices", "read"))]


class Draft(Asked):
    """An advisory to write for a case; what is left empty is filled in plainly."""

    case: str = Field(max_length=64)
    title: str = Field(default="", max_length=4000)
    summary: str = Field(default="", max_length=4000)
    action: str = Field(default="", max_length=4000)


class Told(BaseModel):
    """How many owners get a message, and how many devices have nobody to tell."""

    told: int
    unreachable: int


@router.get("")
def list_notices(world: TheWorld, _: _Read, product: str | None = None) -> list[notices.Advisory]:
    """List advisories, newest first."""
    return notices.advisories(world, product=product)


@router.post("", status_code=201)
def draft(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("notices", "draft"))], asked: Draft
) -> notices.Advisory:
    """Write, or write again, the advisory of a case that was judged affected."""
    return notices.draft(world, actor, asked.case, title=asked.title, summary=asked.summary, action=asked.action)


@router.get("/{advisory}")
def get(world: TheWorld, _: _Read, advisory: str) -> notices.Advisory:
    """Return one advisory."""
    return notices.advisory(world, advisory)


@router.get("/{advisory}/csaf", response_class=Response)
def csaf(world: TheWorld, _: _Read, advisory: str) -> Response:
    """Return a published advisory as CSAF 2.0."""
    return Response(notices.csaf(world, advisory), media_type="application/json")


@router.post("/{advisory}/publish")
def publish(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("notices", "publish"))], advisory: str
) -> notices.Advisory:
    """Publish an advisory on the public site, as CSAF and in the feed."""
    return notices.publish(world, actor, advisory)


@router.post("/{advisory}/tell")
def tell(world: TheWorld, actor: Annotated[Actor, Depends(needs("notices", "tell"))], advisory: str) -> Told:
    """Post a message to every owner of an exposed device."""
    told, unreachable = notices.tell_owners(world, actor, advisory)
    return Told(told=told, unreachable=unreachable)
