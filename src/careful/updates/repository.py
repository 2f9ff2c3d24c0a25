"""One TUF repository in a folder (TUF specification 1.0), for one product.

    <home>/tuf/<product>/metadata/   1.root.json  N.targets.json  N.releases[-b].json  N.snapshot.json  timestamp.json
    <home>/tuf/<product>/targets/    <version>/<sha256>.<file>      hard links to the artifacts
    <home>/tuf/<product>/sets/       N.json                         which signed metadata belongs together
    <home>/tuf/<product>/pending.json                               what still lacks signatures

Numbered files never change; `timestamp.json` alone is replaced, by rename, after all that it leads to is on disk. So
whoever reads at any moment, or after a crash at any moment, finds one consistent repository: the one that the timestamp
names. Sets that are newer than that are signed but not in force yet.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from securesystemslib.signer import Signer  # type: ignore[attr-defined]  # no __all__ there
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__
from tuf.api.serialization.json import JSONSerializer

from careful.kernel.errors import NotFound, Refused
from careful.releases import signing

LIFE: Mapping[str, timedelta] = {
    "root": timedelta(days=730),
    "targets": timedelta(days=365),
    "snapshot": timedelta(days=14),
    "timestamp": timedelta(days=2),
}
"""How long signed metadata of each role holds. The short ones bound how long a frozen server can go unnoticed."""
_RENEW_AT = {"root": 1 / 4, "targets": 1 / 4, "snapshot": 1 / 2, "timestamp": 1 / 2}
_COMPACT = JSONSerializer(compact=True)
S = TypeVar("S", Root, Targets, Snapshot, Timestamp)
Versions = Mapping[str, int]
"""The number of each role that lists targets: `targets`, `releases`, and its bins."""


class Repository:
    """The files of one product's repository."""

    def __init__(self, folder: Path, product: str) -> None:
        self.product = product
        self.metadata = folder / "metadata"
        self.targets = folder / "targets"
        self.pending = folder / "pending.json"
        self._sets = folder / "sets"
        self._lock = folder / "lock"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the repository for writing; another process waits."""
        self.metadata.mkdir(parents=True, exist_ok=True)
        self.targets.mkdir(exist_ok=True)
        with self._lock.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def exists(self) -> bool:
        """Tell whether the repository was ever in force."""
        return (self.metadata / "timestamp.json").exists()

    def mark(self) -> tuple[int, ...]:
        """Return what is another whenever a file was placed here."""
        return tuple(one.stat().st_mtime_ns for one in (self.metadata, self._sets) if one.exists())

    def numbers(self, role: str) -> list[int]:
        """Return the numbers of a role's files, rising."""
        names = (path.name.split(".", 1) for path in self.metadata.glob(f"*.{role}.json"))
        return sorted(int(number) for number, rest in names if number.isdecimal() and rest == f"{role}.json")

    def root(self) -> Metadata[Root]:
        """Return the newest root. Raises NotFound before the first."""
        numbers = self.numbers("root")
        if not numbers:
            raise NotFound(f"{self.product} has no update repository yet.", do=f"Sign a release of {self.product}.")
        return self._read(f"{numbers[-1]}.root.json", Root)

    def root_bytes(self) -> bytes:
        """Return the newest root as it is served. Raises NotFound before the first."""
        return (self.metadata / f"{self.root().signed.version}.root.json").read_bytes()

    def timestamp(self) -> Metadata[Timestamp]:
        """Return the timestamp in force."""
        return self._read("timestamp.json", Timestamp)

    def snapshot(self) -> Metadata[Snapshot]:
        """Return the snapshot in force."""
        return self._read(f"{self.timestamp().signed.snapshot_meta.version}.snapshot.json", Snapshot)

    def in_force(self) -> dict[str, int]:
        """Return which metadata the snapshot in force names."""
        return {name.removesuffix(".json"): one.version for name, one in self.snapshot().signed.meta.items()}

    def signed_sets(self) -> list[dict[str, int]]:
        """Return what was signed together and is not older than what is in force, rising."""
        kept = sorted(self._sets.glob("*.json"), key=lambda path: int(path.stem))
        if kept:
            found: list[dict[str, int]] = [json.loads(path.read_bytes()) for path in kept]
        else:  # made before there were sets: each number of targets was one
            found = [{"targets": number} for number in self.numbers("targets")]
        now = self.in_force() if self.exists() else {}
        return [one for one in found if all(one[role] >= now[role] for role in now if role in one)]

    def newest(self) -> dict[str, int]:
        """Return what was signed last, in force or not yet; nothing before the first."""
        return (self.signed_sets() or [self.in_force() if self.exists() else {}])[-1]

    def targets_at(self, role: str, version: int) -> Metadata[Targets]:
        """Return one number of `targets`, or of a role that it delegates to."""
        return self._read(f"{version}.{role}.json", Targets)

    def add_set(self, versions: Versions) -> None:
        """Keep that these belong together; they are on disk."""
        self._sets.mkdir(exist_ok=True)
        number = max((int(path.stem) for path in self._sets.glob("*.json")), default=0) + 1
        self._place(self._sets / f"{number}.json", json.dumps(dict(versions), sort_keys=True).encode())

    def keep_pending(self, content: bytes | None) -> None:
        """Keep what still lacks signatures, in place of what did before; None: nothing does."""
        if content is None:
            self.pending.unlink(missing_ok=True)
        else:
            self._place(self.pending, content)

    def link(self, artifact: Path, path: str, sha256: str) -> None:
        """Show an artifact as the target `path`, under its digest (consistent snapshots, section 6.2)."""
        parent, _, name = path.rpartition("/")
        place = self.targets / parent / f"{sha256}.{name}"
        if place.exists():
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f".{secrets.token_hex(8)}")
        try:
            os.link(artifact, draft)
        except OSError:  # another file system, or one without hard links
            shutil.copyfile(artifact, draft)
        draft.replace(place)

    def write(self, metadata: Metadata[Any], role: str = "") -> None:
        """Write signed metadata whole or not at all; what has a number is written once."""
        signed = metadata.signed
        name = "timestamp.json" if isinstance(signed, Timestamp) else f"{signed.version}.{role or signed.type}.json"
        if not isinstance(signed, Timestamp) and (self.metadata / name).exists():
            raise Refused(f"{name} of {self.product} exists and never changes.")
        self._place(self.metadata / name, metadata.to_bytes(_COMPACT))

    def _place(self, path: Path, content: bytes) -> None:
        """Put a file in its place in one step."""
        draft = path.with_name(f".{secrets.token_hex(8)}")
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _read(self, name: str, kind: type[S]) -> Metadata[S]:
        found: Metadata[Any] = Metadata.from_bytes((self.metadata / name).read_bytes())
        if not isinstance(found.signed, kind):
            raise Refused(f"{name} of {self.product} is not what its name says.", do="Restore it from a backup.")
        return cast("Metadata[S]", found)


def expiry(role: str, now: datetime) -> datetime:
    """Return until when metadata of `role` signed now holds; TUF knows whole seconds only."""
    return (now + LIFE[role]).replace(microsecond=0)


def due_at(metadata: Metadata[Any]) -> datetime:
    """Return when metadata is so far into its life that it should be signed anew."""
    role = metadata.signed.type
    expires: datetime = metadata.signed.expires
    return expires - LIFE[role] * _RENEW_AT[role]


def is_due(metadata: Metadata[Any], now: datetime) -> bool:
    """Tell whether metadata should be signed anew."""
    return now > due_at(metadata)


def first_root(signers: Mapping[str, list[Signer]], now: datetime) -> Metadata[Root]:
    """Return root number 1, signed by all root keys."""
    root = Root(version=1, expires=expiry("root", now), consistent_snapshot=True)
    for role in signing.TOP_ROLES:
        for signer in signers[role]:
            root.add_key(signer.public_key, role)
    root.roles["root"].threshold = signing.ROOT_THRESHOLD
    made = Metadata(root)
    signing.sign(made, signers["root"])
    return made


def next_snapshot(repository: Repository, now: datetime, versions: Versions) -> Metadata[Snapshot]:
    """Return the next snapshot, not signed yet, naming what is to be in force."""
    numbers = repository.numbers("snapshot")
    return Metadata(
        Snapshot(
            version=numbers[-1] + 1 if numbers else 1,
            expires=expiry("snapshot", now),
            meta={f"{role}.json": MetaFile(version=number) for role, number in sorted(versions.items())},
        )
    )


def next_timestamp(repository: Repository, now: datetime, snapshot_version: int) -> Metadata[Timestamp]:
    """Return the next timestamp, not signed yet."""
    version = repository.timestamp().signed.version + 1 if repository.exists() else 1
    # TUF says only until when it holds; from `signed_at` a device learns how late it is at the least.
    return Metadata(
        Timestamp(
            version=version,
            expires=expiry("timestamp", now),
            snapshot_meta=MetaFile(version=snapshot_version),
            unrecognized_fields={"signed_at": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"},
        )
    )
