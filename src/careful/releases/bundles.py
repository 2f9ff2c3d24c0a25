"""Bundles of SWUpdate, RAUC and Mender, read when they are handed in, and held against what the release says.

A bundle carries its own version, hardware and signature, and the device's installer goes by those. Where they differ
from what is said here, one of the two is a mistake, so the release is refused, and says which.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from careful.kernel.errors import Invalid, Problem, Refused
from careful.kernel.work import World
from careful.releases import bundles_mender, bundles_raucb, bundles_swu, trust_store
from careful.releases.bundles_facts import Bundle, Signer
from careful.releases.policy import Policy

_SUFFIXES = {".swu": "swu", ".raucb": "raucb", ".mender": "mender"}
_SQUASHFS = b"hsqs"
_SQUASHFS_PACKED = {1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\0": "xz",
    b"(\xb5/\xfd": "zstd",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
}
_HEAD = 512


def read(path: Path, filename: str, policy: Policy) -> Bundle | None:
    """Return what the bundle at `path` says; None for an image that is none.

    Raises Invalid where a file is called a bundle and is none, is damaged, or its signature is not good; Refused for
    forms that are not taken; TooLarge beyond our limits.
    """
    kind = _SUFFIXES.get(Path(filename).suffix.lower())
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        stream.seek(0)
        if kind == "swu" or (head[:6] in {b"070701", b"070702"} and b"sw-description" in head[:140]):
            return bundles_swu.read(stream, policy.signers)
        if kind == "raucb" or (head[:4] == _SQUASHFS and bundles_raucb.has_signature(stream)):
            if head[:4] != _SQUASHFS:
                raise Invalid("This is called .raucb and is no RAUC bundle.", where="image")
            return bundles_raucb.read(stream, policy.signers)
        if kind == "mender" or (head[257:262] == b"ustar" and head[:8] == b"version\0"):
            return bundles_mender.read(stream, policy.signers)
    return None


def must_fit(bundle: Bundle, version: str, hardware: Sequence[str], policy: Policy) -> None:
    """Raise Refused, naming every difference between a bundle and the release that it is handed in as."""
    problems = [
        *_about_version(bundle, version),
        *_about_hardware(bundle, hardware, policy),
        *_about_signer(bundle, policy),
    ]
    if problems:
        raise _Mismatch(bundle.format, problems)


class _Mismatch(Refused):
    """A refusal with each difference."""

    def __init__(self, form: str, problems: Sequence[Problem]) -> None:
        listed = "; ".join(str(one) for one in problems)
        super().__init__(f"The .{form} does not fit the release: {listed}.", do="Mend one of the two.", where="image")


def _about_version(bundle: Bundle, version: str) -> list[Problem]:
    said = bundle.version
    if not said or said == version:
        return []
    if bundle.format == "mender":
        # What Mender calls an artifact's name is often product and version together.
        versions = [value for key, value in bundle.more.items() if key.endswith(".version")]
        if version in versions or said.endswith((f"-{version}", f"_{version}", f" {version}", f"-v{version}")):
            return []
    return [Problem(where="version", expected=version, found=said)]


def _about_hardware(bundle: Bundle, hardware: Sequence[str], policy: Policy) -> list[Problem]:
    named = [one for one in bundle.names if not one.startswith("#RE:")]
    strange = [one for one in named if one not in hardware and one not in policy.names]
    if not strange:
        return []
    do = "Name it: --hardware, or `names` under [bundles] in the product's policy (careful release policy)"
    return [Problem(where="hardware", expected=", ".join([*hardware, *policy.names]), found=", ".join(strange), do=do)]


def _about_signer(bundle: Bundle, policy: Policy) -> list[Problem]:
    if not policy.signers:
        return []
    if any(one.sha256 == allowed.sha256 for one in bundle.signers for allowed in policy.signers):
        return []
    found = ", ".join(_shown(one) for one in bundle.signers) or ("somebody else" if bundle.signed else "nobody")
    return [Problem(where="signer", expected="one whom the product's policy names", found=found)]


def _shown(one: Signer) -> str:
    return f"{one.subject or 'a key'} ({one.sha256[:16]})"


def why_no_deltas(path: Path) -> str:
    """Say why deltas of an image would be large, and what to do; empty where they would not."""
    with contextlib.suppress(OSError), path.open("rb") as stream:
        head = stream.read(_HEAD)
        if head[:4] == _SQUASHFS and len(head) > 22:  # noqa: PLR2004 (where squashfs says how it is packed)
            kind = _SQUASHFS_PACKED.get(int.from_bytes(head[20:22], "little"), "")
            if kind:
                return _advice(f"a squashfs packed by {kind}", "mksquashfs -noI -noD -noF -noX, or ext4")
        for magic, kind in _PACKED.items():
            if head.startswith(magic):
                return _advice(f"packed by {kind}", "hand in the image as it is, not packed")
    return ""


def _advice(what: str, do: str) -> str:
    return (
        f"The image is {what}: one changed file changes nearly all of it, so deltas would save little. For small "
        f"deltas {do}; deltas are compressed themselves."
    )


def bundle_of(world: World, release_id: str) -> Bundle | None:
    """Return what a release's bundle said when it was handed in; None where its image is none."""
    with world.look() as connection:
        row = trust_store.get(connection, trust_store.bundle, release_id)
    return None if row is None else Bundle.from_json(row.facts)
