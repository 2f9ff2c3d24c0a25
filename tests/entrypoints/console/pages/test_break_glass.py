"""An emergency at the console: reason and case first, a fresh proof, records as text, and what became of it."""

from pathlib import Path
from typing import Any

import pytest
from household import House, make_house

from careful import customer_data, people
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PAGE = "/devices/cam-1-001/break-glass"


@pytest.fixture
def house(world: Any, staff: Any, tmp_path: Path) -> House:
    made = make_house(world, staff, tmp_path)
    made.say("up/clip", zone="<b>hall</b>", seconds=4)
    return made


def test_an_emergency(browser: Any, secret: bytes, house: House) -> None:
    assert "Nobody has opened this device in an emergency." in browser.open(PAGE).text
    assert browser.send(PAGE, reason="", case="C-7").status_code == 400
    assert browser.send(PAGE, reason="smoke", case="C-7").status_code == 303
    one = customer_data.glasses(house.world)[0].id
    assert "smoke" in browser.open(PAGE).text
    browser.send(f"{PAGE}/{one}/open", stream="up/clip")
    assert "<b>hall" not in browser.page.text
    assert "&lt;b&gt;hall" in browser.page.text
    browser.open(PAGE)
    assert browser.send(f"{PAGE}/{one}/end").status_code == 303
    assert "Open for 30 minutes" in browser.open(PAGE).text


def test_who_has_no_right_sees_no_form(browser: Any, stranger: Any, secret: bytes, house: House) -> None:
    stranger.enrol(people.invite(house.world, OPERATOR, ("auditor",)), "bob@example.org", "Bob")
    assert "do not include data:break-glass" in stranger.open(PAGE).text
    stranger.open("/settings")
    assert stranger.send(PAGE, reason="smoke", case="C-7").status_code == 403
    assert customer_data.glasses(house.world) == []
