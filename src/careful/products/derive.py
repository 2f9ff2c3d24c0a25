"""What follows from a declaration: laws, permits, retention, the network profile, launch tests, the public table.

Pure: the same declaration on the same day gives the same value, and `Derived.as_json` the same bytes.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from careful.kernel.database import canonical_json
from careful.products.declaration import Declaration
from careful.products.launch import LaunchTest, launch_tests
from careful.products.laws import Answer, LawAnswer, judge
from careful.products.model import update_method
from careful.products.mud import Way, ways
from careful.products.pack import laws_pack
from careful.products.page import DataRow, public_rows
from careful.products.permit import Permit, permit


@dataclass(frozen=True, slots=True)
class RetentionJob:
    """Delete what is older: of which data, after how many days, how, and what shows that it is gone."""

    data: str
    days: int
    personal: bool
    method: str
    proof: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a law asks of this product."""

    law: str
    id: str
    says: str
    recommendations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """All that follows from a declaration on a day."""

    product: str
    on: date
    caution: str
    laws: tuple[LawAnswer, ...]
    requirements: tuple[Requirement, ...]
    permit: Permit
    retention: tuple[RetentionJob, ...]
    unbounded: tuple[str, ...]
    """Data that nothing says when to delete."""
    tests: tuple[LaunchTest, ...]
    ways: tuple[Way, ...]
    """Conversations that a network should let the device have."""
    ways_left_out: tuple[str, ...]
    table: tuple[DataRow, ...]
    update_method: str

    @property
    def streams(self) -> dict[str, tuple[str, ...]]:
        """Return stream -> fields, sorted."""
        return {name: tuple(sorted(one.fields)) for name, one in sorted(self.permit.streams.items())}

    def laws_that(self, answer: Answer) -> tuple[LawAnswer, ...]:
        """Return the laws in force with an answer."""
        return tuple(one for one in self.laws if one.in_force and one.answer is answer)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "product": self.product,
            "on": self.on.isoformat(),
            "note": self.caution,
            "laws": [_law(one) for one in self.laws],
            "requirements": [
                {"law": one.law, "id": one.id, "says": one.says, "recommendations": list(one.recommendations)}
                for one in self.requirements
            ],
            "streams": {name: list(fields) for name, fields in self.streams.items()},
            "events": {name: sorted(fields) for name, fields in sorted(self.permit.events.items())},
            "retention": [
                {"data": one.data, "days": one.days, "personal": one.personal, "method": one.method, "proof": one.proof}
                for one in self.retention
            ],
            "unbounded": list(self.unbounded),
            "tests": [
                {"id": one.id, "says": one.says, "recommendation": one.recommendation, "because": one.because}
                for one in self.tests
            ],
            "ways": [
                {"host": one.host, "transport": one.protocol, "port": one.port, "to_device": one.to_device}
                for one in self.ways
            ],
            "ways_left_out": list(self.ways_left_out),
            "table": [one.as_dict() for one in self.table],
            "update_method": self.update_method,
        }

    def as_json(self) -> str:
        """Return canonical JSON: same inputs, same bytes."""
        return canonical_json(self.as_dict())


def derive(declaration: Declaration, on: date) -> Derived:
    """Derive everything as of a day."""
    laws = judge(declaration, on)
    network, left_out = ways(declaration)
    kept = [(item, item.retention.days) for item in declaration.data or () if item.retention]
    bounded = [(item, days) for item, days in kept if days is not None]
    return Derived(
        product=declaration.id,
        on=on,
        caution=laws_pack().caution,
        laws=laws,
        requirements=tuple(
            Requirement(one.law.id, duty.id, duty.says, duty.recommendations)
            for one in laws
            if one.answer is Answer.YES and one.in_force
            for duty in one.law.obligations
        ),
        permit=permit(declaration),
        retention=tuple(
            RetentionJob(
                item.id,
                days,
                item.personal is not False,
                (item.deletion.method if item.deletion else None) or "",
                (item.deletion.proof if item.deletion else None) or "",
            )
            for item, days in bounded
        ),
        unbounded=tuple(
            item.id for item in declaration.data or () if item.retention is None or item.retention.days is None
        ),
        tests=launch_tests(declaration),
        ways=network,
        ways_left_out=left_out,
        table=public_rows(declaration),
        update_method=update_method(declaration.support),
    )


def _law(one: LawAnswer) -> dict[str, Any]:
    law = one.law
    return {
        "id": law.id,
        "title": law.title,
        "citation": law.citation,
        "source": law.source,
        "since": law.since.isoformat(),
        "until": law.until.isoformat() if law.until else None,
        "in_force": one.in_force,
        "answer": one.answer.value,
        "says": one.says,
        "blank": list(one.blank),
        "trace": list(one.trace),
        "obligations": [duty.says for duty in law.obligations],
        "clocks": [
            {"id": clock.id, "starts": clock.starts, "due": str(clock.due), "stops": clock.stops, "pauses": "never"}
            for clock in law.clocks
        ],
    }
