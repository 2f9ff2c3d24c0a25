"""Feeds of known flaws: take one in, see how old they are, match what is new."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, UploadFile
from pydantic import BaseModel

from careful import vulnerabilities
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import only
from careful.entrypoints.api.uploads import on_disk
from careful.kernel.actors import Actor

router = APIRouter(prefix="/feeds", tags=["feeds"], route_class=TokenFirst)
_Feed = Annotated[Actor, Depends(needs("cases", "feed"))]


class Matched(BaseModel):
    """How many releases were matched against what changed."""

    matched: int


@router.get("")
def ages(world: TheWorld, _: Annotated[Actor, Depends(needs("cases", "read"))]) -> list[vulnerabilities.FeedAge]:
    """List the feeds; one that is not fresh turns "no known flaw" into "not known"."""
    return vulnerabilities.feed_ages(world)


@router.post("", status_code=201, dependencies=[Depends(only("feed", "kind"))])
def take_in(
    world: TheWorld,
    actor: _Feed,
    *,
    feed: Annotated[UploadFile, File(description="A feed of any kind that is read, or a zip of it.")],
    kind: Annotated[vulnerabilities.FeedKind | None, Form(description="Empty: seen from the content.")] = None,
) -> vulnerabilities.FeedReport:
    """Take a feed in. Malformed records are refused with their place, the others are taken."""
    with on_disk(world, feed, world.settings.artifact_bytes) as path:
        return vulnerabilities.import_feed(world, actor, path, kind, source=(feed.filename or "")[:200])


@router.post("/match")
def match(world: TheWorld, _: _Feed) -> Matched:
    """Match every release against what changed, now and not when the worker next does."""
    return Matched(matched=vulnerabilities.match(world))
