import os
import stat

import pytest

from careful_device import files
from careful_device.errors import AgentError


def test_a_file_is_replaced_whole_with_its_mode(tmp_path):
    path = tmp_path / "f"
    files.write(path, b"old" * 1000)
    files.write(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["f"]


def test_a_crash_while_writing_leaves_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "f"
    files.write(path, b"old")
    monkeypatch.setattr(os, "fsync", lambda _handle: (_ for _ in ()).throw(OSError("gone")))
    with pytest.raises(OSError, match="gone"):
        files.write(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    files.write(path, b"newer")
    assert path.read_bytes() == b"newer"


def test_it_does_not_write_through_a_link(tmp_path):
    (tmp_path / "target").write_bytes(b"x")
    (tmp_path / ".f.writing").symlink_to("target")
    with pytest.raises(OSError):  # noqa: PT011 (ELOOP, in the system's words)
        files.write(tmp_path / "f", b"evil")
    assert (tmp_path / "target").read_bytes() == b"x"


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"x" * (2 << 20)])
def test_what_is_no_object_reads_as_an_empty_one(tmp_path, content):
    if content is not None:
        (tmp_path / "f").write_bytes(content)
    assert files.read_json(tmp_path / "f") == {}


def test_json_there_and_back(tmp_path):
    files.write_json(tmp_path / "f", {"b": 1, "a": [2]})
    assert files.read_json(tmp_path / "f") == {"a": [2], "b": 1}
    files.remove(tmp_path / "f")
    files.remove(tmp_path / "f")
    assert files.read_json(tmp_path / "f") == {}


def test_a_folder_is_held_by_one_at_a_time(tmp_path):
    with files.held(tmp_path), pytest.raises(AgentError, match="already"), files.held(tmp_path):
        pass
    with files.held(tmp_path):
        pass
