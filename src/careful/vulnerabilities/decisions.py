"""Deciding what flaws mean: one case, many at once with a preview, by a second person, or by what suppliers say.

However many cases a call decides, it is one transaction. What stands in the way of one case is said of that case, and
the others are decided.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from careful import releases
from careful.kernel.actors import Actor
from careful.kernel.database import canonical_json
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import Work, World
from careful.vulnerabilities import ground, judging, queries, store
from careful.vulnerabilities.applying import Line
from careful.vulnerabilities.events import Judged, Proposed
from careful.vulnerabilities.importing import Carrier, Decided, Known, take
from careful.vulnerabilities.judging import Decision, Filter, Outcome
from careful.vulnerabilities.model import Case, Status
from careful.vulnerabilities.statements import Document, read_statements
from careful.vulnerabilities.vex import Statement, withheld

MOST_CASES = 50_000


def judge(
    world: World,
    actor: Actor,
    case_id: str,
    status: Status,
    justification: str | None = None,
    statement: str = "",
    action: str = "",
    until: datetime | None = None,
) -> Case:
    """Decide what a flaw means for the product; the decision holds for later releases until its ground moves.

    `until` accepts the risk of a flaw that stays: no mend is planned until then. What waves a flaw through that is
    exploited is proposed, and decided when a second person confirms it. Raises Invalid, NotFound, Refused.
    """
    said = judging.checked(
        Decision(status=status, justification=justification, statement=statement, action=action, until=until),
        world.clock.now(),
    )
    one = queries.case(world, case_id)
    (done,) = _decide(world, actor, [(one, said)])
    if done.outcome == "refused":
        raise Refused(done.says, do=f"Run: careful vuln show {case_id}")
    return queries.case(world, case_id)


def confirm(world: World, actor: Actor, case_id: str) -> Case:
    """Stand behind what another person proposed; with two people behind it, it is decided.

    Raises NotFound, and Refused for whoever proposed it, a token, a command line, or where the ground moved since.
    """
    one = queries.case(world, case_id)
    with world.change(actor) as work:
        row = store.lock_cases(work.connection, [case_id])[case_id]
        one = _as_locked(one, row)
        people = judging.confirmation(one, actor)
        held = one.proposal
        if held is None:
            raise Refused(f"Nothing is proposed for {one.flaw}.")
        said = judging.checked(judging.decision_of(held), work.now)
        why_not = judging.refusal(one, said)
        if why_not:
            raise Refused(why_not, do=f"Run: careful vuln show {case_id}")
        now = _grounds(work, [one])[one.id]
        moved = ground.moved(
            ground.read(row.proposal["ground"]), [("", each) for each in now.carriers], exploited=one.attacked
        )
        if moved:
            raise Refused(
                f"Since it was proposed, {'; '.join(each.says for each in moved)}.",
                do=f"Look again and propose it anew: careful vuln judge {case_id} --status …",
            )
        if judging.enough(people):
            store.set_cases(work.connection, [_decided_row(one, said, now, people, work.now)])
            work.record(_judged(one, said, len(people)))
        else:
            proposal = row.proposal | {"people": list(people)}
            store.set_cases(work.connection, [{"case": one.id, "proposal": proposal}])
            work.record(_proposed(one, said, len(people)))
    return queries.case(world, case_id)


def preview(world: World, wanted: Filter | Sequence[str], said: Decision) -> list[Outcome]:
    """Return what a decision would do to each case: the list that `judge_many` takes it from. Nothing is changed."""
    said = judging.checked(said, world.clock.now())
    return [judging.outcome(one, said) for one in select(world, wanted)]


def judge_many(
    world: World, actor: Actor, wanted: Filter | Sequence[str], said: Decision, *, expect: str | None = None
) -> list[Outcome]:
    """Decide many cases alike, in one transaction; one that is refused keeps the others from nothing.

    `expect` is the fingerprint of the preview that a person saw: where the outcome would be another by now, nothing is
    changed. Raises Invalid, NotFound, Refused.
    """
    said = judging.checked(said, world.clock.now())
    return _decide(world, actor, [(one, said) for one in select(world, wanted)], expect)


def fingerprint(outcomes: Iterable[Outcome]) -> str:
    """Return a digest of a preview, by which it is known again."""
    listed = [[one.case, one.outcome, one.says] for one in outcomes]
    return hashlib.sha256(canonical_json(listed).encode()).hexdigest()[:32]


def select(world: World, wanted: Filter | Sequence[str]) -> list[Case]:
    """Return the cases that are meant: those that a filter chooses, or those named. Raises NotFound, Invalid."""
    if isinstance(wanted, Filter):
        component = queries.flaws_in(world, wanted.component) if wanted.component else None
        chosen = judging.chosen(queries.cases(world, "open", wanted.product), wanted, component)
    else:
        held = {one.id: one for one in queries.cases(world)}
        unknown = [name for name in wanted if name not in held]
        if unknown:
            raise NotFound(f"There is no case {unknown[0][:80]}.", do="Run: careful vuln list")
        chosen = [held[name] for name in dict.fromkeys(wanted)]
    if len(chosen) > MOST_CASES:
        raise Invalid(f"{len(chosen):,} cases are meant; {MOST_CASES:,} can be decided at once.", do="Filter further.")
    return chosen


def import_vex(world: World, actor: Actor, product: str, content: bytes, *, dry_run: bool = False) -> list[Line]:
    """Take over what a document says of a product's cases: its own statements, or those of its suppliers.

    A case is decided where the document speaks clearly of all that carries the flaw. A person's decision is never
    replaced, and a flaw that is exploited is never waved through: both are refused, with the reason. Returns a line
    for every statement, and decides in one transaction; with `dry_run` nothing is changed. Raises Invalid, TooLarge.
    """
    shipped = releases.list_for(world, product)
    boms = [releases.sbom_bytes(world, one.id) for one in shipped] if b"urn:cdx:" in content.lower() else []
    document = read_statements(content, boms)
    taken = take(document, product, _known(world, product, document, {one.id: one.version for one in shipped}))
    lines = taken.lines
    if not dry_run:
        wanted = [(one.case, _supplied(document, one)) for one in taken.decided]
        by_case = {one.case.id: one for one in taken.decided}
        for done in _decide(world, actor, wanted, alone=True):
            for place in by_case[done.case].places if done.outcome == "refused" else ():
                lines[place] = replace(lines[place], outcome="refused", reason=done.says)
    return lines


def _known(world: World, product: str, document: Document, versions: Mapping[str, str]) -> list[Known]:
    """Return the cases of the product of which the document speaks, with all that is known of each."""
    named = {name.upper() for said in document.said for name in said.names}
    cases = [one for one in queries.cases(world, product=product) if one.flaw.upper() in named]
    carriers = queries.carriers(world, product, [one.flaw for one in cases])
    ours: dict[str, dict[str, Statement]] = {}
    for one in queries.vex(world, product) if cases else ():
        ours.setdefault(one.flaw, {})[one.version] = one
    found = []
    for case in cases:
        parts = {
            (versions[part.release], part.purl, part.cpes, part.name, part.version): Carrier(
                versions[part.release], part
            )
            for part in carriers.get(case.flaw, ())
        }
        found.append(Known(case, tuple(parts.values()), ours.get(case.flaw, {})))
    return found


def _supplied(document: Document, one: Decided) -> Decision:
    """Return a supplier's word as our decision, with where it is from.

    The words of a document that must not be made public stay in it: what is decided here is published.
    """
    detail = "" if document.restricted else one.said.detail
    words = f"{document.author or document.form} in {document.id or 'a document without id'}: {detail}"
    words = f"{withheld(document.tlp)}{words}" if document.restricted else words
    action = (detail or "Wait for the update.") if one.status == "affected" else ""
    return Decision(
        status=one.status, justification=one.justification or None, statement=words.removesuffix(": "), action=action
    )


def _decide(
    world: World,
    actor: Actor,
    wanted: Sequence[tuple[Case, Decision]],
    expect: str | None = None,
    *,
    alone: bool = False,
) -> list[Outcome]:
    """Decide cases as they are once nobody else can change them; `alone` refuses what needs a second person."""
    if not wanted and expect is None:
        return []
    who = judging.person(actor)
    people = (who,) if who else ()
    with world.change(actor) as work:
        rows = store.lock_cases(work.connection, (one.id for one, _ in wanted))
        fresh = [(_as_locked(one, rows[one.id]), said) for one, said in wanted]
        outcomes = [judging.outcome(one, said) for one, said in fresh]
        if alone:
            outcomes = [_refused_alone(one) if one.outcome == "proposed" else one for one in outcomes]
        if expect is not None and fingerprint(outcomes) != expect:
            raise Refused("Something changed since the preview; nothing was decided.", do="Look at the preview again.")
        taken = [(*each, done) for each, done in zip(fresh, outcomes, strict=True) if done.outcome != "refused"]
        grounds = _grounds(work, [one for one, _, _ in taken])
        decided, held = [], []
        for one, said, done in taken:
            now = grounds[one.id]
            if done.outcome == "decided":
                decided.append(_decided_row(one, said, now, people or (str(actor),), work.now))
                work.record(_judged(one, said, 1))
            else:
                proposal = judging.proposed(said, people, actor, work.now) | {"ground": ground.written(now)}
                held.append({"case": one.id, "proposal": proposal})
                work.record(_proposed(one, said, len(people)))
        store.set_cases(work.connection, decided)
        store.set_cases(work.connection, held)
    return outcomes


def _refused_alone(one: Outcome) -> Outcome:
    return replace(one, outcome="refused", says="it is exploited in the wild: a person must decide")


def _as_locked(one: Case, row: Any) -> Case:  # noqa: ANN401 (a row)
    return replace(
        one,
        state=row.state,
        status=row.status,
        exploited=row.exploited,
        told_exploited=bool(row.told_exploited),
        fixed_in=row.fixed_in,
        accepted_until=row.accepted_until,
        proposal=judging.proposal_of(row.proposal),
    )


def _grounds(work: Work, cases: Sequence[Case]) -> Mapping[str, ground.Ground]:
    """Return case -> what its decision stands on now: all that carries the flaw, in every release."""
    carried: dict[tuple[str, str], set[ground.Carrier]] = {}
    by_product: dict[str, list[str]] = {}
    for one in cases:
        by_product.setdefault(one.product, []).append(one.flaw)
    for product, flaws in by_product.items():
        for row in store.carriers(work.connection, product, flaws):
            part = ground.carrier(row.name, row.version, row.ground)
            carried.setdefault((product, row.flaw), set()).add(part)
    return {one.id: ground.Ground(frozenset(carried.get((one.product, one.flaw), ())), one.attacked) for one in cases}


def _decided_row(one: Case, said: Decision, now: ground.Ground, people: Sequence[str], at: datetime) -> dict[str, Any]:
    return {
        "case": one.id,
        "status": said.status,
        "justification": said.justification,
        "statement": said.statement,
        "action": said.action,
        "judged_at": at,
        "judged_by": list(people),
        "judged_on": ground.written(now),
        "accepted_until": said.until,
        "proposal": None,
        "review": None,
        "review_in": None,
    }


def _judged(one: Case, said: Decision, people: int) -> Judged:
    return Judged(
        case=one.id,
        flaw=one.flaw,
        product=one.product,
        status=said.status,
        justification=said.justification,
        accepted_until=said.until,
        people=people,
    )


def _proposed(one: Case, said: Decision, people: int) -> Proposed:
    return Proposed(
        case=one.id,
        flaw=one.flaw,
        product=one.product,
        status=said.status,
        justification=said.justification,
        accepted_until=said.until,
        people=people,
    )
