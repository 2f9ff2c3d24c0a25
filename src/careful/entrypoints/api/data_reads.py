"""What devices said, through the one door; who read what; ending a customer's time, and receipts of that."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from careful import customer_data
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked
from careful.entrypoints.api.problems import SECOND
from careful.kernel.actors import Actor
from careful.workflows import second_person

router = APIRouter(prefix="/data", tags=["data"], route_class=TokenFirst)
_See = Annotated[Actor, Depends(needs("data", "read"))]
_Open = Annotated[Actor, Depends(needs("data", "open"))]
_End = Annotated[Actor, Depends(needs("data", "end"))]


class Ended(Asked):
    """Why the customer's time ends."""

    why: Literal["asked", "transfer", "reset"] = Field(description="They asked; another owner; reset to new.")
    reason: str = Field(default="", max_length=300, description="For the second person, who has to agree.")


class Wanted(Asked):
    """What to read, and what for. It is an act, and logged as one."""

    purpose: str = Field(min_length=1, max_length=200, description="One that the product file declares.")
    stream: str | None = Field(default=None, max_length=100, description="Such as up/climate or event/motion.")
    customer: str | None = Field(default=None, max_length=32)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    limit: int = Field(default=100, ge=1, le=customer_data.READ_MOST)


class ReadingBody(BaseModel):
    """One record: what may be read for the purpose, and field -> why it is withheld."""

    device: str
    stream: str
    at: datetime
    customer: str
    version: int
    values: dict[str, Any]
    withheld: dict[str, str]


class AnswerBody(BaseModel):
    """What was read, newest first: records that hold something which may be read for the purpose.

    `closed` is what is collected for it and could not be read (`up/clip zone` -> why). `stopped_at` is where the read
    stopped looking before it had enough: ask again with it as `until`.
    """

    purpose: str
    readings: list[ReadingBody]
    personal: bool
    closed: dict[str, str]
    stopped_at: datetime | None


class SignedReceipt(BaseModel):
    """A receipt as a signed note (C2SP), and the key to check it with."""

    note: str
    key: str


@router.post("/readings/{device}")
def readings(world: TheWorld, actor: _Open, device: str, wanted: Wanted) -> AnswerBody:
    """Read what a device said, for a declared purpose. It is logged; fields for other purposes are withheld."""
    found = customer_data.read(
        world, actor, wanted.purpose, device=device, customer=wanted.customer, stream=wanted.stream,
        since=wanted.since, until=wanted.until, limit=wanted.limit,
    )  # fmt: skip
    each = [
        ReadingBody(
            device=one.device, stream=one.stream, at=one.at, customer=one.customer, version=one.version,
            values=dict(one.values), withheld=dict(one.withheld),
        )
        for one in found.readings
    ]  # fmt: skip
    return AnswerBody(
        purpose=found.purpose, readings=each, personal=found.personal, closed=dict(found.closed),
        stopped_at=found.stopped_at,
    )  # fmt: skip


@router.get("/reads")
def reads(world: TheWorld, _: _See, device: str | None = None) -> list[customer_data.LoggedRead]:
    """List who read what and for which purpose, the newest first."""
    return customer_data.reads(world, device=device)


@router.get("/unread")
def unread(world: TheWorld, _: _See, product: str | None = None) -> list[customer_data.Use]:
    """List fields that nobody has read for 90 days."""
    return customer_data.unread(customer_data.uses(world, product), world.clock.now())


@router.get("/receipts")
def receipts(world: TheWorld, _: _See, device: str | None = None) -> list[customer_data.Receipt]:
    """List receipts of ended customers' times, the newest first."""
    return customer_data.receipts(world, device=device)


@router.get("/receipts/{receipt}")
def receipt(world: TheWorld, _: _See, receipt: str) -> SignedReceipt:
    """Return a receipt as it stands now, signed."""
    note = customer_data.signed_receipt(world, receipt)
    return SignedReceipt(note=note, key=customer_data.receipt_verifier(world))


@router.post("/ended/{device}", status_code=201, responses=SECOND)
def end(world: TheWorld, actor: _End, device: str, ended: Ended) -> customer_data.Receipt:
    """End the time of a device's present customer: their key is destroyed at once."""
    return second_person.purge(world, actor, device, ended.why, reason=ended.reason)
