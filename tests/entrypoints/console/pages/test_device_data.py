"""A device's page and its data: read for a purpose, passed on, deleted; by right."""

from pathlib import Path
from typing import Any

import pytest
from household import House, make_house

from careful import customer_data, people
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PAGE = "/devices/cam-1-001/data"


@pytest.fixture
def house(world: Any, staff: Any, tmp_path: Path) -> House:
    made = make_house(world, staff, tmp_path)
    made.say("up/clip", zone="<b>hall</b>", seconds=4)
    made.say("up/climate", celsius=21)
    return made


def test_what_a_device_said_is_shown_for_a_purpose(browser: Any, secret: bytes, house: House) -> None:
    ann = people.list_accounts(house.world)[0].id
    people.change_roles(house.world, OPERATOR, ann, ["administrator", "support"])
    browser.sign_in(secret)
    text = browser.open(PAGE).text
    assert "help the owner" in text
    assert "seconds" not in text
    browser.send(PAGE, purpose="help the owner", stream="")
    assert "<b>hall" not in browser.page.text  # what devices sent is never markup
    assert "&lt;b&gt;hall" in browser.page.text
    assert "celsius" not in browser.text  # it is for another purpose
    assert customer_data.reads(house.world)[0].actor == f"staff:{ann}"
    assert browser.send(PAGE, purpose="sell it").status_code == 409


def test_a_role_that_is_not_named_sees_no_value(browser: Any, secret: bytes, house: House) -> None:
    browser.open(PAGE)
    browser.send(PAGE, purpose="help the owner", stream="up/clip")
    assert "not for a role of yours" in browser.text
    assert "hall" not in browser.text


def test_the_devices_page_leads_there(browser: Any, secret: bytes, house: House) -> None:
    browser.open("/devices/cam-1-001")
    text = browser.text
    assert "Its customer's data" in text
    assert f'href="{PAGE}"' in text
    assert customer_data.customers_of(house.world, "cam-1-001")[0].id in text
    assert "hall" not in text


@pytest.mark.parametrize("why", ["transfer", "asked"])
def test_passed_on_or_deleted_it_shows_the_receipt(browser: Any, secret: bytes, house: House, why: str) -> None:
    browser.open("/devices/cam-1-001")
    assert browser.send(f"{PAGE}/end", why=why).status_code == 303
    assert "was destroyed in the database" in browser.text
    (one,) = customer_data.receipts(house.world)
    assert one.why == why
    assert f"/data/receipts/{one.id}" in browser.open("/devices/cam-1-001").text
    assert browser.send(f"{PAGE}/end", why="because").status_code == 400
