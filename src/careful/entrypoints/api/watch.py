"""Alerts of the watch, one for each cause, and a person's word about them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from careful import monitoring
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked, Why
from careful.kernel.actors import Actor

router = APIRouter(prefix="/watch", tags=["watch"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("watch", "read"))]
_Judge = Annotated[Actor, Depends(needs("watch", "judge"))]
_Cut = Annotated[Actor, Depends(needs("watch", "cut"))]
_Name = Annotated[str | None, Query(max_length=64)]


class AlertBody(BaseModel):
    """One cause, at however many devices; `held`: devices that wait for a person before they are cut off.

    `names` are the first of what it is about, where devices choose the names; `more` counts the others.
    """

    id: str
    rule: str
    title: str
    product: str
    subject: str
    says: str
    action: monitoring.Action
    observed: float
    limit: float
    limit_from: str
    devices: int
    held: int
    cut: int
    times: int
    first_at: datetime
    last_at: datetime
    state: monitoring.AlertState
    drill: bool
    judged_by: str
    judged_at: datetime | None
    why: str
    names: list[str]
    more: int


class RuleBody(BaseModel):
    """One detection: the rule in words, where its limit comes from, false alarms for each device-day, its action."""

    id: str
    title: str
    words: str
    limit: str
    budget: float
    action: monitoring.Action
    sees: str


class Detail(BaseModel):
    """An alert with its rule, its devices (at most 1,000) and what was said to be expected of it."""

    alert: AlertBody
    rule: RuleBody
    devices: list[monitoring.AlertDevice]
    expectations: list[monitoring.Expectation]


class Judgement(Asked):
    """Expected, or confirmed as trouble. With `scope`, the same cause is expected there for `days`; nothing else is."""

    verdict: monitoring.Verdict
    reason: str = Field(min_length=1, max_length=500)
    scope: monitoring.Scope | None = None
    value: str = Field(default="", max_length=64)
    days: int = Field(default=30, ge=1, le=366)


class Cut(BaseModel):
    """How many devices were cut off."""

    devices: int


@router.get("/alerts")
def list_alerts(
    world: TheWorld,
    _: _Read,
    state: monitoring.AlertState | None = None,
    product: _Name = None,
    rule: _Name = None,
    device: _Name = None,
    drills: bool = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AlertBody]:
    """List alerts, what changed last first."""
    found = monitoring.alerts(world, state=state, product=product, rule=rule, device=device, drills=drills, limit=limit)
    return [_body(one) for one in found]


@router.get("/alerts/{alert}")
def show(world: TheWorld, _: _Read, alert: str) -> Detail:
    """Show an alert: the rule in words, what was observed, its devices."""
    one = monitoring.alert(world, alert)
    return Detail(
        alert=_body(one),
        rule=_rule(monitoring.rule(one.rule)),
        devices=monitoring.devices_of(world, alert, 1000),
        expectations=monitoring.expectations(world, wanted=alert, living=False),
    )


@router.post("/alerts/{alert}/judge")
def judge(world: TheWorld, actor: _Judge, alert: str, said: Judgement) -> AlertBody:
    """Say whether an alert was expected; it closes."""
    monitoring.judge(world, actor, alert, said.verdict, said.reason, scope=said.scope, value=said.value, days=said.days)
    return _body(monitoring.alert(world, alert))


@router.post("/alerts/{alert}/cut")
def cut(world: TheWorld, actor: _Cut, alert: str, why: Why) -> Cut:
    """Cut off the devices that are held for a person."""
    return Cut(devices=monitoring.cut_held(world, actor, alert, why.reason))


@router.get("/expectations")
def list_expectations(world: TheWorld, _: _Read) -> list[monitoring.Expectation]:
    """List what people said is expected, and how often it happened since."""
    return monitoring.expectations(world)


@router.delete("/expectations/{expectation}", status_code=204)
def end_expectation(world: TheWorld, actor: _Judge, expectation: str) -> None:
    """Expect it no longer."""
    monitoring.end_expectation(world, actor, expectation)


@router.get("/rules")
def list_rules(_: _Read) -> list[RuleBody]:
    """List the detections."""
    return [_rule(one) for one in monitoring.rules()]


@router.post("/chains/{device}/reset", status_code=204)
def reset_chain(world: TheWorld, actor: _Judge, device: str, why: Why) -> None:
    """Begin a device's chain of nonces anew, as after it was restored from a backup."""
    monitoring.reset_chain(world, actor, device, why.reason)


def _body(one: monitoring.Alert) -> AlertBody:
    given = {name: getattr(one, name) for name in AlertBody.model_fields if name != "title"}
    return AlertBody(title=monitoring.rule(one.rule).title, **given)


def _rule(one: monitoring.Rule) -> RuleBody:
    return RuleBody(**{name: getattr(one, name) for name in RuleBody.model_fields})
