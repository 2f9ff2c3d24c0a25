"""A TUF repository in memory as Careful makes it: root 2 of 3, releases delegated to two keys, and a director."""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

TOP = ("root", "targets", "snapshot", "timestamp")
NAMES = ("root-1", "root-2", "root-3", "targets", "snapshot", "timestamp", "build", "release", "director")


class Vault:
    """All keys of a maker, by name; an attacker has another one, or a few of these."""

    def __init__(self) -> None:
        self.keys = {name: CryptoSigner.generate_ecdsa() for name in NAMES}

    def renew(self, name: str) -> CryptoSigner:
        """Replace a key, and return the old one: it was stolen."""
        old, self.keys[name] = self.keys[name], CryptoSigner.generate_ecdsa()
        return old


class Delegated:
    """The repository. `files` is what is served; nothing is served before `publish`."""

    def __init__(self) -> None:
        self.expires = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=30)
        self.vault = Vault()
        self.root_number = 0
        self.top = Targets(expires=self.expires)
        self.releases = Targets(expires=self.expires)
        self.snapshot = Snapshot(expires=self.expires)
        self.timestamp = Timestamp(expires=self.expires)
        self.files: dict[str, bytes] = {}
        self.assigned = 0
        self.new_root()
        self.root = self.files["1.root.json"]
        self.delegate()
        self.publish()

    @property
    def targets(self) -> Targets:
        """What lists the releases."""
        return self.releases

    def sign(self, signed: object, by: Iterable[str | CryptoSigner]) -> bytes:
        """Sign with keys of the vault, or with others."""
        metadata = Metadata(signed)
        for one in by:
            metadata.sign(self.vault.keys[one] if isinstance(one, str) else one, append=True)
        return metadata.to_bytes(JSONSerializer(compact=True))

    def new_root(self, also: Iterable[CryptoSigner] = ()) -> None:
        """Publish the next root, naming the vault's keys; `also` sign those that were replaced."""
        self.root_number += 1
        root = Root(version=self.root_number, expires=self.expires, consistent_snapshot=True)
        for name in NAMES[:6]:
            root.add_key(self.vault.keys[name].public_key, name.partition("-")[0])
        root.roles["root"].threshold = 2
        content = self.sign(root, ("root-1", "root-2", *also))
        self.files[f"{self.root_number}.root.json"] = content

    def delegate(self) -> None:
        """Let `targets` name the vault's build, release and director key; in force with the next `publish`."""
        keys = {name: self.vault.keys[name].public_key for name in ("build", "release", "director")}
        two = [keys["build"].keyid, keys["release"].keyid]
        roles = {
            "releases": DelegatedRole("releases", two, 2, terminating=True, paths=["*/*"]),
            "director": DelegatedRole(
                "director", [keys["director"].keyid], 1, terminating=True, paths=["assignments/*"]
            ),
        }
        self.top.delegations = Delegations({key.keyid: key for key in keys.values()}, roles)
        self.top.version += 1

    def target(self, path: str, content: bytes, **custom: object) -> TargetFile:
        """What is signed about an image."""
        one = TargetFile.from_data(path, content, ["sha256"])
        described = {"product": "cam-1", "hardware": ["rev-a"], "version": path.partition("/")[0]}
        one.unrecognized_fields["custom"] = {**described, "security_version": 1, **custom}
        return one

    def add(self, path: str, content: bytes, **custom: object) -> None:
        """Sign and publish an image."""
        self.releases.targets[path] = self.target(path, content, **custom)
        self.releases.version += 1
        self.publish()

    def publish(self) -> None:
        """Put in force what stands here."""
        self.files[f"{self.top.version}.targets.json"] = self.sign(self.top, ["targets"])
        self.files[f"{self.releases.version}.releases.json"] = self.sign(self.releases, ["build", "release"])
        self.publish_online()

    def publish_online(self, snapshot: str | CryptoSigner = "snapshot", timestamp: str | CryptoSigner = "timestamp"):
        """Sign snapshot and timestamp over what stands here."""
        self.snapshot.meta = {
            "targets.json": MetaFile(self.top.version),
            "releases.json": MetaFile(self.releases.version),
        }
        self.snapshot.version += 1
        self.files[f"{self.snapshot.version}.snapshot.json"] = self.sign(self.snapshot, [snapshot])
        self.stamp(timestamp)

    def stamp(self, by: str | CryptoSigner = "timestamp") -> None:
        """Sign the next timestamp over the snapshot."""
        self.timestamp.version += 1
        self.timestamp.snapshot_meta = MetaFile(self.snapshot.version)
        self.files["timestamp.json"] = self.sign(self.timestamp, [by])

    def assign(self, path: str, device: str = "cam-1-001", **change: object) -> bytes:
        """Return the director's word. `change` bends it: number, expires, product, target, by."""
        self.assigned += 1
        said = Targets(
            version=int(str(change.get("number", self.assigned))),
            expires=change.get("expires", self.expires),
            targets={path: change.get("target", self.releases.targets.get(path))},
            unrecognized_fields={
                "assignment": {"device": device, "product": change.get("product", "cam-1"), "action": self.assigned}
            },
        )
        return self.sign(said, [change.get("by", "director")])
