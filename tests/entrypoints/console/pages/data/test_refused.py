"""The Data page: what was refused, by field and release."""

from typing import Any

import pytest
from collected import Collected

from careful.entrypoints.console.pages.data import refused
from careful.products import KINDS

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_every_kind_has_words(database: Any) -> None:
    assert set(refused.WHY) == set(KINDS)


def test_refusals_are_filtered_and_sorted_by_the_address(browser: Any, secret: bytes, world: Any, staff: Any) -> None:
    made = Collected(world, staff)
    made.declare()
    made.refuse()
    made.refuse(field="celsius", kind="out-of-range", release="2.0.0")
    made.refuse(field="<b>bold</b>")
    text = browser.open("/data").text
    assert "climate.ssid" in text
    assert "out of range" in text
    assert "<b>bold" not in text
    assert "climate.ssid" not in browser.open("/data?kind=out-of-range").text
    assert "climate.celsius" not in browser.open("/data?release=1.0.0").text
    assert "Nothing like that was refused" in browser.open("/data?kind=too-long").text
    text = browser.open("/data?refused=-field").text
    assert text.index("climate.ssid") < text.index("climate.celsius")
