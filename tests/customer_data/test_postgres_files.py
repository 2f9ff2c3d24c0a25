"""PostgreSQL's own files: which can be searched, and why others cannot."""

import pytest

from careful.customer_data import postgres_files
from careful.kernel.errors import Invalid
from careful.kernel.keys import Keys
from careful.kernel.settings import Settings
from careful.kernel.work import World


@pytest.fixture
def here(postgres_database, clock, tmp_path):
    return World(postgres_database, clock, Settings(data=tmp_path), Keys(tmp_path / "keys"), tmp_path)


def test_where_the_server_says_that_they_are(here):
    folder, why = postgres_files.folder_of(here, None)
    assert (why, (folder / "pg_wal").is_dir()) == ("", True)
    assert postgres_files.folder_of(here, folder) == (folder, "")
    found = postgres_files.search(here, folder, {"nothing": b"nowhere-7f31c9"})
    assert any(name.startswith("pg_wal/") for name in found)
    assert not any(found.values())


def test_a_folder_of_another_server_is_refused(here, tmp_path):
    for content in (bytes(8192), b"few"):
        (tmp_path / "global").mkdir(exist_ok=True)
        (tmp_path / "global" / "pg_control").write_bytes(content)
        with pytest.raises(Invalid, match="does not hold the files of this database"):
            postgres_files.folder_of(here, tmp_path)


CASES = {
    "not said": ("data_folder", lambda *_: None, "does not say where"),
    "may not be asked": ("identifier", lambda *_: None, "another server's"),
}


@pytest.mark.parametrize(("name", "answer", "words"), CASES.values(), ids=CASES)
def test_why_they_are_not_searched(here, monkeypatch, name, answer, words):
    monkeypatch.setattr(postgres_files.postgres_store, name, answer)
    folder, why = postgres_files.folder_of(here, None)
    assert (folder, words in why) == (None, True)


def test_elsewhere_or_too_large(here, monkeypatch, tmp_path):
    monkeypatch.setattr(postgres_files, "MOST_BYTES", 10)
    assert "--postgres-data" in postgres_files.folder_of(here, None)[1]
    monkeypatch.setattr(postgres_files.postgres_store, "data_folder", lambda _: tmp_path / "else")
    assert "cannot be read from here" in postgres_files.folder_of(here, None)[1]
