"""What can happen to acts that two people stand behind. `about` is the subject of the act itself."""

from dataclasses import dataclass
from datetime import datetime

from careful.kernel.ledger import Event, event


@event("people.act_asked", subject="approval/{approval}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ActAsked(Event):
    """An act was asked for that needs a second person; `digest` names exactly what would be done."""

    approval: str
    kind: str
    about: str
    digest: str
    reason: str
    lapses_at: datetime


@event("people.act_agreed", subject="approval/{approval}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ActAgreed(Event):
    """Somebody agreed to exactly this act; `people` are those who stand behind it now."""

    approval: str
    kind: str
    about: str
    digest: str
    people: int


@event("people.act_done", subject="approval/{approval}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ActDone(Event):
    """An act to which two people agreed was carried out."""

    approval: str
    kind: str
    about: str
    digest: str
    asked_by: str
    agreed_by: tuple[str, ...]


@event("people.act_dropped", subject="approval/{approval}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ActDropped(Event):
    """An act will not be done: refused (by a person), lapsed (nobody agreed in time), void (its subject changed)."""

    approval: str
    kind: str
    about: str
    how: str
    reason: str


@event("people.act_done_alone", subject="{about}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ActDoneAlone(Event):
    """One person alone began an act that two stand behind otherwise; `why` that was allowed."""

    kind: str
    about: str
    digest: str
    reason: str
    why: str


@event("people.set_up_ended", subject="rights/{kind}")
@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpEnded(Event):
    """There are two people now who can do this kind of act together: nobody does it alone any more."""

    kind: str
