"""Notices on the console: drafted from a case, refused while not plain, public, told."""

from typing import Any

import pytest
from village import Village

from careful import notices

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_without_notices_the_page_names_the_command(browser: Any, secret: bytes) -> None:
    assert "careful notice draft" in browser.open("/notices").text


def test_from_a_case_to_its_owners(browser: Any, secret: bytes, village: Village) -> None:
    case = village.affected()
    page = browser.open("/notices").text
    assert f"careful notice draft {case.id}" in page
    browser.send("/notices/draft", case=case.id)
    one = notices.for_case(village.world, case.id)
    assert one
    assert "Reads at grade" in browser.text
    hard = "The authentication component permits remote code execution."
    browser.send("/notices/draft", case=case.id, summary=hard, action=one.action, title=one.title)
    assert "is not for customers" in browser.text
    assert browser.send(f"/notices/{one.id}/publish").status_code == 409
    browser.open(f"/notices/{one.id}")
    browser.send("/notices/draft", case=case.id)
    browser.send(f"/notices/{one.id}/publish")
    browser.send(f"/notices/{one.id}/tell")
    assert notices.told_count(village.world, one.id) == 2
    assert [mail["to"] for mail in village.mails()] == ["kim@example.com"]


def test_no_such_notice(browser: Any, secret: bytes) -> None:
    assert browser.open("/notices/CAREFUL-2000-0001").status_code == 404
