"""Who acts. Every change in the ledger names one actor, and never by a person's name or address."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["staff", "token", "device", "owner", "operator", "system", "stranger"]


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` says in what capacity, `id` which one. An operator is whoever runs the CLI on the server itself."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


SYSTEM = Actor("system", "careful")
OPERATOR = Actor("operator", "cli")
STRANGER = Actor("stranger", "unknown")
