"""What one may ask about duties to report. A matter is either a row of ours or the case of an exploited flaw."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from careful import products, releases, updates, vulnerabilities
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM
from careful.kernel.clock import from_iso
from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.obligations import applying, clocks, drafts, store
from careful.obligations.model import Applies, Duty, Entry, Kind, Matter, facts_of

_HEARD = "A feed of known flaws said that it is exploited in the wild."
_FIX = "vulnerabilities.fix_found"
_EXPLOITED = "vulnerabilities.exploitation_heard"
_SET = "obligations.clock_set"
_PUBLISHED = "updates.metadata_published"
_LISTING = frozenset({"targets", "releases"})  # the roles whose metadata lists releases; others are signed anew daily


def matters(world: World, *, drills: bool | None = None) -> list[Matter]:
    """List what is or was to be reported: late first, then by the next due moment, then what waits or is over.

    `drills`: only rehearsals, or (False) none.
    """
    view = View(world)
    noted = view.entries
    found = [view.own(row) for row in view.rows]
    found += [view.of_case(case) for case in view.cases if case.exploited or case.id in noted]
    if drills is not None:
        found = [one for one in found if one.drill is drills]
    return sorted(found, key=_order)


def matter(world: World, wanted: str) -> Matter:
    """Return one matter; a case is one as soon as it is exploited, or somebody noted awareness of that.

    Raises NotFound.
    """
    view = View(world, only=wanted)
    for row in view.rows:
        return view.own(row)
    for case in view.cases:
        if case.exploited or case.id in view.entries:
            return view.of_case(case)
        raise NotFound(
            f"Nobody said that {case.flaw} in {case.product} is exploited.",
            do=f'If it is: careful obligation aware {case.id} --how "…"',
        )
    raise NotFound(f"There is no matter {wanted[:80]!r} to report.", do="Run: careful obligation list")


def next_clock(world: World) -> Matter | None:
    """Return the real matter whose clock runs out first, or is late; None where none runs."""
    running = [one for one in matters(world, drills=False) if one.next is not None]
    return running[0] if running else None


def draft(world: World, wanted: str, duty: str) -> drafts.Draft:
    """Write a report of a matter from what is known now. Raises NotFound for a matter or duty that is not there."""
    one = matter(world, wanted)
    return drafts.draft(duty_of(one.kind, duty), _known(world, one))


def text_of(world: World, wanted: str, sha256: str) -> str:
    """Return the text of a submitted report by its digest. Raises NotFound."""
    query = select(store.entries.c.text).where(store.entries.c.matter == wanted, store.entries.c.sha256 == sha256)
    with world.look() as connection:
        found: str | None = connection.execute(query.limit(1)).scalar_one_or_none()
    if found is None:
        raise NotFound("There is no such report.", do=f"Run: careful obligation show {wanted}")
    return found


def duty_of(kind: Kind, wanted: str) -> Duty:
    """Return a duty of this kind of matter, by its id or the end of it (`final`). Raises NotFound."""
    for one in clocks.duties(kind):
        if wanted in {one.id, one.id.removeprefix(f"{kind}-")}:
            return one
    names = ", ".join(one.id.removeprefix(f"{kind}-") for one in clocks.duties(kind))
    raise NotFound(f"There is no report {wanted[:80]!r} for this matter.", do=f"One of: {names}")


def clocks_told(world: World) -> dict[tuple[str, str], datetime | None]:
    """Return matter and duty -> when the ledger last said that the report is due; None: that it is not owed."""
    with world.look() as connection:
        found = ledger.read(connection, names=(_SET,))
    return {
        (str(one.data["matter"]), str(one.data["duty"])): from_iso(one.data["due"]) if one.data["due"] else None
        for one in found
    }


def shipped(world: World, case: vulnerabilities.Case) -> bool:
    """Tell whether a release with the flaw was published here, or a device was seen on one."""
    return View(world, only=case.id).shipped(case)


def case_exists(world: World, wanted: str) -> bool:
    """Tell whether there is a case of this id."""
    try:
        vulnerabilities.case(world, wanted)
    except NotFound:
        return False
    return True


def _order(one: Matter) -> tuple[bool, bool, bool, str]:
    due = one.next.due if one.next else None
    return (not one.late, due is None, not one.open, due.isoformat() if due else one.title)


@dataclass
class View:
    """Everything that matters are put together from, read once. `listed` are all cases, where they are at hand."""

    world: World
    only: str | None = None
    listed: list[vulnerabilities.Case] | None = None
    rows: Sequence[Any] = ()
    entries: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    cases: list[vulnerabilities.Case] = field(default_factory=list)
    _declared: dict[str, products.Declaration] = field(default_factory=dict)
    _heard: dict[str, datetime] = field(default_factory=dict)
    _fixes: dict[str, list[str]] = field(default_factory=dict)
    _offered: dict[tuple[str, str], datetime] | None = None
    _exposed: dict[str, int] | None = None
    _answers: dict[tuple[tuple[str, ...], date], Applies] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = select(store.matters)
        notes = select(*(one for one in store.entries.c if one.name != "text")).order_by(store.entries.c.number)
        if self.only is not None:
            rows, notes = rows.where(store.matters.c.id == self.only), notes.where(store.entries.c.matter == self.only)
        with self.world.look() as connection:
            self.rows = connection.execute(rows).all()
            for row in connection.execute(notes):
                self.entries[row.matter] = (*self.entries.get(row.matter, ()), _entry(row))
            for entry in ledger.read(connection, names=(_EXPLOITED, _FIX)):
                case = str(entry.data["case"])
                if entry.name == _EXPLOITED:
                    self._heard.setdefault(case, entry.at)
                else:
                    self._fixes.setdefault(case, []).append(str(entry.data["version"]))
        self._declared = {one.id: one.declaration for one in products.list_all(self.world)}
        if self.listed is not None:
            self.cases = self.listed
        elif self.only is None:
            self.cases = vulnerabilities.cases(self.world)
        elif not self.rows:
            self.cases = [vulnerabilities.case(self.world, self.only)] if case_exists(self.world, self.only) else []

    def own(self, row: Any) -> Matter:  # noqa: ANN401 (a row)
        """Put together an incident or a rehearsal."""
        entries = self.entries.get(row.id, ())
        if row.drill:
            applies = Applies("yes", "A rehearsal runs as if the law applied.")
        else:
            applies = _dismissed(entries) or self._applies(row.products, entries)
        return self._matter(
            entries,
            applies,
            id=row.id,
            kind=row.kind,
            drill=row.drill,
            title=row.title,
            what=row.what,
            why_severe=row.why_severe,
            products=tuple(row.products),
            case=None,
            flaw=None,
        )

    def of_case(self, case: vulnerabilities.Case) -> Matter:
        """Put together the matter of an exploited flaw in a product."""
        entries = self.entries.get(case.id, ())
        if case.exploited:
            at = self._heard.get(case.id, case.opened_at)
            entries = (Entry("aware", at, _HEARD, str(SYSTEM), at), *entries)
        entries += self._measures(case)
        applies = self._applies((case.product,), entries)
        shipped = self.shipped(case)
        if applies.answer == "yes" and not shipped:
            applies = Applies("unknown", f"{case.flaw} is in no published release, and no device was seen on one.")
        if not (case.exploited and shipped):
            applies = _dismissed(entries) or applies
        if case.status == "not_affected" and not case.review and not case.proposal and not _heard_since(case, entries):
            applies = Applies("no", f"Judged: {case.product} is not affected by {case.flaw}.")
        return self._matter(
            entries,
            applies,
            id=case.id,
            kind="exploited",
            drill=False,
            title=f"{case.flaw} in {case.product}",
            what=case.title,
            why_severe="",
            products=(case.product,),
            case=case.id,
            flaw=case.flaw,
        )

    def _matter(self, entries: tuple[Entry, ...], applies: Applies, *, kind: Kind, **fields: Any) -> Matter:  # noqa: ANN401 (the matter's other fields)
        planned = clocks.plan(facts_of(kind, entries, applies), self.world.clock.now())
        return Matter(kind=kind, entries=entries, applies=applies, clocks=planned, **fields)

    def _applies(self, named: Iterable[str], entries: tuple[Entry, ...]) -> Applies:
        """Judge on the day of the latest awareness on record: an older one, noted later, takes no duty away."""
        aware = max((one.at for one in entries if one.type == "aware"), default=self.world.clock.now())
        asked = tuple(one for one in named if one in self._declared), aware.date()
        if asked not in self._answers:  # hundreds of matters are of few products and days
            self._answers[asked] = applying.applies([self._declared[one] for one in asked[0]], asked[1])
        return self._answers[asked]

    def shipped(self, case: vulnerabilities.Case) -> bool:
        """Tell whether a release with the flaw is known to have left the house."""
        if any((case.product, version) in self._available() for version in case.releases):
            return True
        if self._exposed is None:
            self._exposed = vulnerabilities.exposure_counts(self.world)
        return bool(self._exposed.get(case.id))

    def _measures(self, case: vulnerabilities.Case) -> tuple[Entry, ...]:
        """Return when releases that are free of the flaw were first there for devices to take."""
        fixed = [one for one in dict.fromkeys(self._fixes.get(case.id, [])) if one not in case.releases]
        made = []
        for version in fixed:
            at = self._available().get((case.product, version))
            if at is not None:
                says = f"Release {version} of {case.product} is free of it and there to be installed."
                made.append(Entry("measure", at, says, str(SYSTEM), at))
        return tuple(made)

    def _available(self) -> dict[tuple[str, str], datetime]:
        """Return product and version -> when it was first published, or its rollout began: whichever came first."""
        if self._offered is None:
            self._offered = available(self.world)
        return self._offered


def available(world: World) -> dict[tuple[str, str], datetime]:
    """Return product and version -> when devices could first take it: published in the repository, or rolled out."""
    found: dict[tuple[str, str], datetime] = {}
    with world.look() as connection:
        entries = ledger.read(connection, names=(_PUBLISHED,))
    published = [(str(one.data["product"]), one.at) for one in entries if one.data["role"] in _LISTING]
    for one in releases.list_for(world, None):
        if one.signed_at is None:
            continue
        since = [at for product, at in published if product == one.product and at >= one.signed_at]
        if since:
            found[one.product, one.version] = min(since)
    for rollout in updates.rollouts(world):
        key = (rollout.product, rollout.version)
        found[key] = min(rollout.started_at, found.get(key, rollout.started_at))
    return found


def _heard_since(case: vulnerabilities.Case, entries: tuple[Entry, ...]) -> bool:
    """Tell whether somebody said that the flaw is exploited after it was judged: that judgement did not know of it."""
    by = said_by(entries)
    noted = [one.noted_at for one in entries if one.type == "aware" and one.by != str(SYSTEM)]
    return by is not None and case.judged_at is not None and max(noted) > case.judged_at


def _dismissed(entries: tuple[Entry, ...]) -> Applies | None:
    """Return why there is nothing to report after all; noted awareness after that opens the matter again."""
    said = [one for one in entries if one.type in {"aware", "dismissed"}]
    if not said or said[-1].type != "dismissed":
        return None
    last = said[-1]
    return Applies("no", f"{last.by} said on {last.noted_at:%Y-%m-%d}: {last.says}")


def said_by(entries: Iterable[Entry]) -> Entry | None:
    """Return who of the maker's people says that a flaw is exploited: the earliest that they know it; None: nobody.

    What was dismissed after it was said is said no more.
    """
    said = [one for one in entries if one.type in {"aware", "dismissed"} and one.by != str(SYSTEM)]
    if not said or said[-1].type == "dismissed":
        return None
    return min((one for one in said if one.type == "aware"), key=lambda one: one.at)


def _entry(row: Any) -> Entry:  # noqa: ANN401 (a row)
    return Entry(row.type, row.at, row.says, row.by, row.noted_at, row.duty, row.reference, row.sha256)


def _exploited(world: World, case: vulnerabilities.Case) -> str:
    """Return what the catalogue of exploited flaws says, with its day, as the reasons for urgency put it."""
    said = vulnerabilities.urgency(world, case.id) if case.exploited else ()
    return next((one for one in said if one.startswith("It is exploited")), "")


def _known(world: World, one: Matter) -> drafts.Known:
    """Gather what a report can say."""
    declared = {each.id: each for each in products.list_all(world)}
    items = []
    for name in one.products:
        product = declared.get(name)
        if product is None:
            items.append(drafts.Item(name, name, (), None))
        else:
            items.append(drafts.Item(name, product.name, product.models, product.declaration.markets))
    case = vulnerabilities.case(world, one.case) if one.case else None
    heard = next((entry.at for entry in one.of("aware") if entry.by == str(SYSTEM)), None)
    return drafts.Known(
        maker=world.settings.maker_name,
        kind=one.kind,
        drill=one.drill,
        title=one.title,
        what=one.what,
        why_severe=one.why_severe,
        items=tuple(items),
        versions=case.releases if case else (),
        flaw=one.flaw,
        severity=(case.severity if case else "") or "unknown",
        exploited_heard=heard,
        exploited_says=_exploited(world, case) if case else "",
        aware=one.of("aware"),
        measures=one.of("measure"),
        user_action=case.action if case else "",
        exposed=vulnerabilities.exposed(world, case.id).by_version if case else None,
        applies=one.applies,
    )
