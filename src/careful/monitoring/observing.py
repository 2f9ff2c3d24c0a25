"""Keeping what a recording showed beside what is declared: a dated observation with its source."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from careful import products
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid
from careful.kernel.ids import new_id
from careful.kernel.work import World
from careful.monitoring import comparison_store
from careful.monitoring.events import TrafficCompared

RELEASE_MOST = 64


@dataclass(frozen=True, slots=True)
class Figures:
    """What a comparison came to."""

    devices: int
    seconds: int
    seen: int
    undeclared: int
    declared: int
    never_seen: int
    streams_undeclared: int
    streams_never_seen: int
    in_the_clear: int
    callers: int
    """Undeclared callers that were answered."""
    amplification: int
    """How many times the bytes it was asked with a UDP service gave, at most."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One comparison, as it is kept. `found` is what `careful watch conform --json` prints."""

    id: str
    product: str
    version: int
    release: str
    source: str
    recording: str
    as_of: datetime
    made_at: datetime
    made_by: str
    found: Mapping[str, Any]


def keep_comparison(
    world: World,
    actor: Actor,
    *,
    product: str,
    version: int,
    release: str,
    source: str,
    recording: str,
    as_of: datetime | None,
    figures: Figures,
    found: Mapping[str, Any],
) -> str:
    """Keep a comparison of a product's recorded traffic with a version of its file. Return its id.

    `recording` is the SHA-256 of what was read, `as_of` when it was recorded: never later than now.
    """
    if len(release) > RELEASE_MOST:
        raise Invalid(f"A release has at most {RELEASE_MOST} characters.", do="Name it as it is listed.")
    products.get(world, product)
    made = new_id()
    with world.change(actor) as work:
        about: dict[str, Any] = {
            "product": product,
            "version": version,
            "release": release,
            "source": source,
            "recording": recording,
            "as_of": min(as_of or work.now, work.now),
        }
        row = about | {"id": made, "made_at": work.now, "made_by": str(actor), "found": dict(found)}
        comparison_store.add(work.connection, row)
        work.record(TrafficCompared(**about, **asdict(figures)))
    return made


def comparisons(world: World, product: str, most: int = 10) -> list[Observation]:
    """Return the newest comparisons of a product's traffic with its file."""
    with world.look() as connection:
        return [_observation(row) for row in comparison_store.of_product(connection, product, most)]


def _observation(row: Any) -> Observation:  # noqa: ANN401 (a row, which only stores know)
    return Observation(
        row.id, row.product, row.version, row.release, row.source, row.recording, row.as_of, row.made_at, row.made_by,
        row.found,
    )  # fmt: skip
