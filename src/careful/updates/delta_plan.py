"""Which deltas a fleet needs, and what is said about each. Pure.

A delta leads from the image that devices run (its base) to a newer one. It is made where somebody gains by it: for
the newest release and for those on their way, from the versions that most devices run.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from careful.releases import Release
from careful.updates.versions import is_newer

FORMATS = ("lzma", "heatshrink")
"""How the patch is packed: lzma for Linux (about 10 MB to unpack), heatshrink for small devices (about 1 kB)."""
MOST_PAIRS = 8
"""Bases of one release; beyond these, the few devices left get the full image."""
WORTH = 0.6
"""A delta larger than this part of the compressed image is not kept."""
_PATH = re.compile(r"[^/]{1,64}/from-[0-9a-f]{16}\.(?:lzma|heatshrink)\.delta")

DeltaState = Literal["ready", "useless", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A delta that is wanted, and how many devices would fetch it."""

    release: str
    base: str
    devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What became of one pair. `size` and `sha256` are the patch's; `published_at` is when devices could first see it.

    `useless` is one that saves too little, `failed` one that could not be made, `stopped` one that failed on too many
    devices; `reason` says why. `worked` and `fell_back` count devices by what they said, the latter by kind.
    """

    release: str
    base: str
    product: str
    format: str
    state: DeltaState
    sha256: str
    sha1: str
    md5: str
    size: int
    base_sha256: str
    base_size: int
    full_sha256: str
    full_size: int
    version: str
    seconds: float
    reason: str
    made_at: datetime
    published_at: datetime | None = None
    worked: int = 0
    fell_back: Mapping[str, int] = field(default_factory=dict)

    @property
    def filename(self) -> str:
        """Return the name under which it is fetched."""
        return f"from-{self.base_sha256[:16]}.{self.format}.delta"

    @property
    def path(self) -> str:
        """Return its TUF target path."""
        return f"{self.version}/{self.filename}"


def is_delta_path(path: str) -> bool:
    """Tell whether a TUF target path is that of a delta."""
    return _PATH.fullmatch(path) is not None


def custom_of(delta: Delta) -> dict[str, Any]:
    """Return what is signed about a delta: from which bytes to which.

    It names no product, hardware or version, so that no agent can be led to install the patch itself as an image.
    """
    return {
        "delta": {
            "format": f"detools-sequential-{delta.format}",
            "from": {"sha256": delta.base_sha256, "length": delta.base_size},
            "to": {"sha256": delta.full_sha256, "length": delta.full_size},
        }
    }


def wanted(
    releases: Sequence[Release],
    running: Mapping[str, int],
    under_way: Collection[str],
    known: Collection[tuple[str, str]],
    most_bytes: int,
) -> list[Pair]:
    """Return the deltas to make next, those that most devices gain by first.

    `running` counts a product's devices by version, `under_way` are the releases of rollouts that are not over, `known`
    the pairs (release, base) of which something is known already. Images above `most_bytes` are left out.
    """
    live = [one for one in releases if one.state != "withdrawn" and one.artifact.size <= most_bytes]
    if not live:
        return []
    newest = max(live, key=lambda one: one.security_version)
    by_version = {one.version: one for one in releases}
    found: list[Pair] = []
    for aim in live:
        if aim.id != newest.id and aim.id not in under_way:
            continue
        bases = [
            (count, base)
            for version, count in running.items()
            if count > 0 and (base := by_version.get(version)) is not None and _leads(base, aim, most_bytes)
        ]
        bases.sort(key=lambda one: (-one[0], -one[1].security_version))
        pairs = [Pair(aim.id, base.id, count) for count, base in bases[:MOST_PAIRS]]
        found += [one for one in pairs if (one.release, one.base) not in known]
    return sorted(found, key=lambda one: (-one.devices, one.release, one.base))


def _leads(base: Release, aim: Release, most_bytes: int) -> bool:
    return (
        base.artifact.sha256 != aim.artifact.sha256
        and base.artifact.size <= most_bytes
        and base.security_version <= aim.security_version
        and is_newer(aim.version, base.version)
    )


def is_worth(size: int, packed_full: int, full: int) -> bool:
    """Tell whether a patch of `size` bytes is worth keeping beside a full image (`packed_full`: as xz packs it)."""
    return size < full and size <= packed_full * WORTH
