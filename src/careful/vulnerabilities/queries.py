"""What one may ask about flaws."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Table, func, select
from sqlalchemy import case as when

from careful import devices, releases
from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.vulnerabilities.comparing import Held
from careful.vulnerabilities.feeds import database
from careful.vulnerabilities.feeds.kinds import ADDING
from careful.vulnerabilities.judging import expired, proposal_of
from careful.vulnerabilities.model import Case, Exposure, FeedAge, Finding, Status
from careful.vulnerabilities.store import accounts, exposure, feeds, matches, unmatched
from careful.vulnerabilities.store import cases as cases_table
from careful.vulnerabilities.store import findings as findings_table
from careful.vulnerabilities.store import settled as settled_table
from careful.vulnerabilities.vex import Statement


def feed_ages(world: World) -> list[FeedAge]:
    """List the feeds with their age and what they cover."""
    oldest = world.clock.now() - timedelta(hours=world.settings.feed_max_age_hours)
    with world.look() as connection:
        rows = connection.execute(select(feeds).order_by(feeds.c.feed)).all()
    covers: dict[str, tuple[str, ...]] = {}
    if rows:
        with database.opened(world.home) as flaws:
            covers = {row.feed: tuple(one.name for one in database.wholes(flaws, row.feed)) for row in rows}
    return [
        FeedAge(
            **row._mapping,  # noqa: SLF001 (SQLAlchemy's documented way to a row's columns by name)
            fresh=row.as_of >= oldest or row.feed in ADDING,
            covers=covers[row.feed],
            adds=row.feed in ADDING,
        )
        for row in rows
    ]


def feeds_fresh(world: World) -> bool:
    """Tell whether there is a list of flaws and none is too old: only then "no known flaw" means something (P11)."""
    lists = [one for one in feed_ages(world) if not one.adds]
    return bool(lists) and all(one.fresh for one in lists)


def generation(world: World) -> int:
    """Return how many intakes changed the flaw database."""
    with database.opened(world.home) as connection:
        return database.generation(connection)


def matched(world: World) -> dict[str, int]:
    """Return the generation of every release that was matched."""
    with world.look() as connection:
        return {row.release: row.generation for row in connection.execute(select(matches))}


def looked_up(world: World) -> bool:
    """Tell whether "no case" means something: lists are young, and every release was compared with them as they are.

    Components that cannot be looked up are counted apart (`unmatched`).
    """
    newest, known = generation(world), matched(world)
    shipped = [one.id for one in releases.list_for(world) if one.state != "withdrawn"]
    return feeds_fresh(world) and all(known.get(one) == newest for one in shipped)


def findings(
    world: World, *, release: str | None = None, flaw: str | None = None, product: str | None = None
) -> list[Finding]:
    """List findings, by release, component and flaw."""
    table = findings_table
    query = select(*_told_of(table)).order_by(table.c.release, table.c.name, table.c.flaw)
    for column, wanted in ((table.c.release, release), (table.c.flaw, flaw), (table.c.product, product)):
        if wanted is not None:
            query = query.where(column == wanted)
    with world.look() as connection:
        return [_finding(row) for row in connection.execute(query)]


def settled(world: World, release: str) -> list[Finding]:
    """List the flaws that a release's SBOM settles itself; the evidence says how."""
    table = settled_table
    query = select(*_told_of(table)).where(table.c.release == release).order_by(table.c.name, table.c.flaw)
    with world.look() as connection:
        return [_finding(row) for row in connection.execute(query)]


def _told_of(table: Table) -> list[Column[Any]]:
    """Return the columns that a finding has, in its order; what decisions stand on is large, and read elsewhere."""
    return [table.c[one.name] for one in fields(Finding)]


def _finding(row: Any) -> Finding:  # noqa: ANN401 (a row)
    return Finding(*row)


def unmatched_in(world: World, release: str) -> list[tuple[releases.Component, str]]:
    """List the components of a release that could not be looked up, each with the reason."""
    with world.look() as connection:
        rows = connection.execute(select(unmatched).where(unmatched.c.release == release)).all()
    reasons = {row.component: row.reason for row in rows}
    return [(one, reasons[one.id]) for one in releases.components(world, release) if one.id in reasons]


def cases(world: World, state: str | None = None, product: str | None = None) -> list[Case]:
    """List cases: exploited first, then by due date. `obligations.pressing` knows the reporting clocks as well."""
    table = cases_table
    query = select(table).order_by(when((table.c.exploited, 0), else_=1), table.c.due, table.c.flaw)
    if state is not None:
        query = query.where(table.c.state == state)
    if product is not None:
        query = query.where(table.c.product == product)
    with world.look() as connection:
        rows = connection.execute(query).all()
        found = connection.execute(
            select(findings_table.c.flaw, findings_table.c.product, findings_table.c.release).distinct()
        ).all()
    if not rows:
        return []
    versions = {one.id: (one.security_version, one.version) for one in releases.list_for(world, product)}
    held: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for one in found:
        if one.release in versions:
            held.setdefault((one.flaw, one.product), []).append(versions[one.release])
    now = world.clock.now()
    return [_case(row, held.get((row.flaw, row.product), []), now) for row in rows]


def case(world: World, wanted: str) -> Case:
    """Return one case. Raises NotFound."""
    with world.look() as connection:
        row = connection.execute(select(cases_table).where(cases_table.c.id == wanted)).one_or_none()
        if row is None:
            raise NotFound(f"There is no case {wanted}.", do="Run: careful vuln list")
        query = select(findings_table.c.release).where(
            findings_table.c.flaw == row.flaw, findings_table.c.product == row.product
        )
        held = set(connection.execute(query).scalars())
    versions = [(one.security_version, one.version) for one in releases.list_for(world, row.product) if one.id in held]
    return _case(row, versions, world.clock.now())


def exposed(world: World, wanted: str) -> Exposure:
    """Return the devices that run an affected release now: by release, in one indexed query."""
    one = case(world, wanted)
    found = devices.on_versions(world, one.product, one.releases) if one.releases else []
    counts = devices.count_by_version(world, one.product)
    return Exposure(tuple(found), {version: counts.get(version, 0) for version in one.releases})


def moved_on(world: World, one: Case) -> set[str]:
    """Return the product's devices that run a release without the flaw; retired ones are not among them."""
    good = [each.version for each in releases.list_for(world, one.product) if each.version not in one.releases]
    return set(devices.on_versions(world, one.product, good))


def ever_exposed(world: World, wanted: str) -> list[str]:
    """List every device that was seen on an affected release since the case was opened."""
    with world.look() as connection:
        query = select(exposure.c.device).where(exposure.c.case == wanted).order_by(exposure.c.device)
        return list(connection.execute(query).scalars())


def accounted(world: World, wanted: str) -> dict[str, str]:
    """Return device -> why it is not fixed, for devices that a person accounted for."""
    with world.look() as connection:
        rows = connection.execute(select(accounts).where(accounts.c.case == wanted)).all()
    return {row.device: row.reason for row in rows}


def unaccounted(world: World, wanted: str) -> list[str]:
    """List the devices that still run an affected release and that nobody accounted for."""
    known = accounted(world, wanted)
    return [device for device in exposed(world, wanted).devices if device not in known]


def exposure_counts(world: World) -> dict[str, int]:
    """Return case -> how many devices were ever exposed, for lists."""
    with world.look() as connection:
        rows = connection.execute(select(exposure.c.case, func.count()).group_by(exposure.c.case)).all()
    return {name: int(number) for name, number in rows}


def _case(row: Any, held: list[tuple[int, str]], now: datetime) -> Case:  # noqa: ANN401 (a row)
    """Return a case as it is now: an acceptance that is over asks for a look before any step has run."""
    values = dict(row._mapping)  # noqa: SLF001 (as above)
    del values["judged_on"]
    values["judged_by"] = tuple(row.judged_by or ())
    values["review_in"] = tuple(row.review_in or ())
    values["told_exploited"] = bool(row.told_exploited)
    values["proposal"] = proposal_of(row.proposal)
    if row.state == "open" and not row.review and row.accepted_until is not None and row.accepted_until <= now:
        values["review"] = expired(row.accepted_until)
    return Case(**values, releases=tuple(version for _, version in sorted(held)))


def vex(world: World, product: str) -> list[Statement]:
    """Return what is decided of every flaw of a product, release by release; a decision in question holds no more."""
    known = {one.version: one.id for one in releases.list_for(world, product)}
    names = {release: {one.id: one for one in releases.components(world, release)} for release in known.values()}
    parts: dict[tuple[str, str], list[str]] = {}
    for one in findings(world, product=product):
        part = names.get(one.release, {}).get(one.component)
        name = (part and (part.purl or part.cpe)) or f"{one.name}@{one.version}"
        parts.setdefault((one.flaw, one.release), []).append(name)
    said = []
    for each in cases(world, product=product):
        said += [
            _statement(each, version, parts.get((each.flaw, known[version]), []), _status(each, version))
            for version in each.releases
        ]
        if each.fixed_in and each.fixed_in not in each.releases:
            said.append(_statement(each, each.fixed_in, [], "fixed"))
    return said


def carriers(world: World, product: str, flaws: Iterable[str]) -> dict[str, list[releases.Component]]:
    """Return flaw -> the components that carry it, in every release of the product that has it."""
    wanted = frozenset(flaws)
    found: dict[str, list[releases.Component]] = {}
    table = findings_table
    query = select(table.c.release, table.c.component, table.c.flaw).where(table.c.product == product)
    with world.look() as connection:
        rows = [(release, part, flaw) for release, part, flaw in connection.execute(query) if flaw in wanted]
    parts = {name: {one.id: one for one in releases.components(world, name)} for name in {row[0] for row in rows}}
    for release, part, flaw in rows:
        found.setdefault(flaw, []).append(parts[release][part])
    return found


def flaws_in(world: World, component: str) -> frozenset[str]:
    """Return the flaws that some release carries in a component of this name."""
    with world.look() as connection:
        query = select(findings_table.c.flaw).where(findings_table.c.name == component).distinct()
        return frozenset(connection.execute(query).scalars())


def held(world: World, release: str) -> Held:
    """Return what is known of one release, to be compared with another."""
    versions: dict[str, tuple[str, ...]] = {}
    for one in releases.components(world, release):
        versions[one.name] = (*versions.get(one.name, ()), one.version)
    unread = {one.name: reason for one, reason in unmatched_in(world, release)}
    return Held(findings(world, release=release), settled(world, release), unread, versions)


def _status(one: Case, version: str) -> Status:
    """Return what holds for a release that has the flaw: fixed is only the one that is mended."""
    if one.status is None or (one.review and (not one.review_in or version in one.review_in)):
        return "under_investigation"
    return "affected" if one.status == "fixed" else one.status


def _statement(one: Case, version: str, components: list[str], status: Status) -> Statement:
    update = f"Update to {one.fixed_in}." if one.fixed_in else ""
    return Statement(
        flaw=one.flaw,
        version=version,
        status=status,
        justification=(one.justification or "") if status == "not_affected" else "",
        statement=one.statement,
        action=(one.action or update) if status == "affected" else "",
        severity=one.severity,
        exploited=one.exploited,
        fixed_in=one.fixed_in or "",
        components=tuple(dict.fromkeys(components)),
        at=one.judged_at or one.opened_at,
        accepted=status == "affected" and one.accepted_until is not None,
    )
