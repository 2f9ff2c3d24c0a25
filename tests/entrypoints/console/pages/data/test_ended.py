"""The Data page: what was deleted; and the page of a receipt, for printing."""

from pathlib import Path
from typing import Any

import pytest
from household import make_house

from careful import customer_data
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_a_receipt_is_listed_and_printed(browser: Any, secret: bytes, world: Any, staff: Any, tmp_path: Path) -> None:
    browser.open("/data")
    assert "No customer's time has ended yet" in browser.text
    house = make_house(world, staff, tmp_path)
    house.say("up/clip", zone="canary-hall")
    one = customer_data.end_customer(world, OPERATOR, "cam-1-001", "asked")
    text = browser.open("/data").text
    assert one.id in text
    assert "under way" in text
    assert "the customer asked for it" in text
    text = browser.open(f"/data/receipts/{one.id}").text
    assert "was destroyed in the database" in text
    assert "— careful/receipt" in text
    assert customer_data.receipt_verifier(world) in text
    assert "canary" not in text
    assert browser.open("/data/receipts/none").status_code == 404
