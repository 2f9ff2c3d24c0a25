"""Duties to report: what is owed by when, drafts, and what was submitted. Careful submits nothing by itself."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from careful import obligations
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked
from careful.kernel.actors import Actor

router = APIRouter(prefix="/obligations", tags=["obligations"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("obligations", "read"))]
_Note = Annotated[Actor, Depends(needs("obligations", "note"))]
_Moment = Annotated[AwareDatetime | None, Field(description="With its time zone; left out: now.")]
_Text = Annotated[str, Field(min_length=1, max_length=obligations.LONGEST)]


class Known(Asked):
    """Since when the maker knows, and what made it aware."""

    how: _Text
    at: _Moment = None


class Available(Asked):
    """A corrective or mitigating measure other than a release, and since when it is available."""

    what: _Text
    at: _Moment = None


class Incident(Asked):
    """A severe incident, and since when the maker knows of it."""

    title: str = Field(min_length=1, max_length=200)
    products: list[str] = Field(min_length=1, max_length=100)
    what: _Text
    why_severe: _Text
    how: _Text
    at: _Moment = None


class Submitted(Asked):
    """What you submitted at the platform, and the number that you got. Without `text`, it was the draft as it is."""

    report: str = Field(max_length=40)
    reference: str = Field(min_length=1, max_length=200)
    text: str = Field(default="", max_length=obligations.LONGEST_TEXT)
    at: _Moment = None


class Dismissal(Asked):
    """Why there is nothing to report after all."""

    reason: _Text


class Rehearsal(Asked):
    """What to rehearse, and of which products to pretend it."""

    kind: obligations.Kind
    products: list[str] = Field(min_length=1, max_length=100)


class Seen(BaseModel):
    """A matter with its clocks and all that was noted; `drill`: a rehearsal, nothing happened."""

    id: str
    kind: obligations.Kind
    drill: bool
    title: str
    what: str
    why_severe: str
    products: list[str]
    case: str | None
    applies: str
    applies_because: str
    aware_at: datetime | None
    measure_at: datetime | None
    open: bool
    late: bool
    next_due: datetime | None
    clocks: list[obligations.Clock]
    entries: list[obligations.Entry]


@router.get("")
def list_matters(world: TheWorld, _: _Read, drills: bool = False) -> list[Seen]:
    """List what is or was to be reported: late first, then by the next due moment. `drills`: rehearsals instead."""
    return [_seen(one) for one in obligations.matters(world, drills=drills)]


@router.post("", status_code=201)
def incident(world: TheWorld, actor: _Note, said: Incident) -> Seen:
    """Note a severe incident."""
    one = obligations.incident(
        world,
        actor,
        said.title,
        named=said.products,
        what=said.what,
        why_severe=said.why_severe,
        how=said.how,
        at=said.at,
    )
    return _seen(one)


@router.post("/drills", status_code=201)
def drill(world: TheWorld, actor: Annotated[Actor, Depends(needs("obligations", "drill"))], said: Rehearsal) -> Seen:
    """Begin a rehearsal of reporting: a made-up matter on the real clocks."""
    return _seen(obligations.drill(world, actor, said.kind, said.products))


@router.get("/{matter}")
def get(world: TheWorld, _: _Read, matter: str) -> Seen:
    """Return one matter: the case of an exploited flaw, an incident or a rehearsal."""
    return _seen(obligations.matter(world, matter))


@router.get("/{matter}/drafts/{report}")
def draft(world: TheWorld, _: _Read, matter: str, report: str) -> obligations.Draft:
    """Write a report (early-warning, notification, final) from what is known now, naming every gap."""
    return obligations.draft(world, matter, report)


@router.post("/{matter}/aware")
def aware(world: TheWorld, actor: _Note, matter: str, said: Known) -> Seen:
    """Note since when the maker knows; what was noted before stays, and a later moment moves no clock."""
    return _seen(obligations.aware(world, actor, matter, said.how, said.at))


@router.post("/{matter}/measures")
def measure(world: TheWorld, actor: _Note, matter: str, said: Available) -> Seen:
    """Note a measure other than a release; the first one starts the clock of the final report."""
    return _seen(obligations.measure(world, actor, matter, said.what, said.at))


@router.post("/{matter}/submitted")
def submitted(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("obligations", "submit"))], matter: str, said: Submitted
) -> Seen:
    """Note that a person submitted a report at the platform. Careful itself submits nothing."""
    return _seen(obligations.submitted(world, actor, matter, said.report, said.reference, at=said.at, text=said.text))


@router.post("/{matter}/dismiss")
def dismiss(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("obligations", "submit"))], matter: str, said: Dismissal
) -> Seen:
    """Note that there is nothing to report after all; everything noted stays."""
    return _seen(obligations.dismiss(world, actor, matter, said.reason))


def _seen(one: obligations.Matter) -> Seen:
    return Seen(
        id=one.id,
        kind=one.kind,
        drill=one.drill,
        title=one.title,
        what=one.what,
        why_severe=one.why_severe,
        products=list(one.products),
        case=one.case,
        applies=one.applies.answer,
        applies_because=one.applies.says,
        aware_at=one.aware_at,
        measure_at=one.measure_at,
        open=one.open,
        late=one.late,
        next_due=one.next.due if one.next else None,
        clocks=list(one.clocks),
        entries=list(one.entries),
    )
