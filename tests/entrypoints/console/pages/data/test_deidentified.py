"""The Data page: sets for others, handed out and refused."""

from pathlib import Path
from typing import Any

import pytest
from household import make_house

from careful import customer_data, products
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Refused

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_handed_out_and_refused(browser: Any, secret: bytes, world: Any, staff: Any, tmp_path: Path) -> None:
    assert "careful data export-deidentified" in browser.open("/data").text
    house = make_house(world, staff, tmp_path)
    text = products.text_of(world, "cam-1", 1).decode()
    text = text.replace("retention: {days: 14}", "retention: {days: 14}, deidentified: {method: bands, k: 2}")
    products.declare(world, staff, text.encode())
    products.approve(world, staff, "cam-1")
    for number in (1, 2):
        device = "cam-1-001" if number == 1 else house.device("cam-1-002")
        house.say("up/clip", device, version=2, zone="canary-hall", seconds=number)
    with pytest.raises(Refused):
        customer_data.release_deidentified(world, OPERATOR, "cam-1", "clip", "vendor-z", ["seconds=keep"])
    made = customer_data.release_deidentified(world, OPERATOR, "cam-1", "clip", "vendor-x", ["zone=keep"])
    text = browser.open("/data?deidentified=-k").text
    for words in ("vendor-x", "vendor-z", made.id, "refused", "100.0 % of rows stand alone", "careful data whose-copy"):
        assert words in text
    assert "canary" not in text
