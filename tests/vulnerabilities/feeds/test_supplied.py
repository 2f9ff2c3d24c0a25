"""What documents say of themselves: label, date, version; and of the releases of distributions."""

from datetime import UTC, datetime

import pytest
from vex_shapes import cisa

from careful.vulnerabilities.feeds.supplied import (
    distro_release,
    is_restricted,
    plain_range,
    said_at,
    tlp_of,
    version_of_branch,
)

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(("label", "restricted"), [("", False), ("WHITE", False), ("clear", False), ("AMBER", True)])
def test_what_must_not_be_made_public(label, restricted):
    assert is_restricted(label) is restricted


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("vers:all/>=1.0|<V4.3", ">=1.0 <V4.3"),
        ("All versions", "*"),
        ("all versions < 2", "< 2"),
        (" 1.2 ", "1.2"),
        ("", ""),
    ],
)
def test_ranges_as_people_write_them(written, plain):
    assert plain_range(written) == plain


@pytest.mark.parametrize(
    ("name", "purl", "version"),
    [
        ("openssl", "pkg:rpm/redhat/openssl?arch=src", ""),
        ("openssl-libs-1:3.0.7-27.el9.x86_64", "pkg:rpm/redhat/openssl-libs", ""),
        ("3.0.7", "pkg:generic/openssl", "3.0.7"),
        ("3.0.7", "", "3.0.7"),
    ],
)
def test_a_branch_may_be_named_after_the_package_and_not_its_version(name, purl, version):
    assert version_of_branch(name, [purl]) == version


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (cisa(), "WHITE"),
        ({}, ""),
        ({"document": []}, ""),
        ({"document": {"distribution": {"tlp": {"label": 7}}}}, ""),
        ({"document": {"distribution": {"tlp": {"label": "amber"}}}}, "AMBER"),
    ],
)
def test_the_label(raw, label):
    assert tlp_of(raw) == label


@pytest.mark.parametrize(
    ("named", "release"), [("ubuntu-22.04", "22.04"), ("jammy", "22.04"), ("rhel-9.4", "9.4"), ("alpine-v3.19", "3.19")]
)
def test_the_release_of_a_distribution(named, release):
    assert distro_release(named) == release


@pytest.mark.parametrize(
    ("one", "at"),
    [
        ({}, OCTOBER),
        ({"timestamp": "2026-09-01T00:00:00Z"}, OCTOBER.replace(month=9)),
        ({"timestamp": "2026-09-01T00:00:00Z", "last_updated": "2026-11-01T00:00:00Z"}, OCTOBER.replace(month=11)),
        ({"timestamp": "soon"}, OCTOBER),
    ],
)
def test_since_when_a_statement_holds(one, at):
    assert said_at(one, OCTOBER) == at
