"""Releases and rollouts on the console: what is in it, what could not be looked up, wave by wave to the devices."""

import json
from typing import Any

import pytest
from attestations import Builder
from flaws_sample import osv
from village import FLEET, NEW, OLD, STAFF, Village

from careful import releases, updates, vulnerabilities

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


def test_the_page_says_what_changed_and_who_built_it(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    one = village.ship(OLD, "pillow==10.0.0")
    assert "It is the first release" in browser.open(f"/releases/{one.id}").text
    two = village.ship(NEW, "pillow==10.0.1", "attrs==2.0")
    builder = Builder()
    releases.add_provenance(village.world, STAFF, two.id, builder.attest(two.artifact.sha256))
    page = browser.open(f"/releases/{two.id}").text
    assert f'href="/releases/{one.id}"' in page
    for said in ("attrs", "10.0.0", "10.0.1", builder.id, "names no builder", "Deltas to it", "as before"):
        assert said in page, said


def test_known_flaws_lead_to_their_cases(browser: Any, secret: bytes, village: Village) -> None:
    case = village.affected()
    one = releases.get(village.world, "cam-1", OLD)
    assert f"/vulnerabilities/{case.id}" in browser.open(f"/releases/{one.id}").text


def test_a_decision_that_asks_for_another_look_is_no_decision_there(
    browser: Any, secret: bytes, village: Village
) -> None:
    quiet = "CVE-2023-50447"
    village.affected()
    village.judge("not_affected", quiet)
    again = village.ship(NEW, "pillow==10.1.0")
    vulnerabilities.match(village.world)
    assert village.case(quiet).review
    assert "look again" in browser.open(f"/releases/{again.id}").text


def test_no_known_flaw_turns_into_not_known_by_itself(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    one = village.ship(OLD, "harmless==1.0.0")
    feed = village.folder / "osv.json"
    feed.write_text(json.dumps(osv("OSV-9", "harmless", [("0", "0.5")])))
    vulnerabilities.import_feed(village.world, STAFF, feed, as_of=village.world.clock.now())
    vulnerabilities.match(village.world)
    assert "No known flaw<" in browser.open(f"/releases/{one.id}").text
    village.hear()  # a newer intake, which this release was not compared with yet
    assert "No known flaw<" not in browser.open(f"/releases/{one.id}").text
    vulnerabilities.match(village.world)
    assert "No known flaw<" in browser.open(f"/releases/{one.id}").text
    village.later(hours=25)
    browser.sign_in(secret)
    page = browser.open(f"/releases/{one.id}").text
    assert "No known flaw<" not in page
    assert "a feed is too old, or this release was not compared with the newest yet" in page


def test_flaws_that_were_found_are_not_all_there_are_once_a_feed_is_old(
    browser: Any, secret: bytes, village: Village
) -> None:
    village.affected()
    one = releases.get(village.world, "cam-1", OLD)
    assert "What became known lately" not in browser.open(f"/releases/{one.id}").text
    village.later(hours=25)
    browser.sign_in(secret)
    assert "What became known lately" in browser.open(f"/releases/{one.id}").text


def test_an_sbom_without_components_is_no_proof(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    one = village.ship(OLD)
    village.hear()
    vulnerabilities.match(village.world)
    page = browser.open(f"/releases/{one.id}").text
    assert "its SBOM lists no component" in page
    assert "No known flaw<" not in page


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
