"""Products of several names: the shipped table holds together, a maker's own adds to it, and its errors are located."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid
from careful.vulnerabilities.aliases import read, shipped, with_own

OWN = 'alias = [{ words = ["acme:thing", "*:thing"], cpe = "acme_inc:thing", source = "our records" }]'


def test_both_ways():
    table = read(OWN, "x")
    assert table.by_words == {("acme", "thing"): (("acme_inc", "thing"),), ("*", "thing"): (("acme_inc", "thing"),)}
    assert table.others == {("acme", "thing"): (("acme_inc", "thing"),), ("acme_inc", "thing"): (("acme", "thing"),)}


def test_the_shipped_table():
    assert ("haxx", "curl") in shipped().by_words["curl", "curl"]
    assert ("php_group", "php") in shipped().others["php", "php"]
    for name, names in shipped().others.items():
        assert name not in names
        assert all(name in shipped().others[other] for other in names)


def test_a_makers_own_adds_to_it(tmp_path):
    assert with_own(tmp_path / "none.toml") is shipped()
    (tmp_path / "own.toml").write_text(OWN)
    both = with_own(tmp_path / "own.toml")
    assert both.by_words["acme", "thing"] == (("acme_inc", "thing"),)
    assert both.by_words["curl", "curl"] == shipped().by_words["curl", "curl"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("alias = [", "is no TOML", id="no TOML"),
        pytest.param("", "one list, `alias`", id="nothing"),
        pytest.param("aliases = []", "one list, `alias`", id="misspelt"),
        pytest.param("alias = [1]", "alias 1: expected cpe, source, words", id="no line"),
        pytest.param(OWN.replace(", source", ", sauce"), "alias 1: expected cpe, source, words", id="another key"),
        pytest.param(OWN.replace("our records", " "), "source as a text", id="no source"),
        pytest.param(OWN.replace("acme:thing", "Acme:Thing"), "alias 1: 'Acme:Thing' is no", id="capitals"),
        pytest.param(OWN.replace("acme:thing", "thing"), "alias 1: 'thing' is no", id="no vendor"),
        pytest.param(OWN.replace("acme_inc:", "*:"), "the vendor of a CPE name is missing", id="any vendor"),
        pytest.param(OWN.replace("*:thing", "*:*"), "is no", id="any product"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, says):
    with pytest.raises(Invalid, match="file.toml") as refusal:
        read(text, "file.toml")
    assert says in str(refusal.value)


def test_a_file_of_another_kind(tmp_path):
    (tmp_path / "own.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Invalid, match="cannot be read"):
        with_own(tmp_path / "own.toml")


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text):
    with suppress(Invalid):
        read(text, "x")
