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


def spans(*events, **more):
    (one,) = parse(with_events(*events, **more)).affected
    return one.ranges


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


@pytest.mark.parametrize(
    ("events", "found"),
    [
        pytest.param([("introduced", "0"), ("fixed", "2")], [Range("0", fixed="2")], id="one"),
        pytest.param(
            [("introduced", "2.0.0"), ("fixed", "2.0.6"), ("introduced", "0"), ("fixed", "1.26.17")],
            [Range("0", fixed="1.26.17"), Range("2.0.0", fixed="2.0.6")],
            id="branches, the newer first (PYSEC-2023-192)",
        ),
        pytest.param(
            [("introduced", "0"), ("introduced", "2"), ("fixed", "1.5"), ("fixed", "2.5")],
            [Range("0", fixed="1.5"), Range("2", fixed="2.5")],
            id="all introductions first",
        ),
        pytest.param([("introduced", "1"), ("last_affected", "2")], [Range("1", last="2")], id="last affected"),
        pytest.param([("introduced", "1")], [Range("1")], id="never fixed"),
        pytest.param([("introduced", "8"), ("fixed", "8")], [Range("8", fixed="8")], id="empty"),
        pytest.param(
            [("introduced", "2"), ("fixed", "3"), ("introduced", "0"), ("fixed", "2")],
            [Range("0", fixed="2"), Range("2", fixed="3")],
            id="one ends where the next begins",
        ),
        pytest.param([("fixed", "2")], [], id="a fix of nothing"),
        pytest.param(
            [("introduced", "not a version"), ("fixed", "2")],
            [Range("not a version", fixed="2")],
            id="unreadable, as listed",
        ),
    ],
)
def test_events(events, found):
    assert list(spans(*events)) == found


@pytest.mark.parametrize(
    ("package", "key", "scheme", "distro"),
    [
        pytest.param(
            {"ecosystem": "PyPI", "name": "Django_Thing"}, "pypi/django-thing", "pep440", "", id="normal name"
        ),
        pytest.param({"ecosystem": "npm", "name": "@angular/core"}, "npm/@angular/core", "semver", "", id="npm scope"),
        pytest.param({"ecosystem": "Maven", "name": "org.a:b"}, "maven/org.a/b", "maven", "", id="Maven"),
        pytest.param({"ecosystem": "Debian:12", "name": "curl"}, "deb/debian/curl", "dpkg", "debian:12", id="Debian"),
        pytest.param(
            {"ecosystem": "Alpine:v3.18", "name": "curl"}, "apk/alpine/curl", "apk", "alpine:3.18", id="Alpine"
        ),
        pytest.param(
            {"ecosystem": "Ubuntu:22.04:LTS", "name": "curl"}, "deb/ubuntu/curl", "dpkg", "ubuntu:22.04", id="LTS"
        ),
        pytest.param(
            {"ecosystem": "Bitnami", "name": "x", "purl": "pkg:bitnami/minio"},
            "bitnami/minio",
            "bitnami",
            "",
            id="by purl",
        ),
    ],
)
def test_packages(package, key, scheme, distro):
    (one,) = parse({"modified": DAY, "id": "A", "affected": [{"package": package}]}).affected
    assert (one.key, one.scheme, one.distro) == (key, scheme, distro)


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
    assert parse({"modified": DAY, "id": "DSA-2", "upstream": ["CVE-1", "CVE-2"], "affected": []}).aliases == ()


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


def test_a_project_s_own_list_names_its_repository_and_no_package():
    """As curl publishes it: the ids bear the project's name, versions are listed, the repository is the only name."""
    raw = {
        "id": "CURL-CVE-2024-7264",
        "aliases": ["CVE-2024-7264"],
        "modified": "2024-08-07T10:10:34Z",
        "affected": [
            {
                "ranges": [
                    {"type": "SEMVER", "events": [{"introduced": "7.32.0"}, {"fixed": "8.9.1"}]},
                    {"type": "GIT", "repo": "https://github.com/curl/curl.git", "events": [{"introduced": "3a24cb7b"}]},
                ],
                "versions": ["8.9.0", "8.8.0"],
            }
        ],
    }
    rows = parse(raw).affected
    assert {(row.key, row.source, row.versions) for row in rows} == {
        ("curl", "vendor", ("8.9.0", "8.8.0")),
        ("libcurl", "vendor", ("8.9.0", "8.8.0")),
    }
    assert {row.ranges for row in rows} == {(Range(introduced="7.32.0", fixed="8.9.1"),)}
    assert "cpe:2.3:*:haxx:curl:*:*:*:*:*:*:*:*" in {row.cpe for row in rows}
    other = parse({**raw, "id": "CVE-2024-7264"}).affected
    assert {row.source for row in other} == {"feed"}


def test_a_record_by_commits_alone_is_for_a_person():
    part = {"ranges": [{"type": "GIT", "repo": "https://github.com/a/b", "events": [{"introduced": "0"}]}]}
    [row] = parse({"id": "X-1", "modified": "2024-08-07T10:10:34Z", "affected": [part]}).affected
    assert (row.cpe, row.condition) == (
        "cpe:2.3:*:a:b:*:*:*:*:*:*:*:*",
        "its range is given in commits, not versions",
    )
