"""Devices on the console: the list in its address, a device's page, what can be done there."""

from typing import Any

import pytest
from village import OLD, Village

from careful import devices, people, updates
from careful.entrypoints.console.pages import devices as page
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def fleet(village: Village) -> Village:
    """Three cameras on 1.0.0; Kim owns the first."""
    village.declare()
    village.run(OLD, "cam-1-001", "cam-1-002", "cam-1-003")
    village.own(cam_1_001="kim@example.com")
    return village


def test_a_devices_story_has_its_updates_and_leads_to_their_rollouts(
    browser: Any, secret: bytes, fleet: Village
) -> None:
    fleet.ship(OLD)
    fleet.ship("1.0.1")
    rollout = updates.start_rollout(fleet.world, OPERATOR, "cam-1", "1.0.1", waves=["100%"], deadline_minutes=30)
    fleet.work()
    browser.open("/devices/cam-1-001")
    assert f'<a href="/rollouts/{rollout}">1.0.1 was offered; it has not fetched it.</a>' in browser.text
    fleet.later(minutes=1)
    done = updates.Report(execution="closed", finished="success")
    updates.feedback(fleet.world, "cam-1-001", updates.orders(fleet.world, device="cam-1-001")[0].id, done)
    devices.report_version(fleet.world, "cam-1-001", "1.0.1", "ddi")
    updates.advance(fleet.world)
    text = browser.open("/devices/cam-1-001").text
    assert f'<a href="/rollouts/{rollout}">cam-1-001 confirmed 1.0.1.</a>' in text
    assert text.index("confirmed 1.0.1") < text.index("1.0.1 was offered") < text.index("enrolled with a key")
    assert "confirmed 1.0.1" not in browser.open("/devices/cam-1-002").text


def test_without_devices_the_page_names_the_command(browser: Any, secret: bytes) -> None:
    assert "careful device token --product PRODUCT" in browser.open("/devices").text


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        pytest.param("", 3, id="all"),
        pytest.param("product=cam-1", 3, id="product"),
        pytest.param("product=lock-1", 0, id="another product"),
        pytest.param("state=active", 3, id="state"),
        pytest.param("state=retired", 0, id="another state"),
        pytest.param("state=nonsense", 3, id="no such state"),
        pytest.param("version=1.0.0", 3, id="version"),
        pytest.param("version=2", 0, id="another version"),
        pytest.param("version=-", 0, id="none said yet"),
        pytest.param("after=cam-1-002", 1, id="the next page"),
    ],
)
def test_the_list_is_filtered_by_its_address(
    browser: Any, secret: bytes, fleet: Village, asked: str, count: int
) -> None:
    browser.open(f"/devices?{asked}")
    assert browser.text.count('class="id" href="/devices/cam-1-') == count
    assert ("No device is like that." in browser.text) is (count == 0)


def test_pages_follow_by_key_and_keep_the_filter(
    browser: Any, secret: bytes, fleet: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "_PAGE", 2)
    browser.open("/devices?product=cam-1")
    assert 'href="/devices?product=cam-1&after=cam-1-002"' in browser.text
    browser.open("/devices?product=cam-1&after=cam-1-002")
    assert "Next page" not in browser.text
    assert "First page" in browser.text


def test_a_device_without_its_owners_address(browser: Any, secret: bytes, fleet: Village) -> None:
    browser.open("/devices/cam-1-001")
    assert "can be told" in browser.text
    assert "kim@example.com" not in browser.text
    assert f"cam-1-001 said that it runs {OLD}." in browser.text
    assert "careful device owner cam-1-002" in browser.open("/devices/cam-1-002").text


@pytest.mark.parametrize(
    ("verbs", "state"),
    [
        pytest.param(("quarantine",), "quarantined", id="quarantine"),
        pytest.param(("quarantine", "restore"), "active", id="quarantine and restore"),
        pytest.param(("revoke",), "made", id="revoke"),
        pytest.param(("retire",), "retired", id="retire"),
    ],
)
def test_acts_with_a_reason(browser: Any, secret: bytes, fleet: Village, verbs: tuple[str, ...], state: str) -> None:
    for verb in verbs:
        browser.open("/devices/cam-1-001")
        assert f"careful device {verb} cam-1-001" in browser.text
        answer = browser.send(f"/devices/cam-1-001/{verb}", reason="It shouted.")
        assert answer.headers["location"] == "/devices/cam-1-001"
        assert "It shouted." in browser.text
    assert devices.get(fleet.world, "cam-1-001").state == state


def test_no_act_without_a_reason(browser: Any, secret: bytes, fleet: Village) -> None:
    browser.open("/devices/cam-1-001")
    assert browser.send("/devices/cam-1-001/retire", reason=" ").status_code == 400
    assert devices.get(fleet.world, "cam-1-001").state == "active"


@pytest.mark.parametrize("verb", sorted(page.ACTS))
def test_an_auditor_changes_nothing(browser: Any, secret: bytes, stranger: Any, fleet: Village, verb: str) -> None:
    stranger.enrol(people.invite(fleet.world, OPERATOR, ("auditor",)), "bob@example.org", "Bob")
    stranger.open("/devices/cam-1-001")
    assert "What you can do" not in stranger.text
    assert stranger.send(f"/devices/cam-1-001/{verb}", reason="x").status_code == 403


def test_what_is_not_there(browser: Any, secret: bytes) -> None:
    assert browser.open("/devices/none").status_code == 404


def test_a_version_that_the_device_signed_is_marked(
    browser: Any, secret: bytes, fleet: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signed(state: Any, version: str, why: str = "") -> None:
        now = fleet.world.clock.now()
        said = updates.SignedVersion(
            device="cam-1-001", state=state, why=why, version=version, sha256="", answers="", count=1, key_sha256="",
            text="", at=now,
        )  # fmt: skip
        monkeypatch.setattr(updates, "signed_version", lambda _world, _device: said)

    assert "signed by the device" not in browser.open("/devices/cam-1-001").text
    signed("signed", OLD)
    assert "signed by the device" in browser.open("/devices/cam-1-001").text
    signed("signed", "0.9.0")
    assert "another version" in browser.open("/devices/cam-1-001").text
    signed("disagrees", "0.9.0", "it says 1.0.0, and signs 0.9.0")
    assert "it says 1.0.0, and signs 0.9.0" in browser.open("/devices/cam-1-001").text
