"""Evidence: the verdicts, and the ledger's newest signed checkpoint."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from careful import assurance
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.kernel import audit, ledger
from careful.kernel.actors import Actor
from careful.kernel.checkpoint import verifier_key

router = APIRouter(prefix="/evidence", tags=["evidence"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("evidence", "read"))]


class Part(BaseModel):
    """A verdict's share for one product."""

    subject: str
    verdict: str
    says: str


class Verdict(BaseModel):
    """One recommendation's verdict and the fact that decides it; `events` are ledger entries."""

    id: str
    title: str
    verdict: str
    says: str
    fact: str
    true_at: datetime | None
    measured_at: datetime | None
    received_at: datetime | None
    stale_at: datetime | None
    events: list[int]
    parts: list[Part]


class Checkpoint(BaseModel):
    """The newest signed note over the ledger (C2SP tlog-checkpoint) and the key that verifies it."""

    size: int
    note: str | None
    verifier_key: str


class Entry(BaseModel):
    """One line of the ledger."""

    seq: int
    at: datetime
    actor: str
    name: str
    subject: str
    data: dict[str, Any]


@router.get("/verdicts")
def verdicts(world: TheWorld, _: _Read) -> list[Verdict]:
    """Judge every recommendation now, from the ledger alone."""
    return [_verdict(one) for one in assurance.verdicts(world)]


@router.get("/verdicts/{recommendation}")
def verdict(world: TheWorld, _: _Read, recommendation: str) -> Verdict:
    """Judge one recommendation now."""
    return _verdict(assurance.by_id(world, recommendation))


@router.get("/checkpoint")
def checkpoint(world: TheWorld, _: _Read) -> Checkpoint:
    """Return the newest signed checkpoint; keep it, and no later ledger can deny what it covers."""
    with world.look() as connection:
        size, note = ledger.size(connection), audit.newest_checkpoint(connection)
    return Checkpoint(
        size=size, note=note, verifier_key=verifier_key(audit.ORIGIN, audit.signing_key(world).public_key())
    )


@router.get("/entries")
def entries(
    world: TheWorld,
    _: Annotated[Actor, Depends(needs("evidence", "export"))],
    after: Annotated[int, Query(ge=-1, le=1 << 53)] = -1,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    subject: str | None = None,
) -> list[Entry]:
    """Return ledger entries, oldest first; `subject` is exact, or a prefix that ends in '/'."""
    with world.look() as connection:
        found = ledger.read(connection, subject=subject, after=after, limit=limit)
    return [
        Entry(seq=one.seq, at=one.at, actor=one.actor, name=one.name, subject=one.subject, data=dict(one.data))
        for one in found
    ]


def _verdict(one: assurance.Verdict) -> Verdict:
    return Verdict(
        id=one.id,
        title=one.title,
        verdict=one.verdict,
        says=one.says,
        fact=one.fact,
        true_at=one.true_at,
        measured_at=one.measured_at,
        received_at=one.received_at,
        stale_at=one.stale_at,
        events=list(one.events),
        parts=[Part(subject=part.subject, verdict=part.value, says=part.says) for part in one.parts],
    )
