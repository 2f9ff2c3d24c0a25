"""Reading the ledger and judging every recommendation over it."""

import importlib
import pkgutil
from functools import cache

from careful.assurance import recommendations
from careful.assurance.judging import Facts, Recommendation, Verdict, judge
from careful.kernel import ledger
from careful.kernel.errors import NotFound
from careful.kernel.work import World


@cache
def known() -> tuple[Recommendation, ...]:
    """Return every recommendation there is a module for, in the guide's order."""
    found = [
        importlib.import_module(f"{recommendations.__name__}.{module.name}").RECOMMENDATION
        for module in pkgutil.iter_modules(recommendations.__path__)
    ]
    order = "IDPAMRUC"  # the sections of the guide
    return tuple(sorted(found, key=lambda one: (order.index(one.id[0]), int(one.id[1:]))))


def verdicts(world: World) -> list[Verdict]:
    """Judge every recommendation now."""
    names = {name for one in known() for name in one.reads} | {"products.declared", "releases.added"}
    with world.look() as connection:
        entries = ledger.read(connection, names=sorted(names))
    facts = Facts(entries, world.clock.now())
    return [judge(one, facts) for one in known()]


def by_id(world: World, wanted: str) -> Verdict:
    """Judge one recommendation. Raises NotFound for an id that no module decides."""
    for verdict in verdicts(world):
        if verdict.id.lower() == wanted.lower():
            return verdict
    raise NotFound(f"No recommendation {wanted!r} is decided here.", do="Run: careful evidence list")
