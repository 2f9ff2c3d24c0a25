"""Consents on a device's page: with the real forms."""

from typing import Any

import pytest
from collected import Collected

from careful import customer_data, products

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TOY = "toy-1-001"


@pytest.fixture
def toy(world: Any, staff: Any) -> Collected:
    made = Collected(world, staff)
    made.declare()
    return made


def test_a_consent_is_noted_and_withdrawn_under_the_persons_name(browser: Any, secret: bytes, toy: Collected) -> None:
    text = browser.open(f"/devices/{TOY}").text
    assert "not yet: refused" in text
    assert "careful data consent give toy-1-001 voice" in text
    done = browser.send(f"/devices/{TOY}/consents", item="voice", kind="parental", method="Paper")
    assert done.headers["location"] == f"/devices/{TOY}#consents"
    text = browser.open(f"/devices/{TOY}").text
    assert "by paper" in text
    assert "not yet: refused" not in text
    (kept,) = customer_data.consents_of(toy.world, TOY)
    assert kept.given_by.startswith("staff:")
    browser.send(f"/devices/{TOY}/consents/withdraw", item="voice")
    text = browser.open(f"/devices/{TOY}").text
    assert "ended: withdrawn" in text
    assert "not yet: refused" in text


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param({"item": "voice", "kind": "royal", "method": "x"}, 400, id="no such kind"),
        pytest.param({"item": "voice", "kind": "", "method": ""}, 400, id="how was the parent asked"),
        pytest.param({"item": "climate", "kind": "", "method": ""}, 409, id="nothing to agree to"),
        pytest.param({"item": "", "kind": "", "method": ""}, 404, id="no data item"),
    ],
)
def test_what_is_refused(browser: Any, secret: bytes, toy: Collected, given: dict[str, str], status: int) -> None:
    browser.open(f"/devices/{TOY}")
    assert browser.send(f"/devices/{TOY}/consents", **given).status_code == status


def test_without_anything_to_agree_to_there_is_no_section(browser: Any, secret: bytes, toy: Collected) -> None:
    text = products.text_of(toy.world, "toy-1", 1).replace(b"consent: parental", b"consent: none")
    products.declare(toy.world, toy.staff, text)
    products.approve(toy.world, toy.staff, "toy-1")
    assert "What its customer agreed to" not in browser.open(f"/devices/{TOY}").text
