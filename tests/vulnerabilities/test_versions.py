"""The order of versions: named cases of each scheme, and the laws of any order."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities import versions

CHAINS = [
    pytest.param(
        "pep440", "1.0.dev1 < 1.0a1.dev1 < 1.0a1 < 1.0b2 < 1.0rc1 < 1.0 < 1.0+local.1 < 1.0.post1 < 1.1", id="PEP 440"
    ),
    pytest.param("pep440", "2023.5.7 < 2023.7.22 < 1!0.1", id="PEP 440 dates and epochs"),
    pytest.param("pep440", "1.9 < 1.10 < 1.10.1", id="PEP 440 numbers"),
    pytest.param(
        "semver",
        "1.0.0-alpha < 1.0.0-alpha.1 < 1.0.0-alpha.beta < 1.0.0-beta < 1.0.0-beta.2 < 1.0.0-beta.11 < 1.0.0",
        id="SemVer section 11",
    ),
    pytest.param("semver", "0.9.9 < 1.0.0 < 1.0.0.1 < 1.10.0 < 2.0.0", id="SemVer numbers"),
    pytest.param("dpkg", "1.0~~ < 1.0~rc1 < 1.0 < 1.0-1 < 1.0-1+deb12u1 < 1.0a < 1.0+b1 < 1.1 < 1:0.1", id="Debian"),
    pytest.param("dpkg", "7.88.1-10 < 7.88.1-10+deb12u4 < 7.88.1-10+deb12u12", id="Debian revisions"),
    pytest.param("dpkg", "0.5 < 1 < 1.05 < 1.10", id="Debian zeros"),
    pytest.param("rpm", "1.0~rc1 < 1.0 < 1.0^git1 < 1.0a < 1.0.1 < 1:0", id="RPM"),
    pytest.param("rpm", "5.14.0-70.el9 < 5.14.0-162.el9", id="RPM releases"),
    pytest.param("apk", "1.2_alpha1 < 1.2_rc1 < 1.2 < 1.2_p1 < 1.2a < 1.2.1 < 1.2.1-r1 < 1.10", id="Alpine"),
    pytest.param(
        "openssl",
        "1.0.2-beta1 < 1.0.2 < 1.0.2a < 1.0.2k < 1.0.2z < 1.0.2za < 1.1.0 < 3.0.0-alpha1 < 3.0.0",
        id="OpenSSL",
    ),
    pytest.param("generic", "1.9 < 1.10 < 2.0-rc1 < 2.0 < 2.2.9 < 2.2.10", id="numbers are numbers"),
    pytest.param("generic", "9.7 < 9.8 < 9.8p1 < 9.8p2 < 9.9", id="patch letters (OpenSSH)"),
    pytest.param("generic", "6a < 6b < 7 < 8d < 9", id="release letters (jpeg)"),
    pytest.param("generic", "2.0b1 < 2.0b2 < 2.0rc1 < 2.0 < 2.0.1", id="short words for pre-releases"),
    pytest.param("generic", "2024a < 2024b < 2025a", id="years with letters (tzdata)"),
    pytest.param("generic", "1.8.0_221 < 1.8.0_231", id="underscores (Java)"),
    pytest.param("generic", "2.43 < 2.44 < 2.44-23-g11ac3d78 < 2.45", id="between tags (glibc)"),
]


@pytest.mark.parametrize(("scheme", "chain"), CHAINS)
def test_order(scheme, chain):
    keys = [versions.key(scheme, text) for text in chain.split(" < ")]
    for one, other in itertools.combinations(keys, 2):
        assert one < other


@pytest.mark.parametrize(
    ("scheme", "one", "other"),
    [
        pytest.param("pep440", "1.0", "1.0.0", id="zeros do not count"),
        pytest.param("pep440", "1.0-RC.1", "v1.0c1", id="spellings of one pre-release"),
        pytest.param("pep440", "1.0-1", "1.0.post1", id="a bare post release"),
        pytest.param("semver", "1.0.0+b", "1.0.0", id="build metadata does not count"),
        pytest.param("semver", "v1.0", "1.0.0", id="v, and missing parts"),
        pytest.param("dpkg", "1.0", "1.0-0", id="no revision is revision 0"),
        pytest.param("dpkg", "0:1.0", "1.0", id="no epoch is epoch 0"),
        pytest.param("rpm", "1.0", "1..0", id="separators do not count"),
        pytest.param("generic", "1.0", "1", id="zeros at the end do not count"),
        pytest.param("generic", "1.0-rc1", "1rc1", id="nor before a word"),
        pytest.param("generic", "1.2+git123", "1.2", id="nor what follows a plus"),
    ],
)
def test_the_same_version(scheme, one, other):
    assert versions.key(scheme, one) == versions.key(scheme, other)


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        *(pytest.param(scheme, "", id=f"{scheme}: nothing") for scheme in versions.SCHEMES),
        *(pytest.param(scheme, "1" * 201, id=f"{scheme}: too long") for scheme in versions.SCHEMES),
        pytest.param("pep440", "1.0.0-unknown", id="pep440: a word"),
        pytest.param("semver", "latest", id="semver: a word"),
        pytest.param("generic", "a218cafe4d3be005", id="generic: a commit"),
        pytest.param("generic", "Fixed in 7.83.1", id="generic: a sentence"),
        pytest.param("generic", "4.*", id="generic: a wildcard"),
        pytest.param("openssl", "1.0", id="openssl: two numbers"),
        pytest.param("dpkg", "1.0 beta", id="dpkg: a space"),
        pytest.param("apk", "1.0_beta_x", id="apk: no such suffix"),
    ],
)
def test_what_has_no_order(scheme, text):
    with pytest.raises(ValueError, match=r"."):
        versions.key(scheme, text)


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
    for scheme in versions.SCHEMES:
        first, second = versions.key(scheme, one), versions.key(scheme, two)
        assert ((first > second) - (first < second)) == ((numbers > other) - (numbers < other)), scheme


@pytest.mark.parametrize("scheme", versions.SCHEMES)
@given(text=st.text(max_size=30))
def test_any_text_is_read_or_refused(scheme, text):
    readable(scheme, text)
