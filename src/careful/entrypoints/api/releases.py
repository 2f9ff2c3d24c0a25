"""Releases: add an image with its SBOM, read the import report, sign, publish."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from careful import people, releases, updates
from careful.entrypoints.api.auth import TheWorld, TokenFirst, asked_product, needs, no_product
from careful.entrypoints.api.bodies import Why, only
from careful.entrypoints.api.problems import SECOND
from careful.entrypoints.api.uploads import on_disk, whole_body
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, TooLarge
from careful.kernel.work import World
from careful.workflows import second_person, what_changed

router = APIRouter(prefix="/releases", tags=["releases"], route_class=TokenFirst)


def _of_release(world: World, request: Request) -> str:
    return releases.by_id(world, request.path_params["release"]).product


_Read = Annotated[Actor, Depends(needs("releases", "read", _of_release))]
_SBOM_BYTES = 64 << 20
_FIELDS = ("product", "version", "image", "upload", "sbom", "hardware", "fixes", "notes", "declaration")


class Pinned(Why):
    """A version of the product file, and why."""

    declaration: int = Field(ge=1)


@router.get("")
def list_releases(
    world: TheWorld, _: Annotated[Actor, Depends(needs("releases", "read", asked_product))], product: str | None = None
) -> list[releases.Release]:
    """List releases, of one product or of all."""
    return releases.list_for(world, product)


@router.post("", status_code=201, dependencies=[Depends(only(*_FIELDS))])
def add(
    world: TheWorld,
    actor: Annotated[Actor, Depends(needs("releases", "add", no_product))],
    *,
    product: Annotated[str, Form(max_length=64)],
    version: Annotated[str, Form(max_length=64)],
    image: Annotated[UploadFile | None, File(description="What devices install.")] = None,
    upload: Annotated[str, Form(max_length=64, description="In its place, a finished upload.")] = "",
    sbom: Annotated[UploadFile, File(description="CycloneDX or SPDX; docs/sbom.md says which versions and forms.")],
    hardware: Annotated[list[str], Form(max_length=64, description="Hardware revisions it runs on.")],
    fixes: Annotated[list[str], Form(max_length=1000, description="Flaws that it mends.")] = [],  # noqa: B006 (FastAPI copies it)
    notes: Annotated[str, Form(max_length=10_000)] = "",
    declaration: Annotated[
        int | None, Form(ge=1, description="Version of the product file that it keeps to; else the one in force.")
    ] = None,
) -> releases.AddedRelease:
    """Add a release. The answer says of every component whether it was taken, and why not."""
    people.keep_to_product(world, actor, product)
    if (sbom.size or 0) > _SBOM_BYTES:
        raise TooLarge(f"An SBOM has at most {_SBOM_BYTES >> 20} MiB.", where="sbom")
    if (image is None) == (not upload):
        raise Invalid("Send either image or upload.", where="image")
    with _image(world, actor, image, upload) as path:
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
            declaration=declaration,
        )


def _image(world: World, actor: Actor, image: UploadFile | None, upload: str) -> AbstractContextManager[Path]:
    if image is None:
        return releases.finished_upload(world, actor, upload)
    return on_disk(world, image, world.settings.artifact_bytes)


@router.post("/{release}/parts", dependencies=[Depends(only("file", "upload", "part", "name", "version"))])
def add_part(
    world: TheWorld,
    actor: Annotated[Actor, Depends(needs("releases", "add", _of_release))],
    release: str,
    *,
    part: Annotated[str, Form(max_length=64, description="What of the device it is for, such as os, bApp or jvm.")],
    file: Annotated[UploadFile | None, File(description="A further file that devices install.")] = None,
    upload: Annotated[str, Form(max_length=64, description="In its place, a finished upload.")] = "",
    name: Annotated[str, Form(max_length=80, description="The module's name.")] = "",
    version: Annotated[str, Form(max_length=64, description="The module's version, where it differs.")] = "",
) -> releases.Release:
    """Add a further file to a release that nobody has signed; a bundle must say what the release says."""
    if (file is None) == (not upload):
        raise Invalid("Send either file or upload.", where="file")
    with _image(world, actor, file, upload) as path:
        return releases.add_part(world, actor, release, part, path, name=name, version=version)


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


@router.post("/{release}/sign", responses=SECOND)
def sign(
    world: TheWorld,
    actor: Annotated[Actor, Depends(needs("releases", "sign", _of_release))],
    release: str,
    reason: Annotated[str, Query(max_length=300, description="For the second person, who has to agree.")] = "",
) -> releases.Release:
    """Sign a release with the targets key on this machine; a key kept elsewhere signs by `careful release sign`."""
    second_person.sign_release(world, actor, release, reason=reason)
    return releases.by_id(world, release)


@router.post("/{release}/publish")
def publish(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("releases", "publish", _of_release))], release: str
) -> releases.Release:
    """Publish a signed release in its product's TUF repository."""
    updates.publish(world, actor, release)
    return releases.by_id(world, release)


@router.post("/{release}/withdraw")
def withdraw(
    world: TheWorld,
    actor: Annotated[Actor, Depends(needs("releases", "withdraw", _of_release))],
    release: str,
    why: Why,
) -> releases.Release:
    """Stop offering a release."""
    return releases.withdraw(world, actor, release, why.reason)


@router.put("/{release}/declaration")
def pin(
    world: TheWorld, actor: Annotated[Actor, Depends(needs("releases", "add", _of_release))], release: str, to: Pinned
) -> releases.Release:
    """Check what devices on a release send against another version of the product file from now on."""
    return releases.pin(world, actor, release, to.declaration, to.reason)


@router.get("/{release}/manifest", response_class=Response)
def manifest(world: TheWorld, _: _Read, release: str) -> Response:
    """Return every digest and promise of a release as canonical JSON: the same inputs give the same bytes."""
    return Response(releases.manifest(world, release), media_type="application/json")


@router.get("/{release}/changes")
def changes(world: TheWorld, _: _Read, release: str) -> what_changed.Changed | None:
    """Return what a release changes against the one before; nothing for the first."""
    return what_changed.what_changed(world, releases.by_id(world, release))


@router.get("/{release}/bundle")
def bundle(world: TheWorld, _: _Read, release: str) -> releases.Bundle | None:
    """Return what the image says of itself, where it is a bundle of SWUpdate, RAUC or Mender."""
    return releases.bundle_of(world, releases.by_id(world, release).id)


@router.get("/{release}/deltas")
def deltas(world: TheWorld, _: _Read, release: str) -> list[updates.Delta]:
    """List the deltas that lead to a release, and why others do not exist."""
    return updates.deltas(world, releases.by_id(world, release).id)


@router.get("/{release}/provenance")
def provenance(world: TheWorld, _: _Read, release: str) -> releases.Provenance | None:
    """Return who built the image and from what, judged by the product's policy."""
    return releases.provenance_of(world, releases.by_id(world, release))


@router.put("/{release}/provenance")
async def add_provenance(
    request: Request,
    world: TheWorld,
    actor: Annotated[Actor, Depends(needs("releases", "add", _of_release))],
    release: str,
) -> releases.Provenance:
    """Add an in-toto attestation (SLSA provenance v1) in a DSSE envelope; it is the whole body."""
    return await run_in_threadpool(releases.add_provenance, world, actor, release, await whole_body(request))


policies = APIRouter(prefix="/release-policies", tags=["releases"], route_class=TokenFirst)


@policies.get("/{product}")
def policy(world: TheWorld, _: Annotated[Actor, Depends(needs("releases", "read"))], product: str) -> releases.Policy:
    """Return what a product asks of its releases."""
    return releases.policy(world, product)


@policies.put("/{product}")
async def set_policy(
    request: Request, world: TheWorld, actor: Annotated[Actor, Depends(needs("releases", "publish"))], product: str
) -> releases.Policy:
    """Put a policy in force: TOML, keys as PEM within; it is the whole body."""
    return await run_in_threadpool(releases.set_policy, world, actor, product, await whole_body(request))
