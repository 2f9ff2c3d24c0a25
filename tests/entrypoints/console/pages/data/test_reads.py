"""The Data page: who read what, and what nobody reads."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from household import make_house

from careful import customer_data
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_reads_and_what_nobody_reads(browser: Any, secret: bytes, world: Any, staff: Any, tmp_path: Path) -> None:
    assert "Nobody has read anything" in browser.open("/data").text
    house = make_house(world, staff, tmp_path)
    house.say("up/clip", zone="canary-hall")
    customer_data.read(world, OPERATOR, "help the owner", device="cam-1-001")
    customer_data.measure_use(world)
    text = browser.open("/data?reads=-when").text
    assert "help the owner" in text
    assert "operator:cli" in text
    assert "canary" not in text
    assert "proposed for removal" not in text
    world.clock.advance(timedelta(days=100))
    browser.sign_in(secret)
    text = browser.open("/data").text
    assert "proposed for removal" in text
    assert "cam-1 up/climate.celsius" in text
