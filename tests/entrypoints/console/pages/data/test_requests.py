"""The Data page: what customers ask for; and a request's page, from the first word to the file."""

from pathlib import Path
from typing import Any

import pytest
from household import make_house

from careful import customer_data

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_from_the_first_word_to_the_file(browser: Any, secret: bytes, world: Any, staff: Any, tmp_path: Path) -> None:
    assert "No customer has asked for anything yet" in browser.open("/data").text
    house = make_house(world, staff, tmp_path)
    house.say("up/clip", zone="canary-hall", seconds=4)
    browser.open("/devices/cam-1-001")
    browser.send("/data/requests", device="cam-1-001", kind="access")
    (one,) = customer_data.requests_of(world)
    where = f"/data/requests/{one.id}"
    assert "Nothing was handed out" in browser.text
    assert browser.send(where, act="answer").status_code == 409
    browser.open(where)
    assert browser.send(where, act="code", to="device").status_code == 303
    assert browser.send(where, act="prove", code="1").status_code == 403
    browser.open(where)
    assert browser.send(where, act="nonsense").status_code == 400
    browser.open(where)
    browser.send(where, act="extend", reason="much to do")
    assert "much to do" in browser.text
    browser.send(where, act="judge", reason="known to us")
    assert "judged by staff" in browser.text
    browser.send(where, act="answer")
    assert "It can be fetched until" in browser.text
    assert "canary" not in browser.text
    assert browser.send(f"{where}/file").content.startswith(b"PK")
    assert one.id in browser.open("/data").text
    assert "answered" in browser.text


def test_correct_delete_refuse(browser: Any, secret: bytes, world: Any, staff: Any, tmp_path: Path) -> None:
    house = make_house(world, staff, tmp_path)
    at = world.clock.now().isoformat()
    house.say("up/clip", zone="hall", seconds=4)
    browser.open("/devices/cam-1-001")
    for kind, fields in (
        ("correct", {"act": "correct", "stream": "up/clip", "at": at, "field": "zone", "value": "kitchen"}),
        ("delete", {"act": "delete"}),
        ("export", {"act": "refuse", "reason": "not theirs"}),
    ):
        browser.send("/data/requests", device="cam-1-001", kind=kind)
        where = f"/data/requests/{customer_data.requests_of(world)[0].id}"
        browser.send(where, act="judge", reason="known")
        if kind == "correct":
            assert browser.send(where, **fields | {"at": "noon"}).status_code == 400
            browser.open(where)
            assert browser.send(where, **fields | {"at": "2026-11-02T09:00:00"}).status_code == 400
            browser.open(where)
        browser.send(where, **fields)
        assert customer_data.requests_of(world)[-1].outcome
        browser.open("/devices/cam-1-001")
