"""The page of one data item."""

from typing import Any

import pytest
from collected import Collected

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_fields_beside_what_was_seen_and_who_sent_what_was_refused(
    browser: Any, secret: bytes, world: Any, staff: Any
) -> None:
    made = Collected(world, staff)
    made.declare()
    made.take()
    made.refuse()
    text = browser.open("/data/items/toy-1/climate").text
    assert "60 messages an hour" in text
    assert "is left out, the rest is taken" in text
    assert 'href="/devices/toy-1-002"' in text
    assert "never" in text
    text = browser.open("/data/items/toy-1/voice?sort=-taken").text
    assert "number, 0 to 60 s" in text
    assert "a parent&#39;s, before anything is taken" in text
    assert browser.open("/data/items/toy-1/nothing").status_code == 404
    assert browser.open("/data/items/nothing/voice").status_code == 404
