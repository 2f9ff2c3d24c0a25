"""Devices: tokens to be born with, lists, states, owners, what was refused."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from careful import devices, updates
from careful.devices import TOKENS_AT_ONCE
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked
from careful.kernel.actors import Actor

router = APIRouter(prefix="/devices", tags=["devices"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("devices", "read"))]


class TokenRequest(Asked):
    """For which devices of a product to make enrolment tokens: by name, or so many."""

    product: str = Field(max_length=64)
    hardware: str = Field(max_length=64)
    devices: (
        Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=TOKENS_AT_ONCE)]
        | Annotated[int, Field(ge=1, le=TOKENS_AT_ONCE)]
    ) = Field(description=f"Device names, or how many tokens without a name: {TOKENS_AT_ONCE} at most.")


class NewToken(BaseModel):
    """A one-time enrolment token, shown this once."""

    device: str
    token: str
    expires: datetime


class Reason(Asked):
    """Why; it goes into the ledger, so no personal data."""

    reason: str = Field(min_length=1, max_length=500)


class Owner(Asked):
    """Whom to tell about a device."""

    email: str = Field(max_length=254)


class TraitsChange(Asked):
    """What to change; what is left out stays. An empty region or zone takes it away."""

    region: str | None = Field(default=None, max_length=32)
    zone: str | None = Field(default=None, max_length=64)
    consent: devices.Consent | None = None
    tag: list[Annotated[str, Field(max_length=32)]] = Field(default=[], max_length=32)
    untag: list[Annotated[str, Field(max_length=32)]] = Field(default=[], max_length=32)


class Postponement(Asked):
    """Until when the owner wants no update."""

    until: AwareDatetime


class OwnersWord(Asked):
    """What the owner says of the update that waits, and how that word came: no personal data."""

    agreed: bool
    reason: str = Field(min_length=1, max_length=200)


class Postponed(BaseModel):
    """Until when it is put off: as asked, or the limit if that is sooner."""

    until: datetime


@router.get("")
def list_devices(
    world: TheWorld,
    _: _Read,
    product: str | None = None,
    version: str | None = None,
    state: devices.State | None = None,
    after: str | None = None,
    region: str | None = None,
    tag: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[devices.Device]:
    """List devices by id; the next page begins `after` the last id of this one."""
    return devices.list_devices(
        world, product=product, version=version, state=state, after=after, region=region, tag=tag, limit=limit
    )


@router.post("/tokens", status_code=201)
def make_tokens(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("devices", "enrol"))], asked: TokenRequest
) -> list[NewToken]:
    """Make one-time enrolment tokens."""
    made = devices.make_tokens(world, actor, asked.product, asked.devices, asked.hardware)
    return [NewToken(device=one.device, token=one.token, expires=one.expires) for one in made]


@router.get("/refusals")
def refusals(world: TheWorld, _: _Read, device: str | None = None) -> list[devices.RefusalCount]:
    """List refused traffic and enrolments, latest first."""
    return devices.refusals(world, device)


@router.get("/{device}")
def get(world: TheWorld, _: _Read, device: str) -> devices.Device:
    """Return one device."""
    return devices.get(world, device)


@router.post("/{device}/quarantine")
def quarantine(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("devices", "quarantine"))], device: str, why: Reason
) -> devices.Device:
    """Cut a device off until it is restored."""
    devices.quarantine(world, actor, device, why.reason)
    return devices.get(world, device)


@router.post("/{device}/restore")
def restore(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("devices", "restore"))], device: str, why: Reason
) -> devices.Device:
    """Let a quarantined device speak again."""
    devices.restore(world, actor, device, why.reason)
    return devices.get(world, device)


@router.post("/{device}/revoke")
def revoke(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("devices", "revoke"))], device: str, why: Reason
) -> devices.Device:
    """End all certificates and tokens of a device; it comes back only by a new enrolment."""
    devices.revoke(world, actor, device, why.reason)
    return devices.get(world, device)


@router.post("/{device}/retire")
def retire(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("devices", "retire"))], device: str, why: Reason
) -> devices.Device:
    """End a device's life."""
    devices.retire(world, actor, device, why.reason)
    return devices.get(world, device)


@router.get("/{device}/manifest")
def manifest(world: TheWorld, _: _Read, device: str) -> updates.SignedVersion | None:
    """Return what a device last signed about its software, and whether that agrees with what it claims."""
    devices.get(world, device)
    return updates.signed_version(world, device)


@router.get("/{device}/traits")
def traits(world: TheWorld, _: _Read, device: str) -> devices.Traits:
    """Return a device's region, time zone, tags and its owner's wish about updates."""
    devices.get(world, device)
    return devices.traits(world, device)


@router.patch("/{device}/traits")
def set_traits(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("devices", "own"))], device: str, change: TraitsChange
) -> devices.Traits:
    """Change what is given of a device's traits, and leave the rest."""
    return devices.set_traits(
        world,
        actor,
        device,
        region=change.region,
        zone=change.zone,
        consent=change.consent,
        tag=change.tag,
        untag=change.untag,
    )


@router.post("/{device}/postpone")
def postpone(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("devices", "own"))], device: str, asked: Postponement
) -> Postponed:
    """Put the update that a device was offered off, for its owner; not beyond the limit of its urgency."""
    return Postponed(until=updates.postpone(world, actor, device, asked.until))


@router.post("/{device}/answer")
def answer_for_owner(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("devices", "own"))], device: str, word: OwnersWord
) -> updates.Order:
    """Pass on the owner's word on the update that waits for it; who did is in the ledger."""
    return updates.answer_for_owner(world, actor, device, agreed=word.agreed, reason=word.reason)


@router.put("/{device}/owner", status_code=204)
def set_owner(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("devices", "own"))], device: str, owner: Owner
) -> None:
    """Note whom to tell about a device."""
    devices.set_owner(world, actor, device, owner.email)


@router.delete("/{device}/owner", status_code=204)
def forget_owner(world: TheWorld, actor: Annotated[Actor, Depends(needs("devices", "own"))], device: str) -> None:
    """Erase the device's owner."""
    devices.forget_owner(world, actor, device)
