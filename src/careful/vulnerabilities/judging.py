"""Decisions: what makes one complete, who may take it alone, and what it would change; pure.

Whoever waves a flaw through that is exploited in the wild needs a second person: until that one agrees it is proposed,
not decided. A person is whoever signed in on the console. A token or the command line is nobody in this count, as
anyone may hold it: what these propose needs two people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from careful.kernel.actors import Actor
from careful.kernel.clock import from_iso, iso
from careful.kernel.errors import Invalid, Refused
from careful.vulnerabilities.model import JUSTIFICATIONS, SEVERITIES, STATUSES, Case, Proposal, Status

TEXT = 4000
LONGEST_ACCEPTANCE = timedelta(days=366)
NO_UPDATE = "No update is planned."
_PEOPLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a flaw means for a product. `until`: the risk is accepted, without a mend, until then."""

    status: Status
    justification: str | None = None
    statement: str = ""
    action: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision does to one case, or would do: `says` is the change, or why there is none."""

    case: str
    flaw: str
    product: str
    outcome: Literal["decided", "proposed", "refused"]
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which cases are meant: all that is given must fit. Without `decided`, only those that wait for a decision."""

    product: str | None = None
    flaws: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    component: str | None = None
    exploited: bool | None = None
    decided: bool = False


def checked(said: Decision, now: datetime) -> Decision:
    """Return a decision that is complete. Raises Invalid for an unknown word, Refused where something is missing.

    OpenVEX 0.2.0 and CSAF 2.0 section 4.5: not affected needs a justification, affected what to do.
    """
    if said.status not in STATUSES:
        raise Invalid(f"{said.status!r} is no VEX status.", do=f"One of: {', '.join(STATUSES)}", where="status")
    if said.justification and said.justification not in JUSTIFICATIONS:
        raise Invalid(
            f"{said.justification[:60]!r} is no VEX justification.",
            do=f"One of: {', '.join(JUSTIFICATIONS)}",
            where="justification",
        )
    if said.status == "not_affected" and not said.justification:
        raise Refused("'Not affected' needs a justification.", do=f"Add one of: {', '.join(JUSTIFICATIONS)}")
    action = said.action
    if said.until is not None:
        _check_acceptance(said, said.until, now)
        action = action.strip() or NO_UPDATE
    if said.status == "affected" and not action.strip():
        raise Refused("'Affected' needs an action: what will be done.", do="Add: --action 'Update to …'")
    if max(len(said.statement), len(action)) > TEXT:
        raise Invalid(f"A statement may be {TEXT} characters long at most.", do="Shorten it.")
    return Decision(
        status=said.status,
        justification=said.justification if said.status == "not_affected" else None,
        statement=said.statement,
        action=action,
        until=said.until,
    )


def _check_acceptance(said: Decision, until: datetime, now: datetime) -> None:
    if until.tzinfo is None:
        raise Invalid("A moment needs its offset from UTC.", do="Write 2027-01-31T00:00:00Z.", where="accept_until")
    if said.status != "affected":
        raise Refused("Only the risk of a flaw that affects the product can be accepted.", do="Use status 'affected'.")
    if not said.statement.strip():
        raise Refused("Accepting a risk needs a reason.", do="Say why it can be borne, as the statement.")
    if not now < until <= now + LONGEST_ACCEPTANCE:
        raise Invalid(
            "A risk is accepted until a day to come, within a year.",
            do=f"Give a day up to {now + LONGEST_ACCEPTANCE:%Y-%m-%d}.",
            where="accept_until",
        )


def person(actor: Actor) -> str | None:
    """Return who of the staff acts, None where it may be anyone: a token, the command line, Careful itself."""
    return str(actor) if actor.kind == "staff" else None


def needs_second(said: Decision, *, exploited: bool) -> bool:
    """Tell whether a decision waves through a flaw that is exploited in the wild."""
    return exploited and (said.status == "not_affected" or said.until is not None)


def outcome(one: Case, said: Decision) -> Outcome:
    """Say what a checked decision does to a case."""
    why_not = refusal(one, said)
    if why_not:
        return Outcome(one.id, one.flaw, one.product, "refused", why_not)
    replaced = f", in place of what {one.proposal.by} proposed" if one.proposal else ""
    change = f"{was(one)} -> {named(said.status, said.until)}{replaced}"
    if needs_second(said, exploited=one.attacked):
        says = f"{change}, once a second person agrees: it is exploited in the wild"
        return Outcome(one.id, one.flaw, one.product, "proposed", says)
    return Outcome(one.id, one.flaw, one.product, "decided", change)


def refusal(one: Case, said: Decision) -> str:
    """Say why a case cannot be decided so, empty where it can."""
    if one.state == "closed":
        return f"{one.flaw} in {one.product} is closed."
    if said.status == "fixed" and not one.fixed_in:
        return f"No signed release of {one.product} is free of {one.flaw}."
    return ""


def confirmation(one: Case, actor: Actor) -> tuple[str, ...]:
    """Return everyone who stands behind a proposal once `actor` agrees. Raises Refused, naming the rule."""
    held = one.proposal
    if held is None or one.state == "closed":
        raise Refused(f"Nothing is proposed for {one.flaw} in {one.product}.", do=f"Run: careful vuln show {one.id}")
    who = person(actor)
    if who is None:
        raise Refused(
            "Only a person who is signed in can confirm: a token or a command line may be anyone's.",
            do=f"Confirm it on the console: /vulnerabilities/{one.id}",
        )
    if who in held.people:
        raise Refused("Nobody confirms what they proposed themselves.", do="Ask somebody else who may judge cases.")
    return (*held.people, who)


def enough(people: Sequence[str]) -> bool:
    """Tell whether enough different people stand behind a proposal."""
    return len(set(people)) >= _PEOPLE


def missing(held: Proposal) -> int:
    """Return how many more people a proposal needs."""
    return max(_PEOPLE - len(set(held.people)), 0)


def waits(one: Case) -> bool:
    """Tell whether a case waits for a person to decide."""
    return one.state == "open" and (one.status in {None, "under_investigation"} or bool(one.review or one.proposal))


def chosen(cases: Iterable[Case], wanted: Filter, components: frozenset[str] | None = None) -> list[Case]:
    """Return the open cases that a filter means; `components` are the flaws that its component carries.

    Raises Invalid for a severity that there is not.
    """
    unknown = sorted(set(wanted.severities) - set(SEVERITIES))
    if unknown:
        raise Invalid(f"{unknown[0][:40]!r} is no severity.", do=f"One of: {', '.join(SEVERITIES)}", where="severity")
    return [
        one
        for one in cases
        if one.state == "open"
        and (wanted.decided or waits(one))
        and wanted.product in {None, one.product}
        and (not wanted.flaws or one.flaw in wanted.flaws)
        and (not wanted.severities or one.severity in wanted.severities)
        and wanted.exploited in {None, one.exploited}
        and (components is None or one.flaw in components)
    ]


def expired(until: datetime) -> str:
    """Say why a case whose risk was accepted asks to be looked at again."""
    return f"the risk was accepted until {until:%Y-%m-%d}, which is over"


def proposal_of(raw: Mapping[str, Any] | None) -> Proposal | None:
    """Return a proposal from its JSON."""
    if raw is None:
        return None
    return Proposal(
        status=raw["status"],
        justification=raw["justification"],
        statement=raw["statement"],
        action=raw["action"],
        until=from_iso(raw["until"]) if raw["until"] else None,
        people=tuple(raw["people"]),
        by=raw["by"],
        at=from_iso(raw["at"]),
    )


def proposed(said: Decision, people: Iterable[str], actor: Actor, at: datetime) -> dict[str, Any]:
    """Return a proposal as JSON."""
    return {
        "status": said.status,
        "justification": said.justification,
        "statement": said.statement,
        "action": said.action,
        "until": iso(said.until) if said.until else None,
        "people": list(people),
        "by": str(actor),
        "at": iso(at),
    }


def decision_of(held: Proposal) -> Decision:
    """Return what a proposal proposes."""
    return Decision(
        status=held.status,
        justification=held.justification,
        statement=held.statement,
        action=held.action,
        until=held.until,
    )


def was(one: Case) -> str:
    """Say in words what is decided of a case."""
    return named(one.status, one.accepted_until) if one.status else "nothing decided"


def named(status: Status, until: datetime | None) -> str:
    """Say a decision in words."""
    return f"risk accepted until {until:%Y-%m-%d}" if until else status.replace("_", " ")
