"""The page of one data item."""

from typing import Any

import pytest
from collected import Collected

from careful import products
from careful.customer_data.table import item_row
from careful.entrypoints.console.pages.data import items

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MAY = [
    pytest.param("{}", "any plain value", id="nothing said"),
    pytest.param("{min: -40.5, max: 85, unit: Cel}", "number, -40.5 to 85 Cel", id="range"),
    pytest.param("{min: 1}", "number, 1 or more", id="from"),
    pytest.param("{max: 9, unit: s}", "number, 9 s or less", id="up to"),
    pytest.param("{max_length: 2000}", "text or list, at most 2,000 long", id="length"),
    pytest.param("{unit: s}", "any plain value, s", id="unit"),
]


@pytest.mark.parametrize(("detail", "says"), MAY)
def test_what_a_field_may_be(detail: str, says: str, database: Any) -> None:
    text = f"schema: product/1\nproduct: {{id: a}}\ndata: [{{id: a, fields: [x], details: {{x: {detail}}}}}]\n"
    (item,) = products.parse(text.encode()).data or ()
    assert items.may_be(item_row("a", 1, item, [], []).fields[0]) == says


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
