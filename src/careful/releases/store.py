"""The tables of releases, and the statements that write them. Images and SBOMs themselves are files: artifacts.py."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
    update,
)

from careful.kernel.database import JSONText, Moment, metadata, upsert
from careful.releases import trust_store as _trust_store  # noqa: F401 (its tables are the domain's too)
from careful.releases.bundles_facts import Bundle
from careful.releases.model import Artifact, Component, Found, Part, Release, Statement

line = Table(
    "releases_line",
    metadata,
    Column("product", String(64), primary_key=True),
    Column("security_version", Integer, nullable=False),
)
"""One row a product: the highest security version given out, and what two adders at once queue at."""

release = Table(
    "releases_release",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("product", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("state", String(10), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("sha1", String(40), nullable=False),
    Column("md5", String(32), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("filename", String(128), nullable=False),
    Column("sbom_sha256", String(64), nullable=False),
    Column("hardware", JSONText, nullable=False),
    Column("security_version", Integer, nullable=False),
    Column("fixes", JSONText, nullable=False),
    Column("notes", Text, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("signed_at", Moment, nullable=True),
    Column("metadata_version", Integer, nullable=True),
    Column("components", Integer, nullable=False),
    Column("unmatchable", Integer, nullable=False),
    Column("parts", JSONText, nullable=False, server_default="[]"),
    Column("declaration", Integer, nullable=True),
    UniqueConstraint("product", "version"),
)
component = Table(
    "releases_component",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("release", String(32), nullable=False),
    Column("name", String(1000), nullable=False),
    Column("version", String(1000), nullable=False),
    Column("purl", Text, nullable=False),
    Column("cpe", Text, nullable=False),
    Column("type", String(64), nullable=False),
    Column("supplier", String(1000), nullable=False),
    Column("licence", Text, nullable=False),
    Column("hashes", JSONText, nullable=False),
    Column("statements", JSONText, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("patches", JSONText, nullable=True),
    Index("ix_releases_component_of", "release", "id"),
)
compiled = Table(
    "releases_compiled",
    metadata,
    Column("component", Integer, primary_key=True, autoincrement=False),
    Column("release", String(32), nullable=False),
    Column("files", JSONText, nullable=False),
    Index("ix_releases_compiled_of", "release"),
)
"""The source files that a kernel was compiled from, where its SBOM lists them: beside it, as they are many."""


def next_security_version(connection: Connection, product: str) -> int:
    """Count the product's line up by one, holding it until the transaction ends."""
    upsert(connection, line, [{"product": product, "security_version": 0}], ["product"], change=[])
    query = select(line.c.security_version).where(line.c.product == product).with_for_update()
    number = int(connection.execute(query).scalar_one()) + 1
    connection.execute(update(line).where(line.c.product == product).values(security_version=number))
    return number


def give_back_security_version(connection: Connection, product: str) -> None:
    """Undo `next_security_version` of this transaction, when nothing was added after all."""
    back = line.c.security_version - 1
    connection.execute(update(line).where(line.c.product == product).values(security_version=back))


def find(connection: Connection, product: str, version: str) -> Row[Any] | None:
    """Return the release's row, or None."""
    query = select(release).where(release.c.product == product, release.c.version == version)
    return connection.execute(query).one_or_none()


def by_id(connection: Connection, release_id: str, *, hold: bool = False) -> Row[Any] | None:
    """Return the release's row, or None; `hold` keeps it until the transaction ends."""
    query = select(release).where(release.c.id == release_id)
    return connection.execute(query.with_for_update() if hold else query).one_or_none()


def add(connection: Connection, row: Mapping[str, Any], components: Sequence[Found]) -> None:
    """Insert a release with what is in it."""
    connection.execute(insert(release), dict(row))
    rows = [_component_row(row["id"], one) for one in components]
    if rows:
        connection.execute(insert(component), rows)
    if any(one.files for one in components):
        query = select(component.c.id).where(component.c.release == row["id"]).order_by(component.c.id)
        numbered = zip(connection.execute(query).scalars(), components, strict=True)
        listed = [
            {"component": number, "release": row["id"], "files": sorted(one.files)}
            for number, one in numbered
            if one.files
        ]
        connection.execute(insert(compiled), listed)


def change(connection: Connection, release_id: str, **values: Any) -> None:  # noqa: ANN401 (columns of any type)
    """Set columns of the release's row."""
    connection.execute(update(release).where(release.c.id == release_id).values(**values))


def as_release(row: Row[Any]) -> Release:
    """Map a row of `release`."""
    return Release(
        id=row.id,
        product=row.product,
        version=row.version,
        state=row.state,
        artifact=Artifact(row.sha256, row.sha1, row.md5, row.size, row.filename),
        sbom_sha256=row.sbom_sha256,
        hardware=tuple(row.hardware),
        security_version=row.security_version,
        fixes=tuple(row.fixes),
        notes=row.notes,
        added_at=row.added_at,
        signed_at=row.signed_at,
        components=row.components,
        unmatchable=row.unmatchable,
        parts=tuple(_as_part(one) for one in row.parts),
        declaration=row.declaration,
    )


def _as_part(plain: Mapping[str, Any]) -> Part:
    said = plain.get("bundle")
    bundle = Bundle.from_json(said) if said else None
    return Part(**{**plain, "artifact": Artifact(**plain["artifact"]), "bundle": bundle})


def part_as(part: Part) -> dict[str, Any]:
    """Return a part as it is stored."""
    return asdict(part)


def as_components(rows: Iterable[Row[Any]]) -> list[Component]:
    """Map rows of `component`."""
    return [
        Component(
            id=row.id,
            release=row.release,
            name=row.name,
            version=row.version,
            purl=row.purl,
            cpe=row.cpe.partition("\n")[0],
            more_cpes=tuple(row.cpe.split("\n")[1:]),
            type=row.type,
            supplier=row.supplier,
            licence=row.licence,
            hashes=row.hashes,
            statements=tuple(Statement(*one) for one in row.statements),
            reason=row.reason,
            patches=None if row.patches is None else tuple(row.patches),
        )
        for row in rows
    ]


def _component_row(release_id: str, one: Found) -> dict[str, Any]:
    return {
        "release": release_id,
        "name": one.name,
        "version": one.version,
        "purl": one.purl,
        "cpe": "\n".join(one.cpes),  # no CPE holds a line break
        "type": one.type,
        "supplier": one.supplier,
        "licence": one.licence,
        "hashes": dict(one.hashes),
        "statements": [[said.flaw, said.state, said.detail] for said in one.statements],
        "reason": one.reason,
        "patches": list(one.patches or ()),
    }
