"""Drafts of reports: filled in from what Careful knows, naming what nobody knows as a gap; pure.

A draft is text for a person and the same as JSON. Careful submits nothing: a person reads the draft, fills the gaps,
files it at the reporting platform, and notes the number that they got there.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from careful.obligations.model import Applies, Duty, Entry, Kind

GAP = "NOT KNOWN TO CAREFUL: fill in, or write that it is not known."
DRILL = "REHEARSAL. Nothing happened. Do not submit."
NOT_SENT = "Careful submits nothing: file this at the single reporting platform, then note the number you get there."
_EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905 (27 quoted codes read worse)
)


@dataclass(frozen=True, slots=True)
class Item:
    """One product as a report names it: `markets` is None where its file leaves them blank."""

    id: str
    name: str
    models: tuple[str, ...]
    markets: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that is known of one matter, for its reports. `exposed`: devices by affected version."""

    maker: str
    kind: Kind
    drill: bool
    title: str
    what: str
    why_severe: str
    items: tuple[Item, ...]
    versions: tuple[str, ...]
    flaw: str | None
    severity: str
    exploited_heard: datetime | None
    exploited_says: str
    aware: tuple[Entry, ...]
    measures: tuple[Entry, ...]
    user_action: str
    exposed: Mapping[str, int] | None
    applies: Applies


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that the report must say; `answer` is empty where it is a gap."""

    id: str
    asks: str
    cites: str
    answer: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A report as it can be written today. `sha256` is of `text`."""

    duty: str
    title: str
    cites: str
    drill: bool
    lines: tuple[Line, ...]
    gaps: tuple[str, ...]
    text: str
    sha256: str


def draft(duty: Duty, known: Known) -> Draft:
    """Write a report from what is known."""
    about = [
        Line("maker", "Manufacturer", duty.cites, known.maker),
        Line("product", "Product", duty.cites, _products(known)),
        Line("versions", "Affected versions", duty.cites, ", ".join(known.versions)),
        Line("aware", "Aware since", duty.cites, _aware(known)),
    ]
    if known.kind == "exploited":
        about.insert(2, Line("identifier", "Vulnerability", duty.cites, known.flaw or ""))
    lines = (*about, *(Line(ask.id, ask.says, ask.cites, _ANSWERS[ask.id](known)) for ask in duty.asks))
    text = _text(duty, known, lines)
    gaps = tuple(one.asks for one in lines if not one.answer)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Draft(duty.id, duty.title, duty.cites, known.drill, lines, gaps, text, digest)


def _text(duty: Duty, known: Known, lines: tuple[Line, ...]) -> str:
    head = [DRILL] if known.drill else []
    head += [f"{duty.title}, Regulation (EU) 2024/2847, {duty.cites}", known.title]
    if known.applies.answer == "unknown":
        head.append(known.applies.says)
    body = [f"{one.asks} ({one.cites})\n  {one.answer or GAP}" for one in lines]
    return "\n\n".join([*head, *body, *([DRILL] if known.drill else [])]) + "\n"


def _products(known: Known) -> str:
    named = [f"{one.name} ({one.id}{', model ' + ', '.join(one.models) if one.models else ''})" for one in known.items]
    return "; ".join(named)


def _aware(known: Known) -> str:
    said = sorted(known.aware, key=lambda one: one.at)
    return "; ".join(f"{_moment(one.at)}: {one.says}" for one in said)


def _exploited(known: Known) -> str:
    if known.exploited_heard is not None:
        heard = _moment(known.exploited_heard)
        says = known.exploited_says or "A catalogue of exploited vulnerabilities names it."
        return f"{says} The maker heard of that on {heard}. When attacks began is not stated."
    return _aware(known) and f"The maker has it from its own knowledge: {_aware(known)}"


def _member_states(known: Known) -> str:
    said = []
    for one in known.items:
        if one.markets is None:
            return ""
        states = sorted({market[:2] for market in one.markets} & _EU)
        if "EU" in one.markets:
            states = ["all Member States, as declared"]
        said.append(f"{one.name}: {', '.join(states) or 'none declared'}")
    return "; ".join(said)


def _flaw(known: Known) -> str:
    return f"{known.flaw}: {known.what or known.title}" if known.flaw else known.what


def _measures(known: Known) -> str:
    return "; ".join(f"{_moment(one.at)}: {one.says}" for one in sorted(known.measures, key=lambda one: one.at))


def _exposure(known: Known) -> str:
    if known.exposed is None:
        return ""
    parts = ", ".join(f"{count} on {version}" for version, count in known.exposed.items())
    return f"{sum(known.exposed.values())} devices" + (f" ({parts})" if parts else "")


def _nobody(known: Known) -> str:  # noqa: ARG001 (every answer is asked with all that is known)
    """Answer what Careful has no record of: a person must."""
    return ""


_ANSWERS: Mapping[str, Callable[[Known], str]] = {
    "exploited": _exploited,
    "member_states": _member_states,
    "flaw": _flaw,
    "exploit_nature": _nobody,
    "measures": _measures,
    "user_measures": lambda known: known.user_action,
    "exposure": _exposure,
    "sensitivity": _nobody,
    "severity": lambda known: "" if known.severity == "unknown" else known.severity,
    "impact": _nobody,
    "actor": _nobody,
    "what": lambda known: known.what,
    "why_severe": lambda known: known.why_severe,
    "malice": _nobody,
    "cause": _nobody,
}


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
