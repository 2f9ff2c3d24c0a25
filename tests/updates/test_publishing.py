"""The repository as a TUF client sees it: python-tuf's own, on plain files."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tuf.api.exceptions import BadVersionNumberError, ExpiredMetadataError, RepositoryError
from tuf.api.metadata import Metadata
from tuf_client import Client

from careful import products, releases, updates
from careful.kernel import ledger
from careful.kernel.clock import ManualClock
from careful.kernel.errors import NotFound, Refused
from careful.updates import publishing
from careful.updates.repository import LIFE


@pytest.fixture
def clock():
    """Today: a TUF client looks at the machine's own clock."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def client(world, maker, tmp_path):
    maker.declare()
    root = updates.trusted_root(world, "cam-1")
    return Client(updates.repository_dir(world, "cam-1"), tmp_path / "client", root)


def events(world, name):
    with world.look() as connection:
        return [dict(one.data) for one in ledger.read(connection, names=[name])]


def test_a_client_finds_what_was_published_and_what_it_must_know(maker, client):
    one = maker.release("1.0.0", content=b"genuine")
    custom, content = client.fetch("1.0.0/cam-1-1.0.0.img")
    assert content == b"genuine"
    assert custom == {
        "product": "cam-1",
        "hardware": ["rev-a"],
        "version": "1.0.0",
        "security_version": one.security_version,
        "sbom_sha256": one.sbom_sha256,
        "fixes": [],
    }


def test_signed_is_not_yet_published(world, staff, maker, client):
    one = maker.release("1.0.0", publish=False)
    with pytest.raises(Refused, match="not signed"):
        updates.publish(world, staff, one.id)
    signed = updates.sign_release(world, staff, one.id)
    assert releases.by_id(world, one.id).state == "signed"
    assert not updates.is_published(world, one)
    assert client.fetch("1.0.0/cam-1-1.0.0.img") is None
    versions = updates.publish(world, staff, one.id)
    assert versions == {
        "root": 1, "targets": 1, "releases": signed.metadata_version, "snapshot": 2, "timestamp": 2
    }  # fmt: skip
    assert client.fetch("1.0.0/cam-1-1.0.0.img") is not None
    assert updates.sign_release(world, staff, one.id) == signed
    assert updates.publish(world, staff, one.id) == versions
    assert len(events(world, "releases.signed")) == 1


def test_publishing_one_does_not_publish_what_was_signed_after_it(world, staff, maker, client):
    first, second = maker.release("1.0.0", publish=False), maker.release("1.0.1", publish=False)
    for one in (first, second):
        updates.sign_release(world, staff, one.id)
    updates.publish(world, staff, first.id)
    assert client.fetch("1.0.1/cam-1-1.0.1.img") is None
    updates.publish(world, staff, second.id)
    assert client.fetch("1.0.1/cam-1-1.0.1.img") is not None


def test_a_withdrawn_release_leaves_with_the_next(world, staff, maker, client):
    one = maker.release("1.0.0")
    releases.withdraw(world, staff, one.id, "It burns.")
    with pytest.raises(Refused, match="withdrawn"):
        updates.sign_release(world, staff, one.id)
    with pytest.raises(Refused, match="withdrawn"):
        updates.publish(world, staff, one.id)
    maker.release("1.0.1")
    assert updates.published(world, "cam-1").targets == ("1.0.1/cam-1-1.0.1.img",)
    assert client.fetch("1.0.0/cam-1-1.0.0.img") is None


def test_a_changed_image_is_refused(maker, client):
    maker.release("1.0.0", content=b"genuine")
    [target] = (client.repository / "targets" / "1.0.0").iterdir()
    target.unlink()
    target.write_bytes(b"Genuine")
    with pytest.raises(RepositoryError):
        client.fetch("1.0.0/cam-1-1.0.0.img")


@pytest.mark.parametrize("name", ["1.targets.json", "2.releases.json", "timestamp.json", "2.snapshot.json"])
def test_changed_metadata_is_refused(maker, client, name):
    maker.release("1.0.0")
    path = client.repository / "metadata" / name
    changed = json.loads(path.read_text())
    changed["signed"]["expires"] = "2199-01-01T00:00:00Z"
    path.write_text(json.dumps(changed))
    with pytest.raises(RepositoryError):
        client.fetch("1.0.0/cam-1-1.0.0.img")


def test_an_older_repository_is_refused(maker, client):
    maker.release("1.0.0")
    old = (client.repository / "metadata" / "timestamp.json").read_bytes()
    maker.release("1.0.1")
    client.fetch()
    (client.repository / "metadata" / "timestamp.json").write_bytes(old)
    with pytest.raises(BadVersionNumberError):
        client.fetch()


def test_a_frozen_repository_is_noticed(clock, maker, client):
    clock.advance(-LIFE["timestamp"] - timedelta(minutes=1))
    maker.release("1.0.0")
    with pytest.raises(ExpiredMetadataError):
        client.fetch()


@pytest.mark.parametrize("step", range(6))
def test_a_crash_at_any_write_leaves_a_repository_that_works_and_mends(world, staff, maker, client, monkeypatch, step):
    one, two = maker.release("1.0.0"), maker.release("1.0.1", publish=False)
    real, count = publishing.Repository.write, 0

    def dying(self, metadata: Metadata, role: str = "") -> None:
        nonlocal count
        count += 1
        if count > step:
            raise KeyboardInterrupt
        real(self, metadata, role)

    monkeypatch.setattr(publishing.Repository, "write", dying)
    try:
        updates.sign_release(world, staff, two.id)
        updates.publish(world, staff, two.id)
    except KeyboardInterrupt:
        pass
    monkeypatch.setattr(publishing.Repository, "write", real)
    assert client.fetch(publishing.target_path(one)) is not None
    updates.sign_release(world, staff, two.id)
    updates.publish(world, staff, two.id)
    assert client.fetch(publishing.target_path(two)) is not None


@pytest.mark.parametrize("step", range(5))
def test_a_crash_while_it_is_made_is_mended(world, maker, monkeypatch, step):
    maker.declare()
    real, count = publishing.Repository.write, 0

    def dying(self, metadata: Metadata, role: str = "") -> None:
        nonlocal count
        count += 1
        if count > step:
            raise KeyboardInterrupt
        real(self, metadata, role)

    monkeypatch.setattr(publishing.Repository, "write", dying)
    with pytest.raises(KeyboardInterrupt):
        updates.trusted_root(world, "cam-1")
    written = updates.repository_dir(world, "cam-1") / "metadata" / "1.root.json"
    before = written.read_bytes() if written.exists() else None
    monkeypatch.setattr(publishing.Repository, "write", real)
    root = updates.trusted_root(world, "cam-1")
    assert before in {None, root}
    assert updates.published(world, "cam-1").versions["timestamp"] == 1


def test_no_keys_without_an_approved_declaration(world, staff):
    with pytest.raises(NotFound):
        updates.trusted_root(world, "cam-1")
    products.declare(world, staff, b"schema: product/1\nproduct: {id: cam-1, name: C, models: [C]}\n")
    with pytest.raises(Refused, match="no approved declaration"):
        updates.trusted_root(world, "cam-1")
    assert world.keys.names() == []


def test_a_root_of_three_keys_and_two_signatures(client):
    root = Metadata.from_bytes(client.root)
    assert (len(root.signed.roles["root"].keyids), root.signed.roles["root"].threshold) == (3, 2)
    assert root.signed.consistent_snapshot
    keyids = [keyid for role in root.signed.roles.values() for keyid in role.keyids]
    assert len(keyids) == len(set(keyids)) == 6


@pytest.mark.parametrize("name", ["../../x.img", "a b.img", ".hidden", "x" * 129, ""])
def test_an_image_with_a_name_that_is_a_path_is_not_signed(world, maker, name):
    one = maker.release("1.0.0", publish=False)
    odd = replace(one, artifact=replace(one.artifact, filename=name))
    repository = publishing.ensure_repository(world, "cam-1")
    with pytest.raises(Refused, match="no plain file name"):
        publishing.draft_release(world, repository, odd)
