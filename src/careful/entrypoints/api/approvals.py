"""Acts that wait for a second person: see them, refuse them. Agreeing takes a person who is signed in."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from careful import people
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Why
from careful.kernel.actors import Actor
from careful.kernel.errors import Forbidden
from careful.workflows import second_person

router = APIRouter(prefix="/approvals", tags=["approvals"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("approvals", "read"))]
_Refuse = Annotated[Actor, Depends(needs("approvals", "refuse"))]


class Line(BaseModel):
    """One line of what would be done."""

    name: str
    value: str


class Shown(BaseModel):
    """An act that was asked for, and exactly what would be done."""

    act: people.Pending
    lines: list[Line]


@router.get("")
def list_approvals(world: TheWorld, _: _Read, every: bool = False) -> list[people.Pending]:
    """List what waits for a second person, the newest first; `every` also what became of others."""
    return people.approvals(world, waiting=not every)


@router.get("/{approval}")
def get(world: TheWorld, _: _Read, approval: str) -> Shown:
    """Return one act, with exactly what would be done."""
    one = people.approval_of(world, approval)
    return Shown(act=one, lines=[Line(name=name, value=value) for name, value in second_person.shown(world, one)])


@router.post("/{approval}/approve")
def approve(world: TheWorld, _: _Refuse, approval: str) -> people.Pending:
    """Refused, always: a token may be anyone's. A person agrees on the console, or with `careful approvals approve`."""
    one = people.approval_of(world, approval)
    raise Forbidden(
        "Only a person who is signed in can agree: a token may be anyone's.",
        do=f"Agree on the console: {world.settings.console_url}/approvals/{one.id}",
    )


@router.post("/{approval}/refuse")
def refuse(world: TheWorld, actor: _Refuse, approval: str, why: Why) -> people.Pending:
    """Refuse an act, with the reason; whoever asked may take it back so."""
    return people.refuse(world, actor, approval, why.reason)
