"""Taking documents in: what one record costs the others, which is nothing, and tables that only add."""

from datetime import UTC, datetime

import pytest
from flaws_sample import kev, osv

from careful.vulnerabilities.feeds import database, taking
from careful.vulnerabilities.feeds.documents import Document
from careful.vulnerabilities.feeds.rows import all_of
from careful.vulnerabilities.feeds.taking import Intake, take_document

NOW = datetime(2026, 11, 3, tzinfo=UTC)
TABLE = """cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription
CVE-2024-1001,Acme,Gateway,"A flaw, of which much is said",2026-10-01,"words
over two lines"
"""


@pytest.fixture
def connection(tmp_path):
    with database.opened(tmp_path, write=True) as opened:
        yield opened


def take(connection, kind, raw, feed="osv"):
    found = Intake(feed)
    take_document(connection, found, kind, Document("a.json", b"", raw), NOW)
    return found


@pytest.mark.parametrize(
    ("more", "says"),
    [
        pytest.param({"id": "A" * 201}, "longer than 200", id="a long name"),
        pytest.param({"aliases": ["B" * 201]}, "longer than 200", id="a long name of another"),
        pytest.param({"aliases": [f"B-{number}" for number in range(101)]}, "more than 100", id="many names"),
        pytest.param({"id": "A\x1b[2J"}, "no plain text", id="a sign that a terminal obeys"),
        pytest.param({"aliases": ["CVE-2024-1\u202e"]}, "no plain text", id="a sign that turns the reading round"),
    ],
)
def test_names_have_a_length_and_are_plain(connection, more, says):
    found = take(connection, "osv", [osv("A") | more, osv("C")])
    assert (found.taken, found.refused_count, says in found.refused[0]) == (1, 1, True)


def test_words_are_cleared_of_what_a_terminal_obeys(connection):
    take(connection, "osv", osv("A", summary="an\x1b[2J evil\u202eword"))
    (row,) = all_of(connection, "purl", ["pypi/pillow"])
    assert row.summary == "an [2J evil word"


def test_a_record_over_which_a_reader_stumbles_does_not_cost_the_others(connection, monkeypatch):
    def stumble(raw):
        return {}[raw["id"]] if raw["id"] == "B" else known["osv"](raw)

    known = dict(taking.PARSERS)
    monkeypatch.setattr(taking, "PARSERS", known | {"osv": stumble})
    found = take(connection, "osv", [osv("A"), osv("B"), osv("C")])
    assert found.taken == 2
    assert found.refused == ["a.json#$[1]: our reader made a mistake (KeyError); please report it"]


def test_the_same_name_twice_in_a_list_is_the_newer_one(connection):
    older = osv("A", modified="2026-09-01T00:00:00Z", affected=[])
    take(connection, "osv", [osv("A", modified="2026-10-01T00:00:00Z"), older])
    assert len(all_of(connection, "purl", ["pypi/pillow"])) == 1


def test_a_table_of_exploited_flaws_only_adds(connection):
    """It states neither its length nor its date, so what it leaves out may have been cut off."""
    take(connection, "kev", kev("CVE-2023-4863") | {"dateReleased": "2026-09-01T00:00:00Z"}, "kev")
    found = take(connection, "kev", TABLE, "kev")
    assert database.exploited(connection) == {"CVE-2023-4863", "CVE-2024-1001"}
    assert (found.as_of, found.taken) == (datetime(2026, 10, 1, tzinfo=UTC), 1)
    assert (
        "older than 2026-10-01" in take(connection, "kev", TABLE.replace("2026-10-01", "2026-08-01"), "kev").refused[0]
    )


def test_records_of_nvd_as_its_mirrors_list_them(connection):
    cve = {"id": "CVE-2024-1", "lastModified": "2026-09-01T00:00:00.000", "vulnStatus": "Deferred"}
    found = take(connection, "nvd", {"feed_name": "CVE-2024", "cve_items": [cve, {"id": 7}]}, "nvd")
    assert (found.taken, found.refused) == (1, ["a.json#$.cve_items[1]: $.cve.id: expected the CVE's number"])
