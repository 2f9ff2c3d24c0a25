"""Many cases at once, accepted risks, and a second person, on the console."""

import re
from datetime import timedelta
from typing import Any

import pytest
from village import FLAW, OLD, STAFF, Village

from careful import people, vulnerabilities
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HARMLESS = {
    "status": "not_affected",
    "justification": "vulnerable_code_not_in_execute_path",
    "statement": "Not called.",
}


@pytest.fixture
def found(village: Village) -> Village:
    """Flaws in a camera's release, one of them exploited."""
    village.declare()
    village.ship(OLD, "pillow==10.0.0")
    village.hear()
    village.found()
    return village


def hidden(page: str) -> dict[str, Any]:
    """Return the fields of the form that decides."""
    form = page.partition('action="/vulnerabilities/decide"')[2].partition("</form>")[0]
    fields: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form):
        fields.setdefault(name, []).append(value)
    return fields


def decided(village: Village) -> dict[str, str | None]:
    return {one.flaw: one.status for one in vulnerabilities.cases(village.world)}


def test_all_that_wait_are_looked_at_first_and_then_decided(browser: Any, secret: bytes, found: Village) -> None:
    waiting = len(vulnerabilities.cases(found.world))
    page = browser.open("/vulnerabilities").text
    assert f"all {waiting} that wait here" in page
    browser.send("/vulnerabilities/preview", which="all", **HARMLESS)
    assert "Would be decided: not affected" in browser.text
    assert f"{waiting - 1} decided" in browser.text
    assert "once a second person agrees" in browser.text
    assert set(decided(found).values()) == {None}
    browser.send("/vulnerabilities/decide", **hidden(browser.text))
    assert "Decided: not affected" in browser.text
    assert decided(found).pop(FLAW) is None
    assert sorted(map(str, decided(found).values())) == ["None", *["not_affected"] * (waiting - 1)]


def test_only_what_is_ticked(browser: Any, secret: bytes, found: Village) -> None:
    browser.open("/vulnerabilities")
    one = found.case("CVE-2023-50447")
    assert f'value="{one.id}" form="many"' in browser.text
    browser.send("/vulnerabilities/preview", which="ticked", case=[one.id], **HARMLESS)
    browser.send("/vulnerabilities/decide", **hidden(browser.text))
    assert {flaw for flaw, status in decided(found).items() if status} == {one.flaw}


def test_an_old_preview_decides_nothing(browser: Any, secret: bytes, found: Village) -> None:
    browser.open("/vulnerabilities")
    browser.send("/vulnerabilities/preview", which="all", **HARMLESS)
    fields = hidden(browser.text)
    found.judge("affected")
    refused = browser.send("/vulnerabilities/decide", **fields)
    assert (refused.status_code, "changed since the preview" in refused.text) == (409, True)
    browser.open("/vulnerabilities")
    without = {name: value for name, value in fields.items() if name != "expect"}
    assert browser.send("/vulnerabilities/decide", **without).status_code == 409  # nobody looked at it
    assert {flaw for flaw, status in decided(found).items() if status} == {FLAW}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        pytest.param({"which": "ticked"}, 400, id="nothing is ticked"),
        pytest.param({"which": "all", "status": "fine"}, 400, id="no such status"),
        pytest.param({"which": "all", "status": "not_affected", "justification": ""}, 409, id="no justification"),
        pytest.param({"which": "ticked", "case": "nowhere"}, 404, id="no such case"),
        pytest.param({"which": "all", "accept_until": "soon"}, 400, id="no day"),
    ],
)
def test_what_cannot_be_decided(browser: Any, secret: bytes, found: Village, more: dict[str, str], status: int) -> None:
    browser.open("/vulnerabilities")
    assert browser.send("/vulnerabilities/preview", **(HARMLESS | more)).status_code == status


def test_two_people_wave_an_exploited_flaw_through(browser: Any, secret: bytes, stranger: Any, found: Village) -> None:
    case = found.case().id
    page = f"/vulnerabilities/{case}"
    browser.open(page)
    browser.send(f"{page}/judge", **HARMLESS)
    assert "Proposed, not decided" in browser.text
    assert "somebody else confirms it" in browser.text
    assert browser.send(f"{page}/confirm").status_code == 409
    assert "waits for a second person" in browser.open("/vulnerabilities").text
    assert "Confirm not affected" in browser.open("/").text
    stranger.enrol(people.invite(found.world, OPERATOR, ("firmware-engineer",)), "bob@example.org", "Bob")
    assert "Confirm it" in stranger.open(page).text
    stranger.send(f"{page}/confirm")
    assert found.case().status == "not_affected"
    assert len(found.case().judged_by) == 2


def test_an_auditor_decides_nothing(browser: Any, secret: bytes, stranger: Any, found: Village) -> None:
    vulnerabilities.judge(found.world, STAFF, found.case().id, "not_affected", HARMLESS["justification"])
    stranger.enrol(people.invite(found.world, OPERATOR, ("auditor",)), "bob@example.org", "Bob")
    page = stranger.open("/vulnerabilities").text
    assert 'form="many"' not in page
    assert "Confirm it" not in stranger.open(f"/vulnerabilities/{found.case().id}").text
    for path in ("preview", "decide", f"{found.case().id}/confirm"):
        assert stranger.send(f"/vulnerabilities/{path}", which="all", **HARMLESS).status_code == 403
    assert found.case().status is None


def test_an_accepted_risk_is_shown_until_it_is_over(browser: Any, secret: bytes, found: Village) -> None:
    case, day = found.case("CVE-2023-50447"), found.world.clock.now() + timedelta(days=30)
    page = f"/vulnerabilities/{case.id}"
    browser.open(page)
    browser.send(f"{page}/judge", status="affected", statement="Behind a wall.", accept_until=f"{day:%Y-%m-%d}")
    assert "risk accepted until" in browser.text
    assert found.case(case.flaw).accepted_until.date() == day.date()
    found.later(days=32)
    browser.sign_in(secret)
    assert "look again" in browser.open(page).text
    assert "which is over" in browser.text
