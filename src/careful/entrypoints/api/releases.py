"""Releases: add an image with its SBOM, read the import report, sign, publish."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Response, UploadFile

from careful import releases, updates
from careful.entrypoints.api.auth import TheWorld, TokenFirst, needs
from careful.entrypoints.api.bodies import Why, only
from careful.entrypoints.api.uploads import on_disk
from careful.kernel.actors import Actor
from careful.kernel.errors import TooLarge

router = APIRouter(prefix="/releases", tags=["releases"], route_class=TokenFirst)
_Read = Annotated[Actor, Depends(needs("releases", "read"))]
_SBOM_BYTES = 64 << 20
_FIELDS = ("product", "version", "image", "sbom", "hardware", "fixes", "notes")


@router.get("")
def list_releases(world: TheWorld, _: _Read, product: str | None = None) -> list[releases.Release]:
    """List releases, of one product or of all."""
    return releases.list_for(world, product)


@router.post("", status_code=201, dependencies=[Depends(only(*_FIELDS))])
def add(
    world: TheWorld,
    actor: Annotated[Actor, Depends(needs("releases", "add"))],
    *,
    product: Annotated[str, Form(max_length=64)],
    version: Annotated[str, Form(max_length=64)],
    image: Annotated[UploadFile, File(description="What devices install.")],
    sbom: Annotated[UploadFile, File(description="CycloneDX or SPDX; docs/sbom.md says which versions and forms.")],
    hardware: Annotated[list[str], Form(max_length=64, description="Hardware revisions it runs on.")],
    fixes: Annotated[list[str], Form(max_length=1000, description="Flaws that it mends.")] = [],  # noqa: B006 (FastAPI copies it)
    notes: Annotated[str, Form(max_length=10_000)] = "",
) -> releases.AddedRelease:
    """Add a release. The answer says of every component whether it was taken, and why not."""
    if (sbom.size or 0) > _SBOM_BYTES:
        raise TooLarge(f"An SBOM has at most {_SBOM_BYTES >> 20} MiB.", where="sbom")
    with on_disk(world, image, world.settings.artifact_bytes) as path:
        return releases.add(
            world,
            actor,
            product,
            version,
            path,
            sbom.file.read(),
            tuple(hardware),
            fixes=tuple(fixes),
            notes=notes,
        )


@router.get("/{release}")
def get(world: TheWorld, _: _Read, release: str) -> releases.Release:
    """Return one release."""
    return releases.by_id(world, release)


@router.get("/{release}/components")
def components(world: TheWorld, _: _Read, release: str) -> list[releases.Component]:
    """List what is in a release; `reason` says why a component cannot be matched."""
    return releases.components(world, releases.by_id(world, release).id)


@router.get("/{release}/report")
def report(world: TheWorld, _: _Read, release: str) -> releases.SbomReport:
    """Return what became of every line of the SBOM when it was taken in."""
    return releases.report(world, release)


@router.get("/{release}/sbom", response_class=Response)
def sbom(world: TheWorld, _: _Read, release: str) -> Response:
    """Return the SBOM, byte for byte as it was handed in."""
    return Response(releases.sbom_bytes(world, release), media_type="application/json")


@router.post("/{release}/sign")
def sign(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("releases", "sign"))], release: str
) -> releases.Release:
    """Sign a release with the targets key on this machine; a key kept elsewhere signs by `careful release sign`."""
    updates.sign_release(world, actor, release)
    return releases.by_id(world, release)


@router.post("/{release}/publish")
def publish(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("releases", "publish"))], release: str
) -> releases.Release:
    """Publish a signed release in its product's TUF repository."""
    updates.publish(world, actor, release)
    return releases.by_id(world, release)


@router.post("/{release}/withdraw")
def withdraw(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("releases", "withdraw"))], release: str, why: Why
) -> releases.Release:
    """Stop offering a release."""
    return releases.withdraw(world, actor, release, why.reason)
