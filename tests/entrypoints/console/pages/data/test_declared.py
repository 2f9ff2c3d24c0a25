"""The Data page: declared data items beside what was seen; filters and order in the address."""

from typing import Any

import pytest
from collected import FILE, Collected

from careful import products
from careful.customer_data.table import item_row
from careful.entrypoints.console.pages import data
from careful.entrypoints.console.pages.data import declared

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ROWS = {one.id: item_row("toy-1", 1, one, [], []) for one in products.parse(FILE).data or ()}


@pytest.fixture
def made(world: Any, staff: Any) -> Collected:
    return Collected(world, staff)


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        pytest.param("", {"voice", "climate", "account"}, id="all"),
        pytest.param("yes", {"voice", "account"}, id="personal, or not stated"),
        pytest.param("consent", {"voice"}, id="consent"),
        pytest.param("unseen", {"voice", "climate"}, id="never sent"),
        pytest.param("nonsense", {"voice", "climate", "account"}, id="an unknown word"),
    ],
)
def test_choices(choice: str, found: set[str], database: Any) -> None:
    assert {name for name, row in ROWS.items() if declared.fits(row, choice)} == found


def test_sections_are_found_in_order(database: Any) -> None:
    found = [one.ID for one in data.sections()]
    assert found.index("declared") < found.index("refused")
    assert [one.ORDER for one in data.sections()] == sorted(one.ORDER for one in data.sections())


def test_without_data_the_page_names_the_command(browser: Any, secret: bytes) -> None:
    text = browser.open("/data").text
    assert "careful product declare product.yaml" in text
    assert "Nothing was refused" in text


def test_items_are_filtered_and_sorted_by_the_address(browser: Any, secret: bytes, made: Collected) -> None:
    made.declare()
    made.take()
    text = browser.open("/data").text
    assert 'href="/data/items/toy-1/voice"' in text
    assert "answer questions" in text
    assert "nobody else" in text
    assert "a parent" in text
    assert "not from devices" in text
    text = browser.open("/data?declared=-taken").text
    assert text.index("items/toy-1/climate") < text.index("items/toy-1/voice") < text.index("items/toy-1/account")
    text = browser.open("/data?personal=consent&product=toy-1&declared=item").text
    assert "items/toy-1/climate" not in text
    assert "personal=consent" in text.partition('class="sort"')[2]
    assert "No data item is like that" not in text
    assert "items/toy-1/voice" in browser.open("/data?product=no-such").text
