"""Reading what makes a case urgent from where it is known: feeds, declaration, fleet."""

from careful import devices, products
from careful.kernel.work import World
from careful.vulnerabilities import queries
from careful.vulnerabilities.feeds import database
from careful.vulnerabilities.urgency import Known, explain


def urgency(world: World, wanted: str) -> tuple[str, ...]:
    """Say why a case is urgent, or is not. Raises NotFound."""
    one = queries.case(world, wanted)
    declared = products.get(world, one.product).declaration
    exposure = queries.exposed(world, wanted)
    with database.opened(world.home) as connection:
        known = database.known_of(connection, one.flaw)
        scores = database.scores(connection, [one.flaw])
    return explain(
        Known(
            due=one.due,
            exploited_since=known.exploited_since,
            epss=scores.get(one.flaw),
            severity=one.severity,
            vector=known.vector,
            reach=[each.reach for each in declared.interfaces or () if each.reach],
            exposed=len(exposure.devices),
            fleet=sum(devices.count_by_version(world, one.product).values()),
            fixed_in=one.fixed_in,
        ),
        world.clock.now(),
    )
