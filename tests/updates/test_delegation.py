"""Delegation as a TUF client follows it: build and release key, hash bins, and what earlier versions made."""

from datetime import UTC, datetime

import flat_repository
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Metadata, TargetFile
from tuf_client import Client

from careful import updates
from careful.kernel.clock import ManualClock
from careful.kernel.errors import NotFound, Refused
from careful.kernel.keys import Keys
from careful.updates import delegation, publishing
from careful.updates.delegation import Draft, Tree, bin_of, digits_for


@pytest.fixture
def clock():
    """Today: a TUF client looks at the machine's own clock."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def client(world, maker, tmp_path):
    maker.declare()
    root = updates.trusted_root(world, "cam-1")
    return Client(updates.repository_dir(world, "cam-1"), tmp_path / "client", root)


def test_targets_lists_nothing_and_two_keys_must_sign_releases(world, maker, client):
    maker.release("1.0.0")
    repository = publishing.ensure_repository(world, "cam-1")
    tree = Tree(repository, repository.in_force())
    top = tree.metadata("targets").signed
    assert (top.version, top.targets) == (1, {})
    assert (top.delegations.roles["releases"].threshold, len(top.delegations.roles["releases"].keyids)) == (2, 2)
    assert client.fetch("1.0.0/cam-1-1.0.0.img") is not None


@pytest.mark.parametrize("stays", [0, 1], ids=["build alone", "release alone"])
def test_one_of_the_two_keys_is_not_enough(maker, client, stays):
    maker.release("1.0.0")
    path = client.repository / "metadata" / "2.releases.json"
    metadata = Metadata.from_file(str(path))
    keyid = sorted(metadata.signatures)[stays]
    metadata.signatures = {keyid: metadata.signatures[keyid]}
    metadata.to_file(str(path))
    with pytest.raises(UnsignedMetadataError):
        client.fetch("1.0.0/cam-1-1.0.0.img")


def _targets(number: int) -> dict[str, TargetFile]:
    paths = (f"1.0.{place}/cam-1-1.0.{place}.img" for place in range(number))
    return {path: TargetFile(1, {"sha256": "0" * 64}, path, {"custom": {"product": "cam-1"}}) for path in paths}


def _sign(world, repository, documents):
    draft = Draft(repository.root(), Tree(repository, repository.newest()), documents, {})
    draft.sign([world.keys])
    publishing.write(draft)
    publishing.put_in_force(repository, [world.keys], world.clock.now(), draft.versions)
    return Tree(repository, repository.in_force())


def test_many_targets_go_into_bins_and_clients_follow(world, maker, client, clock):
    """One file up to 500, then 16 bins, above 8000 then 256; a client that knew the one before follows."""
    repository = publishing.ensure_repository(world, "cam-1")
    for number, bins in ((500, 0), (501, 16), (8001, 256)):
        tree = Tree(repository, repository.newest())
        listed = _targets(number)
        tree = _sign(world, repository, delegation.with_release(tree, clock.now(), listed, ()))
        assert len(tree.bins) == bins
        assert tree.targets() == listed
        path = f"1.0.{number - 1}/cam-1-1.0.{number - 1}.img"
        info = client.look(path)
        assert info is not None
        assert info.length == 1
        assert client.look("9.9.9/none.img") is None
    before = dict(tree.versions)
    one = TargetFile(2, {"sha256": "1" * 64}, "2.0.0/x.img", {"custom": {}})
    after = _sign(world, repository, delegation.with_release(tree, clock.now(), {one.path: one}, ())).versions
    changed = {role for role in after if after[role] != before.get(role)}
    assert changed == {bin_of(one.path, 2)}
    assert client.look("2.0.0/x.img").length == 2


def test_bins_never_become_fewer(world, maker, client, clock):
    repository = publishing.ensure_repository(world, "cam-1")
    tree = Tree(repository, repository.newest())
    listed = _targets(501)
    tree = _sign(world, repository, delegation.with_release(tree, clock.now(), listed, ()))
    tree = _sign(world, repository, delegation.with_release(tree, clock.now(), {}, list(listed)[1:]))
    assert len(tree.bins) == 16
    assert list(tree.targets()) == list(listed)[:1]


@given(st.integers(0, 20_000))
def test_how_many_bins(count):
    digits = digits_for(count)
    assert (digits == 0) == (count <= 500)
    assert digits in {0, 1, 2}


@given(st.text(min_size=1, max_size=40), st.integers(1, 2))
def test_each_path_has_exactly_one_bin(path, digits):
    names = {f"releases-{number:0{digits}x}" for number in range(16**digits)}
    assert bin_of(path, digits) in names


def test_a_repository_of_an_earlier_version_keeps_working_and_delegates(world, staff, maker, tmp_path):
    maker.declare()
    flat_repository.make(world, "cam-1")
    client = Client(updates.repository_dir(world, "cam-1"), tmp_path / "client", updates.trusted_root(world, "cam-1"))
    maker.release("1.0.0")
    assert client.fetch("1.0.0/cam-1-1.0.0.img") is not None
    assert updates.published(world, "cam-1").versions == {"root": 1, "targets": 2, "snapshot": 2, "timestamp": 2}
    assert [name for name in world.keys.names() if name.endswith(("build", "release"))] == []
    versions = updates.delegate(world, staff, "cam-1")
    assert (versions["targets"], versions["releases"]) == (3, 1)
    assert client.fetch("1.0.0/cam-1-1.0.0.img") is not None
    maker.release("1.0.1")
    assert client.fetch("1.0.1/cam-1-1.0.1.img") is not None
    with pytest.raises(Refused, match="delegates already"):
        updates.delegate(world, staff, "cam-1")


def test_an_earlier_repository_signed_ahead(world, staff, maker):
    """What was signed and not published before the change is published after it."""
    maker.declare()
    flat_repository.make(world, "cam-1")
    one = maker.release("1.0.0", publish=False)
    updates.sign_release(world, staff, one.id)
    assert not updates.is_published(world, one)
    updates.publish(world, staff, one.id)
    assert updates.is_published(world, one)


def test_without_the_targets_key_nothing_is_made(world, staff, maker, tmp_path):
    maker.declare()
    flat_repository.make(world, "cam-1")
    updates.export_keys(world, staff, "cam-1", tmp_path / "stick")
    before = world.keys.names()
    with pytest.raises(NotFound, match="Too few targets keys"):
        updates.delegate(world, staff, "cam-1")
    assert world.keys.names() == before
    updates.delegate(world, staff, "cam-1", [Keys(tmp_path / "stick")])
    assert (tmp_path / "stick" / "tuf.cam-1.release.pem").exists()
    assert not world.keys.has("tuf.cam-1.release")
