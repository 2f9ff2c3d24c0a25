"""Evidence on the console: every verdict with its fact; nothing is green on an empty ledger."""

from typing import Any

import pytest
from village import Village

from careful import assurance
from careful.kernel import audit

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_nothing_is_green_at_first(browser: Any, secret: bytes) -> None:
    page = browser.open("/evidence").text
    assert 'class="mark good"' not in page
    assert "careful evidence verify" in page


def test_every_verdict_has_its_page(browser: Any, secret: bytes, village: Village) -> None:
    village.published()
    page = browser.open("/evidence").text
    for one in assurance.verdicts(village.world):
        assert f"/evidence/{one.id}" in page
        browser.open(f"/evidence/{one.id}")
        detail = browser.text
        assert one.fact in detail
        assert one.says.split(".", maxsplit=1)[0] in detail


def test_the_newest_checkpoint_is_shown(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    audit.seal(village.world)
    assert "careful/ledger" in browser.open("/evidence").text


def test_the_ledger_page_by_page(browser: Any, secret: bytes, village: Village) -> None:
    village.affected()
    assert "products.declared" in browser.open("/evidence/ledger?from=0").text
    about = browser.open("/evidence/ledger?from=0&about=device/").text
    assert "devices.enrolled" in about
    assert "products.declared" not in about
    assert browser.open("/evidence/ledger?from=abc").status_code == 200
    assert "careful evidence log" in browser.open("/evidence/ledger?about=nothing").text


def test_no_such_recommendation(browser: Any, secret: bytes) -> None:
    assert browser.open("/evidence/Z99").status_code == 404
