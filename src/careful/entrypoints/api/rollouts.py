"""Rollouts: start, watch, halt, resume, account for a device; and rehearse what must be refused."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from careful import updates
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked, Why
from careful.kernel.actors import Actor

router = APIRouter(prefix="/rollouts", tags=["rollouts"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("rollouts", "read"))]
_Name = Annotated[str, Field(max_length=64)]


class Start(Asked):
    """How a published release is to reach a product's devices. A wave is a number of devices or a percentage."""

    product: _Name
    version: _Name
    waves: list[Annotated[str, Field(max_length=12)]] = Field(default=list(updates.WAVES), max_length=20)
    deadline_minutes: float = Field(default=60.0, gt=0, le=60 * 24 * 30)
    deadline_seconds: float | None = Field(default=None, gt=0, le=86_400, description="In place of minutes, if given.")
    max_failures_percent: float = Field(default=10.0, ge=0, le=100)
    min_failures: int = Field(default=1, ge=1, le=1_000_000)
    attempts: int = Field(default=2, ge=1, le=10)
    first: list[_Name] = Field(default=[], max_length=1000, description="Devices that go first.")
    exclude: list[_Name] = Field(default=[], max_length=100_000, description="Devices that are left alone.")


class Started(BaseModel):
    """The rollout's id."""

    rollout: str


class Rehearsal(Asked):
    """A deliberately wrong order for a real device: it has held when the device refuses and says so."""

    device: _Name
    kind: updates.DrillKind


class Rehearsed(BaseModel):
    """The order's number."""

    action: int


@router.get("")
def list_rollouts(world: TheWorld, _: _Read, product: str | None = None) -> list[updates.Rollout]:
    """List rollouts, oldest first."""
    return updates.rollouts(world, product)


@router.post("", status_code=201)
def start(world: TheWorld, actor: Annotated[Actor, Depends(needs("rollouts", "start"))], asked: Start) -> Started:
    """Start a rollout; the planner does the rest."""
    rollout = updates.start_rollout(
        world,
        actor,
        asked.product,
        asked.version,
        waves=asked.waves,
        deadline_minutes=asked.deadline_minutes,
        deadline_seconds=asked.deadline_seconds,
        max_failures_percent=asked.max_failures_percent,
        min_failures=asked.min_failures,
        attempts=asked.attempts,
        first=asked.first,
        exclude=asked.exclude,
    )
    return Started(rollout=rollout)


@router.post("/drills", status_code=201)
def drill(world: TheWorld, actor: Annotated[Actor, Depends(needs("rollouts", "drill"))], asked: Rehearsal) -> Rehearsed:
    """Rehearse: give a device an order that it must refuse."""
    return Rehearsed(action=updates.drill(world, actor, asked.device, asked.kind))


@router.get("/orders")
def orders(world: TheWorld, _: _Read, device: str | None = None, drills: bool | None = None) -> list[updates.Order]:
    """List the newest 200 orders, of one device or of all; `drills` true for rehearsals only."""
    return updates.orders(world, device=device, drills=drills)


@router.get("/uptake")
def uptake(world: TheWorld, _: _Read, product: str, version: str) -> updates.Uptake:
    """Return how a version spread: fixed, offered, silent and failed over time."""
    return updates.uptake(world, product, version)


@router.get("/{rollout}")
def get(world: TheWorld, _: _Read, rollout: str) -> updates.RolloutDetail:
    """Return one rollout with its waves and every device's state."""
    return updates.rollout(world, rollout)


@router.post("/{rollout}/halt")
def halt(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("rollouts", "halt"))], rollout: str, why: Why
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
