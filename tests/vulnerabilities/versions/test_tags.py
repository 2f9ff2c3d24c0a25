"""Versions in the names of tags."""

import pytest

from careful.vulnerabilities.versions.tags import version_of_tag


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        pytest.param("v1.2.3", "1.2.3", id="v"),
        pytest.param("1.2.3", "1.2.3", id="bare"),
        pytest.param("curl-8_4_0", "8.4.0", id="curl"),
        pytest.param("OpenSSL_1_0_2k", "1.0.2k", id="OpenSSL"),
        pytest.param("openssl-3.0.0-alpha1", "3.0.0-alpha1", id="a pre-release"),
        pytest.param("n4.4.1", "4.4.1", id="FFmpeg"),
        pytest.param("R_2_4_1", "2.4.1", id="expat"),
        pytest.param("VER-2-10-1", "2.10.1", id="FreeType"),
        pytest.param("release-1.2.3", "1.2.3", id="a word"),
        pytest.param("refs/tags/v6.1-rc3", "6.1-rc3", id="a full name"),
        pytest.param("a218cafe4d3be005", "", id="a commit"),
        pytest.param("20240115", "20240115", id="a day"),
        pytest.param("main", "", id="a branch"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_versions_of_tags(tag, version):
    assert version_of_tag(tag) == version
