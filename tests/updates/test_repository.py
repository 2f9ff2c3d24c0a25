from datetime import UTC, datetime, timedelta

import pytest
from tuf.api.metadata import Metadata, Snapshot, Targets, Timestamp

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


def test_what_is_next(repository, tmp_path):
    repository.write(Metadata(Targets(version=4)))
    assert files.next_targets(repository, NOW, {}, ()).signed.version == 5
    assert files.next_snapshot(repository, NOW, 4).signed.meta["targets.json"].version == 4
    first = files.next_timestamp(repository, NOW, 1)
    assert (first.signed.version, first.signed.snapshot_meta.version) == (1, 1)
    assert first.signed.expires - NOW < LIFE["timestamp"] + timedelta(seconds=1)
