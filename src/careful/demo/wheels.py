"""Published packages as firmware is built from them: fetched by pip, checked by hash, read as what they are.

Only wheels, only the versions and hashes that a list names, for Linux on aarch64 whatever machine this is. They are
never installed or executed here.
"""

import email.parser
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from careful.kernel.errors import Invalid, Refused, Unavailable

_PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
_PYTHON = "311"
_FETCH_SECONDS = 600
_PIN = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!]+) --hash=sha256:([0-9a-f]{64})")
_LIBRARY = re.compile(r"(?:.*\.libs/)(lib[A-Za-z0-9_+.-]*?)(?:-[0-9a-f]{8})?\.so(?:\..*)?")
_LONGEST_LICENCE = 64


@dataclass(frozen=True)
class Pin:
    """One line of a list: this package, this version, these bytes."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Library:
    """A shared library that a wheel brings along. `version` is "" unless the wheel's own SBOM says it (PEP 770)."""

    path: str
    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Wheel:
    """What a wheel says of itself. `files` maps the path in the image to (name in the wheel, whether executable)."""

    path: Path
    name: str
    version: str
    sha256: str
    licence: str
    is_expression: bool
    files: dict[str, tuple[str, bool]]
    libraries: tuple[Library, ...]

    @property
    def purl(self) -> str:
        """The package URL, with the name normalised as PyPI does (PEP 503)."""
        return f"pkg:pypi/{normalised(self.name)}@{self.version}"

    def read(self, name: str) -> bytes:
        """Return one file of the wheel."""
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name)


def normalised(name: str) -> str:
    """Return a package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(listing: Path) -> list[Pin]:
    """Return what a list asks for. Raises Invalid for a line without version or hash."""
    pins = []
    for number, line in enumerate(listing.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _PIN.fullmatch(line.strip())
        if found is None:
            raise Invalid(
                "Every package needs a version and a SHA-256.",
                do="Write: name==1.2.3 --hash=sha256:...",
                where=f"{listing.name}:{number}",
            )
        pins.append(Pin(*found.groups()))
    return pins


def fetch(listing: Path, cache: Path) -> list[Path]:
    """Return the wheels that `listing` names, from `cache` or, where they are not there yet, by pip.

    Raises Unavailable when they cannot be had, Refused when what arrives is not what the list names.
    """
    pins = read_pins(listing)
    cache.mkdir(parents=True, exist_ok=True)
    held = _by_hash(cache)
    if any(pin.sha256 not in held for pin in pins):
        _download(listing, cache)
        held = _by_hash(cache)
    missing = [pin.name for pin in pins if pin.sha256 not in held]
    if missing:
        raise Refused(f"What was fetched for {', '.join(missing)} is not what {listing.name} names.")
    return [held[pin.sha256] for pin in pins]


def read_wheel(path: Path, site: str) -> Wheel:
    """Read a wheel whose packages go to the folder `site` of an image. Raises Invalid when it is no wheel."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(path, archive, site)
    except (zipfile.BadZipFile, KeyError, StopIteration) as broken:
        raise Invalid(f"{path.name} is not a wheel.", do="Remove it; it is fetched again.") from broken


def _read(path: Path, archive: zipfile.ZipFile, site: str) -> Wheel:
    names = archive.namelist()
    metadata = next(name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
    said = email.parser.BytesParser().parsebytes(archive.read(metadata))
    licence, is_expression = _licence(said["License-Expression"], said["License"], said.get_all("Classifier") or [])
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    files = {
        _place(entry.filename, site): (entry.filename, bool(entry.external_attr >> 16 & 0o111)) for entry in entries
    }
    versions = _own_sbom(archive)
    libraries = []
    for place, (name, _executable) in sorted(files.items()):
        found = _LIBRARY.fullmatch(name)
        if found:
            digest = hashlib.sha256(archive.read(name)).hexdigest()
            libraries.append(Library(place, found[1], versions.get(found[1].lower(), ""), digest))
    return Wheel(
        path=path,
        name=str(said["Name"]),
        version=str(said["Version"]),
        sha256=_sha256(path),
        licence=licence,
        is_expression=is_expression,
        files=files,
        libraries=tuple(libraries),
    )


def _licence(expression: str | None, field: str | None, classifiers: list[str]) -> tuple[str, bool]:
    """Return the licence as the metadata states it ("" if it does not), and whether that is an SPDX expression."""
    if expression:
        return str(expression), True
    if field and "\n" not in str(field) and len(str(field)) <= _LONGEST_LICENCE and str(field) != "UNKNOWN":
        return str(field), False
    stated = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License :: ")]
    return (stated[0], False) if stated else ("", False)


def _place(name: str, site: str) -> str:
    """Return where a wheel's file goes in the image (wheel specification, "What's the installation")."""
    scheme = re.fullmatch(r"[^/]+\.data/(scripts|purelib|platlib|data)/(.+)", name)
    if scheme is None:
        return f"{site}/{name}"
    return f"{ {'scripts': 'usr/bin', 'data': 'usr'}.get(scheme[1], site) }/{scheme[2]}"


def _own_sbom(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return name -> version of the libraries that the wheel itself says it brings along (PEP 770)."""
    versions: dict[str, str] = {}
    for name in archive.namelist():
        if ".dist-info/sboms/" in name and name.endswith(".json"):
            try:
                components = json.loads(archive.read(name)).get("components", [])
            except (ValueError, AttributeError):
                continue
            versions |= {str(one["name"]).lower(): str(one["version"]) for one in components if one.get("version")}
    return versions


def _by_hash(cache: Path) -> dict[str, Path]:
    return {_sha256(path): path for path in sorted(cache.glob("*.whl"))}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(listing: Path, cache: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
    command += ["--implementation", "cp", "--python-version", _PYTHON]
    command += [part for platform in _PLATFORMS for part in ("--platform", platform)]
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        try:
            done = subprocess.run(  # noqa: S603 (pip of our own interpreter; every file it brings is checked by hash)
                [*command, "-d", folder, "-r", str(listing)],
                capture_output=True,
                timeout=_FETCH_SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired as slow:
            raise _unavailable(listing) from slow
        if b"DO NOT MATCH THE HASHES" in done.stderr:
            raise Refused(f"What the registry gives for {listing.name} is not what the list names.")
        if done.returncode:
            raise _unavailable(listing)
        for path in Path(folder).glob("*.whl"):
            path.replace(cache / path.name)


def _unavailable(listing: Path) -> Unavailable:
    return Unavailable(
        f"The published packages of {listing.stem} could not be fetched.",
        do="Check the network, then run the same command again; what is here already is kept.",
    )
