"""What of customers' data stands on Today: promises that are late, bulk reads, what nobody reads."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from household import make_house

from careful import customer_data
from careful.customer_data import Retention
from careful.customer_data.events import BulkReadStopped
from careful.entrypoints.console.pages.data.pressing import overdue, pressing
from careful.kernel.actors import SYSTEM

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_what_presses(world: Any, staff: Any, tmp_path: Path) -> None:
    assert pressing(world) == []
    house = make_house(world, staff, tmp_path)
    house.say("up/clip", zone="hall")
    customer_data.measure_use(world)
    assert pressing(world) == []
    with world.change(SYSTEM) as work:
        work.record(BulkReadStopped(reader="staff:ann", devices=37, minutes=10, limit=20))
    ((what, *_),) = pressing(world)
    assert what == "Ask staff:ann why they read 37 devices in 10 minutes"
    world.clock.advance(timedelta(days=100))
    Retention().measure(world)
    assert [row[0] for row in pressing(world)] == [
        "Destroy the key of epoch 1",
        "Find out why clip of cam-1 is still there",
        "Decide on 4 fields that nobody reads",
    ]


def test_today_shows_it(browser: Any, secret: bytes, world: Any, staff: Any, tmp_path: Path) -> None:
    make_house(world, staff, tmp_path)
    with world.change(SYSTEM) as work:
        work.record(BulkReadStopped(reader="staff:ann", devices=37, minutes=10, limit=20))
    assert "why they read 37 devices" in browser.open("/").text


def test_overdue_requests_stand_first(browser: Any, secret: bytes, world: Any, staff: Any, tmp_path: Path) -> None:
    make_house(world, staff, tmp_path)
    made = []
    for kind in ("access", "export", "delete"):
        made.append(customer_data.open_request(world, staff, "cam-1-001", kind))
        world.clock.advance(timedelta(minutes=1))
    assert overdue(world) == []
    world.clock.advance(made[0].due - world.clock.now() + timedelta(days=3))
    browser.sign_in(secret)
    first, _, rest = overdue(world)
    assert first[0] == "Answer a customer's request to see what is held, and who read it"
    assert "3 days ago" in first[1]
    assert rest[0] == "Answer 1 more request of customers"
    assert f'href="{first[2]}"' in browser.open("/").text
    assert browser.open(first[2]).status_code == 200
