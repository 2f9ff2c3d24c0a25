from datetime import UTC, datetime, timedelta

import pytest
from tuf.api.metadata import Metadata, MetaFile, Snapshot, Targets, Timestamp

from careful.kernel.errors import NotFound, Refused
from careful.updates import repository as files
from careful.updates.repository import LIFE, Repository

NOW = datetime(2026, 11, 2, 9, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "cam-1", "cam-1")
    with made.locked():
        pass
    return made


def test_an_empty_repository_says_so(repository):
    assert not repository.exists()
    assert repository.numbers("targets") == []
    with pytest.raises(NotFound, match="no update repository yet"):
        repository.root_bytes()


def test_what_has_a_number_is_written_once(repository):
    repository.write(Metadata(Targets(version=1)))
    with pytest.raises(Refused, match="never changes"):
        repository.write(Metadata(Targets(version=1)))
    repository.write(Metadata(Timestamp(version=1)))
    repository.write(Metadata(Timestamp(version=2)))
    assert repository.timestamp().signed.version == 2
    assert sorted(path.name for path in repository.metadata.iterdir()) == ["1.targets.json", "timestamp.json"]


def test_numbers_are_in_order_and_of_their_role(repository):
    for number in (1, 9, 10):
        repository.write(Metadata(Snapshot(version=number)))
    (repository.metadata / "x.snapshot.json").touch()
    (repository.metadata / "1.a.snapshot.json").touch()
    assert repository.numbers("snapshot") == [1, 9, 10]


def test_a_file_that_is_not_what_its_name_says(repository):
    repository.write(Metadata(Targets(version=1)))
    (repository.metadata / "1.targets.json").rename(repository.metadata / "timestamp.json")
    with pytest.raises(Refused, match="not what its name says"):
        repository.timestamp()


def test_an_artifact_is_linked_once(repository, tmp_path):
    artifact = tmp_path / "artifact"
    artifact.write_bytes(b"x")
    for _ in range(2):
        repository.link(artifact, "1.0.0/a.img", "ab")
    linked = repository.targets / "1.0.0" / "ab.a.img"
    assert linked.samefile(artifact)
    assert list(linked.parent.iterdir()) == [linked]


def test_without_hard_links_it_is_copied(repository, tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError("cross-device link")

    monkeypatch.setattr(files.os, "link", no_links)
    artifact = tmp_path / "artifact"
    artifact.write_bytes(b"x")
    repository.link(artifact, "1.0.0/a.img", "ab")
    assert (repository.targets / "1.0.0" / "ab.a.img").read_bytes() == b"x"


@pytest.mark.parametrize(
    ("made", "gone", "due"),
    [
        pytest.param(Timestamp(), 0.4, False, id="timestamp, young"),
        pytest.param(Timestamp(), 0.6, True, id="timestamp, past its half"),
        pytest.param(Targets(), 0.7, False, id="targets, in their third quarter"),
        pytest.param(Targets(), 0.8, True, id="targets, in their last quarter"),
        pytest.param(Targets(), 1.5, True, id="targets, expired"),
    ],
)
def test_when_it_is_time_to_sign_again(made, gone, due):
    made.expires = files.expiry(made.type, NOW)
    assert made.expires == NOW.replace(microsecond=0) + LIFE[made.type]
    assert files.is_due(Metadata(made), NOW + LIFE[made.type] * gone) is due


def test_what_is_next(repository):
    repository.write(Metadata(Targets(version=4)))
    snapshot = files.next_snapshot(repository, NOW, {"targets": 4, "releases": 7})
    assert {name: one.version for name, one in snapshot.signed.meta.items()} == {"targets.json": 4, "releases.json": 7}
    first = files.next_timestamp(repository, NOW, 1)
    assert (first.signed.version, first.signed.snapshot_meta.version) == (1, 1)
    assert first.signed.expires - NOW < LIFE["timestamp"] + timedelta(seconds=1)


def test_sets_are_what_was_signed_together(repository):
    assert repository.newest() == {}
    repository.write(Metadata(Targets(version=1)))
    repository.write(Metadata(Targets(version=2)))
    assert repository.signed_sets() == [{"targets": 1}, {"targets": 2}]  # made before there were sets
    for number in (1, 2, 10):
        repository.add_set({"targets": 2, "releases": number})
    assert repository.newest() == {"targets": 2, "releases": 10}
    repository.write(Metadata(Snapshot(version=1, meta={"targets.json": MetaFile(2), "releases.json": MetaFile(2)})))
    repository.write(Metadata(Timestamp(version=1, snapshot_meta=MetaFile(1))))
    assert repository.in_force() == {"targets": 2, "releases": 2}
    assert [one["releases"] for one in repository.signed_sets()] == [2, 10]


def test_what_is_pending_is_kept_and_forgotten(repository):
    repository.keep_pending(b"{}")
    assert repository.pending.read_bytes() == b"{}"
    repository.keep_pending(None)
    repository.keep_pending(None)
    assert not repository.pending.exists()
