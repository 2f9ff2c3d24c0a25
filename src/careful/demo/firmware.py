"""Firmware of the make-believe maker: real root file systems from published packages, and SBOMs that say what is in.

    examples/firmware/cam-1-1.0.0.txt    the published packages of a release, by version and hash
    examples/firmware/cam-1/             the maker's own files, the same in each release
    OUT/cam-1-1.0.0.tar.gz               the image: the same inputs give the same bytes
    OUT/cam-1-1.0.0.cdx.json             its SBOM (CycloneDX 1.6)

The SBOM has one component for each wheel, and one for each shared library that wheels bring along; those have no
identifier and mostly no version, because nobody states one, and so they can be matched with nothing, which Careful then
says. There is no component for what is not in the image.
"""

import argparse
import gzip
import hashlib
import io
import json
import sys
import tarfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import careful
from careful.demo.wheels import Library, Wheel, fetch, read_wheel
from careful.kernel.errors import CarefulError, NotFound

SITE = "usr/lib/python3/site-packages"
HARDWARE = "rev-a"
MAKER = "Hearth Home Things"
NAMES = {"cam-1": "Hearth Cam 1", "lock-1": "Hearth Lock 1", "plug-1": "Hearth Plug 1"}
RELEASES = (("cam-1", "1.0.0"), ("cam-1", "1.0.1"), ("lock-1", "1.0.0"), ("plug-1", "1.0.0"))

_BUILT = 1_767_225_600  # 2026-01-01: the time of every file, so that the same inputs give the same bytes
_BUILT_TEXT = "2026-01-01T00:00:00Z"
_LEVEL = 6
_FORM = "2"  # counted up when the builder changes what it makes of the same inputs


@dataclass(frozen=True)
class Firmware:
    """One built release."""

    product: str
    version: str
    image: Path
    sbom: Path


def examples() -> Path:
    """Return the folder of the examples: the wheel carries them inside the package, a checkout beside it."""
    package = Path(careful.__file__).parent
    for folder in (package / "examples", package.parents[1] / "examples"):
        if (folder / "firmware").is_dir():
            return folder / "firmware"
    raise NotFound("The firmware examples are not here.", do="Install the wheel, or run in the checkout.")


def build(product: str, version: str, out: Path, cache: Path, source: Path | None = None) -> Firmware:
    """Build a release into `out`, from packages kept in `cache`. What was built from the same inputs is left as it is.

    Raises NotFound when there is no such release, and as `wheels.fetch` does.
    """
    source = source or examples()
    listing = source / f"{product}-{version}.txt"
    if not listing.exists():
        raise NotFound(f"There is no firmware {product} {version}.", do=f"There are: {_known()}.")
    made = Firmware(product, version, out / f"{product}-{version}.tar.gz", out / f"{product}-{version}.cdx.json")
    own = own_files(product, version, source / product)
    stamp = out / f".{product}-{version}.built"
    inputs = _digest_of(listing.read_bytes(), own)
    if stamp.exists() and stamp.read_text() == inputs and made.image.exists() and made.sbom.exists():
        return made
    wheels = [read_wheel(path, SITE) for path in fetch(listing, cache)]
    out.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    with made.image.open("wb") as stream:
        write_image(stream, own, wheels)
    with made.image.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    made.sbom.write_text(json.dumps(sbom(product, version, wheels, digest), indent=2) + "\n")
    stamp.write_text(inputs)
    return made


def own_files(product: str, version: str, folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Return the maker's own files: path -> (content, whether executable)."""
    name = NAMES.get(product, product)
    release = {
        "NAME": name,
        "ID": "hearth",
        "VARIANT_ID": product,
        "VERSION_ID": version,
        "PRETTY_NAME": f"{name} {version}",
    }
    product_file = {"product": product, "version": version, "hardware": [HARDWARE]}
    files = {
        "etc/os-release": ("".join(f'{key}="{value}"\n' for key, value in release.items()).encode(), False),
        "etc/careful/product.json": (json.dumps(product_file, sort_keys=True).encode() + b"\n", False),
    }
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            place = path.relative_to(folder).as_posix()
            files[place] = (path.read_bytes(), place.startswith("usr/bin/"))
    return files


def write_image(stream: BinaryIO, own: Mapping[str, tuple[bytes, bool]], wheels: list[Wheel]) -> None:
    """Write the root file system as tar.gz: the maker's files first, then each wheel's, folders before their files."""
    with (
        gzip.GzipFile(filename="", fileobj=stream, mode="wb", compresslevel=_LEVEL, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        there: set[str] = set()
        for folder in ("tmp", "run", "var/lib/careful-device"):
            _add_folders(archive, f"{folder}/.", there)
        for place, (content, executable) in sorted(own.items()):
            _add_folders(archive, place, there)
            _add_file(archive, place, content, executable=executable)
        for wheel in wheels:
            for place, (name, executable) in sorted(wheel.files.items()):
                _add_folders(archive, place, there)
                _add_file(archive, place, wheel.read(name), executable=executable)


def sbom(product: str, version: str, wheels: list[Wheel], image_sha256: str) -> dict[str, Any]:
    """Return the CycloneDX 1.6 document for an image made of `wheels`."""
    firmware = f"{product}@{version}"
    components = []
    dependencies = [{"ref": firmware, "dependsOn": [wheel.purl for wheel in wheels]}]
    for wheel in wheels:
        components.append(_wheel_component(wheel))
        components += [_library_component(library) for library in wheel.libraries]
        dependencies.append({"ref": wheel.purl, "dependsOn": [library.path for library in wheel.libraries]})
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'{firmware}:{image_sha256}')}",
        "version": 1,
        "metadata": {
            "timestamp": _BUILT_TEXT,
            "lifecycles": [{"phase": "build"}],
            "tools": {"components": [{"type": "application", "name": "careful.demo.firmware"}]},
            "supplier": {"name": MAKER},
            "component": {
                "type": "firmware",
                "bom-ref": firmware,
                "name": product,
                "version": version,
                "description": f"{NAMES.get(product, product)} root file system",
                "hashes": [{"alg": "SHA-256", "content": image_sha256}],
            },
        },
        "components": components,
        "dependencies": [one for one in dependencies if one["dependsOn"] or one["ref"] == firmware],
    }


def _wheel_component(wheel: Wheel) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": wheel.purl,
        "name": wheel.name,
        "version": wheel.version,
        "purl": wheel.purl,
        "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
        "properties": [{"name": "careful:file", "value": wheel.path.name}],
    }
    if wheel.licence:
        stated = {"expression": wheel.licence} if wheel.is_expression else {"license": {"name": wheel.licence}}
        component["licenses"] = [stated]
    return component


def _library_component(library: Library) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": library.path,
        "name": library.name,
        "hashes": [{"alg": "SHA-256", "content": library.sha256}],
        "properties": [{"name": "careful:path", "value": library.path}],
    }
    return component | ({"version": library.version} if library.version else {})


def _add_folders(archive: tarfile.TarFile, place: str, there: set[str]) -> None:
    for folder in reversed(PurePosixPath(place).parents[:-1]):
        if str(folder) not in there:
            there.add(str(folder))
            member = tarfile.TarInfo(str(folder))
            member.type, member.mode, member.mtime = tarfile.DIRTYPE, 0o755, _BUILT
            archive.addfile(member)


def _add_file(archive: tarfile.TarFile, place: str, content: bytes, *, executable: bool) -> None:
    member = tarfile.TarInfo(place)
    member.size, member.mode, member.mtime = len(content), 0o755 if executable else 0o644, _BUILT
    archive.addfile(member, io.BytesIO(content))


def _digest_of(listing: bytes, own: Mapping[str, tuple[bytes, bool]]) -> str:
    digest = hashlib.sha256(_FORM.encode() + listing)
    for place, (content, executable) in sorted(own.items()):
        digest.update(f"{place} {executable} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def _known() -> str:
    return ", ".join(f"{product} {version}" for product, version in RELEASES)


def main() -> int:
    """Build all releases, or those that are named as PRODUCT-VERSION."""
    parser = argparse.ArgumentParser(prog="python -m careful.demo.firmware", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for images and SBOMs")
    parser.add_argument("--cache", type=Path, required=True, help="folder in which fetched packages are kept")
    parser.add_argument("release", nargs="*", help=f"one of: {_known()}, with a dash between")
    given = parser.parse_args()
    chosen = [one for one in RELEASES if not given.release or "-".join(one) in given.release]
    try:
        for product, version in chosen:
            made = build(product, version, given.out, given.cache)
            sys.stdout.write(f"{made.image} {made.image.stat().st_size:,} bytes\n")
    except CarefulError as failure:
        sys.stderr.write(f"{failure} {failure.do}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
