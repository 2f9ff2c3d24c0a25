"""What one may ask about releases."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from careful.kernel.errors import NotFound, Unavailable
from careful.kernel.work import World
from careful.releases import artifacts, store
from careful.releases import sbom as sboms
from careful.releases.model import Artifact, Component, Release, SbomReport


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether image and SBOM on disk still are, byte for byte, what the release names."""

    release: Release
    image: bool
    sbom: bool

    @property
    def whole(self) -> bool:
        """Tell whether both are."""
        return self.image and self.sbom


def get(world: World, product: str, version: str) -> Release:
    """Return one release. Raises NotFound."""
    with world.look() as connection:
        row = store.find(connection, product, version)
    if row is None:
        raise NotFound(f"There is no release {version[:64]} of {product[:64]!r}.", do="Run: careful release list")
    return store.as_release(row)


def by_id(world: World, release_id: str) -> Release:
    """Return one release. Raises NotFound."""
    with world.look() as connection:
        row = store.by_id(connection, release_id)
    if row is None:
        raise NotFound(f"There is no release {release_id[:64]!r}.", do="Run: careful release list")
    return store.as_release(row)


def list_for(world: World, product: str | None = None) -> list[Release]:
    """Return the releases of a product, or all, oldest first within each product."""
    query = select(store.release).order_by(store.release.c.product, store.release.c.security_version)
    if product is not None:
        query = query.where(store.release.c.product == product)
    with world.look() as connection:
        return [store.as_release(row) for row in connection.execute(query)]


def components(world: World, release_id: str) -> list[Component]:
    """Return what is in a release, in the order of its SBOM."""
    query = select(store.component).where(store.component.c.release == release_id).order_by(store.component.c.id)
    with world.look() as connection:
        return store.as_components(connection.execute(query))


def compiled_files(world: World, release_id: str) -> dict[int, frozenset[str]]:
    """Return, for each kernel in a release whose SBOM lists its compiled source files, these files."""
    query = select(store.compiled).where(store.compiled.c.release == release_id)
    with world.look() as connection:
        return {row.component: frozenset(row.files) for row in connection.execute(query)}


def artifact_path(world: World, sha256: str) -> Path:
    """Return the file with this digest. Raises NotFound."""
    path = artifacts.place(world.home, sha256)
    if not path.exists():
        raise NotFound(f"The artifact {sha256[:16]}… is not here.", do="Run: careful release verify PRODUCT VERSION")
    return path


def sound_path(world: World, sha256: str) -> Path:
    """Return the file with this digest, proven to have it since it last changed on the disk.

    Raises NotFound, and Unavailable where its bytes are no longer what they were: better none than others.
    """
    path = artifact_path(world, sha256)
    if not artifacts.sound(world.home, sha256):
        raise Unavailable(
            f"The artifact {sha256[:16]}… was altered on the disk; it is served to nobody.",
            do="Restore it from a backup: careful release verify PRODUCT VERSION shows which.",
        )
    return path


def keep_extra(world: World, path: Path) -> Artifact:
    """Keep a file that belongs to a release (a delta) in the store. Raises Unavailable, TooLarge."""
    return artifacts.keep_file(world.home, path, world.settings.artifact_bytes)


def sbom_bytes(world: World, release_id: str) -> bytes:
    """Return the SBOM, byte for byte as it was handed in. Raises NotFound."""
    return artifact_path(world, by_id(world, release_id).sbom_sha256).read_bytes()


def report(world: World, release_id: str) -> SbomReport:
    """Return the account of every component in the release's SBOM, made again from its bytes. Raises NotFound."""
    return sboms.read(sbom_bytes(world, release_id)).report


def verify(world: World, release_id: str) -> Verified:
    """Read image and SBOM from disk and compare their digests with the release's. Raises NotFound (release)."""
    one = by_id(world, release_id)
    return Verified(
        one,
        image=artifacts.intact(world.home, one.artifact.sha256),
        sbom=artifacts.intact(world.home, one.sbom_sha256),
    )
