"""Taking feeds in: files, folders, zips, lists; malformed parts named, nothing half done."""

import json
import os
import zipfile
from datetime import UTC, datetime

import pytest
from flaws_sample import kev, osv

from careful.kernel.errors import Invalid, TooLarge
from careful.vulnerabilities.feeds import database, intake

PAGE = {
    "format": "NVD_CVE",
    "timestamp": "2026-11-01T00:00:00.000",
    "vulnerabilities": [{"cve": {"id": "CVE-1", "configurations": []}}, {"cve": {"id": 7}}],
}


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def given(tmp_path):
    folder = tmp_path / "given"
    folder.mkdir()

    def write(name, content):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


def generation(home):
    with database.opened(home) as connection:
        return database.generation(connection)


def test_a_file_a_list_a_folder_and_a_zip(home, given):
    assert intake.take_in(home, given("one.json", osv("A"))).taken == 1
    assert intake.take_in(home, given("list.json", [osv("B"), osv("C")])).taken == 2
    folder = given("folder/deep/d.json", osv("D")).parents[1]
    assert intake.take_in(home, folder).taken == 1
    path = folder.parent / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("E.json", json.dumps(osv("E")))
        archive.writestr("README.md", "no feed")
    found = intake.take_in(home, path)
    assert (found.taken, found.refused) == (1, [])
    assert generation(home) == 4


def test_the_same_again_is_no_change(home, given):
    path = given("one.json", osv("A"))
    intake.take_in(home, path)
    again = intake.take_in(home, path)
    assert (again.taken, again.unchanged, generation(home)) == (0, 1, 1)


def test_malformed_records_are_named_and_the_rest_is_taken(home, given):
    found = intake.take_in(home, given("list.json", [osv("A"), {"id": "B", "affected": {}}, osv("C")]))
    assert (found.taken, found.refused_count) == (2, 1)
    assert found.refused == ["list.json#$[1]: $.affected: expected a list"]


def test_a_page_of_nvd(home, given):
    found = intake.take_in(home, given("page.json", PAGE))
    assert (found.feed, found.taken, found.as_of) == ("nvd", 1, datetime(2026, 11, 1, tzinfo=UTC))
    assert found.refused == ["page.json#$.vulnerabilities[1]: $.cve.id: expected the CVE's number"]


def test_a_catalogue_of_exploited_flaws(home, given):
    found = intake.take_in(home, given("kev.json", kev("CVE-2023-4863")))
    assert (found.feed, found.taken) == ("kev", 1)
    assert found.as_of == datetime(2026, 11, 2, tzinfo=UTC)


def test_one_intake_is_of_one_kind(home, given):
    given("mixed/a.json", osv("A"))
    found = intake.take_in(home, given("mixed/b.json", kev("CVE-2023-4863")).parent)
    assert (found.feed, found.taken, found.refused) == ("osv", 1, ["b.json: kev among osv"])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("a.json", b"{", "no readable JSON", id="cut off"),
        pytest.param("a.json", b"\xff\xfe", "no readable JSON", id="not text"),
        pytest.param("a.json", b"[" * 100_000, "no readable JSON", id="brackets without end"),
        pytest.param("a.json", {"hello": "world"}, "neither OSV, NVD 2.0 nor KEV", id="something else"),
        pytest.param("a.json", {"id": 1, "modified": ""}, r"\$\.id", id="no record is good"),
        pytest.param("a.zip", b"PK no zip", "no readable zip", id="no zip"),
        pytest.param("folder/readme.txt", b"", "no JSON file", id="a folder without JSON"),
    ],
)
def test_what_cannot_be_read_at_all_changes_nothing(home, given, name, content, says):
    path = given(name, content)
    with pytest.raises(Invalid, match=says):
        intake.take_in(home, path.parent if name.startswith("folder") else path)
    assert generation(home) == 0


def test_what_is_not_there(home, tmp_path):
    with pytest.raises(Invalid, match="not there"):
        intake.take_in(home, tmp_path / "none")


def test_limits(home, given, monkeypatch):
    path = given("one.json", osv("A"))
    monkeypatch.setattr(intake, "FILE_BYTES", 10)
    with pytest.raises(TooLarge, match="Split it"):
        intake.take_in(home, path)
    monkeypatch.undo()
    monkeypatch.setattr(intake, "TOTAL_BYTES", 10)
    zipped = path.with_suffix(".zip")
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(path, "one.json")
    with pytest.raises(TooLarge, match="in all"):
        intake.take_in(home, zipped)


def test_a_feed_without_a_date_is_no_younger_than_its_youngest_file(home, given):
    for name, at in (("a.json", 1_000_000), ("b.json", 2_000_000)):
        os.utime(given(f"old/{name}", osv(name)), (at, at))
    found = intake.take_in(home, given("old/a.json", osv("a.json")).parent)
    assert found.as_of is not None
    os.utime(given("old/a.json", osv("a.json")), (1_000_000, 1_000_000))
    assert intake.take_in(home, given("old/b.json", osv("b.json")).parent).as_of > datetime(2026, 1, 1, tzinfo=UTC)
    os.utime(given("old/b.json", osv("b.json")), (2_000_000, 2_000_000))
    os.utime(given("old/a.json", osv("a.json")), (1_000_000, 1_000_000))
    folder = given("old/a.json", osv("a.json")).parent
    os.utime(folder / "a.json", (1_000_000, 1_000_000))
    assert intake.take_in(home, folder).as_of == datetime.fromtimestamp(2_000_000, UTC)


def test_a_feed_can_have_a_name_of_its_own(home, given):
    assert intake.take_in(home, given("one.json", osv("A")), feed="osv-pypi").feed == "osv-pypi"


def test_progress_is_told(home, given):
    told = []
    intake.take_in(home, given("list.json", [osv("A"), osv("B")]), progress=told.append)
    assert told == [2]
