"""The flaw database: what is new, what is older, what was taken back; all of an intake or nothing."""

from datetime import UTC, datetime

import pytest

from careful.kernel.errors import Unavailable
from careful.vulnerabilities.feeds import database
from careful.vulnerabilities.feeds.record import Affected, Record
from careful.vulnerabilities.ranges import Range

AFFECTED = Affected("purl", "pypi/pillow", "pep440", ("9",), (Range("1", fixed="2"),), "a condition", "", "debian:12")


def record(day=1, **more):
    return Record(**({"id": "A", "modified": datetime(2026, 1, day, tzinfo=UTC), "affected": (AFFECTED,)} | more))


def put(home, one, digest="1"):
    with database.opened(home, write=True) as connection:
        return database.put(connection, "osv", one, digest)


def rows(home, *keys, kind="purl"):
    with database.opened(home) as connection:
        return database.rows_for(connection, kind, keys or ["pypi/pillow"])


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


def test_coverage_says_what_any_feed_speaks_of(tmp_path):
    put(tmp_path, record(affected=(AFFECTED, Affected("cpe", "curl", "generic"))))
    with database.opened(tmp_path) as connection:
        assert database.coverage(connection) == {("purl", "pypi"), ("cpe", "")}


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
        assert database.put_exploited(connection, {"CVE-1": "", "CVE-2": ""}) == 2
        assert database.put_exploited(connection, {"CVE-2": "", "CVE-3": ""}) == 2
        assert database.exploited(connection) == {"CVE-2", "CVE-3"}


def test_a_place_where_nothing_can_be_written(tmp_path):
    with pytest.raises(Unavailable, match="flaw database"), database.opened(tmp_path / "missing"):
        pass
