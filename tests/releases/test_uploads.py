"""Uploads that go on where they broke off, on a disk that may be full."""

import errno
import hashlib
import os
import time
from collections import namedtuple

import pytest

from careful import releases
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused, TooLarge, TooMany, Unavailable
from careful.releases import uploads

CONTENT = b"an image" * 100
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER = Actor("token", "other")


@pytest.fixture
def begun(world, staff):
    return uploads.begin(world, staff, len(CONTENT), "cam.img", SHA256)


def send(world, staff, begun, part, offset=None):
    at = uploads.find(world, staff, begun.id).offset if offset is None else offset
    with uploads.appending(world, staff, begun.id, at) as growing:
        growing.add(part)


def test_in_parts_and_then_a_file(world, staff, begun):
    send(world, staff, begun, CONTENT[:300])
    assert uploads.find(world, staff, begun.id).offset == 300
    assert not uploads.find(world, staff, begun.id).whole
    with pytest.raises(Refused, match="300 of 800"), uploads.finished(world, staff, begun.id):
        pass
    send(world, staff, begun, CONTENT[300:])
    with uploads.finished(world, staff, begun.id) as path:
        assert path.name == "cam.img"
        assert path.read_bytes() == CONTENT
    with pytest.raises(NotFound):
        uploads.find(world, staff, begun.id)
    assert list((world.home / "uploads").iterdir()) == []


def test_whoever_begins_again_goes_on(world, staff, begun):
    send(world, staff, begun, CONTENT[:300])
    again = uploads.begin(world, staff, len(CONTENT), "cam.img", SHA256)
    assert (again.id, again.offset) == (begun.id, 300)
    assert uploads.begin(world, OTHER, len(CONTENT), "cam.img", SHA256).id != begun.id
    assert uploads.begin(world, staff, len(CONTENT), "cam.img").id != begun.id


def test_a_release_that_is_refused_keeps_its_upload(world, staff, begun):
    send(world, staff, begun, CONTENT)
    with pytest.raises(ZeroDivisionError), uploads.finished(world, staff, begun.id):
        1 / 0  # noqa: B018 (whatever goes wrong)
    assert uploads.find(world, staff, begun.id).whole


def test_at_the_wrong_place(world, staff, begun):
    send(world, staff, begun, CONTENT[:300])
    with pytest.raises(Refused, match="stands at 300, not at 200"):
        send(world, staff, begun, b"x", offset=200)


def test_more_than_was_announced(world, staff, begun):
    with pytest.raises(TooLarge):
        send(world, staff, begun, CONTENT + b"x")


def test_other_bytes_than_were_announced(world, staff, begun):
    with pytest.raises(Refused, match="SHA-256 differs"):
        send(world, staff, begun, b"!" * len(CONTENT))
    with pytest.raises(NotFound):
        uploads.find(world, staff, begun.id)


def test_two_at_once(world, staff, begun):
    with uploads.appending(world, staff, begun.id, 0), pytest.raises(Refused, match="Somebody else"):
        send(world, staff, begun, b"x", offset=0)


@pytest.mark.parametrize("upload", ["..", "../careful.sqlite", "a/b", "", "nothing12", "x" * 99])
def test_what_is_no_upload(world, staff, upload):
    with pytest.raises(NotFound):
        uploads.find(world, staff, upload)


def test_nobody_sees_anothers(world, staff, begun):
    with pytest.raises(NotFound):
        uploads.find(world, OTHER, begun.id)


def test_what_is_refused_at_once(world, staff, monkeypatch):
    with pytest.raises(TooLarge):
        uploads.begin(world, staff, world.settings.artifact_bytes + 1, "a")
    with pytest.raises(Invalid):
        uploads.begin(world, staff, 0, "a")
    with pytest.raises(Invalid):
        uploads.begin(world, staff, 5, "a", "x")
    for number in range(32):
        uploads.begin(world, staff, 5, f"a{number}")
    with pytest.raises(TooMany):
        uploads.begin(world, staff, 5, "b")
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 (as shutil's own)
    monkeypatch.setattr(uploads, "_MOST", 99)
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda _: usage(1, 1, 1))
    with pytest.raises(Unavailable, match="no room"):
        uploads.begin(world, staff, 5, "b")


def test_a_disk_that_fills_up_keeps_what_arrived(world, staff, begun):
    with uploads.appending(world, staff, begun.id, 0) as growing:
        growing.add(CONTENT[:300])
        full = Full(growing.stream)
        growing.stream = full
        with pytest.raises(Unavailable, match="what arrived before is kept"):
            growing.add(CONTENT[300:])
        growing.stream = full.stream
    assert uploads.find(world, staff, begun.id).offset == 300
    send(world, staff, begun, CONTENT[300:])
    assert uploads.find(world, staff, begun.id).whole


class Full:
    """A file on a full disk."""

    def __init__(self, stream):
        self.stream = stream

    def write(self, _block):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def flush(self):
        pass


def test_a_really_full_disk(world, staff):
    """/dev/full says what a full disk says: the store refuses, and leaves nothing."""
    if not os.path.exists("/dev/full"):  # noqa: PTH110 (a device, no file)
        pytest.skip("this system has no /dev/full")
    folder = world.home / "artifacts" / "drafts"
    folder.mkdir(parents=True)
    with pytest.raises(Unavailable, match="cannot be written"):
        from careful.releases import artifacts  # noqa: PLC0415 (only here)

        with artifacts._draft(world.home) as (_path, _draft), open("/dev/full", "wb", buffering=0) as full:  # noqa: PTH123 (a device)
            full.write(b"x")
    assert list(folder.iterdir()) == []


def test_what_nobody_finished_goes(world, staff, begun):
    old = time.time() - 25 * 3600
    for path in (world.home / "uploads").iterdir():
        os.utime(path, (old, old))
    uploads.begin(world, staff, 5, "other")
    with pytest.raises(NotFound):
        releases.find_upload(world, staff, begun.id)


def test_one_that_could_not_be_described_is_begun_anew(world, staff, monkeypatch):
    def full(_path, _said):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.write_text", full)
        with pytest.raises(Unavailable, match="cannot be stored"):
            uploads.begin(world, staff, len(CONTENT), "cam.img", SHA256)
    assert list((world.home / "uploads").iterdir()) == []
    assert uploads.begin(world, staff, len(CONTENT), "cam.img", SHA256).offset == 0
