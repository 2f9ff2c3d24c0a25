"""OSV records: packages, ranges in any order, distributions, and places named when malformed."""

import contextlib
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from flaws_sample import osv
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.deciding import in_range
from careful.vulnerabilities.feeds.osv import parse
from careful.vulnerabilities.feeds.record import Malformed
from careful.vulnerabilities.ranges import Range

DATA = Path(os.environ.get("CAREFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
EXAMPLES = Path(__file__).parents[3] / "examples" / "feeds"
DAY = "2026-10-01T00:00:00Z"


def with_events(*events, ecosystem="PyPI", kind="ECOSYSTEM"):
    listed = [dict([event]) for event in events]
    package = {"ecosystem": ecosystem, "name": "x"}
    return {
        "id": "A",
        "modified": DAY,
        "affected": [{"package": package, "ranges": [{"type": kind, "events": listed}]}],
    }


def test_a_record():
    record = parse(
        osv(
            "GHSA-1",
            aliases=["CVE-1"],
            severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"}],
        )
    )
    assert (record.id, record.aliases, record.severity, record.withdrawn) == ("GHSA-1", ("CVE-1",), "high", False)
    (one,) = record.affected
    assert (one.kind, one.key, one.scheme, one.ranges) == (
        "purl",
        "pypi/pillow",
        "pep440",
        (Range("0", fixed="10.0.1"),),
    )


def test_an_ecosystem_that_we_do_not_know_names_no_package():
    assert (
        parse({"modified": DAY, "id": "A", "affected": [{"package": {"ecosystem": "Haiku", "name": "x"}}]}).affected
        == ()
    )


def test_a_range_of_commits_is_for_a_person():
    (one,) = parse(with_events(("introduced", "0"), kind="GIT", ecosystem="OSS-Fuzz")).affected
    assert (one.ranges, one.condition) == ((), "its range is given in commits, not versions")


def test_a_notice_of_several_flaws_is_no_alias_of_any():
    assert parse({"modified": DAY, "id": "DSA-1", "upstream": ["CVE-1"], "affected": []}).aliases == ("CVE-1",)
    several = parse({"modified": DAY, "id": "DSA-2", "upstream": ["CVE-1", "CVE-2"], "summary": "curl", "affected": []})
    assert (several.aliases, several.each, several.summary) == ((), ("CVE-1", "CVE-2"), "curl")


@pytest.mark.parametrize(
    ("ecosystem", "more", "each"),
    [
        pytest.param("AlmaLinux:9", {"related": ["CVE-1", "CVE-2", "ALBA-3"]}, ("CVE-1", "CVE-2"), id="a distribution"),
        pytest.param("PyPI", {"related": ["CVE-1", "CVE-2"]}, (), id="no distribution"),
        pytest.param("AlmaLinux:9", {"related": ["CVE-1"], "aliases": ["CVE-2"]}, (), id="it has a name of its own"),
        pytest.param("AlmaLinux:9", {"related": ["CVE-1"], "upstream": ["CVE-2"]}, (), id="it is of one flaw"),
    ],
)
def test_a_notice_of_several_flaws_names_them(ecosystem, more, each):
    package = {"ecosystem": ecosystem, "name": "curl"}
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1"}]}]
    assert parse(osv("A", affected=[{"package": package, "ranges": ranges}], **more)).each == each


@pytest.mark.parametrize("modified", [None, "", "soon", 20261001, "2026-13-01T00:00:00Z"])
def test_a_record_states_when_it_was_changed(modified):
    """By its date an older copy is told from a newer one."""
    with pytest.raises(Malformed, match=r"^\$\.modified: expected a date$"):
        parse(osv("A", modified=modified))


def test_withdrawn():
    assert parse({"modified": DAY, "id": "A", "withdrawn": "2026-01-01T00:00:00Z", "affected": []}).withdrawn


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        pytest.param([], "$.id", id="a list"),
        pytest.param({"id": 7}, "$.id", id="a number for an id"),
        pytest.param({"id": "A", "affected": {}}, "$.affected", id="affected is an object"),
        pytest.param({"id": "A", "affected": ["x"]}, r"$.affected[0]", id="a text for a package"),
        pytest.param({"id": "A", "affected": [{"package": {"name": 1}}]}, "$.affected[0].package", id="no ecosystem"),
        pytest.param({"id": "A", "modified": DAY, "aliases": "CVE-1"}, "$.aliases", id="a text for aliases"),
        pytest.param(with_events(("introduced", 1)), "$.affected[0].ranges[0].events[0].introduced", id="a number"),
        pytest.param(
            {"id": "A", "affected": [{"package": {"ecosystem": "npm", "name": "x"}, "ranges": [{"events": {}}]}]},
            "$.affected[0].ranges[0].events",
            id="events are an object",
        ),
    ],
)
def test_the_malformed_place_is_named(raw, place):
    with pytest.raises(Malformed) as refused:
        parse(raw)
    assert str(refused.value).startswith(place)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("id", "aliases", "upstream", "affected", "severity", "modified", "withdrawn", "database_specific", "details")


@given(fields=st.dictionaries(st.sampled_from(FIELDS), JSON), part=JSON)
def test_any_json_is_a_record_or_malformed(fields, part):
    package = {"ecosystem": "PyPI", "name": "x"}
    for raw in (
        part,
        {"id": "A"} | fields,
        {"id": "A", "affected": [{"package": part}]},
        {"id": "A", "affected": [{"package": package, "ranges": part}]},
        {"id": "A", "affected": [{"package": package, "ranges": [{"events": [part]}]}]},
        {"id": "A", "affected": [{"package": package, "versions": part, "severity": part}]},
    ):
        with contextlib.suppress(Malformed):
            parse(raw)


def test_the_examples_are_good_records():
    found = [parse(json.loads(path.read_text())) for path in sorted((EXAMPLES / "osv").glob("*.json"))]
    assert len(found) >= 10
    assert all(record.affected and record.severity != "unknown" for record in found)
    assert any("CVE-2023-4863" in record.aliases for record in found)


def test_real_records_of_bitnami(tmp_path):
    path = DATA / "feeds" / "osv-bitnami.tar.zst"
    if not path.exists():
        pytest.skip(f"{path} is not here; set CAREFUL_TEST_DATA")
    with subprocess.Popen(["zstd", "-dcq", str(path)], stdout=subprocess.PIPE) as unpack:
        assert unpack.stdout is not None
        with tarfile.open(fileobj=unpack.stdout, mode="r|") as archive:
            read = 0
            for member in archive:
                file = archive.extractfile(member) if member.name.endswith(".json") else None
                if file and read < 500:
                    assert parse(json.load(file)).id.startswith("BIT-")
                    read += 1
    assert read == 500


def test_a_record_by_commits_alone_is_for_a_person():
    part = {"ranges": [{"type": "GIT", "repo": "https://github.com/a/b", "events": [{"introduced": "0"}]}]}
    [row] = parse({"id": "X-1", "modified": "2024-08-07T10:10:34Z", "affected": [part]}).affected
    assert (row.cpe, row.condition) == (
        "cpe:2.3:*:a:b:*:*:*:*:*:*:*:*",
        "its range is given in commits, not versions",
    )


def fuzzed(events, versions=(), **more):
    package = {"ecosystem": "OSS-Fuzz", "name": "libxml2", "purl": "pkg:generic/libxml2"}
    ranges = [
        {"type": "GIT", "repo": "https://gitlab.gnome.org/GNOME/libxml2", "events": [dict([one]) for one in events]}
    ]
    part = {"package": package, "ranges": ranges, "versions": list(versions)}
    return parse({"id": "OSV-2025-1", "modified": DAY, "affected": [part], **more}).affected


BETWEEN = [("introduced", "aa" * 20), ("fixed", "bb" * 20)]


def test_what_was_mended_before_any_release_is_in_no_release():
    """OSS-Fuzz finds most flaws between releases: OSV knows the commits and lists no tag between them."""
    by_purl, by_cpe = fuzzed(BETWEEN)
    assert (by_purl.key, by_cpe.cpe) == ("generic/libxml2", "cpe:2.3:a:xmlsoft:libxml2:*:*:*:*:*:*:*:*")
    for row in (by_purl, by_cpe):
        assert in_range("2.15.3", row)[0] is None
        assert in_range("20904248bb4d1c1a0b2a", row)[0] == "check"


@pytest.mark.parametrize(
    ("events", "more"),
    [
        pytest.param([("introduced", "aa" * 20)], {}, id="no fix is known"),
        pytest.param([("introduced", "0"), ("fixed", "bb" * 20)], {}, id="from the first commit, and no tag is listed"),
        pytest.param(BETWEEN, {"aliases": ["CVE-2025-1"]}, id="somebody thought it worth a CVE"),
    ],
)
def test_commits_that_may_hold_a_release_are_for_a_person(events, more):
    for row in fuzzed(events, **more):
        assert in_range("2.15.3", row)[0] == "check"


def test_releases_after_the_last_that_is_listed_may_have_it_where_no_fix_is_named():
    rows = fuzzed([("introduced", "aa" * 20)], ["v2.9.1", "v2.10.0", "v2.11.0-rc1"])
    told = [[in_range(version, row)[0] for row in rows] for version in ("2.10.0", "2.10.1", "2.9.0")]
    assert told == [["yes", None, "yes", None], ["no", "yes", "no", "yes"], ["no", None, "no", None]]
    assert [row.condition for row in rows if row.condition] == [
        "it names the releases up to v2.10.0 and no fix: a later one may have it too"
    ] * 2
    assert len(fuzzed(BETWEEN, ["v2.9.1"])) == 2


def test_a_severity_in_words_as_ubuntu_has_it():
    record = parse(osv("UBUNTU-CVE-2024-1", severity=[{"type": "Ubuntu", "score": "negligible"}]))
    assert (record.severity, record.vector) == ("low", "")
