"""Ranges in the notation of each ecosystem, made VERS, and what they then hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities import natives, vers


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        pytest.param("npm", "^1.2.3", ">=1.2.3|<2.0.0", id="npm: a caret"),
        pytest.param("npm", "^0.2.3", ">=0.2.3|<0.3.0", id="npm: a caret on zero"),
        pytest.param("npm", "^0.0.3", ">=0.0.3|<0.0.4", id="npm: a caret on two zeros"),
        pytest.param("npm", "^0", ">=0.0.0|<1.0.0", id="npm: a caret on nothing but zero"),
        pytest.param("npm", "~1.2", ">=1.2.0|<1.3.0", id="npm: a tilde"),
        pytest.param("npm", "~1", ">=1.0.0|<2.0.0", id="npm: a tilde on one number"),
        pytest.param("npm", "1.2.x", ">=1.2.0|<1.3.0", id="npm: an open place"),
        pytest.param("npm", "1.2.3 - 2.3", ">=1.2.3|<2.4.0", id="npm: from, to"),
        pytest.param("npm", "<=2.1", "<2.2.0", id="npm: to an open place"),
        pytest.param("npm", ">2.1", ">=2.2.0", id="npm: past an open place"),
        pytest.param("npm", "", "*", id="npm: nothing is all"),
        pytest.param("npm", ">=1.0 <1.5 || >=1.2 <2.0", ">=1.0.0|>=1.2.0|<1.5.0|<2.0.0", id="npm: one over another"),
        pytest.param("npm", "<1.6 || >=1.0 <2.0", "<1.6.0|<2.0.0", id="npm: a start inside one without start"),
        pytest.param("npm", ">=2 || >=1 <2", ">=1.0.0|<2.0.0|>=2.0.0", id="npm: one after another"),
        pytest.param("npm", "=1.0.0 || >=2.0.0 <=2.0.0", "1.0.0|2.0.0", id="npm: exactly one"),
        pytest.param("npm", ">=1 || <2 || 3.0.0", "*", id="npm: all in other words"),
        pytest.param("npm", "<1.0.0 || >1.0.0", "<1.0.0|>1.0.0", id="npm: all but one"),
        pytest.param("pypi", ">=1.0,!=1.5,<2", ">=1.0|!=1.5|<2", id="pypi: all of these"),
        pytest.param("pypi", "~=1.4.5", ">=1.4.5|<1.5", id="pypi: compatible"),
        pytest.param("pypi", "==1.4.*", ">=1.4.dev0|<1.5.dev0", id="pypi: a series"),
        pytest.param("gem", "~> 2.0.8, != 2.0.9", ">=2.0.8|!=2.0.9|<2.1", id="gem: pessimistic"),
        pytest.param("gem", "~> 2", ">=2|<3", id="gem: pessimistic on one number"),
        pytest.param("nuget", "1.0", ">=1.0", id="nuget: a bare version"),
        pytest.param("nuget", "(,1.0],[2.0]", "<=1.0|2.0", id="nuget: brackets"),
        pytest.param("maven", "[1.0,2.0),(3.0,)", ">=1.0|<2.0|>3.0", id="maven: brackets"),
        pytest.param("maven", "(,)", "*", id="maven: all"),
        pytest.param("conan", "~1.2 || ^3", ">=1.2|<1.3-|>=3|<4-", id="conan"),
        pytest.param("nginx", "1.5.0+, 1.4.1+", ">=1.4.1|<1.5.0|>=1.5.0", id="nginx: the mainline and a stable one"),
        pytest.param("openssl", "1.0.2, 1.0.1k", "1.0.1k|1.0.2", id="openssl: a list"),
    ],
)
def test_read(kind, text, wanted):
    found = natives.read(kind, text)
    assert str(found) == f"vers:{kind}/{wanted}"
    assert vers.ranges(found)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        pytest.param("npm", "latest", id="npm: a word"),
        pytest.param("npm", ">*", id="npm: above all"),
        pytest.param("npm", "1.0.0 2.0.0", id="npm: two at once"),
        pytest.param("npm", ">=1 *", id="npm: all, and more"),
        pytest.param("pypi", "", id="pypi: nothing"),
        pytest.param("pypi", ">=1.*", id="pypi: a star after another sign"),
        pytest.param("pypi", "^1.0", id="pypi: a sign of others"),
        pytest.param("gem", "~> x", id="gem: no number"),
        pytest.param("maven", "(1.0)", id="maven: one version left out"),
        pytest.param("maven", "[1.0,2.0", id="maven: an open bracket"),
        pytest.param("maven", "", id="maven: nothing"),
        pytest.param("nginx", "0.7.52+-0.8.39", id="nginx: both"),
        pytest.param("openssl", "all", id="openssl: a word"),
        pytest.param("conan", "", id="conan: nothing"),
        pytest.param("deb", ">= 1", id="no notation"),
        pytest.param("npm", "1 || " * 300, id="too many"),
    ],
)
def test_what_is_no_range(kind, text):
    with pytest.raises(ValueError, match=r"."):
        natives.read(kind, text)


NUMBERS = st.integers(0, 4)
SPANS = st.tuples(st.none() | NUMBERS, st.none() | NUMBERS)


@given(spans=st.lists(SPANS, min_size=1, max_size=4), wanted=NUMBERS)
def test_alternatives_hold_what_any_of_them_holds(spans, wanted):
    """Whatever the order and the overlaps: one row of constraints says the same as all alternatives."""
    kept = [(low, high) for low, high in spans if low is None or high is None or low < high]
    kept = [(low, high) for low, high in kept if low is not None or high is not None]
    parts = [f"{'' if low is None else f'>={low}.0.0 '}{'' if high is None else f'<{high}.0.0'}" for low, high in kept]
    inside = any((low is None or low <= wanted) and (high is None or wanted < high) for low, high in kept)
    found = natives.read("npm", " || ".join(parts))
    assert vers.contains(found, f"{wanted}.0.0") == ("yes" if inside or not parts else "no")


@given(kind=st.sampled_from(["npm", "pypi", "gem", "nuget", "maven", "conan", "nginx", "openssl"]), text=st.text())
def test_any_text_is_read_or_refused(kind, text):
    try:
        assert natives.read(kind, text).type == kind
    except ValueError:
        return
