"""Alpine's secdb and Debian's tracker: what each says of a package in a release, in their own shapes."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from careful.vulnerabilities.deciding import in_range
from careful.vulnerabilities.feeds import database, intake
from careful.vulnerabilities.feeds.record import Malformed
from careful.vulnerabilities.feeds.rows import all_of
from careful.vulnerabilities.feeds.trackers import is_secdb, is_tracker, of_secdb, of_tracker, parse

NOW = datetime(2026, 11, 3, tzinfo=UTC)
SECDB = {
    "apkurl": "{{urlprefix}}/{{distroversion}}/{{reponame}}/{{arch}}/{{pkg.name}}-{{pkg.ver}}.apk",
    "archs": ["aarch64", "armv7"],
    "reponame": "main",
    "urlprefix": "https://dl-cdn.alpinelinux.org/alpine",
    "distroversion": "v3.20",
    "packages": [
        {"pkg": {"name": "openssl", "secfixes": {"3.3.2-r1": ["CVE-2024-9143"], "0": ["CVE-2022-1292"]}}},
        {
            "pkg": {
                "name": "nghttp2",
                "secfixes": {"1.39.2-r0": ["CVE-2019-9511 CVE-2019-9513", "XSA-1 (+ regression)"]},
            }
        },
    ],
}
DEBIAN = {
    "openssl": {
        "CVE-2024-9143": {
            "description": "Low-level invalid GF(2^m) parameters",
            "scope": "local",
            "releases": {
                "bookworm": {
                    "status": "resolved",
                    "repositories": {"bookworm": "3.0.15-1~deb12u1"},
                    "fixed_version": "3.0.15-1~deb12u1",
                    "urgency": "not yet assigned",
                },
                "bullseye": {"status": "open", "urgency": "low**", "nodsa": "Minor issue", "nodsa_reason": "postponed"},
                "trixie": {"status": "resolved", "fixed_version": "0", "urgency": "not yet assigned"},
                "sid": {"status": "undetermined", "urgency": "not yet assigned"},
            },
        }
    },
    "edk2": {"CVE-2024-9143": {"releases": {"bookworm": {"status": "open", "urgency": "unimportant"}}}},
}


def records(raw, read):
    return {one.flaw: parse(one) for _, one in read(raw)}


def rows(record):
    return {(one.key, one.distro): one for one in record.affected}


@pytest.mark.parametrize(
    ("flaw", "package", "version", "hit"),
    [
        pytest.param("CVE-2024-9143", "openssl", "3.3.2-r0", "yes", id="before the mend"),
        pytest.param("CVE-2024-9143", "openssl", "3.3.2-r1", "no", id="the mend"),
        pytest.param("CVE-2022-1292", "openssl", "3.3.0-r0", "no", id="never had it"),
        pytest.param("CVE-2019-9511", "nghttp2", "1.39.1-r0", "yes", id="the first of two in one entry"),
        pytest.param("CVE-2019-9513", "nghttp2", "1.39.1-r0", "yes", id="the second of two"),
        pytest.param("XSA-1", "nghttp2", "1.39.1-r0", "yes", id="with words behind it"),
    ],
)
def test_alpine(flaw, package, version, hit):
    record = records(SECDB, of_secdb)[flaw]
    one = rows(record)[f"apk/alpine/{package}", "alpine:3.20"]
    assert (record.id, record.aliases, one.source) == (f"ALPINE-3.20-main:{flaw}", (flaw,), "vendor")
    assert in_range(version, one)[0] == hit


def test_wolfi_has_no_releases():
    found = records(
        {"reponame": "os", "urlprefix": "https://packages.wolfi.dev", "packages": SECDB["packages"]}, of_secdb
    )
    assert set(rows(found["CVE-2024-9143"])) == {("apk/wolfi/openssl", "")}


@pytest.mark.parametrize(
    ("package", "distro", "version", "hit"),
    [
        pytest.param("openssl", "debian:12", "3.0.14-1", "yes", id="before the mend"),
        pytest.param("openssl", "debian:12", "3.0.15-1~deb12u1", "no", id="the mend"),
        pytest.param("openssl", "debian:11", "1.1.1w-0+deb11u1", "yes", id="open"),
        pytest.param("openssl", "debian:13", "3.5.0-1", "no", id="never had it"),
        pytest.param("openssl", "debian:sid", "3.5.0-1", "check", id="not determined"),
        pytest.param("edk2", "debian:12", "2022.11-6", "yes", id="another package with it"),
    ],
)
def test_debian(package, distro, version, hit):
    record = records(DEBIAN, of_tracker)["CVE-2024-9143"]
    one = rows(record)[f"deb/debian/{package}", distro]
    assert (record.id, record.severity, record.summary[:9]) == ("DEBIAN:CVE-2024-9143", "low", "Low-level")
    assert in_range(version, one)[0] == hit


@pytest.mark.parametrize(
    ("read", "raw", "place"),
    [
        pytest.param(of_secdb, SECDB | {"distroversion": ""}, "$.distroversion", id="of no release"),
        pytest.param(of_secdb, SECDB | {"packages": {}}, "$.packages", id="no list"),
        pytest.param(of_secdb, SECDB | {"packages": [{"pkg": {"secfixes": {}}}]}, "$.packages[0].pkg", id="no name"),
        pytest.param(of_tracker, DEBIAN | {"x": []}, "$.x", id="no flaws"),
        pytest.param(of_tracker, DEBIAN | {"x": {"CVE-1": {}}}, "$.x.CVE-1.releases", id="no releases"),
    ],
)
def test_the_malformed_place_is_named(read, raw, place):
    with pytest.raises(Malformed) as refused:
        list(read(raw))
    assert str(refused.value).startswith(place)


def test_a_newer_document_replaces_all_of_the_one_before(tmp_path):
    path = tmp_path / "main.json"
    home = tmp_path / "home"
    home.mkdir()
    path.write_text(json.dumps(SECDB))
    assert intake.take_in(home, path, NOW).taken == 5
    path.write_text(json.dumps(SECDB | {"packages": SECDB["packages"][:1]}))
    found = intake.take_in(home, path, NOW)
    assert (found.feed, found.taken, found.unchanged, found.withdrawn) == ("secdb", 0, 2, 3)
    with database.opened(home) as connection:
        assert all_of(connection, "purl", ["apk/alpine/nghttp2"]) == []
    path.write_text(json.dumps(SECDB | {"distroversion": "v3.21"}))
    assert intake.take_in(home, path, NOW).taken == 5


def test_a_document_that_cannot_be_read_is_refused_with_its_place(tmp_path):
    path = tmp_path / "main.json"
    path.write_text(json.dumps(SECDB | {"packages": {}}))
    (tmp_path / "debian.json").write_text(json.dumps(DEBIAN))
    with database.built(tmp_path / "feeds.sqlite") as connection:
        found = {one.feed: one for one in intake.take_all(connection, tmp_path, NOW)}
    assert found["secdb"].refused == ["main.json: $.packages: expected a list"]
    assert found["debian-tracker"].taken == 1


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@over(part=JSON)
def test_any_json_is_read_or_malformed(part):
    for read, raw in (
        (of_secdb, SECDB | {"packages": part}),
        (of_secdb, SECDB | {"packages": [{"pkg": {"name": "a", "secfixes": part}}]}),
        (of_secdb, SECDB | {"packages": [{"pkg": {"name": "a", "secfixes": {"1": part}}}]}),
        (of_tracker, {"a": part}),
        (of_tracker, {"a": {"CVE-1": part}}),
        (of_tracker, {"a": {"CVE-1": {"releases": {"sid": part}}}}),
    ):
        try:
            found = [parse(one) for _, one in read(raw)]
        except Malformed:
            continue
        assert all(one.id for one in found)
    if isinstance(part, dict):
        assert is_secdb(part) in {True, False}
        assert is_tracker(part) in {True, False}
