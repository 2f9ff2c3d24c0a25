"""CPE names that may mean the same thing (NISTIR 7696)."""

import pytest

from careful.vulnerabilities import cpe


def name(text):
    parts = text.split(":")
    return cpe.parse("cpe:2.3:" + ":".join([*parts, *["*"] * (11 - len(parts))]))


@pytest.mark.parametrize(
    ("ours", "theirs", "fits", "doubt"),
    [
        pytest.param("a:haxx:curl:8.3.0", "a:haxx:curl", "yes", "", id="the same"),
        pytest.param("a:haxx:curl:8.3.0:-", "a:haxx:curl", "yes", "", id="Buildroot's dash for no update"),
        pytest.param("a:other:curl", "a:haxx:curl", "no", "", id="another vendor"),
        pytest.param("o:haxx:curl", "a:haxx:curl", "no", "", id="another part"),
        pytest.param("*:*:curl", "a:haxx:curl", "check", "names no vendor", id="vendor left open (Yocto)"),
        pytest.param("a:haxx:curl", "a:*:curl", "check", "the record names no vendor", id="the feed leaves it open"),
        pytest.param("a:o:openssl:1:*:*:*:*:rust", "a:o:openssl:1:*:*:*:*:rust", "yes", "", id="the same target"),
        pytest.param(
            "a:o:openssl:1", "a:o:openssl:1:*:*:*:*:rust", "check", "target_sw rust", id="a target we leave open"
        ),
        pytest.param("a:o:x:1:*:*:*:*:linux", "a:o:x:1:*:*:*:*:windows", "no", "", id="another target"),
        pytest.param("a:o:x:1:*:*:*:*:linux", "a:o:x:1", "yes", "", id="any target"),
        pytest.param(r"a:gnu:libstdc\+\+", "a:gnu:libstdc++", "yes", "", id="escaped or not"),
    ],
)
def test_fit(ours, theirs, fits, doubt):
    found, why = cpe.fit(name(ours), name(theirs))
    assert found == fits
    assert doubt in why
    assert bool(doubt) == bool(why)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param("a:v:p:1.0.2", "1.0.2", id="plain"),
        pytest.param("a:v:p:1.0.2:beta1", "1.0.2beta1", id="with update"),
        pytest.param("a:v:p:1.0.2:-", "1.0.2", id="no update"),
        pytest.param("a:v:p", "", id="any"),
        pytest.param("a:v:p:-", "", id="none"),
        pytest.param(r"a:v:p:1.0\+git", "1.0+git", id="escaped"),
    ],
)
def test_version(text, version):
    assert cpe.version_of(name(text)) == version


@pytest.mark.parametrize(
    ("version", "wild"), [("1.2.*", True), ("1.?", True), ("1.2", False), ("*", False), (r"1\*", False)]
)
def test_wildcards(version, wild):
    assert cpe.is_wild(name(f"a:v:p:{version}")) is wild


def test_what_is_no_name():
    with pytest.raises(ValueError, match="no CPE name"):
        cpe.parse("curl")


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("cpe:2.3:a:haxx:curl:8.3.0:rc1:*:*:*:*:*:*", "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*"),
        ("cpe:/a:haxx:curl:8.3.0", "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*"),
        ("cpe:2.3:a:x:y:1:-:pro:en:lite:linux:arm:z", "cpe:2.3:a:x:y:*:*:pro:en:lite:linux:arm:z"),
        ("no name", "no name"),
    ],
)
def test_what_the_names_of_a_product_have_in_common(name, without):
    assert cpe.without_version(name) == without
