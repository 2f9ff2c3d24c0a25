"""What one may ask about releases."""

from pathlib import Path
from typing import Any

from sqlalchemy import select

from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.releases import files
from careful.releases.model import Artifact, Component, Release, SbomReport, SbomRow
from careful.releases.store import components as components_table
from careful.releases.store import find
from careful.releases.store import releases as table


def get(world: World, product: str, version: str) -> Release:
    """Return one version of a product. Raises NotFound."""
    with world.look() as connection:
        row = find(connection, product, version)
    if row is None:
        raise NotFound(f"{product} has no release {version}.", do=f"Run: careful release list --product {product}")
    return to_release(row)


def by_id(world: World, release: str) -> Release:
    """Return a release by its id. Raises NotFound."""
    with world.look() as connection:
        row = connection.execute(select(table).where(table.c.id == release)).one_or_none()
    if row is None:
        raise NotFound(f"There is no release {release}.", do="Run: careful release list")
    return to_release(row)


def list_for(world: World, product: str | None = None) -> list[Release]:
    """List releases of a product (or of all), oldest first."""
    query = select(table).order_by(table.c.product, table.c.security_version)
    if product is not None:
        query = query.where(table.c.product == product)
    with world.look() as connection:
        return [to_release(row) for row in connection.execute(query)]


def components(world: World, release: str) -> list[Component]:
    """List what is in a release."""
    query = select(components_table).where(components_table.c.release == release).order_by(components_table.c.id)
    with world.look() as connection:
        return [Component(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 (SQLAlchemy's documented way to a row's columns by name)


def report(world: World, release: str) -> SbomReport:
    """Return the account of a release's SBOM. Raises NotFound."""
    with world.look() as connection:
        kept = connection.execute(select(table.c.report).where(table.c.id == release)).scalar_one_or_none()
    if kept is None:
        raise NotFound(f"There is no release {release}.", do="Run: careful release list")
    return SbomReport(format=kept["format"], rows=tuple(SbomRow(**row) for row in kept["rows"]))


def artifact_path(world: World, sha256: str) -> Path:
    """Return where an image is. Raises NotFound."""
    return files.existing(world.home, sha256)


def sbom_bytes(world: World, release: str) -> bytes:
    """Return a release's SBOM as it came. Raises NotFound."""
    return files.existing(world.home, by_id(world, release).sbom_sha256).read_bytes()


def to_release(row: Any) -> Release:  # noqa: ANN401 (a row)
    """Map a row to its value."""
    return Release(
        id=row.id,
        product=row.product,
        version=row.version,
        state=row.state,
        artifact=Artifact(sha256=row.sha256, sha1=row.sha1, md5=row.md5, size=row.size, filename=row.filename),
        sbom_sha256=row.sbom_sha256,
        hardware=tuple(row.hardware),
        security_version=row.security_version,
        fixes=tuple(row.fixes),
        notes=row.notes,
        added_at=row.added_at,
        signed_at=row.signed_at,
    )
