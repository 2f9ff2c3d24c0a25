"""One TUF repository in a folder (TUF specification 1.0), for one product.

    <home>/tuf/<product>/metadata/   1.root.json …  N.targets.json  N.snapshot.json  timestamp.json
    <home>/tuf/<product>/targets/    <version>/<sha256>.<file>      hard links to the artifacts

Numbered files never change; `timestamp.json` alone is replaced, by rename, after all that it leads to is on disk. So
whoever reads at any moment, or after a crash at any moment, finds one consistent repository: the one that the timestamp
names. Targets of a higher number than that are signed but not in force yet.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # no __all__ there
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__
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


class Repository:
    """The files of one product's repository."""

    def __init__(self, folder: Path, product: str) -> None:
        self.product = product
        self.metadata = folder / "metadata"
        self.targets = folder / "targets"
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

    def targets_in_force(self) -> Metadata[Targets]:
        """Return the targets in force."""
        return self.targets_at(self.snapshot().signed.meta["targets.json"].version)

    def targets_at(self, version: int) -> Metadata[Targets]:
        """Return the targets of one number."""
        return self._read(f"{version}.targets.json", Targets)

    def targets_signed(self) -> Metadata[Targets]:
        """Return the newest targets, in force or not yet."""
        return self.targets_at(self.numbers("targets")[-1])

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

    def write(self, metadata: Metadata[Any]) -> None:
        """Write signed metadata whole or not at all; what has a number is written once."""
        signed = metadata.signed
        name = "timestamp.json" if isinstance(signed, Timestamp) else f"{signed.version}.{signed.type}.json"
        if not isinstance(signed, Timestamp) and (self.metadata / name).exists():
            raise Refused(f"{name} of {self.product} exists and never changes.")
        draft = self.metadata / f".{secrets.token_hex(8)}"
        with draft.open("xb") as file:
            file.write(metadata.to_bytes(_COMPACT))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.metadata / name)
        handle = os.open(self.metadata, os.O_RDONLY)
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


def is_due(metadata: Metadata[Any], now: datetime) -> bool:
    """Tell whether metadata is so far into its life that it should be signed anew."""
    role = metadata.signed.type
    left: timedelta = metadata.signed.expires - now
    return left < LIFE[role] * _RENEW_AT[role]


def first_root(signers: Mapping[str, list[CryptoSigner]], now: datetime) -> Metadata[Root]:
    """Return root number 1, signed by all root keys."""
    root = Root(version=1, expires=expiry("root", now), consistent_snapshot=True)
    for role, held in signers.items():
        for signer in held:
            root.add_key(signer.public_key, role)
    root.roles["root"].threshold = signing.ROOT_THRESHOLD
    made = Metadata(root)
    signing.sign(made, signers["root"])
    return made


def next_targets(
    repository: Repository, now: datetime, add: Mapping[str, TargetFile], drop: Collection[str]
) -> Metadata[Targets]:
    """Return the next targets, not signed yet: what the newest say, with `add` and without `drop`."""
    numbers = repository.numbers("targets")
    old = repository.targets_at(numbers[-1]).signed.targets if numbers else {}
    kept = {path: target for path, target in old.items() if path not in drop}
    version = numbers[-1] + 1 if numbers else 1
    return Metadata(Targets(version=version, expires=expiry("targets", now), targets={**kept, **add}))


def next_snapshot(repository: Repository, now: datetime, targets_version: int) -> Metadata[Snapshot]:
    """Return the next snapshot, not signed yet, naming the targets that are to be in force."""
    numbers = repository.numbers("snapshot")
    return Metadata(
        Snapshot(
            version=numbers[-1] + 1 if numbers else 1,
            expires=expiry("snapshot", now),
            meta={"targets.json": MetaFile(version=targets_version)},
        )
    )


def next_timestamp(repository: Repository, now: datetime, snapshot_version: int) -> Metadata[Timestamp]:
    """Return the next timestamp, not signed yet."""
    version = repository.timestamp().signed.version + 1 if repository.exists() else 1
    return Metadata(
        Timestamp(version=version, expires=expiry("timestamp", now), snapshot_meta=MetaFile(version=snapshot_version))
    )
