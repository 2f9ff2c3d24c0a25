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
        pytest.param(
            "cpe:/a:hp:insight:7.4.0::~~online~win2003~x64~",
            Cpe("a", "hp", "insight", "7.4.0", sw_edition="online", target_sw="win2003", target_hw="x64"),
            id="URI with a packed edition",
        ),
        pytest.param("cpe:/a:x:y:8.%02:sp%01", Cpe("a", "x", "y", "8.*", "sp?"), id="URI with wildcards"),
        pytest.param(
            r'wfn:[part="a", vendor="gnu", product="libstdc\+\+", version="8\.4\.*", update=NA, edition=ANY]',
            Cpe("a", "gnu", r"libstdc\+\+", "8.4.*", "-"),
            id="well-formed name",
        ),
        pytest.param("cpe:2.3:a:gnu:libstdc++:*:*:*:*:*:*:*:*", Cpe("a", "gnu", r"libstdc\+\+"), id="escapes left out"),
        pytest.param(r"cpe:2.3:a:x:a\.b\_c:*:*:*:*:*:*:*:*", Cpe("a", "x", "a.b_c"), id="escapes too many"),
        pytest.param(r"cpe:2.3:a:x:a\\:1:*:*:*:*:*:*:*", Cpe("a", "x", r"a\\", "1"), id="an escaped escape"),
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
        pytest.param("cpe:/a:x:y:1:::en:more", id="a URI too long"),
        pytest.param("cpe:/a:x:y:1::~a~b", id="a packed edition too short"),
        pytest.param("cpe:/a:x:%ff", id="a URI that is no UTF-8"),
        pytest.param('wfn:[part="a",vendor="x"]', id="a well-formed name without product"),
        pytest.param('wfn:[part="a",product="x",colour="red"]', id="no such attribute"),
        pytest.param('wfn:[part="a",product="x",product="y"]', id="an attribute twice"),
        pytest.param('wfn:[part="a",product=""]', id="an empty attribute"),
        pytest.param("cpe:2.3:a:x:y\x00:1:*:*:*:*:*:*:*", id="a zero byte"),
    ],
)
def test_no_cpes(text):
    assert parse_cpe(text) is None


ESCAPED = [f"\\{sign}" for sign in "!\"#$%&'()+,/:;<=>@[]^`{|}~\\*?"]
SIGNS = st.sampled_from([*"abz019._-", *ESCAPED])
VALUES = st.builds(
    "".join, st.tuples(st.sampled_from(["", "*", "?", "??"]), st.lists(SIGNS, min_size=1, max_size=8).map("".join))
).filter(lambda value: value != "-")
ATTRIBUTES = VALUES | st.sampled_from(["*", "-"])
NAMES = st.builds(
    Cpe,
    st.sampled_from("aoh"),
    ATTRIBUTES,
    VALUES,
    *[ATTRIBUTES] * 8,
)


@given(NAMES)
def test_each_binding_is_read_as_the_same_name(name):
    assert parse_cpe(str(name)) == name
    assert parse_cpe(name.uri) == name


@given(NAMES)
def test_a_well_formed_name_is_the_same_too(name):
    values = {field: getattr(name, field) for field in Cpe.__dataclass_fields__}
    logical = {"*": "ANY", "-": "NA"}
    text = ",".join(f"{field}={logical.get(value, chr(34) + value + chr(34))}" for field, value in values.items())
    assert parse_cpe(f"wfn:[{text}]") == name


@given(st.text())
def test_reading_never_fails(text):
    parse_purl(text)
    parse_purl("pkg:" + text)
    parse_cpe("cpe:2.3:" + text)
    parse_cpe("cpe:/" + text)
    parse_cpe("cpe:/a:x:" + text)
    parse_cpe("wfn:[" + text + "]")


def test_escapes_go():
    assert unescaped(r"libstdc\+\+") == "libstdc++"
