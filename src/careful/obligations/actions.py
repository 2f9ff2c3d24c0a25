"""What one may do about duties to report: note, never change. Careful submits nothing by itself."""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from careful import products, vulnerabilities
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World
from careful.obligations import clocks, queries, store
from careful.obligations.events import (
    Aware,
    ClockMissed,
    ClockSet,
    Dismissed,
    DrillReport,
    DrillStarted,
    IncidentNoted,
    MeasureAvailable,
    ReportSubmitted,
)
from careful.obligations.model import LONGEST, LONGEST_TEXT, Kind, Matter, facts_of

_LONGEST_LINE = 200
_LONGEST_AGO = timedelta(days=3653)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MOST_PRODUCTS = 100
_DRILL = "Rehearsal"


def aware(world: World, actor: Actor, wanted: str, how: str, at: datetime | None = None) -> Matter:
    """Note since when the maker knows of a matter, and how. A case becomes one by it: somebody says it is exploited.

    A second entry is a correction: the first is kept, and clocks move earlier or not at all. Raises NotFound, Invalid.
    """
    how = _said(how, "how")
    before = _matter(world, wanted)
    with world.change(actor) as work:
        moment = _past(work, at)
        known = before.aware_at if before else None
        _note(work, wanted, "aware", moment, how)
        work.record(
            Aware(
                matter=wanted,
                aware_at=moment,
                how_sha256=_digest(how),
                correction=known is not None,
                moved_earlier=known is not None and moment < known,
            )
        )
        vulnerabilities.tell_exploited(work, wanted, exploited=True)
    return queries.matter(world, wanted)


def measure(world: World, actor: Actor, wanted: str, what: str, at: datetime | None = None) -> Matter:
    """Note that a measure other than a release of ours is available. Raises NotFound, Invalid."""
    what = _said(what, "what")
    queries.matter(world, wanted)
    with world.change(actor) as work:
        moment = _past(work, at)
        _note(work, wanted, "measure", moment, what)
        work.record(MeasureAvailable(matter=wanted, available_at=moment, what_sha256=_digest(what)))
    return queries.matter(world, wanted)


def incident(
    world: World,
    actor: Actor,
    title: str,
    *,
    named: Sequence[str],
    what: str,
    why_severe: str,
    how: str,
    at: datetime | None = None,
) -> Matter:
    """Note a severe incident and since when the maker knows of it. Raises NotFound for a product, Invalid."""
    texts = [_line(title), _said(what, "what"), _said(why_severe, "why severe"), _said(how, "how")]
    chosen = _products(world, named)
    with world.change(actor) as work:
        moment = _past(work, at)
        one = _open(work, "incident", texts, chosen, drill=False)
        _note(work, one, "aware", moment, texts[3])
        work.record(
            IncidentNoted(matter=one, products=chosen),
            Aware(matter=one, aware_at=moment, how_sha256=_digest(texts[3]), correction=False, moved_earlier=False),
        )
    return queries.matter(world, one)


def drill(world: World, actor: Actor, kind: Kind, named: Sequence[str]) -> Matter:
    """Begin a rehearsal of reporting: a made-up matter, marked as such everywhere, through the real clocks."""
    chosen = _products(world, named)
    about = "an exploited vulnerability" if kind == "exploited" else "a severe incident"
    texts = [f"{_DRILL}: {about} in {', '.join(chosen)}", f"{_DRILL} of {about}.", f"{_DRILL}.", f"{_DRILL} began."]
    with world.change(actor) as work:
        one = _open(work, kind, texts, chosen, drill=True)
        _note(work, one, "aware", work.now, texts[3])
        work.record(DrillStarted(matter=one, kind=kind, products=chosen))
    return queries.matter(world, one)


def submitted(
    world: World, actor: Actor, wanted: str, duty: str, reference: str, *, at: datetime | None = None, text: str = ""
) -> Matter:
    """Note that a report was submitted, with the number that the platform gave; without `text`, it was the draft.

    The first report of a duty stops its clock; later ones are kept beside it. A rehearsal's report goes nowhere and is
    noted as rehearsed. Raises NotFound, Invalid, and Refused where it would have been before awareness.
    """
    one = queries.matter(world, wanted)
    owed = queries.duty_of(one.kind, duty)
    number = _line(reference, "reference")
    sent = text or queries.draft(world, wanted, duty).text
    if len(sent) > LONGEST_TEXT:
        raise Invalid(f"A report's text may be {LONGEST_TEXT} characters long at most.", do="Shorten it.", where="text")
    digest = _digest(_plain(sent, "text"))
    with world.change(actor) as work:
        moment = _past(work, at)
        if one.aware_at is not None and moment < one.aware_at:
            raise Refused(
                "That is before anybody is on record as knowing of it.",
                do=f'Note the earlier awareness first: careful obligation aware {wanted} --at … --how "…"',
            )
        _note(work, wanted, "submitted", moment, "", duty=owed.id, reference=number, sha256=digest, text=sent)
        due = next(
            clock.due
            for clock in clocks.plan(facts_of(one.kind, one.entries, one.applies), work.now)
            if clock.duty == owed.id
        )
        in_time = due is None or moment <= due
        if one.drill:
            work.record(DrillReport(matter=wanted, duty=owed.id, sha256=digest, in_time=in_time))
        else:
            work.record(
                ReportSubmitted(
                    matter=wanted, duty=owed.id, reference=number, submitted_at=moment, sha256=digest, in_time=in_time
                )
            )
    return queries.matter(world, wanted)


def dismiss(world: World, actor: Actor, wanted: str, reason: str) -> Matter:
    """Note that there is nothing to report after all, and why; awareness noted later opens the matter again.

    Raises NotFound, Invalid, and Refused for a flaw that a feed calls exploited in what has left the house: that is
    judged in its case. Of what has not, the word holds until a release with the flaw is published or runs on a device.
    """
    reason = _said(reason, "reason")
    one = queries.matter(world, wanted)
    case = vulnerabilities.case(world, one.case) if one.case else None
    if case and case.exploited and queries.shipped(world, case):
        raise Refused(
            f"A feed says that {one.flaw} is exploited: whether the product is affected is judged in its case.",
            do=f"Run: careful vuln judge {one.case}",
        )
    with world.change(actor) as work:
        _note(work, wanted, "dismissed", work.now, reason)
        work.record(Dismissed(matter=wanted, reason_sha256=_digest(reason)))
        vulnerabilities.tell_exploited(work, wanted, exploited=False)
    return queries.matter(world, wanted)


def note_clocks(world: World) -> int:
    """Put on record when each report of a real matter is due, whenever that changes, and once that its clock ran out.

    Return how much is new. What is not owed is noted of a matter's first report, and of those that were due before.
    """
    told = queries.clocks_told(world)
    new = 0
    for one in queries.matters(world, drills=False):
        missed = {each.duty for each in one.of("missed")}
        for place, clock in enumerate(one.clocks):
            due, key = clock.due if clock.state in {"due", "late"} else None, (one.id, clock.duty)
            over = clock.state == "not applicable" and (key in told or place == 0)
            if (due or over) and (key not in told or told[key] != due):
                with world.change(SYSTEM) as work:
                    work.record(ClockSet(matter=one.id, duty=clock.duty, due=due))
                new += 1
            if clock.state == "late" and clock.due and clock.duty not in missed:
                with world.change(SYSTEM) as work:
                    _note(work, one.id, "missed", clock.due, "", duty=clock.duty)
                    work.record(ClockMissed(matter=one.id, duty=clock.duty, due=clock.due))
                new += 1
    return new


def _matter(world: World, wanted: str) -> Matter | None:
    """Return the matter, or None for a case that is none yet. Raises NotFound where it is neither."""
    try:
        return queries.matter(world, wanted)
    except NotFound:
        if queries.case_exists(world, wanted):
            return None
        raise


def _open(work: Work, kind: Kind, texts: Sequence[str], named: tuple[str, ...], *, drill: bool) -> str:
    title, what, why_severe = texts[:3]
    row = {
        "id": new_id(),
        "kind": kind,
        "drill": drill,
        "title": title,
        "what": what,
        "why_severe": why_severe if kind == "incident" else "",
        "products": list(named),
        "noted_at": work.now,
    }
    store.put_matter(work.connection, row)
    return str(row["id"])


def _note(work: Work, matter: str, kind: str, at: datetime, says: str, **more: str) -> None:
    store.hold(work.connection)
    empty = {"duty": "", "reference": "", "sha256": "", "text": ""}
    row = {"type": kind, "at": at, "says": says, "by": str(work.actor), "noted_at": work.now}
    store.add_entry(work.connection, matter, {**empty, **row, **more})


def _products(world: World, named: Sequence[str]) -> tuple[str, ...]:
    chosen = tuple(sorted(set(named)))
    if not chosen or len(chosen) > _MOST_PRODUCTS:
        raise Invalid("Which products does it touch?", do="Name one at least.", where="products")
    for one in chosen:
        products.get(world, one)
    return chosen


def _past(work: Work, at: datetime | None) -> datetime:
    if at is None:
        return work.now
    if at.tzinfo is None:
        raise Invalid("That moment has no time zone.", do="Write it like 2026-11-23T08:00Z.", where="at")
    if at > work.now:
        raise Invalid("That moment is still to come.", do="Write when it was.", where="at")
    if work.now - at > _LONGEST_AGO:
        raise Invalid("That is more than ten years ago.", do="Look at the year again.", where="at")
    return at.astimezone(UTC)


def _said(text: str, where: str) -> str:
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise Invalid(f"Say it, in {LONGEST} characters at most.", where=where)
    return _plain(text, where)


def _line(text: str, where: str = "title") -> str:
    text = text.strip()
    if not text or len(text) > _LONGEST_LINE or len(text.splitlines()) > 1:
        raise Invalid(f"One line of {_LONGEST_LINE} characters at most.", where=where)
    return _plain(text, where)


def _plain(text: str, where: str) -> str:
    """Refuse what a text for people has no use for: it may end up on a terminal, or in a form of an authority."""
    if _CONTROL.search(text):
        raise Invalid("There is a control character in it.", do="Write plain text.", where=where)
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
