"""Rollouts on the console: seen before, started, gone back from by two people; and who is left behind."""

import re
from typing import Any

import pytest
from village import FLEET, NEW, OLD, SECOND, Village

from careful import devices, updates
from careful.workflows import end_of_support

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def cams(village: Village) -> Village:
    village.declare()
    village.ship(OLD, "pillow==10.0.0")
    village.ship(NEW, "pillow==10.0.1")
    village.run(OLD, *FLEET)
    devices.seen(village.world, dict.fromkeys(FLEET, village.world.clock.now()))
    return village


def test_a_dry_run_shows_who_and_why_not_and_then_starts(browser: Any, secret: bytes, cams: Village) -> None:
    assert "/rollouts/new" in browser.open("/releases").text
    words = f"product=cam-1&version={NEW}&waves=1+100%25&group=device!%3Dcam-1-003"
    page = browser.open(f"/rollouts/new?{words}").text
    assert f"2 devices of cam-1 would get {NEW}" in page
    assert "not device!=cam-1-003" in page
    assert updates.rollouts(cams.world) == []
    given = {"product": "cam-1", "version": NEW, "waves": "1 100%", "group": "device!=cam-1-003", "deadline": "60"}
    browser.send("/rollouts/new", **given, urgency="exploited", window="", zone="UTC", reason="")
    [rollout] = updates.rollouts(cams.world)
    assert (rollout.size, rollout.policy.urgency) == (2, "exploited")
    page = browser.open(f"/rollouts/{rollout.id}").text
    assert "device!=cam-1-003" in page
    assert "2 waiting" in page


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("waves=5&group=", "The last wave must be all"),
        ("waves=100%25&group=colour%3Dred", "is no condition"),
        ("waves=100%25&deadline=soon", "no number of minutes"),
        ("waves=100%25&window=late", "is no maintenance window"),
    ],
)
def test_what_makes_no_sense_is_said_on_the_page(
    browser: Any, secret: bytes, cams: Village, words: str, says: str
) -> None:
    assert says in browser.open(f"/rollouts/new?product=cam-1&version={NEW}&{words}").text


def test_going_back_is_proposed_and_waits_for_another_person(browser: Any, secret: bytes, cams: Village) -> None:
    rollout = updates.start_rollout(cams.world, SECOND, "cam-1", NEW, waves=("all",))
    cams.run(NEW, *FLEET)
    cams.work()
    browser.open(f"/rollouts/{rollout}")
    browser.send(f"/rollouts/{rollout}/roll-back", to=OLD, reason="The picture is green.")
    back = updates.rollouts(cams.world)[-1]
    assert (back.state, back.size) == ("proposed", 3)
    page = browser.open(f"/rollouts/{back.id}").text
    assert "1 person must still agree" in page
    assert "somebody else agrees" in page
    assert updates.confirm_rollout(cams.world, SECOND, back.id) == "running"
    assert "by each device" not in browser.open(f"/rollouts/{back.id}").text
    other = updates.start_rollout(
        cams.world, SECOND, "cam-1", OLD, waves=("all",), downgrade=True, reason="x", group="device=cam-1-001"
    )
    browser.send(f"/rollouts/{other}/confirm")
    assert updates.rollout(cams.world, other).rollout.state == "running"


def test_a_proposal_is_dropped(browser: Any, secret: bytes, cams: Village) -> None:
    cams.run(NEW, *FLEET)
    other = updates.start_rollout(cams.world, SECOND, "cam-1", OLD, waves=("all",), downgrade=True, reason="x")
    browser.open(f"/rollouts/{other}")
    browser.send(f"/rollouts/{other}/withdraw", reason="Found it.")
    assert updates.rollout(cams.world, other).rollout.state == "superseded"


def test_who_is_behind_and_why(browser: Any, secret: bytes, cams: Village) -> None:
    cams.run(NEW, "cam-1-001")
    page = browser.open("/rollouts/behind?product=cam-1").text
    assert "2 devices: in no rollout" in page
    assert re.search(r">1</(?:a|b|strong|span)>.*up to date", page, re.DOTALL) or "up to date" in page


def test_installed_is_a_word_and_confirmed_is_known(browser: Any, secret: bytes, cams: Village) -> None:
    rollout = updates.start_rollout(cams.world, SECOND, "cam-1", NEW, waves=("all",))
    cams.work()
    order = updates.order_for(cams.world, "cam-1-001")
    assert order is not None
    updates.feedback(cams.world, "cam-1-001", order.id, updates.Report(execution="closed", finished="success"))
    page = browser.open(f"/rollouts/{rollout}").text
    assert "1 installed" in page
    cams.run(NEW, "cam-1-001")
    cams.work()
    assert "1 confirmed" in browser.open(f"/rollouts/{rollout}").text


def test_the_end_of_support_is_announced_on_the_product(browser: Any, secret: bytes, cams: Village) -> None:
    browser.open("/products/cam-1")
    browser.send("/products/cam-1/publish")
    assert "The end of support" in browser.open("/products/cam-1").text
    browser.send("/products/cam-1/end", last=NEW, keeps="Pictures at home.", stops="Alerts.")
    page = browser.open("/products/cam-1").text
    assert "Pictures at home." in page
    assert end_of_support.progress(cams.world, "cam-1")[0][1].state == "done"
