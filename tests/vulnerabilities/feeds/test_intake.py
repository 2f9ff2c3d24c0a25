"""Taking feeds in: files, folders, zips, lists; malformed parts named, nothing half done."""

import json
import sqlite3
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from flaws_sample import kev, osv

from careful.kernel.errors import Invalid
from careful.vulnerabilities.feeds import database, intake
from careful.vulnerabilities.feeds.kinds import kind_of
from careful.vulnerabilities.feeds.proof import UNDATED
from careful.vulnerabilities.feeds.rows import all_of

NOW = datetime(2026, 11, 3, tzinfo=UTC)
PAGE = {
    "format": "NVD_CVE",
    "totalResults": 2,
    "timestamp": "2026-11-01T00:00:00.000",
    "vulnerabilities": [{"cve": {"id": "CVE-1", "lastModified": "2026-09-01T00:00:00.000"}}, {"cve": {"id": 7}}],
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


def take_in(home, path, **more):
    return intake.take_in(home, path, NOW, **more)


def generation(home):
    with database.opened(home) as connection:
        return database.generation(connection)


def test_a_file_a_list_a_folder_and_a_zip(home, given):
    assert take_in(home, given("one.json", osv("A"))).taken == 1
    assert take_in(home, given("list.json", [osv("B"), osv("C")])).taken == 2
    folder = given("folder/deep/d.json", osv("D")).parents[1]
    assert take_in(home, folder).taken == 1
    path = folder.parent / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("E.json", json.dumps(osv("E")))
        archive.writestr("README.md", "no feed")
    found = take_in(home, path)
    assert (found.taken, found.refused) == (1, [])
    assert generation(home) == 4


def test_the_same_again_is_no_change(home, given):
    path = given("one.json", osv("A"))
    take_in(home, path)
    again = take_in(home, path)
    assert (again.taken, again.unchanged, generation(home)) == (0, 1, 1)


def test_malformed_records_are_named_and_the_rest_is_taken(home, given):
    found = take_in(home, given("list.json", [osv("A"), {"id": "B", "affected": {}}, osv("C")]))
    assert (found.taken, found.refused_count) == (2, 1)
    assert found.refused == ["list.json#$[1]: $.affected: expected a list"]


@pytest.mark.parametrize(
    ("record", "says"),
    [
        pytest.param(osv("B", modified="2036-01-01T00:00:00Z"), "$.modified: 2036-01-01T00:00:00Z lies", id="OSV"),
        pytest.param(
            {"cve": {"id": "CVE-1", "lastModified": "2036-01-01T00:00:00.000"}},
            "$.cve.lastModified: 2036-01-01T00:00:00Z lies",
            id="NVD",
        ),
    ],
)
def test_a_record_of_the_future_is_refused_as_no_later_one_could_replace_it(home, given, record, says):
    with pytest.raises(Invalid) as refusal:
        take_in(home, given("one.json", record))
    assert f"one.json: {says} in the future." in str(refusal.value)
    soon = take_in(home, given("soon.json", osv("B", modified="2026-11-03T00:10:00Z")))
    assert (soon.taken, soon.as_of) == (1, NOW)


def test_a_byte_order_mark_is_passed_over(home, given):
    """RFC 8259 section 8.1: a reader may."""
    assert take_in(home, given("one.json", b"\xef\xbb\xbf" + json.dumps(osv("A")).encode())).taken == 1


def test_a_page_of_nvd(home, given):
    found = take_in(home, given("page.json", PAGE))
    assert (found.feed, found.taken, found.as_of) == ("nvd", 1, datetime(2026, 9, 1, tzinfo=UTC))
    assert found.refused == ["page.json#$.vulnerabilities[1]: $.cve.id: expected the CVE's number"]


def test_a_catalogue_of_exploited_flaws(home, given):
    found = take_in(home, given("kev.json", kev("CVE-2023-4863")))
    assert (found.feed, found.taken) == ("kev", 1)
    assert found.as_of == datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("altered", "says"),
    [
        pytest.param({"count": 7}, r"\$\.count", id="cut short"),
        pytest.param({"count": 0, "vulnerabilities": []}, r"\$\.vulnerabilities", id="empty"),
        pytest.param(
            {"dateReleased": "2026-11-01T23:00:00Z"}, "older than 2026-11-02 00:00Z, taken before", id="older"
        ),
        pytest.param({"dateReleased": "2036-01-01T00:00:00Z"}, "lies in the future", id="of the future"),
    ],
)
def test_a_catalogue_that_cannot_be_believed_unmarks_nothing(home, given, altered, says):
    take_in(home, given("kev.json", kev("CVE-2023-4863", "CVE-2023-4864")))
    with pytest.raises(Invalid, match=f"taken in as a feed: kev.json: .*{says}"):
        take_in(home, given("kev.json", kev("CVE-2023-4863") | altered))
    with database.opened(home) as connection:
        assert database.exploited(connection) == {"CVE-2023-4863", "CVE-2023-4864"}
    assert take_in(home, given("kev.json", kev("CVE-2023-4863"))).taken == 1


def test_an_entry_that_cannot_be_read_unmarks_nothing(home, given):
    take_in(home, given("kev.json", kev("CVE-2023-4863", "CVE-2023-4864")))
    found = take_in(home, given("kev.json", kev("CVE-2023-4863", "CVE-2023-486A")))
    assert found.refused == ["kev.json: $.vulnerabilities[1].cveID: expected a CVE number"]
    with database.opened(home) as connection:
        assert database.exploited(connection) == {"CVE-2023-4863", "CVE-2023-4864"}


def test_one_intake_is_of_one_kind(home, given):
    given("mixed/a.json", osv("A"))
    found = take_in(home, given("mixed/b.json", kev("CVE-2023-4863")).parent)
    assert (found.feed, found.taken, found.refused) == ("osv", 1, ["b.json: kev among osv"])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("a.json", b"{", "no readable JSON", id="cut off"),
        pytest.param("a.json", b"\xff\xfe", "no readable JSON", id="not text"),
        pytest.param("a.json", b"[" * 100_000, "no readable JSON", id="brackets without end"),
        pytest.param("a.json", {"hello": "world"}, "none of OSV, NVD 2.0", id="something else"),
        pytest.param("a.json", {"id": 1, "modified": ""}, r"\$\.id", id="no record is good"),
        pytest.param("a.zip", b"PK no zip", "no readable zip", id="no zip"),
        pytest.param("folder/readme.txt", b"", "no JSON file", id="a folder without JSON"),
    ],
)
def test_what_cannot_be_read_at_all_changes_nothing(home, given, name, content, says):
    path = given(name, content)
    with pytest.raises(Invalid, match=says):
        take_in(home, path.parent if name.startswith("folder") else path)
    assert generation(home) == 0


def test_what_is_not_there(home, tmp_path):
    with pytest.raises(Invalid, match="not there"):
        take_in(home, tmp_path / "none")


def test_a_feed_is_as_young_as_its_youngest_record_and_never_as_its_file(home, given):
    path = given("list.json", [osv("A", modified="2026-09-01T00:00:00Z"), osv("B", modified="2026-10-05T12:00:00Z")])
    assert take_in(home, path).as_of == datetime(2026, 10, 5, 12, tzinfo=UTC)
    assert take_in(home, given("nvd.json", [{"cve": {"id": "CVE-1", "configurations": []}}])).as_of == UNDATED


def test_what_is_known_of_its_age_counts_more_but_never_the_future(home, given):
    path = given("one.json", osv("A"))
    assert take_in(home, path, as_of=NOW - timedelta(hours=1)).as_of == NOW - timedelta(hours=1)
    assert take_in(home, path, as_of=NOW + timedelta(hours=1)).as_of == NOW


def test_a_full_export_covers_its_ecosystem_and_single_records_neither_renew_nor_age_it(home, given):
    found = take_in(home, given("all.json", [osv("A"), osv("B")]), whole=["PyPI"])
    assert (found.covers, found.remarks, generation(home)) == (("PyPI",), [], 1)
    for modified in ("2026-11-02T00:00:00Z", "2026-01-01T00:00:00Z"):
        one = take_in(home, given("one.json", osv(modified, modified=modified)))
        assert (one.covers, one.as_of) == (("PyPI",), datetime(2026, 10, 1, tzinfo=UTC))
    again = take_in(home, given("all.json", [osv("A"), osv("B", modified="2026-11-02T00:00:00Z")]), whole=["pypi"])
    assert again.as_of == datetime(2026, 11, 2, tzinfo=UTC)


def test_a_feed_is_as_old_as_its_oldest_full_export(home, given):
    take_in(home, given("a.json", osv("A")), whole=["PyPI"])
    npm = osv("B", affected=[{"package": {"ecosystem": "npm", "name": "x"}}], modified="2026-11-02T00:00:00Z")
    found = take_in(home, given("b.json", npm), whole=["npm"])
    assert (found.covers, found.as_of) == (("PyPI", "npm"), datetime(2026, 10, 1, tzinfo=UTC))


def test_declaring_it_whole_is_news_for_the_releases_even_without_a_new_record(home, given):
    path = given("all.json", [osv("A")])
    take_in(home, path)
    take_in(home, path, whole=["PyPI"])
    assert generation(home) == 2


@pytest.mark.parametrize(
    ("records", "name", "says"),
    [
        pytest.param([osv("A"), {"id": "B", "affected": {}}], "PyPI", "1 of its records could not be read", id="holes"),
        pytest.param([osv("A")], "npm", "no record in it is of that", id="of something else"),
        pytest.param([osv("A")], "PyPy", "no full export of that is known", id="no such ecosystem"),
        pytest.param([osv("A")], "OSS-Fuzz", "no full export of that is known", id="covers what it tests, no more"),
        pytest.param([osv("A")], "NVD", "no full export of that is known", id="another feed"),
    ],
)
def test_what_is_declared_whole_and_is_not(home, given, records, name, says):
    found = take_in(home, given("list.json", records), whole=[name])
    assert (found.taken, found.covers) == (1, ())
    assert found.remarks == [f"not taken as all of {name}: {says}"]


def test_an_export_that_lost_a_tenth_is_a_part_of_it(home, given):
    take_in(home, given("all.json", [osv(str(number)) for number in range(20)]), whole=["PyPI"])
    found = take_in(home, given("few.json", [osv("0"), osv("21", modified="2026-11-02T00:00:00Z")]), whole=["PyPI"])
    assert found.remarks == ["not taken as all of PyPI: it holds 2 records, the last full export held 20"]
    assert found.as_of == datetime(2026, 10, 1, tzinfo=UTC)


def test_the_whole_of_nvd_is_every_page(home, given):
    criteria = "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*"
    node = {"nodes": [{"cpeMatch": [{"vulnerable": True, "criteria": criteria}]}]}
    listed = [{"cve": {"id": f"CVE-{at}", "configurations": [node]}} for at in range(3)]
    head = {"format": "NVD_CVE", "totalResults": 3, "timestamp": "2026-11-02T00:00:00.000"}
    first = given("pages/1.json", head | {"startIndex": 0, "vulnerabilities": listed[:2]})
    cut = take_in(home, first.parent, whole=["NVD"])
    assert cut.remarks == ["not taken as all of NVD: it holds 2 of the 3 records that it announces"]
    assert (cut.covers, cut.as_of) == ((), UNDATED)
    given("pages/2.json", head | {"startIndex": 2, "vulnerabilities": listed[2:]})
    found = take_in(home, first.parent, whole=["NVD"])
    assert (found.covers, found.remarks, found.as_of) == (("NVD",), [], datetime(2026, 11, 2, tzinfo=UTC))


def test_a_feed_can_have_a_name_of_its_own(home, given):
    assert take_in(home, given("one.json", osv("A")), feed="osv-pypi").feed == "osv-pypi"


def test_progress_is_told(home, given):
    told = []
    take_in(home, given("list.json", [osv("A"), osv("B")]), progress=told.append)
    assert told == [2]


def test_a_folder_of_every_kind(home, given):
    given("all/deep/osv.json", osv("A"))
    given("all/kev.json", kev("CVE-2023-4863"))
    given("all/readme.json", {"hello": "world"})
    (home.parent / "all").exists()
    folder = given("all/epss.csv", "").parent
    (folder / "epss.csv").write_text(
        "#model_version:v2025.03.14,score_date:2026-11-01T00:00:00+0000\ncve,epss,percentile\nCVE-2023-4863,0.9,0.99\n"
    )
    with database.opened(home, write=True) as connection:
        found = intake.take_all(connection, folder, NOW)
        assert database.scores(connection, ["CVE-2023-4863", "CVE-1"]) == {"CVE-2023-4863": (0.9, 0.99)}
        assert set(database.taken(connection)) == {"osv", "kev", "epss"}
    assert {one.feed: (one.taken, one.refused_count) for one in found} == {
        "osv": (1, 0),
        "kev": (1, 0),
        "epss": (1, 0),
        "": (0, 1),
    }


def test_a_feed_file_is_there_whole_or_as_it_was(home, given):
    file = home / "feed.sqlite"
    for _ in range(2):
        with database.built(file) as connection:
            intake.take_all(connection, given("all/osv.json", osv("A")).parent, NOW)
    before = file.read_bytes()
    with pytest.raises(Invalid, match="could be read as a feed"), database.built(file) as connection:
        intake.take_all(connection, given("none/a.json", {"hello": "world"}).parent, NOW)
    assert file.read_bytes() == before
    assert [one.name for one in home.glob("*draft*")] == []
    with database.consulted(file) as connection:
        assert database.count(connection, "osv") == 1
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("DELETE FROM flaw")


def test_what_was_read_before_is_not_read_again(home, given, monkeypatch):
    folder = given("all/a.json", osv("A")).parent
    given("all/b.json", osv("B", modified="2026-10-02T00:00:00Z"))
    given("all/broken.json", osv("C", modified=""))
    kinds = []
    monkeypatch.setattr(intake, "kind_of", lambda raw: kinds.append(raw) or kind_of(raw))

    def again():
        kinds.clear()
        with database.opened(home, write=True) as connection:
            (found,) = intake.take_all(connection, folder, NOW)
        return found.taken, found.unchanged, found.refused_count, len(kinds), found.as_of.isoformat()[:10]

    assert again() == (2, 0, 1, 3, "2026-10-02")
    assert again() == (0, 2, 1, 1, "2026-10-02")
    given("all/a.json", osv("A", summary="more", modified="2026-10-03T00:00:00Z"))
    assert again() == (1, 1, 1, 2, "2026-10-03")


def test_one_damaged_archive_does_not_cost_the_rest(tmp_path, given):
    folder = given("a.json", osv("A")).parent
    given("b.zip", b"PK no zip")
    given("c.json", osv("C"))
    with database.built(tmp_path / "feeds.sqlite") as connection:
        taken, unread = intake.take_all(connection, folder, NOW)
    assert (taken.taken, unread.refused_count) == (2, 1)
    assert "b.zip: no readable zip" in unread.refused[0]


def test_lists_are_not_read_twice(tmp_path, given, monkeypatch):
    folder = given("list.json", [osv("A"), osv("B")]).parent
    given("page.json", PAGE | {"vulnerabilities": PAGE["vulnerabilities"][:1]})
    for _ in range(2):
        with database.built(tmp_path / "feeds.sqlite") as connection:
            found = {one.feed: one for one in intake.take_all(connection, folder, NOW)}
        monkeypatch.setattr(intake, "decoded", None)  # who reads again, fails
    assert [(one.taken, one.unchanged) for one in (found["osv"], found["nvd"])] == [(0, 2), (0, 1)]
    assert found["nvd"].as_of == datetime(2026, 9, 1, tzinfo=UTC)


def test_a_record_of_an_ecosystem_that_is_not_known_is_counted(home, given):
    package = {"ecosystem": "Android", "name": "platform/frameworks/base"}
    found = take_in(home, given("one.json", osv("ASB-A-1", affected=[{"package": package}])))
    assert (found.taken, found.remarks[0][:36]) == (1, "1 products or records have no name t")


def test_products_without_a_name_to_look_up_are_said(home, given):
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://acme.example/vex/1",
        "timestamp": "2026-10-01T00:00:00Z",
        "statements": [{"vulnerability": {"name": "CVE-2026-1"}, "products": ["a", "pkg:npm/b"], "status": "affected"}],
    }
    found = intake.take_in(home, given("vex.json", document), NOW)
    assert (found.taken, found.remarks[0][:22]) == (1, "1 products or records ")


def test_a_newer_document_replaces_all_of_an_older_one(home, given):
    def vex(day, *flaws):
        return {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": "https://acme.example/vex/1",
            "timestamp": f"2026-10-{day:02}T00:00:00Z",
            "statements": [
                {"vulnerability": {"name": flaw}, "products": ["pkg:npm/b"], "status": "affected"} for flaw in flaws
            ],
        }

    def take(document):
        found = intake.take_in(home, given("vex.json", document), NOW)
        with database.opened(home) as connection:
            rows = all_of(connection, "purl", ["npm/b"])
        return [row.aliases[0] for row in rows], (found.taken, found.unchanged, found.withdrawn)

    assert take(vex(1, "CVE-2026-1", "CVE-2026-2")) == (["CVE-2026-1", "CVE-2026-2"], (2, 0, 0))
    assert take(vex(2, "CVE-2026-2")) == (["CVE-2026-2"], (1, 0, 1))
    assert take(vex(1, "CVE-2026-1", "CVE-2026-2")) == (["CVE-2026-2"], (0, 2, 0))
    assert take(vex(3, "CVE-2026-2", "CVE-2026-3")) == (["CVE-2026-2", "CVE-2026-3"], (2, 0, 0))


def test_documents_without_a_name_replace_none(home, given):
    for flaw in ("CVE-2026-1", "CVE-2026-2"):
        document = {
            "document": {"csaf_version": "2.0", "tracking": {"current_release_date": "2026-10-01T00:00:00Z"}},
            "product_tree": {
                "full_product_names": [{"product_id": "1", "product_identification_helper": {"purl": "pkg:npm/b"}}]
            },
            "vulnerabilities": [{"cve": flaw, "product_status": {"known_affected": ["1"]}}],
        }
        assert intake.take_in(home, given("csaf.json", document), NOW).withdrawn == 0
    with database.opened(home) as connection:
        assert len(all_of(connection, "purl", ["npm/b"])) == 2
