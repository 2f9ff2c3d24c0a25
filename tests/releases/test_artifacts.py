"""Files by content: whole or not at all, within a size, found again."""

import hashlib
import os

import pytest

from careful.kernel.errors import Invalid, NotFound, TooLarge, Unavailable
from careful.releases import artifacts


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


def files(home):
    return sorted(path for path in home.rglob("*") if path.is_file())


def test_one_pass_takes_all_digests(home, tmp_path):
    content = os.urandom(3 << 20)
    source = tmp_path / "cam.img"
    source.write_bytes(content)
    kept = artifacts.keep_file(home, source, 1 << 30)
    assert kept.sha256 == hashlib.sha256(content).hexdigest()
    assert kept.sha1 == hashlib.sha1(content, usedforsecurity=False).hexdigest()
    assert kept.md5 == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert (kept.size, kept.filename) == (len(content), "cam.img")
    assert artifacts.place(home, kept.sha256).read_bytes() == content
    assert files(home) == [home / "artifacts" / "sha256" / kept.sha256[:2] / kept.sha256]


def test_the_same_bytes_are_kept_once(home, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"same")
        artifacts.keep_file(home, tmp_path / name, 100)
    assert artifacts.keep_bytes(home, b"same") == hashlib.sha256(b"same").hexdigest()
    assert len(files(home)) == 1


def test_what_is_too_large_leaves_nothing(home, tmp_path):
    (tmp_path / "big").write_bytes(b"x" * 101)
    with pytest.raises(TooLarge, match="100 bytes"):
        artifacts.keep_file(home, tmp_path / "big", 100)
    assert files(home) == []


def test_what_is_no_image(home, tmp_path):
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Invalid, match="empty"):
        artifacts.keep_file(home, tmp_path / "empty", 100)
    with pytest.raises(Invalid, match="no regular file"):
        artifacts.keep_file(home, tmp_path / "pipe", 100)
    for missing in (tmp_path / "none", tmp_path):
        with pytest.raises((NotFound, Invalid)):
            artifacts.keep_file(home, missing, 100)
    assert files(home) == []


def test_a_full_disk_changes_nothing_and_says_so(home, tmp_path, monkeypatch):
    (tmp_path / "image").write_bytes(b"x")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifacts.os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left on device"):
        artifacts.keep_file(home, tmp_path / "image", 100)
    assert files(home) == []


def test_drafts_of_a_crash_are_swept(home):
    drafts = home / "artifacts" / "drafts"
    drafts.mkdir(parents=True)
    (drafts / "old").write_bytes(b"half")
    (drafts / "new").write_bytes(b"half")
    os.utime(drafts / "old", (0, 0))
    artifacts.keep_bytes(home, b"x")
    assert not (drafts / "old").exists()
    assert (drafts / "new").exists()


def test_an_altered_file_is_noticed(home):
    digest = artifacts.keep_bytes(home, b"genuine")
    assert artifacts.intact(home, digest)
    artifacts.place(home, digest).write_bytes(b"altered")
    assert not artifacts.intact(home, digest)
    assert not artifacts.intact(home, "0" * 64)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_what_is_no_digest_names_no_file(home, digest):
    with pytest.raises(NotFound):
        artifacts.place(home, digest)
