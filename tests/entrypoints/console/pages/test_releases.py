"""Releases and rollouts on the console: what is in it, what could not be looked up, wave by wave to the devices."""

from typing import Any

import pytest
from village import FLEET, NEW, OLD, STAFF, Village

from careful import releases, updates

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_without_releases_the_page_names_the_commands(browser: Any, secret: bytes) -> None:
    page = browser.open("/releases").text
    assert "careful release add" in page
    assert "careful rollout start" in page


def test_a_release_is_signed_and_published(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    one = village.ship(OLD, "pillow==10.0.0", sign=False)
    assert f"/releases/{one.id}" in browser.open("/releases").text
    page = browser.open(f"/releases/{one.id}").text
    assert one.artifact.sha256 in page
    assert "Not known" in page, "it was compared with nothing yet"
    browser.send(f"/releases/{one.id}/sign")
    assert releases.by_id(village.world, one.id).state == "signed"
    browser.send(f"/releases/{one.id}/publish")
    assert updates.is_published(village.world, releases.by_id(village.world, one.id))


def test_known_flaws_lead_to_their_cases(browser: Any, secret: bytes, village: Village) -> None:
    case = village.affected()
    one = releases.get(village.world, "cam-1", OLD)
    assert f"/vulnerabilities/{case.id}" in browser.open(f"/releases/{one.id}").text


@pytest.fixture
def rollout(village: Village) -> str:
    """Three cameras are to get a release."""
    village.declare()
    village.ship(OLD, "pillow==10.0.0")
    village.run(OLD, *FLEET)
    village.ship(NEW, "pillow==10.0.1")
    return updates.start_rollout(village.world, STAFF, "cam-1", NEW, waves=("1", "100%"))


def test_a_rollout_is_halted_and_resumed(browser: Any, secret: bytes, village: Village, rollout: str) -> None:
    updates.advance(village.world)
    page = browser.open(f"/rollouts/{rollout}").text
    assert all(device in page for device in FLEET)
    browser.send(f"/rollouts/{rollout}/halt", reason="A customer called.")
    assert updates.rollout(village.world, rollout).rollout.state == "halted"
    assert "A customer called." in browser.text
    browser.send(f"/rollouts/{rollout}/resume", reason="It was the Wi-Fi.")
    assert updates.rollout(village.world, rollout).rollout.state == "running"


def test_only_failed_devices_are_accounted_for(browser: Any, secret: bytes, rollout: str) -> None:
    browser.open(f"/rollouts/{rollout}")
    refused = browser.send(f"/rollouts/{rollout}/account", device=FLEET[0], reason="No.")
    assert refused.status_code == 409


@pytest.mark.parametrize("path", ["/releases/nowhere", "/rollouts/nowhere"])
def test_not_there(browser: Any, secret: bytes, path: str) -> None:
    assert browser.open(path).status_code == 404
