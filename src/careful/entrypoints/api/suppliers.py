"""Suppliers: the record for staff, and what a supplier itself is asked."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Response, UploadFile
from pydantic import BaseModel, Field

from careful import people, suppliers
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Asked, Why, only
from careful.kernel.actors import Actor
from careful.kernel.errors import Forbidden
from careful.kernel.work import World

router = APIRouter(prefix="/suppliers", tags=["suppliers"], route_class=TokenFirst)
own = APIRouter(prefix="/own-items", tags=["suppliers"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("suppliers", "read"))]
_Change = Annotated[Actor, Depends(needs("suppliers", "change"))]
_Ask = Annotated[Actor, Depends(needs("suppliers", "ask"))]
_OwnRead = Annotated[Actor, Depends(needs("own-items", "read"))]
_OwnAnswer = Annotated[Actor, Depends(needs("own-items", "answer"))]
_EVIDENCE = ("kind", "title", "until", "reference", "file")


class Record(Asked):
    """Who it is and what it delivers."""

    name: str = Field(min_length=1, max_length=200, description="As product files name it.")
    contact: str = Field(default="", max_length=500)
    delivers: str = Field(default="", max_length=1000)


class Signed(Asked):
    """A signed contract; `clauses` as `encrypt`, `notify=24` (hours), `delete=30` (days)."""

    signed: date
    until: date
    clauses: list[Annotated[str, Field(max_length=40)]] = Field(min_length=1, max_length=20)
    reference: str = Field(default="", max_length=500)


class Question(Asked):
    """What a supplier is asked for, and by when."""

    asks: str = Field(min_length=1, max_length=1000)
    due: date


class Answer(Asked):
    """What a supplier answers."""

    answer: str = Field(min_length=1, max_length=4000)


class Made(BaseModel):
    """The id of what was made."""

    id: str


@router.get("")
def list_suppliers(world: TheWorld, _: _Read) -> list[suppliers.Supplier]:
    """List suppliers with evidence, contracts and what they are asked."""
    return suppliers.list_all(world)


@router.get("/{supplier}")
def get(world: TheWorld, _: _Read, supplier: str) -> suppliers.Supplier:
    """Return one supplier."""
    return suppliers.get(world, supplier)


@router.put("/{supplier}")
def record(world: TheWorld, actor: _Change, supplier: str, said: Record) -> suppliers.Supplier:
    """Put a supplier on record, or change what is."""
    suppliers.record(world, actor, supplier, name=said.name, contact=said.contact, delivers=said.delivers)
    return suppliers.get(world, supplier)


@router.post("/{supplier}/end", status_code=204)
def end(world: TheWorld, actor: _Change, supplier: str, why: Why) -> None:
    """Be done with a supplier."""
    suppliers.end(world, actor, supplier, why.reason)


@router.post("/{supplier}/evidence", status_code=201, dependencies=[Depends(only(*_EVIDENCE))])
def give_evidence(
    world: TheWorld,
    actor: _Change,
    supplier: str,
    *,
    kind: Annotated[str, Form(max_length=32, description=", ".join(suppliers.EVIDENCE_KINDS))],
    title: Annotated[str, Form(max_length=200)],
    until: Annotated[date, Form(description="The last day it counts.")],
    reference: Annotated[str, Form(max_length=500)] = "",
    file: Annotated[UploadFile | None, File(description="At most 5 MiB; kept as it is.")] = None,
) -> Made:
    """Put evidence on file. It counts once accepted."""
    return Made(id=_take(world, actor, supplier, kind, title, until, reference, file))


@router.post("/{supplier}/contract", status_code=201)
def note_contract(world: TheWorld, actor: _Change, supplier: str, said: Signed) -> Made:
    """Note a signed contract, in place of the one before."""
    clauses = suppliers.read_clauses(said.clauses)
    given = {"signed": said.signed, "until": said.until, "clauses": clauses, "reference": said.reference}
    return Made(id=str(suppliers.note_contract(world, actor, supplier, **given)))  # type: ignore[arg-type]  # as named


@router.post("/{supplier}/items", status_code=201)
def ask(world: TheWorld, actor: _Ask, supplier: str, said: Question) -> Made:
    """Ask a supplier for something."""
    return Made(id=suppliers.ask(world, actor, supplier, said.asks, said.due))


@router.post("/items/{item}/close", status_code=204)
def close(world: TheWorld, actor: _Ask, item: str) -> None:
    """Be done with what was asked."""
    suppliers.close(world, actor, item)


@router.get("/evidence/{evidence}/file", response_class=Response)
def file(world: TheWorld, _: _Read, evidence: str) -> Response:
    """Return evidence as it was given."""
    return _download(*suppliers.evidence_file(world, evidence))


@router.post("/evidence/{evidence}/accept", status_code=204)
def accept(world: TheWorld, actor: _Change, evidence: str) -> None:
    """Rely on evidence until its end."""
    suppliers.accept_evidence(world, actor, evidence)


@router.post("/evidence/{evidence}/withdraw", status_code=204)
def withdraw(world: TheWorld, actor: _Change, evidence: str, why: Why) -> None:
    """Rely on evidence no longer."""
    suppliers.withdraw_evidence(world, actor, evidence, why.reason)


@own.get("")
def own_record(world: TheWorld, actor: _OwnRead) -> suppliers.Supplier:
    """Return what is asked of the caller's own supplier, its evidence and contracts."""
    return suppliers.get(world, _mine(world, actor))


@own.post("/evidence", status_code=201, dependencies=[Depends(only(*_EVIDENCE))])
def own_evidence(
    world: TheWorld,
    actor: _OwnAnswer,
    *,
    kind: Annotated[str, Form(max_length=32)],
    title: Annotated[str, Form(max_length=200)],
    until: Annotated[date, Form()],
    reference: Annotated[str, Form(max_length=500)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Made:
    """Hand one's own evidence in; the maker accepts it."""
    return Made(id=_take(world, actor, _mine(world, actor), kind, title, until, reference, file))


@own.get("/evidence/{evidence}/file", response_class=Response)
def own_file(world: TheWorld, actor: _OwnRead, evidence: str) -> Response:
    """Return one's own evidence as it was given."""
    return _download(*suppliers.evidence_file(world, evidence, of=_mine(world, actor)))


@own.post("/{item}/answer", status_code=204)
def answer(world: TheWorld, actor: _OwnAnswer, item: str, said: Answer) -> None:
    """Answer what one's own supplier is asked."""
    suppliers.answer(world, actor, item, said.answer, of=_mine(world, actor))


def _mine(world: World, actor: Actor) -> str:
    account = people.person_behind(world, actor)
    supplier = suppliers.supplier_of(world, account) if account else None
    if supplier is None:
        raise Forbidden("Whoever made this token answers for no supplier.", do="Ask whoever invited them.")
    return supplier


def _take(
    world: World,
    actor: Actor,
    supplier: str,
    kind: str,
    title: str,
    until: date,
    reference: str,
    file: UploadFile | None,
) -> str:
    content = file.file.read(suppliers.MOST_FILE_BYTES + 1) if file is not None else None
    return suppliers.give_evidence(
        world, actor, supplier, kind=kind, title=title, until=until, reference=reference,
        file_name=(file.filename or "") if file is not None else "", content=content,
    )  # fmt: skip


def _download(evidence: suppliers.Evidence, content: bytes) -> Response:
    headers = {"content-disposition": f'attachment; filename="{evidence.file_name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)
