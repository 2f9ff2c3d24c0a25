"""Reading what makes cases urgent from where it is known: feeds, declarations, fleet. One case or thousands alike."""

from collections.abc import Iterable, Iterator, Mapping

from careful import devices, products
from careful.kernel.work import World
from careful.vulnerabilities import queries
from careful.vulnerabilities.feeds import database
from careful.vulnerabilities.feeds.known import known_of
from careful.vulnerabilities.model import Case
from careful.vulnerabilities.urgency import Known, Said, brief, explain


def urgency(world: World, wanted: str, said: Said | None = None) -> tuple[str, ...]:
    """Say why a case is urgent, or is not. `said`: who of the maker's people says that it is exploited.

    Raises NotFound.
    """
    one = queries.case(world, wanted)
    ((_, known),) = _known(world, [one], {} if said is None else {one.id: said})
    return explain(known, world.clock.now())


def urgency_in_brief(world: World, cases: Iterable[Case], said: Mapping[str, Said] | None = None) -> dict[str, str]:
    """Return case -> the same in one line, for lists. No question is asked for each case."""
    return {one.id: brief(known) for one, known in _known(world, list(cases), said or {})}


def _known(world: World, cases: list[Case], said: Mapping[str, Said]) -> Iterator[tuple[Case, Known]]:
    with database.opened(world.home) as connection:
        told = known_of(connection, (one.flaw for one in cases))
    named = {one.product for one in cases}
    running = {product: devices.count_by_version(world, product) for product in named}
    fleet = {product: sum(counts.values()) for product, counts in running.items()}
    declared = {one.id: one.declaration for one in products.list_all(world) if one.id in named}
    reach = {product: [each.reach for each in one.interfaces or () if each.reach] for product, one in declared.items()}
    for one in cases:
        flaw = told[one.flaw]
        yield (
            one,
            Known(
                due=one.due,
                exploited_since=flaw.exploited_since,
                heard=one.exploited,
                epss=flaw.epss,
                severity=one.severity,
                vector=flaw.vector,
                ssvc=flaw.ssvc,
                reach=reach.get(one.product, ()),
                exposed=sum(running[one.product].get(version, 0) for version in one.releases),
                fleet=fleet[one.product],
                fixed_in=one.fixed_in,
                said=said.get(one.id),
            ),
        )
