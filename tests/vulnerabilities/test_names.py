"""Names in words become the CPE names that feeds and SBOMs use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.releases import parse_cpe
from careful.vulnerabilities.names import named_in_words


@pytest.mark.parametrize(
    ("vendor", "product", "wanted"),
    [
        pytest.param("OpenSSL", "OpenSSL", ("openssl", "openssl"), id="plain"),
        pytest.param("Apache Software Foundation", "Apache Airflow", ("apache", "airflow"), id="maker in the name"),
        pytest.param("n/a", "https://github.com/curl/curl", ("haxx", "curl"), id="a forge, and an alias"),
        pytest.param(
            None, "https://gitlab.gnome.org/GNOME/libxml2.git", ("xmlsoft", "libxml2"), id="a forge of a project's own"
        ),
        pytest.param(None, "git://git.savannah.gnu.org/git/wget.git", ("*", "wget"), id="a repository elsewhere"),
        pytest.param("GNU", "https://git.savannah.gnu.org/git/wget/", ("gnu", "wget"), id="and its maker"),
        pytest.param("Linux", "Linux", ("linux", "linux_kernel"), id="the kernel"),
        pytest.param("parisneo", "parisneo/lollms-webui", ("parisneo", "lollms-webui"), id="owner and name"),
        pytest.param("Acme, Inc.", "Gate Way", ("acme", "gate_way"), id="a company"),
        pytest.param(None, "libfoo", ("*", "libfoo"), id="no vendor"),
        pytest.param("X", "a:b (c)", ("x", r"a\:b_\(c\)"), id="escaped"),
    ],
)
def test_what_words_may_mean(vendor, product, wanted):
    assert wanted in named_in_words(vendor, product)


@pytest.mark.parametrize("product", ["n/a", "", None, "-", "x" * 101])
def test_what_names_nothing(product):
    assert named_in_words("Acme", product) == ()


@given(st.text(max_size=60), st.text(max_size=60))
def test_every_name_fits_into_a_cpe(vendor, product):
    for owner, title in named_in_words(vendor, product):
        assert parse_cpe(f"cpe:2.3:*:{owner}:{title}:*:*:*:*:*:*:*:*")
