"""Package URLs and CPE names, read as their specifications say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.releases.identifiers import Cpe, parse_cpe, parse_purl, unescaped


@pytest.mark.parametrize(
    ("text", "key", "version"),
    [
        pytest.param("pkg:pypi/pillow@10.0.0", "pypi/pillow", "10.0.0", id="plain"),
        pytest.param("pkg:PyPI/Django_package@1", "pypi/django-package", "1", id="normal form"),
        pytest.param("pkg:deb/debian/curl@7.88.1-10?distro=debian-12", "deb/debian/curl", "7.88.1-10", id="namespace"),
        pytest.param("pkg:npm/%40angular/core@12.3.1", "npm/@angular/core", "12.3.1", id="escaped"),
        pytest.param("pkg:generic/openssl", "generic/openssl", "", id="no version"),
    ],
)
def test_purls(text, key, version):
    found = parse_purl(text)
    assert found is not None
    assert (found.key, found.version) == (key, version)


@pytest.mark.parametrize("text", ["", "pillow", "pkg:", "pkg:pypi", "pkg://", "pkg:pypi/" + "x" * 3000])
def test_no_purls(text):
    assert parse_purl(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(
            "cpe:2.3:a:haxx:curl:8.4.0:-:*:*:*:*:*:*", Cpe("a", "haxx", "curl", "8.4.0", "-"), id="formatted string"
        ),
        pytest.param("CPE:2.3:A:Haxx:cURL:*:*:*:*:*:*:*:*", Cpe("a", "haxx", "curl"), id="upper case"),
        pytest.param(r"cpe:2.3:a:vendor:a\:b:1:*:*:*:*:*:*:*", Cpe("a", "vendor", r"a\:b", "1"), id="an escaped colon"),
        pytest.param("cpe:/a:haxx:curl:8.4.0", Cpe("a", "haxx", "curl", "8.4.0"), id="URI"),
        pytest.param("cpe:/a:gnu:libstdc%2b%2b", Cpe("a", "gnu", r"libstdc\+\+"), id="URI with escapes"),
        pytest.param("cpe:2.3:*:*:zlib:1.3:*:*:*:*:*:*:*", Cpe("*", "*", "zlib", "1.3"), id="open part and vendor"),
    ],
)
def test_cpes(text, found):
    assert parse_cpe(text) == found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("cpe:2.3:a:haxx:curl", id="too short"),
        pytest.param("cpe:2.3:x:haxx:curl:8:*:*:*:*:*:*:*", id="no such part"),
        pytest.param("cpe:2.3:a:haxx:*:8:*:*:*:*:*:*:*", id="any product"),
        pytest.param("cpe:2.3:a:haxx::8:*:*:*:*:*:*:*", id="an empty value"),
        pytest.param("cpe:/a:haxx", id="a URI without product"),
    ],
)
def test_no_cpes(text):
    assert parse_cpe(text) is None


@given(st.text())
def test_reading_never_fails(text):
    parse_purl(text)
    parse_purl("pkg:" + text)
    parse_cpe("cpe:2.3:" + text)
    parse_cpe("cpe:/" + text)


def test_escapes_go():
    assert unescaped(r"libstdc\+\+") == "libstdc++"
