"""Rollouts: see before, start, watch, halt, resume, go back; and rehearse what must be refused."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from careful import people, products, updates
from careful.entrypoints.api.auth import TheWorld, TokenFirst, asked_product, needs, no_product
from careful.entrypoints.api.bodies import Asked, Why
from careful.entrypoints.api.problems import SECOND
from careful.kernel.actors import Actor
from careful.kernel.work import World
from careful.workflows import second_person

router = APIRouter(prefix="/rollouts", tags=["rollouts"], route_class=TokenFirst)


def _of_rollout(world: World, request: Request) -> str:
    return updates.rollout(world, request.path_params["rollout"]).rollout.product


_Read = Annotated[Actor, Depends(needs("rollouts", "read"))]
_ReadOne = Annotated[Actor, Depends(needs("rollouts", "read", _of_rollout))]
_ReadAsked = Annotated[Actor, Depends(needs("rollouts", "read", asked_product))]
_Start = Annotated[Actor, Depends(needs("rollouts", "start", no_product))]
_StartOne = Annotated[Actor, Depends(needs("rollouts", "start", _of_rollout))]
_Name = Annotated[str, Field(max_length=64)]


class Start(Asked):
    """How a published release is to reach a product's devices.

    A wave is a number of devices or a percentage, and may say more: `10%,success=95,silence=2h`.
    """

    product: _Name
    version: _Name
    waves: list[Annotated[str, Field(max_length=64)]] = Field(default=list(updates.WAVES), max_length=20)
    deadline_minutes: float = Field(default=60.0, gt=0, le=60 * 24 * 30)
    deadline_seconds: float | None = Field(default=None, gt=0, le=86_400, description="In place of minutes, if given.")
    max_failures_percent: float = Field(default=10.0, ge=0, le=100)
    min_failures: int = Field(default=1, ge=1, le=1_000_000)
    attempts: int = Field(default=2, ge=1, le=10)
    first: list[_Name] = Field(default=[], max_length=1000, description="Devices that go first.")
    exclude: list[_Name] = Field(default=[], max_length=100_000, description="Devices that are left alone.")
    group: str = Field(default="", max_length=500, description="For which devices, such as `region=eu tag=beta`.")
    urgency: updates.Urgency = Field(default="security", description="How long owners may put it off.")
    window: str = Field(default="", max_length=40, description="When devices may install: `22:00-04:00`.")
    zone: str = Field(default="UTC", max_length=64, description="The time zone of devices of which none is known.")
    min_battery: int = Field(default=0, ge=0, le=100, description="Per cent of battery that a device must have.")
    mains: bool = Field(default=False, description="Devices must be plugged in.")
    watch_crashes: bool = Field(default=True, description="Halt when updated devices crash more than others.")
    supersede: bool = Field(default=False, description="Take devices over from a running rollout of an older version.")
    downgrade: bool = Field(default=False, description="To an older version; a second person must agree.")
    reason: str = Field(default="", max_length=300, description="Why; needed for a downgrade.")


class Started(BaseModel):
    """The rollout's id; a downgrade is `proposed` until a second person agrees on the console."""

    rollout: str
    state: str = "running"


class Alarm(Asked):
    """Monitoring's word: what was seen, of which product and perhaps version."""

    product: _Name
    version: _Name | None = None
    reason: str = Field(min_length=1, max_length=280)


class Halted(BaseModel):
    """Which rollouts that halted; none where none ran."""

    halted: list[str]


class Back(Asked):
    """Where to go back to, and why."""

    to: _Name
    reason: str = Field(min_length=1, max_length=280)


class Rehearsal(Asked):
    """A deliberately wrong order for a real device: it has held when the device refuses and says so."""

    device: _Name
    kind: updates.DrillKind


class Rehearsed(BaseModel):
    """The order's number."""

    action: int


@router.get("")
def list_rollouts(world: TheWorld, _: _ReadAsked, product: str | None = None) -> list[updates.Rollout]:
    """List rollouts, oldest first."""
    return updates.rollouts(world, product)


@router.post("", status_code=201, responses=SECOND)
def start(world: TheWorld, actor: _Start, asked: Start) -> Started:
    """Start a rollout; the planner does the rest."""
    people.keep_to_product(world, actor, asked.product)
    rollout = second_person.launch(world, actor, asked.product, asked.version, **_words(asked))
    return Started(rollout=rollout, state=updates.rollout(world, rollout).rollout.state)


@router.post("/preview")
def preview(world: TheWorld, actor: _Start, asked: Start) -> updates.Preview:
    """Show which devices a rollout would reach and why not the others; nothing is changed."""
    people.keep_to_product(world, actor, asked.product)
    return updates.preview_rollout(world, asked.product, asked.version, **_words(asked))


def _words(asked: Start) -> dict[str, Any]:
    return asked.model_dump(exclude={"product", "version"})


@router.post("/alarms")
def alarm(world: TheWorld, actor: Annotated[Actor, Depends(needs("rollouts", "halt"))], asked: Alarm) -> Halted:
    """Halt every running rollout of a product on monitoring's word; the same word again changes nothing."""
    return Halted(halted=updates.alarm(world, actor, asked.product, asked.reason, asked.version))


@router.post("/drills", status_code=201)
def drill(world: TheWorld, actor: Annotated[Actor, Depends(needs("rollouts", "drill"))], asked: Rehearsal) -> Rehearsed:
    """Rehearse: give a device an order that it must refuse."""
    return Rehearsed(action=updates.drill(world, actor, asked.device, asked.kind))


@router.get("/orders")
def orders(world: TheWorld, _: _Read, device: str | None = None, drills: bool | None = None) -> list[updates.Order]:
    """List the newest 200 orders, of one device or of all; `drills` true for rehearsals only."""
    return updates.orders(world, device=device, drills=drills)


@router.get("/uptake")
def uptake(world: TheWorld, _: _ReadAsked, product: str, version: str) -> updates.Uptake:
    """Return how a version spread: fixed, offered, silent and failed over time."""
    return updates.uptake(world, product, version)


@router.get("/uptake/{flaw}")
def uptake_of_flaw(world: TheWorld, _: _Read, flaw: str) -> list[updates.Uptake]:
    """Return how the mending of a flaw spread, for each product with a release that fixes it."""
    return updates.uptake_of_flaw(world, flaw)


@router.get("/currency/{product}")
def currency(world: TheWorld, _: _Read, product: str) -> updates.Currency:
    """Return how up to date a product's devices are, those behind grouped by cause with the next step."""
    return updates.currency(world, products.get(world, product).id)


@router.get("/{rollout}/fates")
def fates(world: TheWorld, _: _ReadOne, rollout: str) -> list[updates.DeviceFate]:
    """Return what has become of the release on each device of a rollout, since when, and why."""
    return updates.fates_of(world, rollout)


@router.get("/{rollout}")
def get(world: TheWorld, _: _ReadOne, rollout: str) -> updates.RolloutDetail:
    """Return one rollout with its waves and every device's state."""
    return updates.rollout(world, rollout)


@router.post("/{rollout}/halt")
def halt(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("rollouts", "halt", _of_rollout))], rollout: str, why: Why
) -> updates.RolloutDetail:
    """Stop a rollout."""
    updates.halt(world, actor, rollout, why.reason)
    return updates.rollout(world, rollout)


@router.post("/{rollout}/resume")
def resume(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("rollouts", "resume"))], rollout: str, why: Why
) -> updates.RolloutDetail:
    """Let a halted rollout go on, knowing of its failures."""
    updates.resume(world, actor, rollout, why.reason)
    return updates.rollout(world, rollout)


@router.post("/{rollout}/roll-back", status_code=201)
def roll_back(world: TheWorld, actor: _StartOne, rollout: str, asked: Back) -> Started:
    """Halt a rollout and propose that what took its release goes back; a second person agrees on the console."""
    made = updates.roll_back(world, actor, rollout, asked.to, asked.reason)
    return Started(rollout=made, state="proposed")


@router.post("/{rollout}/withdraw")
def withdraw(world: TheWorld, actor: _StartOne, rollout: str, why: Why) -> updates.RolloutDetail:
    """Drop a proposed rollout."""
    updates.withdraw_rollout(world, actor, rollout, why.reason)
    return updates.rollout(world, rollout)


@router.post("/{rollout}/devices/{device}/account")
def account(
    world: TheWorld,
    actor: Annotated[Actor, Depends(needs("rollouts", "resume"))],
    rollout: str,
    device: str,
    why: Why,
) -> updates.RolloutDetail:
    """Say why a failed or silent device stays behind; the rollout no longer waits for it."""
    updates.account(world, actor, rollout, device, why.reason)
    return updates.rollout(world, rollout)
