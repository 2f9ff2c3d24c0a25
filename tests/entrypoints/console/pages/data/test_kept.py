"""The Data page: how long what is kept is kept, measured."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from household import make_house

from careful.customer_data import Retention

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_promised_beside_measured(browser: Any, secret: bytes, world: Any, staff: Any, tmp_path: Path) -> None:
    assert "Nothing was measured yet" in browser.open("/data").text
    house = make_house(world, staff, tmp_path)
    house.say("up/clip", zone="hall")
    house.say("event/motion", zone="hall")
    Retention().measure(world)
    text = browser.open("/data").text
    assert "cam-1 up/clip" in text
    assert "14 days" in text
    assert "personal, without a number" in text
    assert "kept too long" not in text
    world.clock.advance(timedelta(days=403))
    Retention().measure(world)
    browser.sign_in(secret)
    text = browser.open("/data?kept=says").text
    assert text.index("kept too long") < text.index("within its time")
