"""Taking over what a document says of a product's cases: which it decides, and what became of each statement; pure.

A case is one flaw in all releases that carry it. It is decided where the statements together speak of every component
that carries it, and say the same of each. What says what is decided already is applied; it changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from careful.releases import Found
from careful.vulnerabilities.applying import SETTLING, Asked, Heard, Here, Line, latest
from careful.vulnerabilities.model import JUSTIFICATIONS, Case, Status
from careful.vulnerabilities.said.model import Document, Said
from careful.vulnerabilities.speaking import is_subject
from careful.vulnerabilities.vex import Statement, product_id

_FEW = 8
_NOT_THERE = "vulnerable_code_not_present"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A component that carries the flaw, in one release (by its version)."""

    release: str
    component: Found


@dataclass(frozen=True, slots=True)
class Known:
    """A case, all that carries its flaw, and what we say of it ourselves, release by release."""

    case: Case
    carriers: tuple[Carrier, ...]
    ours: Mapping[str, Statement]


@dataclass(frozen=True, slots=True)
class Decided:
    """A case that a document decides: by which of its statements, in which words, and their places in the report."""

    case: Case
    status: Status
    justification: str
    said: Said
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A line for every statement, in its order, and what is decided."""

    lines: list[Line]
    decided: list[Decided]


@dataclass(slots=True)
class _Told:
    """What a document says of one case."""

    known: Known
    heard: list[tuple[int, Heard]] = field(default_factory=list)
    by_carrier: dict[int, list[Heard]] = field(default_factory=dict)


def take(document: Document, product: str, cases: Iterable[Known]) -> Taken:
    """Apply a document to the cases of a product."""
    by_flaw = {one.case.flaw.upper(): one for one in cases}
    lines: list[Line] = []
    told: dict[str, _Told] = {}
    here: dict[str, Here] = {}
    for place, said in enumerate(document.said):
        known = next((one for name in said.names if (one := by_flaw.get(name.upper()))), None)
        heard = Heard(document, said, said.why_not)
        if known is None:
            heard.beside = "no case of this flaw"
        elif not heard.why_not:
            if known.case.id not in here:
                here[known.case.id] = Here.of(one.component for one in known.carriers)
            _reach(heard, known, product, here[known.case.id])
        lines.append(heard.line)
        if known and heard.reached:
            case = told.setdefault(known.case.id, _Told(known))
            case.heard.append((place, heard))
            for carrier in heard.reached:
                case.by_carrier.setdefault(carrier, []).append(heard)
    decided = [done for case in told.values() if (done := _settle(case, lines))]
    return Taken(lines, decided)


def translated(said: Said) -> tuple[Status, str]:
    """Return the decision that a statement makes: what a supplier fixed in the version that we carry is not there."""
    status: Status = "not_affected" if said.status == "fixed" else said.status
    justification = said.justification or (_NOT_THERE if said.status == "fixed" else "")
    return status, justification if status == "not_affected" else ""


def subject_of(product: str, version: str) -> Found:
    """Return a release as that of which an SBOM speaks."""
    return Found(name=product, version=version, purl=product_id(product, version))


def _reach(heard: Heard, known: Known, product: str, here: Here) -> None:
    """Note which carriers of the flaw a statement reaches, and where it reaches none, why."""
    versions = {one.release for one in known.carriers}
    asked = {one: Asked(heard.said, subject_of(product, one)) for one in versions}
    doubt = ""
    for place in _close_to(heard.said, known, asked, here):
        carrier = known.carriers[place]
        hit, why = asked[carrier.release].of(carrier.component)
        if hit == "yes":
            heard.reached.append(place)
        else:
            doubt = doubt or why
    mended = known.case.fixed_in
    if heard.reached:
        return
    if mended and _is_about(heard.said, subject_of(product, mended)) and heard.said.status in SETTLING:
        heard.reached, heard.counts = [-1], 1
    elif doubt:
        heard.why_not = doubt
    else:
        heard.beside = "it speaks of nothing that carries the flaw"


def _close_to(said: Said, known: Known, asked: Mapping[str, Asked], here: Here) -> Iterable[int]:
    """Return the places of the carriers that a statement may speak of."""
    if len(known.carriers) <= _FEW or any(one.of_all for one in asked.values()):
        return range(len(known.carriers))
    return sorted(here.named(said))


def _is_about(said: Said, subject: Found) -> bool:
    return any(one.part is None and is_subject(one.product, subject)[0] == "yes" for one in said.about)


def _settle(told: _Told, lines: list[Line]) -> Decided | None:
    """Write the lines of one case, and return what is decided of it, if anything is."""
    known = told.known
    current = [latest(told.by_carrier.get(place, ())) for place in range(len(known.carriers))]
    why_not, decision = _decision(known, current)
    places = []
    for place, heard in told.heard:
        if heard.reached == [-1]:
            lines[place] = _line(heard, "applied", f"{known.case.fixed_in} does not have it")
        elif not heard.counts:
            lines[place] = _line(heard, "refused", heard.beaten)
        elif _is_ours(heard, known):
            lines[place] = _line(heard, "applied", f"to case {known.case.id}, which says so already")
        elif against := _against(known.case, heard.said) or why_not:
            lines[place] = _line(heard, "refused", against)
        elif known.case.status:
            lines[place] = _line(heard, "applied", f"to case {known.case.id}, which says so already")
        else:
            lines[place] = _line(heard, "applied", f"to case {known.case.id}")
            places.append(place)
    if why_not or not places or decision is None:
        return None
    said = next(heard.said for place, heard in told.heard if place == places[0])
    return Decided(known.case, *decision, said, tuple(places))


def _line(heard: Heard, outcome: str, reason: str) -> Line:
    said = heard.said
    return Line(said.where, said.names[0], said.status, outcome, reason)  # type: ignore[arg-type]  # one of the three


def _is_ours(heard: Heard, known: Known) -> bool:
    """Tell whether a statement says of every release that it reaches what we say of it ourselves."""
    if known.case.status is None:
        return False
    ours = [known.ours.get(known.carriers[place].release) for place in heard.reached]
    status, justification = translated(heard.said)
    return all(one and one.status == status and one.justification in {"", justification} for one in ours)


def _decision(known: Known, current: Sequence[Sequence[Heard]]) -> tuple[str, tuple[Status, str] | None]:
    """Return why a case is not decided by what is said of its carriers, or how it is."""
    one = known.case
    said = [heard for words in current for heard in words]
    against = next((heard.contradicted for heard in said if heard.contradicted), "")
    if against:
        return f"the document contradicts itself: {against}", None
    left = next((carrier for carrier, words in zip(known.carriers, current, strict=True) if not words), None)
    if left:
        name = f"{left.component.name} {left.component.version}".strip()
        return f"it does not speak of all that carries the flaw: {name} in {left.release} is left", None
    decisions = list(dict.fromkeys(translated(heard.said) for heard in said))
    status, justification = decisions[0]
    if len({word for word, _ in decisions}) > 1:
        return "it says different things of what carries the flaw, and a case is decided as a whole", None
    why_not = _refused(one, status, justification)
    return why_not, None if why_not else (status, justification)


def _against(one: Case, said: Said) -> str:
    """Say which decision of ours a statement contradicts, if one does."""
    status, justification = translated(said)
    same = not one.status or (one.status, one.justification or "") == (status, justification)
    if one.state == "closed":
        return f"the case is closed: {one.status or 'not decided'}"
    return "" if same else f"it is decided already: {one.status}"


def _refused(one: Case, status: Status, justification: str) -> str:
    if one.proposal:
        return "a decision is proposed and waits for a second person"
    if one.attacked and status == "not_affected":
        return "it is exploited in the wild: a person must decide"
    if status == "not_affected" and justification not in JUSTIFICATIONS:
        return f"its justification is none of {', '.join(JUSTIFICATIONS)}"
    return ""
