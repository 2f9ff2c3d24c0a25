"""What the feed file says of flaws beside what they affect; a list of thousands is answered in four questions."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from careful.vulnerabilities.feeds import database

_FIRST = ("cve5", "nvd", "osv")
"""Whose vector counts, the first that has one."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one flaw: `exploited_since` None where KEV does not list it, `epss` score and percentile."""

    exploited_since: str | None = None
    epss: tuple[float, float] | None = None
    vector: str = ""
    ssvc: str = ""


def known_of(connection: sqlite3.Connection, flaws: Iterable[str]) -> dict[str, Known]:
    """Return flaw -> what is known of it, under its own name or one that its records give it."""
    wanted = sorted(set(flaws))
    rows = _records(connection, wanted)
    names = {
        flaw: (flaw, *(name for *_, aliases in rows.get(flaw, {}).values() for name in aliases)) for flaw in wanted
    }
    every = sorted({name for listed in names.values() for name in listed})
    since = dict(
        connection.execute(
            "SELECT cve, since FROM exploited WHERE cve IN (SELECT value FROM json_each(?))", (json.dumps(every),)
        ).fetchall()
    )
    scores = database.scores(connection, every)
    bare = [flaw for flaw in wanted if not any(vector for vector, *_ in rows.get(flaw, {}).values())]
    lent = _by_alias(connection, bare)
    return {flaw: _known(rows.get(flaw, {}), names[flaw], since, scores, lent.get(flaw, "")) for flaw in wanted}


_Rows = Mapping[str, tuple[str, str, list[str]]]


def _records(connection: sqlite3.Connection, wanted: list[str]) -> dict[str, dict[str, tuple[str, str, list[str]]]]:
    """Return flaw -> feed -> vector, SSVC and aliases of the record of that very name."""
    found: dict[str, dict[str, tuple[str, str, list[str]]]] = {}
    query = (
        "SELECT id, feed, vector, ssvc, aliases FROM flaw"
        " WHERE feed IN ('cve5', 'nvd', 'osv') AND id IN (SELECT value FROM json_each(?))"
    )
    for flaw, feed, vector, ssvc, aliases in connection.execute(query, (json.dumps(wanted),)):
        found.setdefault(flaw, {})[feed] = (vector, ssvc, json.loads(aliases))
    return found


def _by_alias(connection: sqlite3.Connection, wanted: list[str]) -> dict[str, str]:
    """Return the vectors that OSV gives under another name; no index helps, so one pass answers for all."""
    if not wanted:
        return {}
    query = (
        "SELECT alias.value, min(flaw.vector) FROM flaw, json_each(flaw.aliases) AS alias"
        " WHERE flaw.feed = 'osv' AND flaw.vector != '' AND alias.value IN (SELECT value FROM json_each(?))"
        " GROUP BY alias.value"
    )
    return dict(connection.execute(query, (json.dumps(wanted),)).fetchall())


def _known(
    rows: _Rows,
    names: tuple[str, ...],
    since: Mapping[str, str],
    scores: Mapping[str, tuple[float, float]],
    lent: str,
) -> Known:
    vectors = [rows[feed][0] for feed in _FIRST if feed in rows]
    return Known(
        exploited_since=min((since[name] for name in names if name in since), default=None),
        epss=max((scores[name] for name in names if name in scores), default=None),
        vector=next((one for one in vectors if one), lent),
        ssvc=next((rows[feed][1] for feed in _FIRST if feed in rows and rows[feed][1]), ""),
    )
