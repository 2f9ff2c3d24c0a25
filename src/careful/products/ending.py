"""The end of a product's support: announced with its last release and what goes on working, and its last papers kept.

The day itself is the one that was promised on the published page; it may still move later, never earlier.
"""

import hashlib
from datetime import timedelta

from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import Work, World
from careful.products import queries, store
from careful.products.events import EndAnnounced, EndPapersKept
from careful.products.model import Ending

_WORDS = 2000
SOON = timedelta(days=30)
STAGES = ("announced", "soon", "ended")
"""When owners are told: with the announcement, thirty days before the end, and on the day after it."""


def announce_end(
    world: World, actor: Actor, product: str, *, release: str, version: str, keeps_working: str, stops_working: str
) -> None:
    """Announce the end of support, with the last release, what goes on working and what stops; again changes the words.

    Raises NotFound, Invalid (words), Refused where no support end was published.
    """
    keeps, stops = _words(keeps_working, "keeps_working"), _words(stops_working, "stops_working")
    with world.change(actor) as work:
        row = store.lock(work.connection, product)
        if row is None:
            raise queries.unknown(product)
        if not row.published_until:
            raise Refused(
                f"The support end of {product} was never published.", do=f"Run: careful product publish {product}"
            )
        values = {"last_version": version, "release": release, "keeps_working": keeps, "stops_working": stops}
        store.put_ending(work.connection, product, {**values, "until": row.published_until}, work.now)
        work.record(EndAnnounced(product=product, until=row.published_until, last_version=version, release=release))


def ending(world: World, product: str) -> Ending | None:
    """Return what was announced of a product's end, if anything was."""
    with world.look() as connection:
        return store.ending_of(connection, product)


def endings(world: World) -> list[Ending]:
    """Return every announced end, by product."""
    with world.look() as connection:
        return store.endings(connection)


def keep_papers(world: World, product: str, sbom_sha256: str, vex: str) -> bool:
    """Keep the last SBOM's digest and the last VEX document of a product whose support ended; once."""
    digest = hashlib.sha256(vex.encode()).hexdigest()
    with world.change(SYSTEM) as work:
        if not store.keep_papers(work.connection, product, sbom_sha256, digest, vex, work.now):
            return False
        work.record(EndPapersKept(product=product, sbom_sha256=sbom_sha256, vex_sha256=digest))
    return True


def last_vex(world: World, product: str) -> str:
    """Return the VEX document that was kept when support ended. Raises NotFound."""
    with world.look() as connection:
        found = store.last_vex(connection, product)
    if found is None:
        raise NotFound(f"No last VEX of {product[:64]} was kept.", do="It is kept on the day after support ends.")
    return found


def note_told(work: Work, product: str, stage: int) -> bool:
    """Note in a transaction that owners are told of a stage of the end; false where that was done."""
    return store.told_of_end(work.connection, product, stage, work.now)


def _words(text: str, where: str) -> str:
    words = " ".join(text.split())
    if not 0 < len(words) <= _WORDS:
        raise Invalid(f"1 to {_WORDS} characters are needed.", do="Say it as its owner would read it.", where=where)
    return words
