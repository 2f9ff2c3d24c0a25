"""Cases: one flaw in one product, from being heard of to its close."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Response
from pydantic import BaseModel, Field

from careful import obligations, releases, vulnerabilities
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked
from careful.entrypoints.api.problems import SECOND
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid
from careful.workflows import second_person
from careful.workflows.who_is_affected import Affected, affected

router = APIRouter(tags=["cases"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("cases", "read"))]


class Judgement(Asked):
    """What a person decided (VEX). `not_affected` needs a justification, `affected` an action."""

    status: vulnerabilities.Status
    justification: str | None = Field(default=None, max_length=80)
    statement: str = Field(default="", max_length=4000)
    action: str = Field(default="", max_length=4000)
    accept_until: datetime | None = Field(
        default=None, description="Accept the risk until then, within a year; `statement` says why."
    )

    def decision(self) -> vulnerabilities.Decision:
        """Return it as the decision that it is."""
        return vulnerabilities.Decision(
            status=self.status,
            justification=self.justification,
            statement=self.statement,
            action=self.action,
            until=self.accept_until,
        )


class Which(Asked):
    """The open cases that are meant: all that is given must fit. Without `decided`, only those that wait."""

    product: str | None = Field(default=None, max_length=64)
    flaws: list[str] = Field(default_factory=list, max_length=50_000)
    severities: list[str] = Field(default_factory=list, max_length=10)
    component: str | None = Field(default=None, max_length=1000)
    exploited: bool | None = None
    decided: bool = False

    def filter(self) -> vulnerabilities.Filter:
        """Return it as the filter that it is."""
        return vulnerabilities.Filter(
            product=self.product,
            flaws=tuple(self.flaws),
            severities=tuple(self.severities),
            component=self.component,
            exploited=self.exploited,
            decided=self.decided,
        )


class Judgements(Judgement):
    """One decision on many cases: those named in `cases`, or all that `which` means.

    `expect` is the fingerprint of a preview (`dry_run`): where the outcome would be another by now, nothing is decided.
    """

    cases: list[str] | None = Field(default=None, max_length=50_000)
    which: Which | None = None
    dry_run: bool = False
    expect: str | None = Field(default=None, max_length=64)


class Decided(BaseModel):
    """What was decided of each case, or would be."""

    dry_run: bool
    fingerprint: str
    cases: list[vulnerabilities.Outcome]


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


class KernelFiles(BaseModel):
    """How many compiled files are known of a release's kernel."""

    files: int


class Unmatched(BaseModel):
    """A component that could not be looked up, and why: zero coverage never reads as zero flaws."""

    component: releases.Component
    reason: str


@router.get("/cases")
def list_cases(
    world: TheWorld,
    _: _Read,
    response: Response,
    state: Literal["open", "closed"] | None = None,
    product: str | None = None,
) -> list[obligations.Pressing]:
    """List cases, each with `why` it presses: by the next report due by law, late ones first, then by due date.

    Where a feed is missing or too old, or a release was not compared yet, the header `Careful-Known` is `not-known`:
    what is not in the list is then not known to be absent. Else it is `looked-up`.
    """
    response.headers["Careful-Known"] = "looked-up" if vulnerabilities.looked_up(world) else "not-known"
    return obligations.pressing(world, state, product)


@router.get("/cases/{case}")
def get(world: TheWorld, _: _Read, case: str) -> obligations.Pressing:
    """Return one case."""
    return obligations.standing(world, case)


@router.get("/cases/{case}/urgency")
def urgency(world: TheWorld, _: _Read, case: str) -> list[str]:
    """Say why a case is urgent, or is not: due, exploited, what an attacker needs, reach, share of the fleet, fix."""
    return list(obligations.urgency(world, case))


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


@router.get("/cases/{case}/affected")
def whom(world: TheWorld, _: _Read, case: str) -> Affected:
    """Say whom the case concerns: devices by release, how many owners can be told, the mend and how far it is."""
    return affected(world, case)


@router.post("/cases/{case}/judge", responses=SECOND)
def judge(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("cases", "judge"))], case: str, said: Judgement
) -> vulnerabilities.Case:
    """Decide what the flaw means for the product.

    Waving an exploited flaw through is proposed (`proposal`), and decided by two people on the console.
    """
    one = said.decision()
    return second_person.judge(world, actor, case, one)


@router.post("/cases/judge", responses=SECOND)
def judge_many(world: TheWorld, actor: Annotated[Actor, Depends(needs("cases", "judge"))], said: Judgements) -> Decided:
    """Decide many cases alike in one transaction, or with `dry_run` say what that would do to each."""
    if (said.cases is None) == (said.which is None):
        raise Invalid("Which cases are meant?", do="Give `cases` or `which`, and not both.", where="body")
    wanted = said.which.filter() if said.which else said.cases or []
    if said.dry_run:
        found = vulnerabilities.preview(world, wanted, said.decision())
    else:
        found = second_person.accept_risk(world, actor, wanted, said.decision(), expect=said.expect)
    return Decided(dry_run=said.dry_run, fingerprint=vulnerabilities.fingerprint(found), cases=found)


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


@router.put("/releases/{release}/kernel-files")
def note_kernel_files(
    world: TheWorld,
    actor: Annotated[Actor, Depends(needs("releases", "add"))],
    release: str,
    text: Annotated[bytes, Body(media_type="text/plain", description="Compiled files, one a line.")],
) -> KernelFiles:
    """Note what was compiled into a release's kernel: flaws in other files are set aside, but for exploited ones."""
    number = vulnerabilities.note_kernel_files(world, actor, release, text.decode("utf-8", "replace"))
    return KernelFiles(files=number)


@router.get("/releases/{release}/unmatched")
def unmatched(world: TheWorld, _: _Read, release: str) -> list[Unmatched]:
    """List the components of a release that could not be looked up, each with the reason."""
    wanted = releases.by_id(world, release).id
    return [Unmatched(component=one, reason=why) for one, why in vulnerabilities.unmatched(world, wanted)]
