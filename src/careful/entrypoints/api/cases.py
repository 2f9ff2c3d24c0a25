"""Cases: one flaw in one product, from being heard of to its close."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from careful import releases, vulnerabilities
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked
from careful.kernel.actors import Actor

router = APIRouter(tags=["cases"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("cases", "read"))]


class Judgement(Asked):
    """What a person decided (VEX). `not_affected` needs a justification, `affected` an action."""

    status: vulnerabilities.Status
    justification: str | None = Field(default=None, max_length=80)
    statement: str = Field(default="", max_length=4000)
    action: str = Field(default="", max_length=4000)


class Exposed(BaseModel):
    """The devices that run an affected release now, and of those the ones nobody accounted for."""

    devices: list[str]
    by_version: dict[str, int]
    unaccounted: list[str]
    accounted: dict[str, str]


class Accounted(Asked):
    """Why an exposed device is not fixed; it goes into the ledger, so no personal data."""

    device: str = Field(max_length=64)
    reason: str = Field(min_length=1, max_length=4000)


class Unmatched(BaseModel):
    """A component that could not be looked up, and why: zero coverage never reads as zero flaws."""

    component: releases.Component
    reason: str


@router.get("/cases")
def list_cases(
    world: TheWorld, _: _Read, state: Literal["open", "closed"] | None = None, product: str | None = None
) -> list[vulnerabilities.Case]:
    """List cases: exploited in the wild first, then by due date."""
    return vulnerabilities.cases(world, state, product)


@router.get("/cases/{case}")
def get(world: TheWorld, _: _Read, case: str) -> vulnerabilities.Case:
    """Return one case."""
    return vulnerabilities.case(world, case)


@router.get("/cases/{case}/exposure")
def exposure(world: TheWorld, _: _Read, case: str) -> Exposed:
    """Return the exact devices exposed, located by release."""
    found = vulnerabilities.exposed(world, case)
    return Exposed(
        devices=list(found.devices),
        by_version=dict(found.by_version),
        unaccounted=vulnerabilities.unaccounted(world, case),
        accounted=vulnerabilities.accounted(world, case),
    )


@router.post("/cases/{case}/judge")
def judge(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("cases", "judge"))], case: str, said: Judgement
) -> vulnerabilities.Case:
    """Decide what the flaw means for the product."""
    return vulnerabilities.judge(world, actor, case, said.status, said.justification, said.statement, said.action)


@router.post("/cases/{case}/account-for")
def account_for(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("cases", "account"))], case: str, said: Accounted
) -> Exposed:
    """Say why an exposed device is not fixed."""
    vulnerabilities.account_for(world, actor, case, said.device, said.reason)
    return exposure(world, actor, case)


@router.post("/cases/{case}/close")
def close(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("cases", "close"))], case: str
) -> vulnerabilities.Case:
    """Close a case; refused while an exposed device is unaccounted for."""
    return vulnerabilities.close(world, actor, case)


@router.get("/findings")
def findings(
    world: TheWorld, _: _Read, release: str | None = None, flaw: str | None = None, product: str | None = None
) -> list[vulnerabilities.Finding]:
    """List findings: which flaw in which component of which release, by which rule, on what evidence."""
    return vulnerabilities.findings(world, release=release, flaw=flaw, product=product)


@router.get("/releases/{release}/unmatched")
def unmatched(world: TheWorld, _: _Read, release: str) -> list[Unmatched]:
    """List the components of a release that could not be looked up, each with the reason."""
    wanted = releases.by_id(world, release).id
    return [Unmatched(component=one, reason=why) for one, why in vulnerabilities.unmatched(world, wanted)]
