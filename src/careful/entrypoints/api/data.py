"""Customers' data: what is declared beside what is seen, what was refused, and consents."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from careful import customer_data
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked
from careful.kernel.actors import Actor

router = APIRouter(prefix="/data", tags=["data"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("data", "read"))]
_Consent = Annotated[Actor, Depends(needs("data", "consent"))]


class Agreed(Asked):
    """Which kind of consent, and how it was given: one short word, never a name."""

    kind: customer_data.ConsentKind | None = Field(default=None, description="Else what the data item asks for.")
    method: str = Field(default="", max_length=32, description="Such as app, paper, card-check; a parent's needs one.")


@router.get("/items")
def items(world: TheWorld, _: _Read, product: str | None = None) -> list[customer_data.ItemRow]:
    """List declared data items, each with its fields, beside how often and when last they were taken or refused."""
    return customer_data.data_table(world, product)


@router.get("/refused")
def refused(world: TheWorld, _: _Read, product: str | None = None) -> list[customer_data.RefusedField]:
    """List what was not taken in the last 90 days, by release, field and kind, the newest first."""
    return customer_data.refused_fields(world, product)


@router.get("/consents/{device}")
def consents(world: TheWorld, _: _Read, device: str) -> list[customer_data.Consent]:
    """List the consents of a device, those that hold first."""
    return list(customer_data.consents_of(world, device))


@router.put("/consents/{device}/{item}")
def give(world: TheWorld, actor: _Consent, device: str, item: str, agreed: Agreed) -> customer_data.Consent:
    """Note a consent of the device's present customer; one that holds already is left as it is."""
    return customer_data.give_consent(world, actor, device, item, agreed.kind, agreed.method)


@router.delete("/consents/{device}/{item}")
def withdraw(world: TheWorld, actor: _Consent, device: str, item: str) -> list[customer_data.Consent]:
    """Withdraw every consent to a data item; the answer is what held until now."""
    return list(customer_data.withdraw_consent(world, actor, device, item))
