"""The page of what waits for a second person: two browsers, one launch and one purge, and a refusal."""

from pathlib import Path
from typing import Any

import pytest
from makers import Maker

from careful import people, updates
from careful.entrypoints.console.pages import approvals
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WORDS = {
    "product": "cam-1",
    "version": "1.0.0",
    "waves": "100%",
    "deadline": "60",
    "urgency": "security",
    "zone": "UTC",
}


@pytest.fixture
def ben(browser: Any, secret: bytes, stranger: Any) -> Any:
    """The executive, in another browser."""
    stranger.enrol(people.invite(browser.world, OPERATOR, ("executive",)), "ben@example.org", "Ben")
    return stranger


def test_nothing_waits_and_set_up_is_said(browser: Any, secret: bytes) -> None:
    text = browser.open("/approvals").text
    assert "Nothing waits for a second person" in text
    assert "set-up: there are no two people yet" in text


def test_a_launch_waits_and_is_done_by_another(browser: Any, ben: Any, staff: Any, tmp_path: Path) -> None:
    world = browser.world
    maker = Maker(world, staff, tmp_path)
    maker.declare()
    one = maker.release("1.0.0")
    updates.sign_release(world, staff, one.id)
    updates.publish(world, staff, one.id)
    maker.device("cam-1-001", None)
    browser.open("/approvals")
    answer = browser.send("/rollouts/new", **WORDS)
    assert answer.status_code == 400, browser.text  # no reason for the second person to read
    browser.open("/approvals")
    browser.send("/rollouts/new", **WORDS, reason="It mends <b>the</b> flaw.")
    (waits,) = approvals.waiting(world)
    here = f"/approvals/{waits.id}"
    assert str(browser.page.url).endswith(here)
    assert "asked for or agreed to themselves" in browser.text
    assert "&lt;b&gt;the" in browser.page.text
    assert approvals.pressing(world)[0][2] == here
    assert here in ben.open("/").text
    assert "1.0.0" in ben.open(here).text
    assert ben.send(f"{here}/approve", digest="0" * 64).status_code == 409
    ben.open(here)
    assert updates.rollouts(world) == []
    assert ben.send(f"{here}/approve", digest=waits.digest).status_code == 303
    assert [one.state for one in updates.rollouts(world)] == ["running"]
    assert "done" in ben.open("/approvals").text


def test_refused_and_who_may_not(browser: Any, ben: Any, staff: Any, tmp_path: Path) -> None:
    world = browser.world
    Maker(world, staff, tmp_path).declare()
    account = people.account_of(world, "ben@example.org").id
    browser.open("/approvals")
    browser.send(f"/settings/people/{account}/roles", role=["executive", "administrator"], reason="He leads.")
    (waits,) = approvals.waiting(world)
    here = f"/approvals/{waits.id}"
    assert "rights of their own" in ben.open(here).text
    assert ben.send(f"{here}/approve", digest=waits.digest).status_code == 403
    ben.open(here)
    assert ben.send(f"{here}/refuse", reason="Not now.").status_code == 303
    assert "Not now." in browser.open("/approvals").text
    assert approvals.others(world) == []
