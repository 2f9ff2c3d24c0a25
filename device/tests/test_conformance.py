"""What TUF's conformance suite asks of a client, asked in our own words through the suite's command line.

The suite itself (theupdateframework/tuf-conformance) is no package, so it is not installed here; its cases are the
model. Run it with: pytest tuf_conformance --entrypoint "python -m careful_device.conformance"
"""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)

from careful_device import conformance

FAR = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=30)
PAST = FAR - timedelta(days=31)
TOP = ("root", "timestamp", "snapshot", "targets")


@dataclass
class Repo:
    """A repository whose every part can be bent, and what was asked of it. Nothing is signed before it is asked for."""

    consistent: bool = True
    digests: bool = False
    signers: dict = field(default_factory=dict)
    roots: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    blobs: dict = field(default_factory=dict)

    def __post_init__(self):
        self.root = Root(expires=FAR, consistent_snapshot=self.consistent)
        self.timestamp, self.snapshot, self.targets = (
            Timestamp(expires=FAR),
            Snapshot(expires=FAR),
            Targets(expires=FAR),
        )
        self.delegated: dict[str, Targets] = {}
        for role in TOP:
            self.add_key(role)
        self.publish_root()

    def add_key(self, role, signer=None):
        signer = signer or CryptoSigner.generate_ed25519()
        self.root.add_key(signer.public_key, role)
        self.signers.setdefault(role, []).append(signer)

    def rotate(self, role):
        for keyid in tuple(self.root.roles[role].keyids):
            self.root.revoke_key(keyid, role)
        self.signers[role] = []
        self.add_key(role)

    def sign(self, role, signed):
        made = Metadata(signed)
        for signer in self.signers[role]:
            made.sign(signer, append=True)
        return made.to_bytes()

    def publish_root(self):
        self.roots.append(self.sign("root", self.root))

    def next_root(self):
        self.root.version += 1
        self.publish_root()

    def update(self, *, timestamp=True):
        """The next snapshot over what stands here, and the next timestamp over that."""
        for role, signed in {"targets": self.targets, **self.delegated}.items():
            self.snapshot.meta[f"{role}.json"] = self.meta(role, signed)
        self.snapshot.version += 1
        if timestamp:
            self.stamp()

    def stamp(self):
        self.timestamp.snapshot_meta = self.meta("snapshot", self.snapshot)
        self.timestamp.version += 1

    def meta(self, role, signed):
        return MetaFile.from_data(signed.version, self.sign(role, signed), ["sha256"]) if self.digests else MetaFile(
            signed.version
        )  # fmt: skip

    def delegate(self, name, parent=None, *, paths=("*",), terminating=False, threshold=1, keys=1):
        parent = parent or self.targets
        parent.delegations = parent.delegations or Delegations({}, {})
        self.signers.setdefault(name, [CryptoSigner.generate_ed25519() for _ in range(keys)])
        for signer in self.signers[name]:
            parent.delegations.keys[signer.public_key.keyid] = signer.public_key
        keyids = [signer.public_key.keyid for signer in self.signers[name]]
        parent.delegations.roles[name] = DelegatedRole(name, keyids, threshold, terminating, list(paths))
        return self.delegated.setdefault(name, Targets(expires=FAR))

    def add(self, path, content, into=None):
        target = TargetFile.from_data(path, content, ["sha256"])
        (into or self.targets).targets[path] = target
        folder, slash, name = path.rpartition("/")
        prefix = f"{target.hashes['sha256']}." if self.consistent else ""
        self.blobs[f"{folder}{slash}{prefix}{name}"] = content

    def fetch(self, path):
        kind, _, name = path.lstrip("/").partition("/")
        if kind == "targets":
            self.asked.append(("blob", name))
            return self.blobs.get(unquote(name))
        number, rest = re.fullmatch(r"(?:(\d+)\.)?(.*)\.json", name).groups()
        role = unquote(rest)
        self.asked.append((role, int(number) if number else None))
        if role == "root":
            return self.roots[int(number) - 1] if int(number) <= len(self.roots) else None
        signed = {
            "timestamp": self.timestamp, "snapshot": self.snapshot, "targets": self.targets, **self.delegated
        }.get(role)  # fmt: skip
        return None if signed is None else self.sign(role, signed)


@dataclass
class Run:
    """The client under test, in a directory of its own, and the repository it looks at."""

    repo: Repo
    folder: Path
    url: str

    def init(self, root=None):
        (self.folder / "root").write_bytes(root or self.repo.roots[0])
        return self("init", str(self.folder / "root"))

    def refresh(self):
        return self("--metadata-url", f"{self.url}/metadata/", "refresh")

    def download(self, name):
        return self(
            "--metadata-url", f"{self.url}/metadata/", "--target-name", name, "--target-base-url",
            f"{self.url}/targets/", "--target-dir", str(self.folder / "targets"), "download",
        )  # fmt: skip

    def __call__(self, *arguments):
        self.repo.asked.clear()
        return conformance.main(["--metadata-dir", str(self.folder / "metadata"), *arguments])

    def version(self, role):
        return Metadata.from_file(str(self.folder / "metadata" / f"{role}.json")).signed.version

    def held(self):
        folder = self.folder / "targets"
        return [path.read_bytes() for path in sorted(folder.iterdir(), key=lambda one: one.stat().st_mtime_ns)]


@pytest.fixture
def repo():
    return Repo()


@pytest.fixture
def run(repo, tmp_path) -> Iterator[Run]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content = repo.fetch(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    (tmp_path / "targets").mkdir()
    repo.update()
    repo.asked.clear()
    yield Run(repo, tmp_path, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


@pytest.fixture
def known(run):
    """A client that has the repository's first state."""
    assert (run.init(), run.refresh()) == (0, 0)
    return run


def test_a_first_refresh_asks_for_what_it_needs_in_order(run, repo):
    assert run.init() == 0
    assert repo.asked == []
    assert run.refresh() == 0
    assert repo.asked == [("root", 2), ("timestamp", None), ("snapshot", 2), ("targets", 1)]
    assert [run.version(role) for role in TOP] == [1, 2, 2, 1]


def test_it_runs_as_a_program_of_its_own(run):
    (run.folder / "root").write_bytes(run.repo.roots[0])
    module = [sys.executable, "-m", "careful_device.conformance", "--metadata-dir", str(run.folder / "metadata")]
    assert subprocess.run([*module, "init", str(run.folder / "root")], check=False).returncode == 0
    good = [*module, "--metadata-url", f"{run.url}/metadata", "refresh"]
    assert subprocess.run(good, check=False).returncode == 0
    run.repo.timestamp.expires = PAST
    run.repo.stamp()
    assert subprocess.run(good, check=False, capture_output=True).returncode == 1


def test_a_download_refreshes_by_itself(run, repo):
    run.init()
    assert run.download("nonexistent") == 1
    assert run.version("targets") == 1


@pytest.mark.parametrize("change", [b"{}", b"rubbish"])
def test_a_root_that_is_none_begins_nothing(run, repo, change):
    run.init(change)
    assert run.refresh() == 1
    assert repo.asked == []


def test_a_root_that_its_own_keys_did_not_sign_begins_nothing(run, repo):
    made = Metadata.from_bytes(repo.roots[0])
    made.signatures.clear()
    made.sign(CryptoSigner.generate_ed25519())
    run.init(made.to_bytes())
    assert run.refresh() == 1
    assert repo.asked == []


def test_another_timestamp_of_the_same_number_is_not_taken(known, repo):
    repo.timestamp.snapshot_meta.version = 100
    known.refresh()
    path = known.folder / "metadata" / "timestamp.json"
    assert Metadata.from_file(str(path)).signed.snapshot_meta.version == 2


def test_unknown_fields_are_signed_too_and_do_no_harm(known, repo):
    repo.root.unrecognized_fields["custom"] = "value"
    repo.root.roles["root"].unrecognized_fields["other"] = {"a": [1, 2]}
    repo.next_root()
    assert known.refresh() == 0
    assert known.version("root") == 2


def test_targets_that_are_not_what_the_snapshot_says(run, repo):
    repo.digests = True
    repo.update()
    run.init()
    assert run.refresh() == 0
    repo.targets.version += 1
    repo.update(timestamp=False)
    repo.stamp()
    repo.targets.targets["x"] = TargetFile(1, {"sha256": "0" * 64}, "x")  # after its digest was taken
    assert run.refresh() == 1
    assert run.version("targets") == 1


@pytest.mark.parametrize("digests", [False, True])
@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_rollback(run, repo, role, digests):
    repo.digests = digests
    for _ in range(3):
        repo.targets.version += 1
        repo.update()
    run.init()
    assert run.refresh() == 0
    before = {name: run.version(name) for name in TOP}
    if role == "timestamp":
        repo.timestamp.version -= 1
    elif role == "snapshot":
        repo.snapshot.version -= 2
        repo.stamp()
    else:
        repo.targets.version -= 2
        repo.update()
    assert run.refresh() == 1
    assert run.version(role) == before[role]


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_fast_forward_is_recovered_from_by_new_keys(known, repo, role):
    signed = getattr(repo, role)
    signed.version = 99_999
    if role != "timestamp":
        repo.update()
    assert known.refresh() == 0
    assert known.version(role) == signed.version >= 99_999
    for one in {"timestamp": ["timestamp"], "snapshot": ["timestamp", "snapshot"], "targets": ["snapshot"]}[role]:
        repo.rotate(one)
    repo.next_root()
    signed.version = 1
    if role == "targets":
        repo.update()
    else:
        repo.stamp()
    assert known.refresh() == 0
    assert known.version(role) in {1, 2}


def test_a_snapshot_of_another_number_than_the_timestamp_says(run, repo):
    run.init()
    repo.snapshot.version += 1
    assert run.refresh() == 1
    assert repo.asked[-1][0] == "snapshot"


@pytest.mark.parametrize("role", TOP)
def test_what_is_past_its_end_is_not_taken(known, repo, role):
    getattr(repo, role).expires = PAST
    if role == "root":
        repo.next_root()
    elif role == "targets":
        repo.targets.version += 1
    repo.update()
    before = {name: known.version(name) for name in TOP}
    assert known.refresh() == 1
    assert known.version("root") == (2 if role == "root" else 1)
    later = TOP[TOP.index(role) + 1 :] if role == "root" else TOP[TOP.index(role) :]
    assert {name: known.version(name) for name in later} == {name: before[name] for name in later}


def test_an_old_end_in_the_cache_does_not_stop_an_update(known, repo):
    path = known.folder / "metadata" / "timestamp.json"
    old = Timestamp(version=2, expires=PAST, snapshot_meta=MetaFile(2))
    path.write_bytes(repo.sign("timestamp", old))
    repo.update()
    assert known.refresh() == 0
    assert known.version("snapshot") == 3


ROTATIONS = [
    # (keys, threshold, who signs) of each root in turn; whether the last one is taken
    pytest.param([([1], 1, [1]), ([2], 1, [2, 1]), ([2], 1, [2])], True, id="one key replaced"),
    pytest.param([([1], 1, [3, 1, 4]), ([2], 1, [3, 2, 1, 4])], True, id="signatures of others do no harm"),
    pytest.param([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 2, 3, 4], 3, [0, 4, 1])], True, id="other three of five"),
    pytest.param([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 4, 1])], True, id="one of five replaced"),
    pytest.param(
        [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7])], True, id="all five replaced"
    ),
    pytest.param([([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [1, 2])], True, id="a higher threshold"),
    pytest.param([([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1, 2]), ([1, 2, 3], 1, [1])], True, id="a lower threshold"),
    pytest.param([([1], 1, [1]), ([2], 1, [2, 3, 4])], False, id="not signed by the old key"),
    pytest.param([([1], 1, [1]), ([2], 1, [1, 3, 4])], False, id="not signed by the new key"),
    pytest.param(
        [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 2, 4])], False, id="too few of the new five"
    ),
    pytest.param(
        [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 4, 5])], False, id="too few of the old five"
    ),
    pytest.param([([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [2])], False, id="the new threshold is not met"),
    pytest.param([([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1])], False, id="the old threshold is not met"),
]


@pytest.mark.parametrize(("versions", "taken"), ROTATIONS)
def test_roots_follow_each_other_only_by_both_their_keys(run, repo, versions, taken):
    signers = [CryptoSigner.generate_ed25519() for _ in range(10)]
    repo.roots.clear()
    for number, (keys, threshold, signs) in enumerate(versions, start=1):
        repo.root.version = number
        repo.root.roles["root"].keyids.clear()
        for one in keys:
            repo.root.add_key(signers[one].public_key, "root")
        repo.root.roles["root"].threshold = threshold
        repo.signers["root"] = [signers[one] for one in signs]
        repo.publish_root()
    run.init()
    assert (run.refresh() == 0) is taken
    assert (run.folder / "metadata" / "root.json").read_bytes() == repo.roots[-1 if taken else -2]


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
@pytest.mark.parametrize(
    ("keys", "threshold", "signs", "taken"),
    [
        pytest.param([2], 1, [2], True, id="replaced"),
        pytest.param([1], 1, [3, 1, 4], True, id="signatures of others"),
        pytest.param([2], 1, [1, 3, 4], False, id="by the old key alone"),
        pytest.param([0, 1, 3, 4, 5], 3, [0, 2, 4], False, id="two of three that count"),
        pytest.param([0, 1, 2, 3, 4], 3, [2, 3, 4], True, id="any three"),
        pytest.param([0, 1], 3, [0, 1], False, id="a threshold that cannot be met"),
    ],
)
def test_thresholds_of_the_other_roles(run, repo, role, keys, threshold, signs, taken):
    signers = [CryptoSigner.generate_ed25519() for _ in range(6)]
    run.init()
    repo.root.roles[role].keyids.clear()
    for one in keys:
        repo.root.add_key(signers[one].public_key, role)
    repo.root.roles[role].threshold = threshold
    repo.signers[role] = [signers[one] for one in signs]
    repo.next_root()
    assert (run.refresh() == 0) is taken


def test_one_key_under_many_ids_counts_once(known, repo):
    signer = repo.signers["snapshot"][0]
    plain = signer.public_key
    for number in range(3):
        other = type(plain)(f"{number:064x}", plain.keytype, plain.scheme, plain.keyval)
        repo.root.add_key(other, "snapshot")
    repo.root.roles["snapshot"].threshold = 3
    repo.next_root()
    repo.update()
    assert known.refresh() == 1
    assert known.version("snapshot") == 2


@pytest.mark.parametrize("consistent", [True, False])
@pytest.mark.parametrize("path", ["file.txt", "path/to/a/file.txt"])
def test_a_target_is_downloaded_once(run, repo, path, consistent):
    repo.consistent = repo.root.consistent_snapshot = consistent
    repo.roots.clear()
    repo.publish_root()
    repo.add(path, b"content")
    repo.targets.version += 1
    repo.update()
    run.init()
    assert run.download(path) == 0
    assert run.held() == [b"content"]
    assert run.download(path) == 0
    assert not [one for one in repo.asked if one[0] == "blob"]


def test_other_bytes_are_not_kept(run, repo):
    for name in ("one", "two"):
        repo.add(name, name.encode())
    repo.targets.version += 1
    repo.update()
    run.init()
    assert run.download("one") == 0
    for name in repo.blobs:
        repo.blobs[name] = b"malicious"
    run.download("one")
    assert run.download("two") == 1
    assert run.held() == [b"one"]


def test_a_changed_target_replaces_the_old(run, repo):
    run.init()
    for number in range(3):
        repo.add("file", f"content {number}".encode())
        repo.targets.version += 1
        repo.update()
        assert run.download("file") == 0
        assert run.held() == [f"content {number}".encode()]


GRAPHS = [
    # edges (delegator, role, options); the order in which roles are asked for a path that nobody has
    pytest.param([("targets", "A", {})], ["A"], id="one"),
    pytest.param([("targets", "A", {}), ("targets", "B", {})], ["A", "B"], id="two beside each other"),
    pytest.param([("targets", "A", {}), ("targets", "B", {}), ("B", "C", {})], ["A", "B", "C"], id="two levels"),
    pytest.param(
        [("targets", "A", {}), ("targets", "B", {}), ("A", "C", {}), ("A", "D", {})], ["A", "C", "D", "B"],
        id="depth first",
    ),
    pytest.param(
        [("targets", "A", {}), ("targets", "B", {}), ("A", "C", {"terminating": True}), ("A", "D", {})], ["A", "C"],
        id="terminating",
    ),
    pytest.param(
        [("targets", "A", {"paths": ["*.py"]}), ("targets", "B", {}), ("A", "C", {})], ["B"], id="paths do not match"
    ),
    pytest.param(
        [("targets", "A", {}), ("targets", "B", {}), ("B", "C", {}), ("C", "D", {}), ("D", "B", {})],
        ["A", "B", "C", "D"], id="a circle",
    ),
    pytest.param(
        [("targets", "A", {}), ("targets", "B", {}), ("B", "C", {}), ("A", "C", {})], ["A", "C", "B"],
        id="two ways to one",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("edges", "order"), GRAPHS)
def test_delegations_are_followed_in_order(run, repo, edges, order):
    for delegator, name, options in edges:
        repo.delegate(name, repo.delegated.get(delegator, repo.targets), **options)
    repo.targets.version += 1
    repo.update()
    run.init()
    assert run.download("missing") == 1
    assert [role for role, _number in repo.asked if role not in TOP] == order


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param("README.md", True, id="a wildcard"),
        pytest.param("releases/x/x_v1", True, id="folders"),
        pytest.param("releases/z/z_v1.zip", False, id="not delegated all the way"),
    ],
)
def test_a_target_is_found_only_where_each_step_delegates_it(run, repo, path, found):
    a = repo.delegate("A", paths=("*.doc", "*.md"))
    b = repo.delegate("B", paths=("releases/*/*",))
    c = repo.delegate("C", b, paths=("releases/x/*",))
    repo.add("README.md", b"by A", a)
    repo.add("releases/x/x_v1", b"by C", c)
    repo.add("releases/z/z_v1.zip", b"by C", c)
    repo.targets.version += 1
    repo.update()
    run.init()
    assert (run.download(path) == 0) is found


def test_hash_bins_are_followed(run, repo):
    signer = CryptoSigner.generate_ed25519()
    roles = SuccinctRoles([signer.public_key.keyid], 1, 2, "bin")
    repo.targets.delegations = Delegations({signer.public_key.keyid: signer.public_key}, succinct_roles=roles)
    for name in roles.get_roles():
        repo.signers[name], repo.delegated[name] = [signer], Targets(expires=FAR)
    home = roles.get_role_for_target("file")
    repo.add("file", b"content", repo.delegated[home])
    repo.targets.version += 1
    repo.update()
    run.init()
    assert run.download("file") == 0
    assert [role for role, _number in repo.asked if role.startswith("bin")] == [home]


def test_a_delegated_role_needs_its_threshold_and_its_time(run, repo):
    role = repo.delegate("A", threshold=2, keys=2)
    repo.add("file", b"content", role)
    repo.targets.version += 1
    repo.update()
    run.init()
    kept = repo.signers["A"].pop()
    assert run.download("file") == 1
    repo.signers["A"].append(kept)
    role.expires = PAST
    assert run.download("file") == 1
    role.expires = FAR
    assert run.download("file") == 0


def test_a_cached_delegated_role_is_checked_against_its_present_delegator(run, repo):
    """The old key was revoked: what it signed and the client kept counts no more (python-tuf before 7.0.1 took it)."""
    role = repo.delegate("A")
    repo.add("file", b"content", role)
    repo.targets.version += 1
    repo.update()
    run.init()
    assert run.download("file") == 0
    stolen = repo.signers.pop("A")
    repo.targets.delegations = None
    repo.delegate("A")
    repo.targets.version += 1
    repo.update()
    repo.signers["A"] = stolen
    assert run.download("file") == 1


@pytest.mark.parametrize("name", ["?", "#", "/role", "../role", "%2f"])
def test_odd_names_of_roles_stay_in_their_folder(run, repo, name):
    repo.delegate(name)
    repo.targets.version += 1
    repo.update()
    run.init()
    assert run.download("missing") == 1
    assert (name, 1) in repo.asked
    assert (run.folder / "metadata" / f"{quote(name, '')}.json").exists()
    assert not (run.folder / "role.json").exists()


def test_only_this_machine_is_asked(run):
    run.init()
    assert run("--metadata-url", "http://devices.example/metadata/", "refresh") == 1
    assert run("--metadata-url", "https://127.0.0.1/metadata/", "refresh") == 1
