"""The flaw database: what is new, what is older, what was taken back; all of an intake or nothing."""

import sqlite3
from datetime import UTC, datetime

import pytest

from careful.kernel.errors import Unavailable
from careful.vulnerabilities.feeds import database
from careful.vulnerabilities.feeds.record import Affected, Record
from careful.vulnerabilities.feeds.rows import all_of
from careful.vulnerabilities.ranges import Range

AFFECTED = Affected("purl", "pypi/pillow", "pep440", ("9",), (Range("1", fixed="2"),), "a condition", "", "debian:12")


RELEASED = datetime(2026, 11, 2, tzinfo=UTC)


def record(day=1, **more):
    return Record(**({"id": "A", "modified": datetime(2026, 1, day, tzinfo=UTC), "affected": (AFFECTED,)} | more))


def put(home, one, digest="1"):
    with database.opened(home, write=True) as connection:
        return database.put(connection, "osv", one, digest)


def rows(home, *keys, kind="purl"):
    with database.opened(home) as connection:
        return all_of(connection, kind, keys or ["pypi/pillow"])


def test_what_is_stored_comes_back_whole(tmp_path):
    assert put(tmp_path, record(aliases=("CVE-1",), severity="high", summary="about"))
    (row,) = rows(tmp_path)
    assert (row.feed, row.flaw, row.aliases, row.severity, row.summary) == ("osv", "A", ("CVE-1",), "high", "about")
    assert row.affected == AFFECTED
    assert rows(tmp_path, "pypi/other") == []
    assert rows(tmp_path, kind="cpe") == []


def test_the_same_is_no_change_and_the_newer_replaces(tmp_path):
    assert put(tmp_path, record())
    assert not put(tmp_path, record())
    assert put(tmp_path, record(2, summary="newer"), "2")
    assert [row.summary for row in rows(tmp_path)] == ["newer"]


def test_the_older_changes_nothing(tmp_path):
    put(tmp_path, record(2, summary="newer"), "2")
    assert not put(tmp_path, record(1), "1")
    assert [row.summary for row in rows(tmp_path)] == ["newer"]


def test_what_was_taken_back_is_gone_and_an_old_copy_does_not_bring_it_back(tmp_path):
    put(tmp_path, record())
    assert put(tmp_path, record(3, withdrawn=True), "3")
    assert rows(tmp_path) == []
    assert not put(tmp_path, record(1))
    assert rows(tmp_path) == []
    assert put(tmp_path, record(4), "4")
    assert len(rows(tmp_path)) == 1


def test_a_record_that_was_never_here_and_is_taken_back_is_no_change(tmp_path):
    assert not put(tmp_path, record(withdrawn=True))


def whole(name="PyPI", covered="pypi", records=3, day=1):
    return database.Whole("purl", covered, name, records, datetime(2026, 1, day, tzinfo=UTC))


def test_a_record_covers_nothing_but_a_full_export_does(tmp_path):
    put(tmp_path, record(affected=(AFFECTED, Affected("cpe", "curl", "generic"))))
    with database.opened(tmp_path, write=True) as connection:
        assert database.coverage(connection) == frozenset()
        assert database.put_whole(connection, "osv", whole())
        assert not database.put_whole(connection, "osv", whole(day=2))
        assert database.coverage(connection) == {("purl", "pypi")}
        assert database.wholes(connection, "osv") == (whole(day=2),)
        assert database.wholes(connection, "nvd") == ()


def test_what_is_fetched_no_more_covers_no_longer(tmp_path):
    with database.opened(tmp_path, write=True) as connection:
        for one in (whole(), whole("npm", "npm")):
            database.put_whole(connection, "osv", one)
        database.keep_wholes(connection, "osv", ["PyPI", "npm"])
        assert database.generation(connection) == 0
        database.keep_wholes(connection, "osv", ["npm"])
        assert [one.name for one in database.wholes(connection, "osv")] == ["npm"]
        assert database.generation(connection) == 1


def test_a_file_of_an_earlier_form_is_let_go_and_matched_again(tmp_path):
    with sqlite3.connect(tmp_path / "feeds.sqlite") as old:
        old.executescript("CREATE TABLE flaw (feed TEXT, id TEXT); INSERT INTO flaw VALUES ('osv', 'CVE-1');")
    for _ in range(2):
        with database.opened(tmp_path) as connection:
            assert (database.count(connection, "osv"), database.generation(connection)) == (0, 1)


def test_a_row_comes_back_as_it_went_in(tmp_path):
    one = Affected(
        "cpe",
        "curl",
        "generic",
        versions=("8.0",),
        ranges=(Range("7", fixed="8"),),
        condition="words",
        cpe="cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*",
        source="cna",
        fine=(Range("9"),),
        closed=True,
        files=("lib/url.c",),
    )
    with database.opened(tmp_path, write=True) as connection:
        database.put(connection, "cve5", Record("CVE-1", affected=(one,)), "1")
        (row,) = all_of(connection, "cpe", ["curl"])
    assert row.affected == one


def test_an_intake_is_all_or_nothing(tmp_path):
    with pytest.raises(RuntimeError), database.opened(tmp_path, write=True) as connection:
        database.put(connection, "osv", record(), "1")
        database.moved(connection)
        raise RuntimeError
    assert rows(tmp_path) == []
    with database.opened(tmp_path) as connection:
        assert database.generation(connection) == 0


def test_the_catalogue_of_exploited_flaws_is_replaced_whole(tmp_path):
    with database.opened(tmp_path, write=True) as connection:
        assert database.catalogue_released(connection) is None
        assert database.put_exploited(connection, {"CVE-1": "", "CVE-2": ""}, RELEASED) == 2
        assert database.put_exploited(connection, {"CVE-2": "", "CVE-3": ""}, RELEASED) == 2
        assert database.exploited(connection) == {"CVE-2", "CVE-3"}
        assert database.catalogue_released(connection) == RELEASED


def test_a_catalogue_with_holes_unmarks_nothing(tmp_path):
    with database.opened(tmp_path, write=True) as connection:
        database.put_exploited(connection, {"CVE-1": "", "CVE-2": ""}, RELEASED)
        assert database.put_exploited(connection, {"CVE-2": "", "CVE-3": ""}, RELEASED, only_add=True) == 1
        assert database.exploited(connection) == {"CVE-1", "CVE-2", "CVE-3"}


def test_a_place_where_nothing_can_be_written(tmp_path):
    with pytest.raises(Unavailable, match="flaw database"), database.opened(tmp_path / "missing"):
        pass
