"""What all request bodies share: a field that we do not know is refused, never left aside without a word.

Whoever misspells `deadline_minutes` must not get a rollout with another deadline and an answer that says it went well.
"""

from collections.abc import Awaitable, Callable

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from careful.kernel.errors import Invalid, Problem

_SHOWN = 50
_NAME = 80


class Asked(BaseModel):
    """A JSON body of known fields only."""

    model_config = ConfigDict(extra="forbid")


class Why(Asked):
    """Why; it goes into the ledger, so no personal data."""

    reason: str = Field(min_length=1, max_length=300)


def only(*known: str) -> Callable[[Request], Awaitable[None]]:
    """Return a dependency that refuses a form with other fields than `known`. It raises Invalid, naming each."""

    async def check(request: Request) -> None:
        form = await request.form()
        unknown = [name for name in dict.fromkeys(form) if name not in known]
        if unknown:
            problems = tuple(unknown_field(f"body.{name[:_NAME]}", known) for name in unknown[:_SHOWN])
            raise Invalid("The request is malformed.", do="See problems.", problems=problems)

    check.known = frozenset(known)  # type: ignore[attr-defined]  # a test compares it with what the endpoint takes
    return check


def unknown_field(where: str, known: tuple[str, ...] = ()) -> Problem:
    """Return what is said of a field that nobody asked for."""
    expected = f"one of {', '.join(known)}" if known else "no field of this name"
    return Problem(
        where=where, expected=expected, found=where.rpartition(".")[2], do="Mend its spelling or leave it out."
    )
