"""What customers ask for: to see, take along, correct or delete their data. For your app, and whoever answers."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, Base64Bytes, Field

from careful import customer_data
from careful.customer_data import Request, RequestKind
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked, Why
from careful.entrypoints.api.data_reads import SignedReceipt
from careful.kernel.actors import Actor

router = APIRouter(prefix="/data/requests", tags=["data"], route_class=TokenFirst)
_See = Annotated[Actor, Depends(needs("data", "read"))]
_Answer = Annotated[Actor, Depends(needs("data", "request"))]


class Opened(Asked):
    """Whose device, and what they ask for."""

    device: str = Field(max_length=64)
    kind: RequestKind


class SentTo(Asked):
    """Where the code goes."""

    to: Literal["device", "mail"] = "device"


class ByCode(Asked):
    """The code that was sent."""

    code: str = Field(min_length=1, max_length=32)


class BySignature(Asked):
    """The device's public key, and its signature of `careful customer request ID`; both in Base64."""

    key: Base64Bytes = Field(max_length=4096)
    signature: Base64Bytes = Field(max_length=4096)


class Correction(Asked):
    """Which reading, which of its fields, and what the customer says is right."""

    stream: str = Field(max_length=100)
    at: AwareDatetime = Field(description="When the reading came, as the export says it.")
    field: str = Field(max_length=80)
    value: str = Field(min_length=1, max_length=1000)


@router.get("")
def requests(world: TheWorld, _: _See, device: str | None = None) -> list[Request]:
    """List requests: the open ones first, by when they are due."""
    return customer_data.requests_of(world, device=device)


@router.post("", status_code=201)
def open_request(world: TheWorld, actor: _Answer, opened: Opened) -> Request:
    """Note what a customer asks for; its clock begins."""
    return customer_data.open_request(world, actor, opened.device, opened.kind)


@router.get("/{request}")
def request(world: TheWorld, _: _See, request: str) -> Request:
    """Return one request."""
    return customer_data.find_request(world, request)


@router.get("/{request}/receipt")
def receipt(world: TheWorld, _: _See, request: str) -> SignedReceipt:
    """Return how a request stands, signed; after a deletion the receipt of that follows in the same text."""
    return SignedReceipt(note=customer_data.signed_request(world, request), key=customer_data.receipt_verifier(world))


@router.post("/{request}/code", status_code=202)
def code(world: TheWorld, actor: _Answer, request: str, sent: SentTo) -> Request:
    """Send a code to the device, or to the owner's address."""
    return customer_data.send_code(world, actor, request, sent.to)


@router.post("/{request}/proof/code")
def prove_by_code(world: TheWorld, actor: _Answer, request: str, given: ByCode) -> Request:
    """Take the code that was sent."""
    return customer_data.prove_by_code(world, actor, request, given.code)


@router.post("/{request}/proof/signature")
def prove_by_signature(world: TheWorld, actor: _Answer, request: str, given: BySignature) -> Request:
    """Take a signature by the device's own key."""
    return customer_data.prove_by_signature(world, actor, request, given.key, given.signature)


@router.post("/{request}/proof/staff")
def prove_by_staff(world: TheWorld, actor: _Answer, request: str, why: Why) -> Request:
    """Take a person's word that it is the customer, and by what they judge so."""
    return customer_data.prove_by_staff(world, actor, request, why.reason)


@router.post("/{request}/answer")
def answer(world: TheWorld, actor: _Answer, request: str) -> Request:
    """Make the file that was asked for, or delete; refused before it is proven who asks."""
    if customer_data.find_request(world, request).kind == "delete":
        return customer_data.delete_requested(world, actor, request)
    return customer_data.export_requested(world, actor, request)


@router.post("/{request}/correction")
def correct(world: TheWorld, actor: _Answer, request: str, right: Correction) -> Request:
    """Write down what the customer says is right, beside the reading."""
    return customer_data.correct_requested(
        world, actor, request, stream=right.stream, at=right.at, field=right.field, value=right.value
    )


@router.post("/{request}/extension")
def extend(world: TheWorld, actor: _Answer, request: str, why: Why) -> Request:
    """Take the longer time that the law allows, once."""
    return customer_data.extend_request(world, actor, request, why.reason)


@router.post("/{request}/refusal")
def refuse(world: TheWorld, actor: _Answer, request: str, why: Why) -> Request:
    """Refuse a request, for a reason that the customer reads."""
    return customer_data.refuse_request(world, actor, request, why.reason)


@router.post("/{request}/file", response_class=Response)
def file(world: TheWorld, actor: _Answer, request: str) -> Response:
    """Return the file (zip) that was made, to be handed to the customer; for a week. An act, and noted as one."""
    content = customer_data.fetch_export(world, actor, request)
    headers = {"content-disposition": f'attachment; filename="request-{request}.zip"', "cache-control": "no-store"}
    return Response(content, media_type="application/zip", headers=headers)
