"""Looking components up in the feeds: those of an installation, or a feed file that stands alone. Nothing is stored.

What suppliers say (VEX) is applied to what was found, statement by statement.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from careful.kernel.work import World
from careful.releases import Found
from careful.vulnerabilities.aliases import FILE, Aliases, shipped, with_own
from careful.vulnerabilities.applying import Line, apply
from careful.vulnerabilities.compiled import set_aside, set_aside_as_listed, set_aside_by
from careful.vulnerabilities.deciding import Match
from careful.vulnerabilities.feeds import database, rows
from careful.vulnerabilities.feeds.kinds import ADDING
from careful.vulnerabilities.kbuild import Read, built, read_config
from careful.vulnerabilities.matching import Known, Matched, match, names_of
from careful.vulnerabilities.statements import Document


@dataclass(frozen=True, slots=True)
class Looked:
    """What the feeds say of some components.

    `scores` are EPSS score and percentile by CVE; `ages` the records and the age of each feed of a feed file;
    `generation` is 0 where no feed is here.
    """

    found: Matched
    exploited: frozenset[str]
    scores: Mapping[str, tuple[float, float]]
    ages: Mapping[str, tuple[int, datetime]]
    generation: int
    lines: tuple[Line, ...] = ()

    def too_old(self, now: datetime, hours: int) -> tuple[str, ...]:
        """Return the feeds of a feed file that are older than `hours`; what only adds to others never is (P11)."""
        oldest = now - timedelta(hours=hours)
        return tuple(feed for feed, (_, as_of) in self.ages.items() if as_of < oldest and feed not in ADDING)


def with_statements(
    looked: Looked, components: Sequence[Known], documents: Sequence[Document], subject: Found | str = ""
) -> Looked:
    """Apply VEX documents, together; `lines` accounts for every statement. `subject` is what the SBOM describes."""
    if not documents:
        return looked
    applied = apply(looked.found.matches, components, documents, subject, looked.found.settled)
    found = replace(looked.found, matches=applied.kept, settled=applied.settled)
    return replace(looked, found=found, lines=(*looked.lines, *applied.lines))


def without_unlisted(looked: Looked, components: Sequence[Known]) -> Looked:
    """Set the kernel's flaws aside whose files are not among those that the SBOM lists as compiled."""
    return _without(looked, lambda matches: set_aside_as_listed(matches, components))


def without_uncompiled(looked: Looked, components: Sequence[Known], compiled: frozenset[str]) -> Looked:
    """Set the kernel's flaws aside whose files were not compiled; they are settled, with the files as evidence."""
    return _without(looked, lambda matches: set_aside(matches, components, compiled))


def without_unconfigured(looked: Looked, components: Sequence[Known], config: str, read: Read) -> Looked:
    """Set the kernel's flaws aside whose files its `.config` leaves out; each is settled, with file and option.

    `read` reads a file of the kernel's source. A file that this source does not have is not judged: it may go by
    another name in it. Raises Invalid, TooLarge.
    """
    kernel = built(read_config(config), read)

    def why_not(file: str) -> str:
        why = kernel.why_not(file)
        return why if why and read(file) is not None else ""

    return _without(looked, lambda matches: set_aside_by(matches, components, why_not))


def _without(looked: Looked, judge: Callable[[Sequence[Match]], tuple[list[Match], list[Match]]]) -> Looked:
    """Settle what is set aside. Exploited flaws stay: a person decides on these."""
    _, aside = judge([one for one in looked.found.matches if looked.exploited.isdisjoint(one.names)])
    gone = {(one.component, one.flaw) for one in aside}
    kept = tuple(one for one in looked.found.matches if (one.component, one.flaw) not in gone)
    return replace(looked, found=replace(looked.found, matches=kept, settled=(*looked.found.settled, *aside)))


def look_up(world: World, components: Sequence[Known], aliases: Path | None = None) -> Looked:
    """Look components up in an installation's feeds, by its own table of names too.

    Raises Invalid where its table, or the one named, is malformed.
    """
    known = with_own(world.home / FILE)
    with database.opened(world.home) as connection:
        return _look_up(connection, components, known.plus(with_own(aliases)) if aliases else known)


def look_up_in(file: Path, components: Sequence[Known], aliases: Path | None = None) -> Looked:
    """Look components up in a feed file. Raises Invalid where it is none, or the table of names is malformed."""
    known = with_own(aliases) if aliases else shipped()
    with database.consulted(file) as connection:
        return _look_up(connection, components, known)


def _look_up(connection: sqlite3.Connection, components: Sequence[Known], known: Aliases) -> Looked:
    asked = ((one.kind, one.key, one.version) for part in components for one in names_of(part, known))
    near = rows.near(connection, asked)
    found = match(components, near.rows, database.coverage(connection), known, near.named)
    return Looked(
        found=found,
        exploited=database.exploited(connection),
        scores=database.scores(connection, (one.flaw for one in (*found.matches, *found.settled))),
        ages=database.taken(connection),
        generation=database.generation(connection),
    )
