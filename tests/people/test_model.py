"""Names and addresses as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid
from careful.people.model import clean_email, clean_name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param(" Ann   Example ", "Ann Example", id="stray spaces"),
        pytest.param("Zoe\u0308", "Zo\u00eb", id="one form for one name"),
        pytest.param("O'Brien-Ōe", "O'Brien-Ōe", id="signs that names have"),
    ],
)
def test_names(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


@pytest.mark.parametrize("typed", ["", "   ", "x" * 81, "a\x1bb", "ann\u202eexe"])
def test_what_is_no_name(typed: str) -> None:
    with pytest.raises(Invalid):
        clean_name(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param(" Ann@Example.ORG ", "ann@example.org", id="case and spaces"),
        pytest.param("ann+careful@example.org", "ann+careful@example.org", id="plus"),
        pytest.param("ann@\uff45xample.org", "ann@example.org", id="full width"),
    ],
)
def test_addresses(typed: str, kept: str) -> None:
    assert clean_email(typed) == kept


@pytest.mark.parametrize("typed", ["", "ann", "@x", "ann@", "a b@x.org", "a@b@c", "a\r\nBcc: x@y.org", "<a@b.org>"])
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(Invalid):
        clean_email(typed)


@given(st.emails())
def test_cleaning_twice_changes_nothing_more(typed: str) -> None:
    try:
        once = clean_email(typed)
    except Invalid:
        return
    assert clean_email(once) == once
