"""The rows of a feed file that may concern given components: found by name and version, in an index.

Versions are compared as bytes that sort as they do (`hull`), so that of thousands of rows of a product only those are
read that may hold the version, and those that speak of the same flaws: a better word may rule out what a lesser says.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from careful.vulnerabilities.feeds.hull import place
from careful.vulnerabilities.feeds.record import Affected, Row, Source
from careful.vulnerabilities.ranges import Range

_ASKED = (
    "CREATE TEMP TABLE IF NOT EXISTS asked_product (id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE IF NOT EXISTS asked_version (product INTEGER, low BLOB, high BLOB)",
    "CREATE TEMP TABLE IF NOT EXISTS asked_flaw (name TEXT PRIMARY KEY) WITHOUT ROWID",
    "DELETE FROM asked_product",
    "DELETE FROM asked_version",
    "DELETE FROM asked_flaw",
)
"""What is asked, as tables of this connection alone."""
_PRODUCTS = (
    "SELECT id, scheme, name, distro FROM product p WHERE kind = ? AND key = ?"
    " AND EXISTS (SELECT 1 FROM affected WHERE product = p.id)"
)
_HIT = (
    "SELECT * FROM said WHERE number IN (SELECT a.rowid FROM asked_version w CROSS JOIN affected a"
    " ON a.product = w.product AND a.low <= w.high AND a.high >= w.low)"
)
_BY_NUMBER = "SELECT * FROM said WHERE number IN (SELECT value FROM json_each(?))"
_BY_KEY = "SELECT * FROM said WHERE kind = ? AND key IN (SELECT value FROM json_each(?)) ORDER BY number"
# A row of the same flaw goes by the flaw's own name, or perhaps by another: then its aliases tell.
_SAME_FLAW = (
    "SELECT a.rowid, CASE WHEN a.flaw IN (SELECT name FROM asked_flaw) THEN '' ELSE f.aliases END, f.each"
    " FROM asked_product w CROSS JOIN affected a ON a.product = w.id JOIN flaw f ON f.feed = a.feed AND f.id = a.flaw"
    " WHERE a.flaw IN (SELECT name FROM asked_flaw) OR f.aliases != '[]' OR f.each != '[]'"
)
_NAMES = msgspec.json.Decoder(tuple[str, ...])
_Span = tuple[str, str, str, str]
_Body = tuple[str, tuple[str, ...], tuple[_Span, ...], str, str, str, Source, tuple[_Span, ...], bool, tuple[str, ...]]
_BODY = msgspec.json.Decoder(_Body)

Name = tuple[str, str]
"""Kind and key of a package or product, as in `Affected`."""


@dataclass(frozen=True, slots=True)
class Near:
    """What the feeds say that may concern some names in some versions.

    `rows` are those that may affect one of the versions, and all that speak of the same flaws in the same packages or
    products. `named` says of each package or product by which names, and for which distributions, any row has it.
    """

    rows: tuple[Row, ...]
    named: Mapping[Name, tuple[Affected, ...]]


def near(connection: sqlite3.Connection, wanted: Iterable[tuple[str, str, str]]) -> Near:
    """Look up (kind, key, version) of many components at once."""
    versions: dict[Name, set[str]] = {}
    for kind, key, version in wanted:
        versions.setdefault((kind, key), set()).add(version)
    named: dict[Name, tuple[Affected, ...]] = {}
    products: list[tuple[int]] = []
    places: list[tuple[int, bytes, bytes]] = []
    for name, of_name in versions.items():
        known = connection.execute(_PRODUCTS, name).fetchall()
        if known:
            named[name] = tuple(Affected(*name, scheme, cpe=cpe, distro=distro) for _, scheme, cpe, distro in known)
            products += [(product,) for product, *_ in known]
            places += [(product, *place(scheme, one)) for product, scheme, *_ in known for one in of_name]
    for statement in _ASKED:
        connection.execute(statement)
    connection.executemany("INSERT OR IGNORE INTO asked_product VALUES (?)", products)
    connection.executemany("INSERT INTO asked_version VALUES (?, ?, ?)", places)
    found = {one[0]: _rows(one) for one in connection.execute(_HIT)}
    _add_same_flaws(connection, found)
    return Near(tuple(row for number in sorted(found) for row in found[number]), named)


def _add_same_flaws(connection: sqlite3.Connection, found: dict[int, list[Row]]) -> None:
    flaws = {name for rows in found.values() for row in rows for name in (row.flaw, *row.aliases)}
    connection.executemany("INSERT OR IGNORE INTO asked_flaw VALUES (?)", ((name,) for name in flaws))
    others = [
        rowid
        for rowid, *lists in connection.execute(_SAME_FLAW)
        if rowid not in found and any(not names or not flaws.isdisjoint(_NAMES.decode(names)) for names in lists)
    ]
    found |= {one[0]: _rows(one) for one in connection.execute(_BY_NUMBER, (json.dumps(others),))}


def all_of(connection: sqlite3.Connection, kind: str, keys: Iterable[str]) -> list[Row]:
    """Return every row for the given packages or products, whatever its versions."""
    return [row for one in connection.execute(_BY_KEY, (kind, json.dumps(sorted(set(keys))))) for row in _rows(one)]


def _rows(one: tuple[Any, ...]) -> list[Row]:
    """Return a stored row; of a notice of several flaws, one row for each."""
    _, feed, flaw, aliases, each, severity, summary, provenance, kind, key, body = one
    known = () if aliases == "[]" else _NAMES.decode(aliases)
    affected = unpack(kind, key, body)
    if each == "[]":
        return [Row(feed, flaw, known, severity, summary, affected, provenance)]
    return [Row(feed, name, (), severity, summary, affected, provenance, notice=flaw) for name in _NAMES.decode(each)]


def pack(one: Affected) -> str:
    """Return a row as it is stored."""
    spans = [[(each.introduced, each.fixed, each.last, each.after) for each in part] for part in (one.ranges, one.fine)]
    body = (one.scheme, one.versions, spans[0], one.condition, one.cpe, one.distro)
    return msgspec.json.encode((*body, one.source, spans[1], one.closed, one.files)).decode()


def unpack(kind: str, key: str, body: str) -> Affected:
    """Return a stored row."""
    scheme, versions, ranges, condition, cpe, distro, source, fine, closed, files = _BODY.decode(body)
    affected, unaffected = (tuple([Range(*one) for one in part]) for part in (ranges, fine))
    return Affected(kind, key, scheme, versions, affected, condition, cpe, distro, source, unaffected, closed, files)
