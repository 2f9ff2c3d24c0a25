"""Every attack of TUF's list (specification 1.0, section 1.5.2), and those of Uptane's director, as named cases.

Each begins with a device that runs 1.0.0 and knows the repository, and a maker who has published 1.0.1, ordered it for
this device, and signed that. The attack bends what the device is told. `test_attacks.py` runs each through the trust
core alone, and once more over the wire with a real agent.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone

from securesystemslib.signer import CryptoSigner
from simulated_maker import image
from simulated_repository import Delegated, Vault

OLD, NEW = "1.0.0/cam-1-1.0.0.tar.gz", "1.0.1/cam-1-1.0.1.tar.gz"
PAST = datetime(2020, 1, 1, tzinfo=timezone.utc)
HIGHEST = 2**31 - 1


@dataclass
class Stage:
    """What the device will be told: the repository's files, an order, the director's word, the bytes."""

    repo: Delegated = field(default_factory=Delegated)
    path: str = NEW
    said: bytes = b""
    change: dict = field(default_factory=dict)
    blobs: dict = field(default_factory=dict)
    look: Callable[[], None] = lambda: None
    """Lets the device look at what there is now, in the middle of an attack."""

    def __post_init__(self) -> None:
        self.release("1.0.0")
        self.said = self.repo.assign(OLD)

    def release(self, version: str, **custom: object) -> str:
        path = f"{version}/cam-1-{version}.tar.gz"
        self.blobs[path] = image(version)
        self.repo.add(path, self.blobs[path], **custom)
        return path

    def order(self) -> None:
        """The maker publishes 1.0.1 and orders it."""
        self.release("1.0.1")
        self.said = self.repo.assign(NEW)


@dataclass(frozen=True)
class Attack:
    """`goal` is TUF's name; `kind` the refusal that must follow ("" where the device must go on as if nothing was)."""

    goal: str
    name: str
    kind: str
    act: Callable[[Stage], None]

    @property
    def id(self) -> str:
        return f"{self.goal}: {self.name}"


ATTACKS: list[Attack] = []


def attack(goal: str, name: str, kind: str) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    def keep(act: Callable[[Stage], None]) -> Callable[[Stage], None]:
        ATTACKS.append(Attack(goal, name, kind, act))
        return act

    return keep


def _bend(stage: Stage, name: str, change: Callable[[bytes], bytes]) -> None:
    stage.repo.files[name] = change(stage.repo.files[name])


@attack("none", "an honest order is carried out", "")
def _honest(stage: Stage) -> None:
    stage.order()


@attack("arbitrary software", "an image that nobody signed", "unsigned")
def _nobody(stage: Stage) -> None:
    stage.order()
    stage.path = "1.0.2/cam-1-1.0.2.tar.gz"
    stage.blobs[stage.path] = image("1.0.2")
    stage.said = stage.repo.assign(stage.path, target=stage.repo.target(stage.path, stage.blobs[stage.path]))


@attack("arbitrary software", "other bytes under a signed name", "tampered")
def _bytes(stage: Stage) -> None:
    stage.order()
    stage.blobs[NEW] = stage.blobs[NEW][:-1] + b"!"
    stage.change = {"sha256": stage.repo.releases.targets[NEW].hashes["sha256"]}


@attack("arbitrary software", "metadata of strangers", "unsigned")
def _strangers(stage: Stage) -> None:
    stage.order()
    stage.repo.vault = Vault()
    stage.repo.publish()
    stage.said = stage.repo.assign(NEW)


@attack("arbitrary software", "a changed listing with the old signatures", "unsigned")
def _changed(stage: Stage) -> None:
    stage.order()
    name = f"{stage.repo.releases.version}.releases.json"
    _bend(stage, name, lambda content: content.replace(b'"security_version":1', b'"security_version":2'))


@attack("endless data", "a timestamp without end", "tampered")
def _endless(stage: Stage) -> None:
    stage.order()
    stage.repo.files["timestamp.json"] += b" " * 1_000_000


@attack("endless data", "a listing without end", "tampered")
def _endless_listing(stage: Stage) -> None:
    stage.order()
    _bend(stage, f"{stage.repo.releases.version}.releases.json", lambda content: content + b" " * 3_000_000)


@attack("endless data", "an image longer than was signed", "tampered")
def _longer(stage: Stage) -> None:
    stage.order()
    one = stage.repo.releases.targets[NEW]
    stage.change = {"sha256": one.hashes["sha256"], "size": one.length}
    stage.blobs[NEW] += b"more" * 100_000


@attack("extraneous dependencies", "another genuine image than the director gave", "tampered")
def _another(stage: Stage) -> None:
    stage.order()
    stage.path = stage.release("1.0.2")


@attack("extraneous dependencies", "an image that the director gives and nobody signed", "tampered")
def _only_director(stage: Stage) -> None:
    stage.order()
    stage.said = stage.repo.assign(NEW, target=stage.repo.target(NEW, b"other bytes"))


@attack("fast-forward", "a stolen timestamp key counts to the end; the maker replaces it", "")
def _forward_timestamp(stage: Stage) -> None:
    stage.order()
    stolen = stage.repo.vault.renew("timestamp")
    before = stage.repo.timestamp.version
    stage.repo.timestamp.version = HIGHEST - 1
    stage.repo.stamp(stolen)
    stage.look()
    stage.repo.timestamp.version = before
    stage.repo.new_root()
    stage.repo.stamp()


@attack("fast-forward", "stolen snapshot and timestamp keys count to the end; the maker replaces both", "")
def _forward_snapshot(stage: Stage) -> None:
    stage.order()
    keys = [stage.repo.vault.renew(name) for name in ("snapshot", "timestamp")]
    before = (stage.repo.snapshot.version, stage.repo.timestamp.version)
    stage.repo.snapshot.version = stage.repo.timestamp.version = HIGHEST - 1
    stage.repo.publish_online(*keys)
    stage.look()
    stage.repo.snapshot.version, stage.repo.timestamp.version = before
    stage.repo.new_root()
    stage.repo.publish_online()


@attack("fast-forward", "a stolen director key counts to the end; the maker replaces it", "")
def _forward_director(stage: Stage) -> None:
    stage.said = stage.repo.assign(OLD, number=HIGHEST)
    stage.look()
    stage.repo.vault.renew("director")
    stage.repo.delegate()
    stage.order()


@attack("indefinite freeze", "a timestamp past its end", "expired")
def _frozen(stage: Stage) -> None:
    stage.order()
    stage.repo.timestamp.expires = PAST
    stage.repo.stamp()


@attack("indefinite freeze", "a snapshot past its end", "expired")
def _frozen_snapshot(stage: Stage) -> None:
    stage.order()
    stage.repo.snapshot.expires = PAST
    stage.repo.publish_online()


@attack("indefinite freeze", "a listing past its end", "expired")
def _frozen_listing(stage: Stage) -> None:
    stage.order()
    stage.repo.releases.expires = PAST
    stage.repo.releases.version += 1
    stage.repo.publish()


@attack("indefinite freeze", "a root past its end", "expired")
def _frozen_root(stage: Stage) -> None:
    stage.order()
    stage.repo.expires = PAST
    stage.repo.new_root()


@attack("indefinite freeze", "an assignment past its end", "expired")
def _frozen_assignment(stage: Stage) -> None:
    stage.order()
    stage.said = stage.repo.assign(NEW, expires=PAST)


@attack("malicious mirrors", "a mirror that has nothing; another one has", "")
def _mirror(stage: Stage) -> None:
    stage.order()
    kept = dict(stage.repo.files)
    stage.repo.files.clear()
    stage.look()
    stage.repo.files.update(kept)


@attack("mix and match", "an older listing beside the newest snapshot", "rollback")
def _mixed(stage: Stage) -> None:
    older = stage.repo.files[f"{stage.repo.releases.version}.releases.json"]
    stage.order()
    stage.repo.files[f"{stage.repo.releases.version}.releases.json"] = older


@attack("mix and match", "an older snapshot beside the newest timestamp", "rollback")
def _mixed_snapshot(stage: Stage) -> None:
    older = stage.repo.files[f"{stage.repo.snapshot.version}.snapshot.json"]
    stage.order()
    stage.repo.files[f"{stage.repo.snapshot.version}.snapshot.json"] = older


@attack("rollback", "an older timestamp", "rollback")
def _older_timestamp(stage: Stage) -> None:
    older = stage.repo.files["timestamp.json"]
    stage.order()
    stage.look()
    stage.repo.files["timestamp.json"] = older


@attack("rollback", "a new timestamp that names an older snapshot", "rollback")
def _older_snapshot(stage: Stage) -> None:
    stage.order()
    stage.look()
    stage.repo.snapshot.version -= 1
    stage.repo.stamp()


@attack("rollback", "a new snapshot that names an older listing", "rollback")
def _older_listing(stage: Stage) -> None:
    stage.order()
    stage.look()
    stage.repo.releases.version -= 1
    stage.repo.publish_online()


@attack("rollback", "an older image, genuine and assigned", "rollback")
def _older_image(stage: Stage) -> None:
    stage.order()
    stage.path = stage.release("0.9.0")
    stage.said = stage.repo.assign(stage.path)


@attack("rollback", "a newer version with a lower security version", "rollback")
def _less_secure(stage: Stage) -> None:
    stage.path = stage.release("1.0.1", security_version=0)
    stage.said = stage.repo.assign(stage.path)


@attack("key compromise", "the build key alone", "unsigned")
def _build_alone(stage: Stage) -> None:
    _signed_by(stage, ["build"])


@attack("key compromise", "the release key alone", "unsigned")
def _release_alone(stage: Stage) -> None:
    _signed_by(stage, ["release"])


@attack("key compromise", "one key that signs twice", "unsigned")
def _twice(stage: Stage) -> None:
    _signed_by(stage, ["release", "release"])


@attack("key compromise", "the server's keys together: snapshot, timestamp, build, director", "unsigned")
def _server(stage: Stage) -> None:
    _signed_by(stage, ["build", "snapshot", "timestamp", "director"])


@attack("key compromise", "a revoked release key", "unsigned")
def _revoked(stage: Stage) -> None:
    stage.order()
    stolen = stage.repo.vault.renew("release")
    stage.repo.delegate()
    stage.repo.releases.version += 1
    stage.repo.publish()
    stage.look()
    _signed_by(stage, ["build", stolen], order=False)


@attack("key compromise", "a revoked targets key", "unsigned")
def _revoked_targets(stage: Stage) -> None:
    stage.order()
    stolen = stage.repo.vault.renew("targets")
    stage.repo.new_root()
    stage.repo.top.version += 1
    stage.repo.publish()
    stage.look()
    stage.repo.top.version += 1
    stage.repo.files[f"{stage.repo.top.version}.targets.json"] = stage.repo.sign(stage.repo.top, [stolen])
    stage.repo.publish_online()


@attack("key compromise", "one root key of three", "unsigned")
def _one_root_key(stage: Stage) -> None:
    stage.order()
    kept = stage.repo.vault.keys.copy()
    for name in kept:
        if name != "root-1":
            stage.repo.vault.renew(name)
    stage.repo.new_root()
    stage.repo.delegate()
    stage.repo.publish()
    stage.said = stage.repo.assign(NEW)


@attack("wrong software", "signed for another product", "wrong-model")
def _product(stage: Stage) -> None:
    stage.path = stage.release("1.0.1", product="lock-1")
    stage.said = stage.repo.assign(stage.path)


@attack("wrong software", "signed for other hardware", "wrong-model")
def _hardware(stage: Stage) -> None:
    stage.path = stage.release("1.0.1", hardware=["rev-b"])
    stage.said = stage.repo.assign(stage.path)


@attack("wrong software", "another device's assignment", "wrong-device")
def _device(stage: Stage) -> None:
    stage.order()
    stage.said = stage.repo.assign(NEW, device="cam-1-002")


@attack("wrong software", "another product's assignment", "wrong-device")
def _product_assignment(stage: Stage) -> None:
    stage.order()
    stage.said = stage.repo.assign(NEW, product="lock-1")


@attack("replay", "an assignment older than one that was heard", "replayed")
def _replayed(stage: Stage) -> None:
    stage.order()
    old = stage.said
    stage.said = stage.repo.assign(NEW)
    stage.look()
    stage.path, stage.said = NEW, old


@attack("replay", "no assignment at all", "unsigned")
def _none(stage: Stage) -> None:
    stage.order()
    stage.said = b""


@attack("replay", "an assignment that a stranger signed", "unsigned")
def _stranger_assigns(stage: Stage) -> None:
    stage.order()
    stage.said = stage.repo.assign(NEW, by=CryptoSigner.generate_ecdsa())


@attack("replay", "an assignment signed by a key of another role", "unsigned")
def _other_role_assigns(stage: Stage) -> None:
    stage.order()
    stage.said = stage.repo.assign(NEW, by="snapshot")


def _signed_by(stage: Stage, keys: list, *, order: bool = True) -> None:
    """Someone with a few keys signs a listing, and all that leads to it as well as they can."""
    if order:
        stage.order()
    stage.release("1.0.3")
    stage.path = "1.0.3/cam-1-1.0.3.tar.gz"
    stage.repo.files[f"{stage.repo.releases.version}.releases.json"] = stage.repo.sign(stage.repo.releases, keys)
    stage.said = stage.repo.assign(stage.path)


@attack("endless data", "an image shorter than was signed", "tampered")
def _shorter(stage: Stage) -> None:
    stage.order()
    one = stage.repo.releases.targets[NEW]
    stage.change = {"sha256": one.hashes["sha256"], "size": one.length}
    stage.blobs[NEW] = stage.blobs[NEW][:-10]


@attack("endless data", "a listing cut short", "unsigned")
def _cut(stage: Stage) -> None:
    stage.order()
    _bend(stage, f"{stage.repo.releases.version}.releases.json", lambda content: content[:-10])


@attack("key compromise", "a revoked director key", "unsigned")
def _revoked_director(stage: Stage) -> None:
    stage.order()
    stolen = stage.repo.vault.renew("director")
    stage.repo.delegate()
    stage.repo.publish()
    stage.said = stage.repo.assign(NEW, by=stolen)


@attack("key compromise", "a revoked snapshot key", "unsigned")
def _revoked_snapshot(stage: Stage) -> None:
    stage.order()
    stolen = stage.repo.vault.renew("snapshot")
    stage.repo.new_root()
    stage.repo.publish_online()
    stage.look()
    stage.repo.publish_online(snapshot=stolen)


@attack("key compromise", "the director key alone gives a genuine image that is older", "rollback")
def _director_alone(stage: Stage) -> None:
    stage.order()
    stage.path = stage.release("0.9.0")
    stage.said = stage.repo.assign(stage.path)
