"""What is true of suppliers: evidence with an end, contracts as obligations, and what is lacking. Pure.

The obligations are those that the guide and recommendation U7 name; two of them have a limit, in hours or days.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from careful.kernel.errors import Invalid, Refused

Standing = Literal["good", "ends soon", "ended", "offered", "withdrawn"]
WARN_BEFORE = timedelta(days=30)
CLAUSES: Mapping[str, str] = {
    "encrypt": "encrypts the data, on its way and where it lies",
    "notify": "tells us of a breach within hours",
    "delete": "deletes the data within days, when asked and when the contract ends",
    "sub_processors": "names its own suppliers and asks before it takes on another",
    "no_reidentify": "does not try to find out whose de-identified data it is",
    "sbom": "hands over an SBOM with each version",
    "disclosure": "takes reports of flaws and tells us of those it knows",
}
"""Every obligation a contract may hold, in words."""
LIMITS: Mapping[str, tuple[str, int]] = {"notify": ("hours", 24 * 30), "delete": ("days", 3650)}
"""Those with a limit: its unit, and the most that may be written."""
EVIDENCE_KINDS = (
    "certificate",
    "audit-report",
    "penetration-test",
    "questionnaire",
    "attestation",
    "sbom",
    "other",
)
_SHOWN = 3
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Something that shows a supplier's security until a day. It counts once somebody of ours accepted it."""

    id: str
    supplier: str
    kind: str
    title: str
    until: date
    reference: str
    file_name: str
    file_size: int
    sha256: str
    given_at: datetime
    given_by: str
    accepted_at: datetime | None
    accepted_by: str
    withdrawn_at: datetime | None

    def standing(self, today: date) -> Standing:
        """Tell how it stands."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if self.until < today:
            return "ended"
        if self.accepted_at is None:
            return "offered"
        return "ends soon" if self.until - today <= WARN_BEFORE else "good"

    def counts(self, today: date) -> bool:
        """Tell whether one may rely on it today."""
        return self.standing(today) in {"good", "ends soon"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What was signed: obligations by name, each with its limit where it has one."""

    number: int
    signed: date
    until: date
    clauses: Mapping[str, int | None]
    reference: str
    noted_at: datetime
    noted_by: str

    def counts(self, today: date) -> bool:
        """Tell whether it binds today."""
        return self.signed <= today <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something a supplier is asked for; it waits for them until answered, then for us until closed."""

    id: str
    supplier: str
    asks: str
    due: date
    asked_at: datetime
    answer: str
    answered_at: datetime | None
    closed_at: datetime | None

    @property
    def waits_for(self) -> Literal["them", "us", "nobody"]:
        """Tell whose turn it is."""
        if self.closed_at is not None:
            return "nobody"
        return "them" if self.answered_at is None else "us"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier:
    """One supplier with all that is on file. `names` are those by which product files may call it."""

    id: str
    name: str
    contact: str
    delivers: str
    recorded_at: datetime
    ended_at: datetime | None
    evidence: tuple[Evidence, ...] = ()
    contracts: tuple[Contract, ...] = ()
    items: tuple[Item, ...] = ()

    def contract(self, today: date) -> Contract | None:
        """Return the newest contract, if it binds today."""
        newest = self.contracts[-1] if self.contracts else None
        return newest if newest is not None and newest.counts(today) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """That data goes to somebody: what goes (`what` in words), to whom, and which obligations that takes.

    `clauses` are names with the most their limit may be, or None.
    """

    what: str
    who: str
    clauses: Mapping[str, int | None] = field(default_factory=dict)


def clean_id(text: str) -> str:
    """Return a supplier's id. Raises Invalid."""
    if not _ID.fullmatch(text):
        raise Invalid("An id has 1 to 64 letters, digits, dashes.", do="Such as transcribe-io.", where="id")
    return text


def clean_text(text: str, what: str, most: int, *, empty: bool = False) -> str:
    """Return a text on one or more lines, trimmed. Raises Invalid where it is empty or too long."""
    found = text.strip()
    if (not found and not empty) or len(found) > most or any(sign < " " and sign not in "\n\r\t" for sign in found):
        raise Invalid(f"{what.capitalize()} has {'up' if empty else '1'} to {most} characters.", where=what)
    return found


def read_clauses(given: Iterable[str]) -> dict[str, int | None]:
    """Read obligations as they are typed: `encrypt`, `notify=24`, `delete=30`. Raises Invalid."""
    found: dict[str, int | None] = {}
    for one in given:
        name, equals, limit = one.strip().partition("=")
        if name not in CLAUSES or name in found:
            raise Invalid(f"{name[:40]!r} is no obligation, or given twice.", do=f"They are {', '.join(CLAUSES)}.")
        if name not in LIMITS:
            if equals:
                raise Invalid(f"{name} has no limit.", do=f"Write {name}.", where="clauses")
            found[name] = None
            continue
        unit, most = LIMITS[name]
        if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:6]) <= most):
            raise Invalid(f"{name} needs its limit in {unit}, 1 to {most}.", do=f"Such as {name}=24.", where="clauses")
        found[name] = int(limit)
    return found


def clause_words(name: str, limit: int | None) -> str:
    """Write an obligation as it is typed."""
    return name if limit is None else f"{name}={limit}"


def supplier_for(who: str, known: Sequence[Supplier]) -> Supplier | None:
    """Find who is meant by an owner or recipient in a product file: by id or by name, in any case of letters."""
    wanted = who.strip().casefold()
    return next((one for one in known if wanted in {one.id.casefold(), one.name.casefold()}), None)


def lacking(need: Need, known: Sequence[Supplier], today: date) -> tuple[str, ...]:
    """Return what is missing before data may go there; nothing where all is on file and in force."""
    found = supplier_for(need.who, known)
    if found is None:
        return (f"{need.who} is on record as no supplier",)
    if found.ended_at is not None:
        return (f"{found.name} is no longer a supplier",)
    missing = []
    if not any(one.counts(today) for one in found.evidence):
        ended = [one.until for one in found.evidence if one.standing(today) == "ended"]
        offered = any(one.standing(today) == "offered" for one in found.evidence)
        missing.append(
            "its evidence waits to be accepted"
            if offered
            else f"its evidence ended on {max(ended).isoformat()}"
            if ended
            else "no evidence is on file"
        )
    if not need.clauses:
        return tuple(missing)
    contract = found.contract(today)
    if contract is None:
        missing.append("no contract is in force")
        return tuple(missing)
    for name, most in need.clauses.items():
        if name not in contract.clauses:
            missing.append(f"its contract lacks {clause_words(name, most)}")
        elif most is not None and (contract.clauses[name] or 0) > most:
            missing.append(f"its contract says {clause_words(name, contract.clauses[name])}, {most} is needed")
    return tuple(missing)


def refusal(needs: Sequence[Need], known: Sequence[Supplier], today: date) -> Refused | None:
    """Return the one sentence that says where data may not go yet and what is missing; None where all is well."""
    short = [(need, missing) for need in needs if (missing := lacking(need, known, today))]
    if not short:
        return None
    need, missing = short[0]
    more = f" (and {len(short) - 1} more)" if len(short) > 1 else ""
    told = "; ".join(missing[:_SHOWN]) + (f"; and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
    return Refused(
        f"{need.what} cannot be approved: {told}{more}.",
        do="See: careful supplier list; then: careful supplier evidence, contract",
        where="suppliers",
    )
