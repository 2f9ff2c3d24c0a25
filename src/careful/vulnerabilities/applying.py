"""Applying what suppliers say to what was found: every statement ends as applied, not matched, or refused; pure.

A statement that its author calls not affected or fixed settles a finding, with its words kept; one that says affected
or under investigation settles nothing and is shown beside it. Where two contradict each other, nothing is settled.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from careful.releases import Found, parse_cpe, parse_purl
from careful.vulnerabilities import cpe
from careful.vulnerabilities.deciding import Match
from careful.vulnerabilities.model import JUSTIFICATIONS, Case, Status
from careful.vulnerabilities.statements import Document, Said

_SETTLING = frozenset({"not_affected", "fixed"})


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one statement."""

    where: str
    flaw: str
    status: str
    outcome: Literal["applied", "unmatched", "refused"]
    reason: str


@dataclass(frozen=True, slots=True)
class Applied:
    """Findings that stay, findings that a statement settles, and a line for every statement."""

    kept: tuple[Match, ...]
    settled: tuple[Match, ...]
    lines: tuple[Line, ...]


def apply(matches: Sequence[Match], components: Sequence[Found], document: Document, subject: str = "") -> Applied:
    """Apply a document to the findings of one SBOM, which is about `subject` (a name; empty where it says none)."""
    places: dict[str, list[int]] = {}
    for place, one in enumerate(matches):
        for name in one.names:
            places.setdefault(name, []).append(place)
    spoken: dict[int, list[Said]] = {}
    lines = []
    for said in document.said:
        flaw = said.names[0] if said.names else ""
        reached = [] if said.why_not else _reached(said, matches, components, places, subject)
        for place in reached:
            spoken.setdefault(place, []).append(said)
        lines.append(Line(said.where, flaw, said.status, *_outcome(said, len(reached))))
    kept: list[Match] = []
    settled: list[Match] = []
    for place, one in enumerate(matches):
        words = spoken.get(place, ())
        told = "; ".join(dict.fromkeys(_told(document, said) for said in words))
        spoken_so = replace(one, evidence=f"{told}; {one.evidence}") if told else one
        (settled if words and all(said.status in _SETTLING for said in words) else kept).append(spoken_so)
    return Applied(tuple(kept), tuple(settled), tuple(lines))


def speaks_of(identifier: str, component: Found) -> bool:
    """Tell whether a purl or CPE name of a statement means a component; without a version it means every version."""
    purl = parse_purl(identifier)
    ours = parse_purl(component.purl) if component.purl else None
    if purl:
        same = ours is not None and (purl.type, purl.namespace, purl.name) == (ours.type, ours.namespace, ours.name)
        return same and ours is not None and purl.version in {"", ours.version or component.version}
    name = parse_cpe(identifier)
    if name is None:
        return False
    version = cpe.version_of(name)
    mine = (parse_cpe(text) for text in component.cpes)
    return any(
        one is not None and cpe.fit(one, name)[0] == "yes" and version in {"", cpe.version_of(one) or component.version}
        for one in mine
    )


def speaks_of_all(said: Said, product: str, versions: Sequence[str], carriers: Sequence[Found]) -> bool:
    """Tell whether a statement is about one of our releases itself, or about every component that carries the flaw."""
    own = [purl for text in said.products if (purl := parse_purl(text)) and purl.name == product]
    if own and not said.parts:
        return any(purl.version in {"", *versions} for purl in own)
    ids = said.parts or said.products
    return bool(carriers) and all(any(speaks_of(name, part) for name in ids) for part in carriers)


def taken_over(said: Said, one: Case | None, *, speaks: bool) -> tuple[Status, str, str]:
    """Return the decision that a statement makes of a case, and why it makes none, empty where it does.

    What a supplier fixed in the version that we carry is not there any more.
    """
    status: Status = "not_affected" if said.status == "fixed" else said.status
    justification = said.justification or ("vulnerable_code_not_present" if said.status == "fixed" else "")
    decided = (status, justification if status == "not_affected" else "")
    why_not = said.why_not
    if not why_not and one is None:
        why_not = "no open case of this flaw"
    elif not why_not and not speaks:
        why_not = "it does not speak of all that carries the flaw"
    elif not why_not and one and one.status and (one.status, one.justification or "") != decided:
        why_not = f"it is decided already: {one.status}"
    elif not why_not and one and one.proposal:
        why_not = "a decision is proposed and waits for a second person"
    elif not why_not and one and one.exploited and status == "not_affected":
        why_not = "it is exploited in the wild: a person must decide"
    elif not why_not and status == "not_affected" and justification not in JUSTIFICATIONS:
        why_not = f"its justification is none of {', '.join(JUSTIFICATIONS)}"
    return status, decided[1], why_not


def _reached(
    said: Said,
    matches: Sequence[Match],
    components: Sequence[Found],
    places: Mapping[str, Sequence[int]],
    subject: str,
) -> list[int]:
    ids = said.parts or said.products
    if said.parts and not _is_about(said.products, subject):
        return []
    found = dict.fromkeys(place for name in said.names for place in places.get(name, ()))
    return [place for place in found if any(speaks_of(one, components[matches[place].component]) for one in ids)]


def _is_about(products: Iterable[str], subject: str) -> bool:
    """Tell whether one of the products is what the SBOM describes; one that says nothing of itself may be any."""
    names = {purl.name.lower() for one in products if (purl := parse_purl(one))}
    return not subject or not names or subject.lower() in names


def _outcome(said: Said, reached: int) -> tuple[Literal["applied", "unmatched", "refused"], str]:
    if said.why_not:
        return "refused", said.why_not
    if not reached:
        return "unmatched", "no finding of this flaw in what it is about"
    return "applied", f"to {reached} finding{'s' if reached > 1 else ''}"


def _told(document: Document, said: Said) -> str:
    why = ": ".join(part for part in (said.justification.replace("_", " "), said.detail) if part)
    status = said.status.replace("_", " ")
    return f"{document.author or 'the document'} says {status}" + (f" ({why})" if why else "")
