"""Tables and SQL of cases, findings, judgements and exposure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from careful.kernel.database import JSONText, Moment, metadata, upsert

_PART = 500

feeds = Table(
    "vulnerabilities_feed",
    metadata,
    Column("feed", String(40), primary_key=True),
    Column("source", Text, nullable=False),
    Column("licence", Text, nullable=False),
    Column("records", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("as_of", Moment, nullable=False),
    Column("taken_at", Moment, nullable=False),
)
matches = Table(
    "vulnerabilities_match",
    metadata,
    Column("release", String(32), primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("components", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)
unmatched = Table(
    "vulnerabilities_unmatched",
    metadata,
    Column("release", String(32), primary_key=True),
    Column("component", Integer, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
)


def _finding_columns() -> tuple[Column[Any], ...]:
    return (
        Column("release", String(32), primary_key=True),
        Column("component", Integer, primary_key=True, autoincrement=False),
        Column("flaw", String(100), primary_key=True),
        Column("product", String(64), nullable=False, index=True),
        Column("name", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("certainty", String(10), nullable=False),
        Column("rule", String(10), nullable=False),
        Column("evidence", Text, nullable=False),
        Column("fixed_version", Text, nullable=False),
        Column("ground", JSONText, nullable=True),
    )


findings = Table("vulnerabilities_finding", metadata, *_finding_columns())
settled = Table("vulnerabilities_settled", metadata, *_finding_columns())
"""Flaws that an SBOM's own statements settle: patched, or of no matter. They open no case and stay visible."""
compiled = Table(
    "vulnerabilities_compiled",
    metadata,
    Column("release", String(32), primary_key=True),
    Column("files", JSONText, nullable=False),
    Column("at", Moment, nullable=False),
)
"""What was compiled into a release's kernel: its files from the kernel's root on, without their ending."""
cases = Table(
    "vulnerabilities_case",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("flaw", String(80), nullable=False),
    Column("product", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("exploited", Boolean, nullable=False),
    Column("state", String(10), nullable=False, index=True),
    Column("status", String(20), nullable=True),
    Column("justification", String(60), nullable=True),
    Column("statement", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("judged_at", Moment, nullable=True),
    Column("judged_on", JSONText, nullable=True),
    Column("fixed_in", String(80), nullable=True),
    Column("review", Text, nullable=True),
    Column("opened_at", Moment, nullable=False),
    Column("due", Moment, nullable=False),
    Column("closed_at", Moment, nullable=True),
    Column("judged_by", JSONText, nullable=True),
    Column("accepted_until", Moment, nullable=True),
    Column("proposal", JSONText, nullable=True),
    Column("review_in", JSONText, nullable=True),
    Column("told_exploited", Boolean, nullable=True),
    UniqueConstraint("flaw", "product", name="uq_vulnerabilities_case_flaw_product"),
)
exposure = Table(
    "vulnerabilities_exposure",
    metadata,
    Column("case", String(32), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)
accounts = Table(
    "vulnerabilities_account",
    metadata,
    Column("case", String(32), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

fetches = Table(
    "vulnerabilities_fetch",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("url", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("last_modified", Text, nullable=False),
    Column("since", Moment, nullable=True),
    Column("page", Integer, nullable=False),
    Column("fetched_at", Moment, nullable=False),
)
"""What to ask for next: only what changed since (`since`; `page` while a first fetch is under way)."""


def fetch_of(connection: Connection, name: str) -> Any:  # noqa: ANN401 (a row)
    """Return what is known of the last fetch of a feed, or None."""
    return connection.execute(select(fetches).where(fetches.c.name == name)).one_or_none()


def put_fetch(connection: Connection, row: Mapping[str, Any]) -> None:
    """Note a fetch."""
    upsert(connection, fetches, [row], ["name"])


def claim_fetch(connection: Connection, name: str, before: datetime, now: datetime) -> bool:
    """Move a fetch's time on; false where somebody else did."""
    query = update(fetches).where(fetches.c.name == name, fetches.c.fetched_at == before)
    return connection.execute(query.values(fetched_at=now)).rowcount == 1


def feed_row(connection: Connection, feed: str) -> Any:  # noqa: ANN401 (a row)
    """Return the newest intake of a feed, or None."""
    return connection.execute(select(feeds).where(feeds.c.feed == feed)).one_or_none()


def put_feed(connection: Connection, row: Mapping[str, Any]) -> None:
    """Note the newest intake of a feed."""
    upsert(connection, feeds, [row], ["feed"])


def put_match(
    connection: Connection,
    row: Mapping[str, Any],
    found: Sequence[Mapping[str, Any]],
    left: Sequence[Mapping[str, Any]],
    said: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Replace what is known of one release by the newest match; `said` is what its SBOM settles itself."""
    for table in (findings, unmatched, settled):
        connection.execute(delete(table).where(table.c.release == row["release"]))
    upsert(connection, matches, [row], ["release"])
    if found:
        connection.execute(insert(findings), [dict(one) for one in found])
    if left:
        connection.execute(insert(unmatched), [dict(one) for one in left])
    if said:
        connection.execute(insert(settled), [dict(one) for one in said])


def put_compiled(connection: Connection, release: str, files: Sequence[str], at: datetime) -> None:
    """Note what was compiled into a release's kernel, and that the release is to be matched again."""
    upsert(connection, compiled, [{"release": release, "files": list(files), "at": at}], ["release"])
    connection.execute(update(matches).where(matches.c.release == release).values(generation=-1))


def compiled_in(connection: Connection, wanted: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return release -> what was compiled into its kernel, for releases of which that is known."""
    found: dict[str, frozenset[str]] = {}
    for part in _parts(sorted(wanted)):
        rows = connection.execute(select(compiled).where(compiled.c.release.in_(part)))
        found |= {row.release: frozenset(row.files) for row in rows}
    return found


def known_cases(connection: Connection, product: str) -> dict[str, Any]:
    """Return flaw -> its case in a product: id, flaw, exploited, due."""
    query = select(cases.c.id, cases.c.flaw, cases.c.exploited, cases.c.due).where(cases.c.product == product)
    return {row.flaw: row for row in connection.execute(query)}


def put_cases(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Open cases."""
    if rows:
        connection.execute(insert(cases), [dict(one) for one in rows])


def set_case(connection: Connection, case: str, **values: Any) -> bool:  # noqa: ANN401 (columns of many types)
    """Change a case; tell whether it was there."""
    return bool(connection.execute(update(cases).where(cases.c.id == case).values(**values)).rowcount)


def lock_cases(connection: Connection, wanted: Iterable[str]) -> dict[str, Any]:
    """Return cases by id, as they are now; nobody else changes them until the transaction ends."""
    found: dict[str, Any] = {}
    for part in _parts(sorted(set(wanted))):
        query = select(cases).where(cases.c.id.in_(part)).order_by(cases.c.id).with_for_update()
        found |= {row.id: row for row in connection.execute(query)}
    return found


def set_cases(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change many cases; each row names its case as `case` and has the same columns."""
    if rows:
        names = [name for name in rows[0] if name != "case"]
        values = {name: bindparam(f"new_{name}", type_=cases.c[name].type) for name in names}
        query = update(cases).where(cases.c.id == bindparam("this")).values(**values)
        filled = [{"this": row["case"]} | {f"new_{name}": row[name] for name in names} for row in rows]
        connection.execute(query, filled)


def decided_rows(connection: Connection, product: str) -> list[Any]:
    """Return the cases of a product that are decided, and that nobody is asked to look at again."""
    query = select(cases).where(
        cases.c.product == product,
        cases.c.review.is_(None),
        cases.c.status.is_not(None),
        cases.c.status != "under_investigation",
    )
    return list(connection.execute(query))


def carriers(
    connection: Connection, product: str, flaws: Iterable[str], among: Iterable[str] | None = None
) -> Iterator[Any]:
    """Yield what carries flaws of a product: flaw, name, version and ground, each once, wherever it is.

    `among` are the releases that are asked, left out for all.
    """
    yield from _carriers(connection, product, flaws, among)


def placed_carriers(connection: Connection, product: str, flaws: Iterable[str], among: Iterable[str]) -> Iterator[Any]:
    """Yield what carries flaws of a product, with the release that each is in."""
    yield from _carriers(connection, product, flaws, among, findings.c.release)


def _carriers(
    connection: Connection, product: str, flaws: Iterable[str], among: Iterable[str] | None, *more: Column[Any]
) -> Iterator[Any]:
    columns = (findings.c.flaw, findings.c.name, findings.c.version, findings.c.ground, *more)
    for part in _parts(sorted(set(flaws))):
        query = select(*columns).distinct().where(findings.c.product == product, findings.c.flaw.in_(part))
        if among is not None:
            query = query.where(findings.c.release.in_(list(among)))
        yield from connection.execute(query)


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[at : at + _PART] for at in range(0, len(names), _PART))


def put_exposure(connection: Connection, case: str, devices: Iterable[str], at: datetime) -> None:
    """Remember devices that were exposed."""
    rows = [{"case": case, "device": device, "at": at} for device in devices]
    upsert(connection, exposure, rows, ["case", "device"], change=[])


def put_account(connection: Connection, case: str, device: str, reason: str, at: datetime) -> None:
    """Note why an exposed device is not fixed."""
    upsert(connection, accounts, [{"case": case, "device": device, "reason": reason, "at": at}], ["case", "device"])
