"""The forms in which bytes may stand in the text of a row."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from careful.customer_data.postgres_store import forms


@given(st.binary(max_size=7), st.binary(min_size=16, max_size=40), st.binary(max_size=7))
def test_wherever_it_began_it_is_found(before, needle, after):
    whole = before + needle + after
    for text in (whole.hex(), base64.b64encode(whole).decode()):
        assert any(form in text for form in forms(needle))


def test_what_can_be_read_is_looked_for_as_it_is():
    assert "canary-1" in forms(b"canary-1")
    assert all("\n" not in form for form in forms(b"a\nb"))
