"""Errors that explain themselves: what is wrong in one sentence, where, and what to do next.

Every refusal in Careful is one of these. A door (console, API, CLI, device server) catches `CarefulError`, uses
`status` for its own kind of answer and shows the three parts; it never needs to know which domain refused.
"""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in what somebody handed in."""

    where: str
    line: int | None = None
    expected: str
    found: str = ""
    do: str = ""

    def __str__(self) -> str:
        place = f"{self.where} (line {self.line})" if self.line else self.where
        found = f", found {self.found}" if self.found else ""
        return f"{place}: expected {self.expected}{found}" + (f". {self.do}" if self.do else "")


class CarefulError(Exception):
    """The root of every refusal: `what` is one sentence, `do` the next act, `where` the file, line or field."""

    status: ClassVar[int] = 500

    def __init__(self, what: str, *, do: str = "", where: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.do = do
        self.where = where

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.where}:" if self.where else "", self.what, self.do) if part)

    def as_dict(self) -> dict[str, Any]:
        """Return the parts as JSON-ready values, for the API and `--json`."""
        return {"what": self.what, "do": self.do, "where": self.where}


class Invalid(CarefulError):
    """What was handed in is malformed; `problems` names each place."""

    status = 400

    def __init__(self, what: str, *, do: str = "", where: str = "", problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(what, do=do, where=where)
        self.problems = problems

    def as_dict(self) -> dict[str, Any]:
        """Return the parts with the list of problems."""
        listed = [
            {"where": p.where, "line": p.line, "expected": p.expected, "found": p.found, "do": p.do}
            for p in self.problems
        ]
        return super().as_dict() | {"problems": listed}


class Unauthenticated(CarefulError):
    """Nobody has shown who they are."""

    status = 401


class Forbidden(CarefulError):
    """We know who asks, and they may not."""

    status = 403


class NotFound(CarefulError):
    """There is no such thing."""

    status = 404


class NeedsSecond(CarefulError):
    """Nothing is wrong: it was asked for, and waits for a second person; `approval` is where."""

    status = 202

    def __init__(self, what: str, *, do: str = "", approval: str = "") -> None:
        super().__init__(what, do=do)
        self.approval = approval

    def as_dict(self) -> dict[str, Any]:
        """Return the parts with what waits."""
        return super().as_dict() | {"approval": self.approval, "state": "waiting"}


class Refused(CarefulError):
    """A rule of the product says no to a well-formed request."""

    status = 409


class TooLarge(CarefulError):
    """More bytes, entries or depth than we take from a stranger."""

    status = 413


class TooMany(CarefulError):
    """Too many requests; try again after `retry_after` seconds."""

    status = 429

    def __init__(self, what: str, *, retry_after: int, do: str = "", where: str = "") -> None:
        super().__init__(what, do=do or f"Try again in {retry_after} s.", where=where)
        self.retry_after = retry_after


class Unavailable(CarefulError):
    """Something we stand on (disk, database, another process) does not answer; nothing was changed."""

    status = 503
