"""What staff do for owners from a device's page: with the real forms, and with what the ledger keeps of it."""

from datetime import timedelta
from typing import Any

import pytest
from village import OLD, Village

from careful import devices, updates
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CAM = "cam-1-001"


@pytest.fixture
def cam(village: Village) -> Village:
    village.declare()
    village.run(OLD, CAM)
    village.ship(OLD)
    village.ship("1.0.1")
    return village


def offer(cam: Village, **more: Any) -> None:
    updates.start_rollout(cam.world, OPERATOR, "cam-1", "1.0.1", waves=["100%"], deadline_minutes=30, **more)
    cam.work()


def told(cam: Village, name: str) -> list[tuple[str, dict[str, Any]]]:
    with cam.world.look() as connection:
        return [(one.actor, dict(one.data)) for one in ledger.read(connection, names=[name])]


def test_an_update_is_put_off_within_the_limit(browser: Any, secret: bytes, cam: Village) -> None:
    assert "none can be put off now" in browser.open(f"/devices/{CAM}").text
    offer(cam, urgency="exploited")
    assert "against a flaw that is exploited" in browser.open(f"/devices/{CAM}").text
    done = browser.send(f"/devices/{CAM}/postpone", hours="720")
    assert done.headers["location"] == f"/devices/{CAM}#wishes"
    [(actor, said)] = told(cam, "updates.update_postponed")
    assert said["until"].startswith((cam.world.clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"))
    assert actor.startswith("staff:")
    assert updates.postponable(cam.world, CAM) is not None
    assert updates.order_for(cam.world, CAM) is None


@pytest.mark.parametrize("hours", ["", "0", "-1", "soon", "99999999999"])
def test_no_span_is_refused(browser: Any, secret: bytes, cam: Village, hours: str) -> None:
    offer(cam)
    browser.open(f"/devices/{CAM}")
    assert browser.send(f"/devices/{CAM}/postpone", hours=hours).status_code == 400


def test_the_owners_word_is_passed_on_under_the_persons_name(browser: Any, secret: bytes, cam: Village) -> None:
    devices.set_traits(cam.world, OPERATOR, CAM, consent="ask")
    offer(cam)
    assert "1.0.1 waits for its owner" in browser.open(f"/devices/{CAM}").text
    assert browser.send(f"/devices/{CAM}/answer", says="perhaps", reason="x").status_code == 400
    browser.open(f"/devices/{CAM}")
    assert browser.send(f"/devices/{CAM}/answer", says="agrees", reason=" ").status_code == 400
    browser.open(f"/devices/{CAM}")
    browser.send(f"/devices/{CAM}/answer", says="refuses", reason="by telephone, ticket 4710")
    assert "the owner does not agree: passed on by staff:" in browser.text
    browser.send(f"/devices/{CAM}/answer", says="agrees", reason="by telephone, ticket 4711")
    order = updates.order_for(cam.world, CAM)
    assert order is not None
    assert order.consent == "given"
    [(actor, said)] = told(cam, "updates.owner_agreed")
    assert actor.startswith("staff:")
    assert (said["by"], said["reason"]) == (actor, "by telephone, ticket 4711")
    assert [one["by"] for _, one in told(cam, "updates.owner_refused")] == [actor]
    assert f"{CAM}: its owner agreed to 1.0.1 ({actor})." in browser.open(f"/devices/{CAM}").text


def test_traits_are_changed_and_tags_taken_away(browser: Any, secret: bytes, cam: Village) -> None:
    devices.set_traits(cam.world, OPERATOR, CAM, tag=("old", "kept"))
    browser.open(f"/devices/{CAM}")
    sent = {"region": "EU", "zone": "Europe/Berlin", "consent": "ask", "tags": "kept, beta"}
    assert browser.send(f"/devices/{CAM}/traits", **sent).status_code == 303
    found = devices.traits(cam.world, CAM)
    assert (found.region, found.zone, found.consent, found.tags) == ("eu", "Europe/Berlin", "ask", ("beta", "kept"))
    for wrong in ({"zone": "Mars/Olympus"}, {"consent": "maybe"}, {"tags": "a b! c"}):
        browser.open(f"/devices/{CAM}")
        assert browser.send(f"/devices/{CAM}/traits", **{**sent, **wrong}).status_code == 400
    assert devices.traits(cam.world, CAM) == found
