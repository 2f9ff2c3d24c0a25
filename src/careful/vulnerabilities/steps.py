"""Background steps: match releases, then follow decisions to later releases; remember who was exposed.

They take no input, look at the world, and may run twice.
"""

from collections.abc import Container, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from careful import devices, releases
from careful.kernel.actors import SYSTEM
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World
from careful.vulnerabilities import ground, queries, store
from careful.vulnerabilities.compiled import Compiled, of_sbom, set_aside
from careful.vulnerabilities.compiled import built as files_built
from careful.vulnerabilities.deciding import Match
from careful.vulnerabilities.events import CaseOpened, ExploitationHeard, ReleaseMatched
from careful.vulnerabilities.following import follow
from careful.vulnerabilities.lookup import look_up
from careful.vulnerabilities.model import due_after

_BATCH = 50


def match(world: World) -> int:
    """Match every release that was not matched against the feeds as they are, then follow every open decision."""
    now = queries.generation(world)
    known = queries.matched(world)
    due = [one for one in releases.list_for(world) if one.state != "withdrawn" and known.get(one.id, -1) < now]
    for at in range(0, len(due) if now else 0, _BATCH):
        _match_releases(world, due[at : at + _BATCH])
    return (len(due) if now else 0) + follow(world)


def note_exposure(world: World) -> int:
    """Remember, for every open case, the devices that run an affected release now."""
    new = 0
    for one in queries.cases(world, state="open"):
        seen = set(queries.ever_exposed(world, one.id))
        fresh = [device for device in devices.on_versions(world, one.product, one.releases) if device not in seen]
        if fresh:
            with world.change(SYSTEM) as work:
                store.put_exposure(work.connection, one.id, fresh, work.now)
        new += len(fresh)
    return new


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was found of one component, wherever it is."""

    matches: list[Match]
    settled: list[Match]
    reason: str


def _match_releases(world: World, due: Sequence[releases.Release]) -> None:
    """Match releases together: most of their components are the same, and each is looked up once."""
    held = {one.id: releases.components(world, one.id) for one in due}
    places: dict[Hashable, int] = {}
    once: list[releases.Component] = []
    for component in (each for listed in held.values() for each in listed):
        if places.setdefault(_sameness(component), len(once)) == len(once):
            once.append(component)
    looked = look_up(world, once)
    found, exploited, generation = looked.found, looked.exploited, looked.generation
    outcomes = [_Outcome([], [], found.unmatched.get(at, "")) for at in range(len(once))]
    for one in found.matches:
        outcomes[one.component].matches.append(one)
    for one in found.settled:
        outcomes[one.component].settled.append(one)
    listed = {one.id: releases.compiled_files(world, one.id) for one in due}
    with world.change(SYSTEM) as work:
        lists = store.compiled_in(work.connection, (one.id for one in due))
        for release in due:
            noted = Compiled.of(lists[release.id]) if release.id in lists else None  # by a person: it leads
            parts = []
            for component in held[release.id]:
                files = listed[release.id].get(component.id)
                built = of_sbom(files) if files and not noted else noted
                outcome = outcomes[places[_sameness(component)]]
                parts.append((component, _compiled(outcome, once, built, exploited) if built else outcome))
            _note_release(work, release, parts, generation, exploited)


def _compiled(
    outcome: _Outcome, components: Sequence[releases.Component], built: Compiled, exploited: frozenset[str]
) -> _Outcome:
    """Set aside the kernel's flaws in files that were not compiled. Exploited ones stay: a person decides on these."""
    if not any(one.files for one in outcome.matches):
        return outcome
    sure = [one for one in outcome.matches if not exploited.isdisjoint(one.names)]
    others = [one for one in outcome.matches if exploited.isdisjoint(one.names)]
    kept, aside = set_aside(others, components, built)
    noted = [replace(one, built=files_built(one.files, built) if one.files else None) for one in (*sure, *kept)]
    return _Outcome(noted, [*outcome.settled, *aside], outcome.reason)


def _sameness(component: releases.Component) -> Hashable:
    in_words = () if component.purl or component.cpes else (component.name, component.supplier)
    return component.purl, component.cpes, component.version, component.reason, component.statements, in_words


def _note_release(
    work: Work,
    release: releases.Release,
    parts: Sequence[tuple[releases.Component, _Outcome]],
    generation: int,
    exploited: frozenset[str],
) -> None:
    known = store.known_cases(work.connection, release.product)
    named = [(component, _known_as(one, known), one) for component, outcome in parts for one in outcome.matches]
    rows = [_finding_row(release, component, flaw, one) for component, flaw, one in named]
    settled = [_finding_row(release, part, one.flaw, one) for part, outcome in parts for one in outcome.settled]
    left = [
        {"release": release.id, "component": component.id, "reason": outcome.reason}
        for component, outcome in parts
        if outcome.reason
    ]
    at = {"release": release.id, "generation": generation, "components": len(parts), "at": work.now}
    store.put_match(work.connection, at, rows, left, settled)
    work.record(
        ReleaseMatched(
            release=release.id,
            product=release.product,
            version=release.version,
            generation=generation,
            components=len(parts),
            unmatched=len(left),
            findings=len(rows),
        )
    )
    fresh = []
    for flaw, one in {flaw: one for _, flaw, one in named}.items():
        heard = not exploited.isdisjoint(one.names)
        if flaw not in known:
            fresh.append(_new_case(work, release.product, flaw, one, exploited=heard))
        elif heard and not known[flaw].exploited:
            _hear(work, known[flaw], release.product, one)
    store.put_cases(work.connection, fresh)


def _known_as(one: Match, known: Container[str]) -> str:
    """Return the name under which the product has a case of this flaw, else the name it goes by today.

    Advisories get their CVE number late: the case must not fall in two when it comes.
    """
    return one.flaw if one.flaw in known else next((name for name in one.names if name in known), one.flaw)


def _finding_row(release: releases.Release, component: releases.Component, flaw: str, one: Match) -> dict[str, Any]:
    return {
        "release": release.id,
        "component": component.id,
        "flaw": flaw,
        "product": release.product,
        "name": component.name,
        "version": component.version,
        "certainty": one.certainty,
        "rule": one.rule,
        "evidence": one.evidence,
        "fixed_version": one.fixed_version,
        "ground": ground.fact(_carrier(component, one)),
    }


def _carrier(component: releases.Component, one: Match) -> ground.Carrier:
    """Return what a decision on this finding would stand on."""
    patched = {said.flaw for said in component.statements if said.state == "patched"}
    patches = None if component.patches is None else tuple(sorted({*component.patches, *patched}))
    said = ground.Said(one.feed, one.record, one.certainty, one.span, one.fixed_version, one.words)
    return ground.Carrier(component.name, component.version, patches, one.built, said)


def _hear(work: Work, before: Any, product: str, one: Match) -> None:  # noqa: ANN401 (a row)
    """Note that a flaw of a case is exploited in the wild: its time is shorter now."""
    due = min(work.now + due_after(one.severity, exploited=True), before.due)
    store.set_case(work.connection, before.id, exploited=True, due=due)
    work.record(ExploitationHeard(case=before.id, flaw=before.flaw, product=product, due=due))


def _new_case(work: Work, product: str, flaw: str, one: Match, *, exploited: bool) -> dict[str, Any]:
    due = work.now + due_after(one.severity, exploited=exploited)
    case = new_id()
    work.record(CaseOpened(case=case, flaw=flaw, product=product, exploited=exploited, severity=one.severity, due=due))
    return {
        "id": case,
        "flaw": flaw,
        "product": product,
        "title": one.summary or flaw,
        "severity": one.severity,
        "exploited": exploited,
        "state": "open",
        "status": None,
        "justification": None,
        "statement": "",
        "action": "",
        "judged_at": None,
        "judged_on": None,
        "fixed_in": None,
        "review": None,
        "opened_at": work.now,
        "due": due,
        "closed_at": None,
    }
