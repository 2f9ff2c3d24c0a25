"""The order of versions: which scheme a package follows, and the laws of any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities import versions


@pytest.mark.parametrize("scheme", versions.SCHEMES)
@pytest.mark.parametrize("text", [pytest.param("", id="nothing"), pytest.param("1" * 201, id="too long")])
def test_what_no_scheme_reads(scheme, text):
    with pytest.raises(ValueError, match="no version, or one of more than"):
        versions.key(scheme, text)


@pytest.mark.parametrize(
    ("kind", "name", "scheme"),
    [
        pytest.param("npm", "left-pad", "semver", id="by its type"),
        pytest.param("generic", "zlib", "generic", id="no rule"),
        pytest.param("generic", "openssl", "openssl", id="a project's own"),
        pytest.param("yocto", "linux", "kernel", id="a kernel"),
        pytest.param("deb", "openssl", "dpkg", id="the distribution's comes first"),
        pytest.param("unheard-of", "", "generic", id="no such type"),
    ],
)
def test_the_scheme_of_a_package(kind, name, scheme):
    assert versions.scheme_of_purl(kind, name) == scheme


@pytest.mark.parametrize(
    ("vendor", "product", "scheme"),
    [
        pytest.param("openssl", "openssl", "openssl", id="OpenSSL"),
        pytest.param("*", "openssl", "openssl", id="OpenSSL of any vendor"),
        pytest.param("rust", "openssl", "generic", id="another openssl"),
        pytest.param("linux", "linux_kernel", "kernel", id="Linux"),
        pytest.param("haxx", "curl", "generic", id="no rule"),
    ],
)
def test_the_scheme_of_a_product(vendor, product, scheme):
    assert versions.scheme_of_cpe(vendor, product) == scheme


@pytest.mark.parametrize("scheme", ["pep440", "semver", "golang", "nuget", "kernel", "dpkg", "rpm", "generic"])
def test_the_floor_is_before_every_pre_release(scheme, ascends):
    pre = {"pep440": "5.11.dev1", "kernel": "5.11-rc1", "dpkg": "5.11~rc1", "rpm": "5.11~rc1"}.get(scheme, "5.11-alpha")
    ascends(scheme, f"5.10.99 < {versions.floor(scheme, '5.11')} < {pre} < 5.11")


def test_every_scheme_that_is_named_is_there():
    assert set(versions.BY_VERS.values()) | set(versions.BY_PURL_TYPE.values()) <= set(versions.SCHEMES)


PIECES = [
    "0",
    "1",
    "9",
    "10",
    "007",
    ".",
    "-",
    "~",
    "+",
    "_",
    "^",
    "a",
    "b",
    "rc",
    "alpha",
    "beta",
    "p",
    "post",
    "dev",
    "z",
    ":",
    "2024-01-15",
    "20240115",
    "SNAPSHOT",
    "sp",
    "_p",
    "-r",
    "é",
]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)


def readable(scheme, *texts):
    keys = []
    for text in texts:
        try:
            keys.append(versions.key(scheme, text))
        except ValueError:
            return None
    return keys


@pytest.mark.parametrize("scheme", versions.SCHEMES)
@given(one=TEXTS, two=TEXTS, three=TEXTS)
def test_every_order_is_total(scheme, one, two, three):
    keys = readable(scheme, one, two, three)
    if keys is None:
        return
    first, second, third = keys
    blobs = [versions.blob(scheme, text) for text in (one, two)]
    assert (blobs[0] < blobs[1], blobs[0] == blobs[1]) == (first < second, first == second)
    assert (first < second) + (first == second) + (first > second) == 1
    if first <= second <= third:
        assert first <= third
    if first == second:
        assert (first < third) == (second < third)


@given(
    numbers=st.lists(st.integers(0, 999), min_size=3, max_size=3),
    other=st.lists(st.integers(0, 999), min_size=3, max_size=3),
)
def test_plain_numbers_are_ordered_alike_by_all(numbers, other):
    one, two = (".".join(map(str, each)) for each in (numbers, other))
    for scheme in set(versions.SCHEMES) - {"date", "datetime", "lexicographic"}:
        first, second = versions.key(scheme, one), versions.key(scheme, two)
        assert ((first > second) - (first < second)) == ((numbers > other) - (numbers < other)), scheme


@pytest.mark.parametrize("scheme", versions.SCHEMES)
@given(text=st.text(max_size=30))
def test_any_text_is_read_or_refused(scheme, text):
    readable(scheme, text)
